"""Gated energy register: what the register advanced, against the analyzer's integrator or its sampled power."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.analyzer.base import IntegratorReading
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Stimulus
from rig.errors import UsageRefused
from rig.events import GateChosen
from rig.load_point import LoadPoint
from rig.metrology.errors import ErrorNotDefined, percentage_error
from rig.metrology.registers import float_step
from rig.metrology.sampled_energy import PowerNotSeen, edges_gate_s
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.conditions import ConditionWindow
from rig.procedures.accuracy.power_comparison import as_data, read_reference, read_sample
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, PointMeasurement, RegisterFault
from rig.procedures.accuracy.register_watch import METER_UPDATE_S, RegisterMoves, RegisterWatch, Step
from rig.procedures.accuracy.sampled_gate import SampledGate, is_sampled
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits
from rig.safety.errors import NotSettled, ReferenceInvalid

if TYPE_CHECKING:
    from rig.bench import Bench, Position
    from rig.records.recorder import PointRecorder

LONGEST_GATE_S = 3600.0
"""A gate that would have to be longer than this is not run unless a suite is given more time."""

LEAST_GATE = 0.4
"""A gate of this part of the needed length will do where more is not allowed: its step takes a quarter of the limit."""

_OTHER_LOAD = 0.618
"""Part of the current for a second look at a step: no simple ratio of energies, so that both have no common divisor."""

_COARSE = 8.0
"""From so many float32 steps on a step is looked at again."""

_TOTAL_POWER = 11
_POWER_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Gating:
    """How the gates are chosen: ``gates`` of ``gate_s`` seconds unless the register's step asks for a longer one.

    ``limit_pct``: the limit that the step must be small against; None: the gates are run as they are, without a look at
    the step. ``longest_s``: a longer gate is not run. What was found and chosen is published (GateChosen).
    """

    gate_s: float = 60.0
    gates: int = 5
    limit_pct: float | None = None
    longest_s: float = LONGEST_GATE_S


def measure_energy(
    bench: Bench,
    position: Position,
    point: LoadPoint,
    instance: int,
    configuration: Configuration,
    record: PointRecorder,
    *,
    gating: Gating = Gating(),
    limits: ReferenceLimits = IEC_REFERENCE,
) -> EnergyMeasurement:
    """Measure register AI ``instance`` (kWh) by gates of current at ``point``.

    Voltage stays applied throughout. The register is looked at under load first: its step decides how long a gate has
    to be, and one long gate is run where the usual ones are too short. Each gate: current off, register still;
    integrator started; current on; current off; integrator stopped once the current is off; register still again. Both
    sides thus see the same current from first to last ampere, and the source's switching times cancel. Nothing is
    counted between two gates, so that their sum is one long gate.

    Where the analyzer has no integrator, or integrates another power than the meter counts (system type 11), one gate
    is run between two updates of the register, and its reference is sampled power (``reference.sampled_gate``). It is
    as long as makes both the step and the two edges small against the limit.

    No register is reset. Conditions that do not allow a verdict (``limits`` of load and air when the
    gates begin; a reset of the registers) come back as ``invalid``; raises UsageRefused where
    gates without a limit are asked of sampled power, RigError where the bench fails.
    """
    assert bench.supervisor is not None
    if gating.limit_pct is None and is_sampled(bench, configuration):
        raise UsageRefused(
            "gates of a given length need an analyzer that integrates the energy which the meter counts: sampled power "
            "does not know when the current was switched; use a bench with another analyzer"
        )
    watch = RegisterWatch(position.meter, instance, bench.clock, record, position.meter_type.register_step_kwh)
    run = _Gates(bench, position, point, configuration, record, watch, gating)
    bench.supervisor.apply(point)
    try:
        bench.supervisor.settle()
        assert bench.wiring is not None
        window = ConditionWindow(bench, point, limits)
        first = read_reference(bench, record, window)
        reference = first.stimulus
        climate = note_climate(bench, record, limits)
        window.take(climate.conditions)
        measured, repeats, needed_s = run.measure(reference)
    except (NotSettled, ReferenceInvalid, RegisterMoves, PowerNotSeen) as error:
        record.finish("INVALID", reason=str(error))
        ranges = bench.supervisor.analyzer_ranges
        return EnergyMeasurement(point, instance, (), ranges, None, str(error), record=record)
    invalid = climate.invalid or window.unmet or watch.was_reset
    record.finish(
        "INVALID" if invalid else None, deviation=as_data(window.worst), reason=invalid, conditions=window.records
    )
    return EnergyMeasurement(
        point,
        instance,
        measured,
        bench.supervisor.analyzer_ranges,
        reference,
        invalid,
        power_errors_pct=repeats,
        fell=watch.fell,
        faults=(*watch.net_faults(), *_other_way(watch, measured, gating)),
        needed_s=needed_s,
        has_distortion=first.has_distortion,
        record=record,
    )


def _other_way(watch: RegisterWatch, gates: tuple[GateMeasurement, ...], gating: Gating) -> tuple[RegisterFault, ...]:
    energy_kwh = math.fsum(abs(gate.reference_kwh) for gate in gates)
    return watch.other_way(energy_kwh, gating.limit_pct) if gating.limit_pct is not None else ()


@dataclass(frozen=True, slots=True)
class _Gates:
    """The gates of one register at one point."""

    bench: Bench
    position: Position
    point: LoadPoint
    configuration: Configuration
    record: PointRecorder
    watch: RegisterWatch
    gating: Gating

    def measure(
        self, reference: Stimulus | None
    ) -> tuple[tuple[GateMeasurement, ...], tuple[float, ...], float | None]:
        """Return the gates, the errors of power where there is one gate only, and how long a gate has to be, s."""
        gating = self.gating
        if is_sampled(self.bench, self.configuration):
            return self._sampled(reference)
        if gating.limit_pct is None or reference is None:
            return self._usual(), (), None
        power_kw = abs(predict(reference, self.configuration)[_TOTAL_POWER].value)
        step = step_under_load(self.bench, self.point, self.watch)
        needed_s = self._needed_s(step, power_kw)
        if not needed_s > gating.gate_s:
            self._say(step, needed_s, f"{gating.gates} gates of {duration(gating.gate_s)}")
            return self._usual(), (), needed_s
        repeats = self._power_errors()
        gates: list[GateMeasurement] = []
        while True:
            # Beyond the longest one a short gate is run: it finds a register that counts nothing or half.
            least_s = needed_s * (LEAST_GATE if step.is_seen else 1.0)
            is_too_long = not least_s <= gating.longest_s
            wanted_s = max(gating.gate_s, min(needed_s, gating.longest_s))
            gate_s = gating.gate_s * gating.gates if is_too_long else math.ceil(wanted_s)
            more = f"; it would take {duration(needed_s)}" if is_too_long else ""
            self._say(step, needed_s, f"one gate of {duration(gate_s)}{more}")
            gates = [self._one(gate_s)[0]]
            if step.is_seen or is_too_long:
                return tuple(gates), repeats, needed_s
            step = self.watch.step()
            needed_s = self._needed_s(step, power_kw)
            if not step.is_seen or needed_s * LEAST_GATE <= gate_s:
                return tuple(gates), repeats, needed_s

    def _sampled(
        self, reference: Stimulus | None
    ) -> tuple[tuple[GateMeasurement, ...], tuple[float, ...], float | None]:
        """As ``measure``, with sampled power as the reference: one gate, as long as its step and its edges ask for."""
        gating = self.gating
        if gating.limit_pct is None or reference is None:
            raise ReferenceInvalid("energy", self.point.phases)
        power_kw = abs(predict(reference, self.configuration)[_TOTAL_POWER].value)
        step = step_under_load(self.bench, self.point, self.watch)
        edges_s = edges_gate_s(self.watch.edge().moment.half_width_s, gating.limit_pct)
        repeats = self._power_errors()
        gate = SampledGate(
            self.bench, self.point, self.configuration, self.record, self.watch, lambda: self.watch.step().size
        )
        while True:
            step_s = self._needed_s(step, power_kw)
            # A register that has not moved is watched for as long as the decision "dead" takes: no edge matters then.
            needed_s = max(step_s, edges_s) if step.is_seen else step_s
            least_s = needed_s * (LEAST_GATE if step.is_seen else 1.0)
            is_too_long = not least_s <= gating.longest_s
            wanted_s = max(gating.gate_s, min(needed_s, gating.longest_s))
            gate_s = gating.gate_s * gating.gates if is_too_long else math.ceil(wanted_s)
            more = f"; it would take {duration(needed_s)}" if is_too_long else ""
            self._say(step, needed_s, f"one gate of {duration(gate_s)} against sampled power{more}")
            measured = gate.run(gate_s)
            if step.is_seen or is_too_long:
                return (measured,), repeats, needed_s
            step = self.watch.step()
            needed_s = max(self._needed_s(step, power_kw), edges_s)
            if not step.is_seen or needed_s * LEAST_GATE <= gate_s:
                return (measured,), repeats, needed_s

    def _usual(self) -> tuple[GateMeasurement, ...]:
        gates: list[GateMeasurement] = []
        still_kwh: float | None = None
        for _ in range(self.gating.gates):
            gate, still_kwh = self._one(self.gating.gate_s, still_kwh)
            gates.append(gate)
        return tuple(gates)

    def _needed_s(self, step: Step, power_kw: float) -> float:
        assert self.gating.limit_pct is not None
        return 3600.0 * step.needed_energy(self.gating.limit_pct) / power_kw if power_kw > 0.0 else math.inf

    def _say(self, step: Step, needed_s: float, chosen: str) -> None:
        register, last_kwh = self.watch.instance, self.watch.readings[-1]
        enough = _enough(step, needed_s)
        self.bench.events.publish(
            GateChosen(self.point, register, last_kwh, step.size, step.origin, needed_s, enough, chosen)
        )

    def _power_errors(self) -> tuple[float, ...]:
        return power_errors(self.bench, self.position, self.point, self.configuration, self.record)

    def _one(self, gate_s: float, still_kwh: float | None = None) -> tuple[GateMeasurement, float]:
        """Run one gate; return it and what the register stood still at afterwards.

        ``still_kwh``: what it stood still at after the gate before, with the current off ever since.
        """
        bench, idle = self.bench, replace(self.point, current_pct=0.0)
        assert bench.supervisor is not None
        assert bench.analyzer is not None
        before = still_kwh
        if before is None:
            bench.supervisor.apply(idle)
            before = self.watch.still()
        bench.analyzer.start_integration()
        bench.supervisor.apply(self.point)
        bench.clock.sleep(gate_s)
        bench.supervisor.apply(idle)
        integrated = bench.analyzer.stop_integration()
        self.record.reference_reading(integrated, bench.clock.now_s())
        after = self.watch.still()
        reference_kwh = integrated_kwh(integrated, self.point, self.configuration)
        if bench.wiring is not None:
            reference_kwh *= bench.wiring.energy_factor(self.point)
        gate = GateMeasurement(
            registered_kwh=after - before,
            reference_kwh=reference_kwh,
            resolution_kwh=self.watch.step().size,
            elapsed_s=integrated.elapsed_s,
            started_kwh=before,
        )
        return gate, after


def step_under_load(bench: Bench, point: LoadPoint, watch: RegisterWatch) -> Step:
    """Look at a register's step at ``point``, which is applied then and afterwards.

    A fine register grows by equal energies at a constant load, and its value may be a multiple of them by chance. So a
    coarse step is believed only if it shows at another current too.
    """
    assert bench.supervisor is not None
    step = watch.look()
    if step.is_seen and step.size > _COARSE * float_step(watch.readings[-1]) and watch.stated_step is None:
        bench.supervisor.apply(replace(point, current_pct=_OTHER_LOAD * point.current_pct))
        step = watch.look()
        bench.supervisor.apply(point)
        bench.supervisor.settle()
        bench.clock.sleep(2.0 * METER_UPDATE_S)
    return step


def integrated_kwh(integrated: IntegratorReading, point: LoadPoint, configuration: Configuration) -> float:
    """Return what an analyzer integrated in the direction of ``point``, primary kWh; raises ReferenceInvalid."""
    energies = integrated.export_wh if point.power_factor < 0.0 else integrated.import_wh
    flowing = [energy for name, energy in zip("ABC", energies, strict=True) if name in point.phases]
    if any(energy is None for energy in flowing):
        raise ReferenceInvalid("energy", point.phases)
    terminal_wh = math.fsum(energy for energy in flowing if energy is not None)
    return terminal_wh * configuration.volts_per_terminal_volt * configuration.amperes_per_ct_volt / 1000.0


def power_errors(
    bench: Bench,
    position: Position,
    point: LoadPoint,
    configuration: Configuration,
    record: PointRecorder,
    instance: int = _TOTAL_POWER,
) -> tuple[float, ...]:
    """Compare the meter's power with the reference a few times, %: how well it repeats, where one gate cannot say.

    Empty where there is no error, such as of a QNAN. ``instance``: of the power, AI11 or AI12.
    """
    assert bench.supervisor is not None
    references, samples = [read_reference(bench, record)], []
    for _ in range(_POWER_REPEATS):
        bench.clock.sleep(METER_UPDATE_S)
        samples.append(read_sample(position, record))
        references.append(read_reference(bench, record))
    taken = PointMeasurement(
        point,
        tuple(samples),
        tuple(each.stimulus for each in references),
        bench.supervisor.analyzer_ranges,
        configuration,
        powers_off=tuple(each.powers_off for each in references),
    )
    try:
        return tuple(
            percentage_error(sample.values[instance], expected[instance], quantity=f"AI{instance}")
            for sample, expected in zip(samples, taken.expected(), strict=True)
        )
    except ErrorNotDefined:
        return ()


def _enough(step: Step, needed_s: float) -> str:
    """Say which gate is long enough for a step that was seen, or after which a register that never moved is dead."""
    gate = "less than 2 s" if needed_s < 2.0 else duration(needed_s)
    if not step.is_seen:
        return f"not seen to move; dead if it stands still in a gate of {gate}"
    return f"a gate of {gate} is long enough for it"


def duration(seconds: float) -> str:
    """Write a duration as people say it."""
    if not math.isfinite(seconds):
        return "a time that is not known"
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.0f} h"
