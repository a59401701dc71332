"""Starting test: at the starting current a register begins to count, and keeps on, in the direction of the point."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from meter_model.objects.points import point as object_point
from rig.events import GateChosen
from rig.load_point import LoadPoint
from rig.metrology.accuracy import AccuracyNotStated
from rig.metrology.limits import Quantity
from rig.metrology.register_tests.creep import aged, starting_s, stopped_in
from rig.metrology.sampled_energy import clock_component
from rig.metrology.uncertainty import Component, register_quantisation
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.energy_register import LEAST_GATE, duration, step_under_load
from rig.procedures.accuracy.judgement import reference_at
from rig.procedures.accuracy.register_watch import METER_UPDATE_S, RegisterWatch, Step
from rig.procedures.registers.conditions import nominal_kw, of_voltages, power_w, small_currents, worst_of
from rig.procedures.registers.examined import Examined, Judged, mean_of, result_of, too_long
from rig.records.data import LimitProvenance, ResultRecord
from rig.safety.conditions import Deviation, unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "starting"

PARTS = 10
"""Register and reference are read so often, at equal times: in which part a register stopped counting is seen."""

KEEPS_ON_S = 120.0
"""A starting test is at least so long: the meter starts, and keeps registering."""

_SHORT_S = 300.0
"""A test that would be too long is run for so long: a register that counts nothing at all may show even then."""

_QUIET_UPDATES = 5


@dataclass(frozen=True, slots=True)
class StartingLimit:
    """By how much the energy may be off at the starting current, percent, and where that is stated.

    ``remark``: what a reader has to know of the number, added to each result.
    """

    tolerance_pct: float
    provenance: LimitProvenance | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the register read at equal times, and the power that the reference measured meanwhile, kW."""

    readings: tuple[float, ...]
    powers_kw: tuple[float, ...]
    elapsed_s: float
    conditions: tuple[Deviation, ...]
    reference: tuple[Component, ...]
    unknown: str

    @property
    def advance_kwh(self) -> float:
        return self.readings[-1] - self.readings[0]

    @property
    def energy_kwh(self) -> float:
        return mean_of(self.powers_kw) * self.elapsed_s / 3600.0


@dataclass(frozen=True, slots=True)
class _Direction:
    """What counts at a point: ``registers`` together, their ``power`` (AI), and a load under which the first one moves.

    At sin 1 the direction of the active power is left to rounding, so two quadrants count together.
    """

    registers: tuple[int, ...]
    power: int
    quantity: Quantity
    energy: str
    sign: float
    loaded: LoadPoint

    @classmethod
    def of(cls, point: LoadPoint) -> _Direction:
        full = replace(point, current_pct=100.0)
        if abs(point.sin_phi) > abs(point.power_factor):
            registers, angle_deg = ((4, 5), -30.0) if point.sin_phi > 0.0 else ((7, 6), 30.0)
            sign = math.copysign(1.0, point.sin_phi)
            loaded = replace(full, angle_deg=angle_deg)
            return cls(registers, 12, Quantity.REACTIVE_POWER, "reactive_energy", sign, loaded)
        is_export = point.power_factor < 0.0
        registers_of = (3,) if is_export else (2,)
        return cls(registers_of, 11, Quantity.ACTIVE_POWER, "active_energy", -1.0 if is_export else 1.0, full)

    @property
    def name(self) -> str:
        """The registers in words."""
        return " and ".join(f"AI{each}" for each in self.registers)

    def read(self, at: Examined, watch: RegisterWatch) -> float:
        """Return what the registers read together."""
        return watch.read() + math.fsum(at.read(self.registers[1:]).values() if self.registers[1:] else ())


def starting(at: Examined, limit: StartingLimit) -> tuple[ResultRecord, ...]:
    """Test the register that counts at the point of ``at``, whose current is the starting current, and judge it.

    AI2 or AI3 for active energy; for reactive energy the two quadrants of the sign of Q, AI4 and AI5 or AI7 and AI6.

    The register's step is looked at under full load first. Then the current is off, and comes on at the starting
    current; from there the register's advance is compared with the measured power times the time, and it may stop in
    no part of it. A test that would be longer than ``at.longest_s`` is run short, and is INCONCLUSIVE with the hours
    that are needed unless that proves a fault. The limits of the current's reference conditions are wider by what the
    analyzer cannot tell at such a current. Raises RigError where the bench fails.
    """
    assert at.bench.supervisor is not None
    way = _Direction.of(at.point)
    judged = Judged(
        procedure=PROCEDURE,
        instance=way.registers[0],
        quantity=way.energy,
        read=math.nan,
        expected=math.nan,
        limit_pct=limit.tolerance_pct,
        provenance=limit.provenance,
        readings=PARTS + 1,
    )
    stated = at.position.meter_type.register_step_kwh
    watch = RegisterWatch(at.position.meter, way.registers[0], at.bench.clock, at.record, stated)
    try:
        at.bench.supervisor.apply(way.loaded)
        step = step_under_load(at.bench, way.loaded, watch)
        at.bench.supervisor.apply(replace(at.point, current_pct=0.0))
        at.updates(_QUIET_UPDATES)
        idle_kwh = way.read(at, watch)
        at.bench.supervisor.apply(at.point)
        at.bench.supervisor.settle()
        needed_s = _needed_s(at, step, limit, way)
        length_s = _length_s(at, step, needed_s)
        _say(at, watch, step, needed_s, length_s)
        climate = note_climate(at.bench, at.record, at.limits)
        seen = _counted(at, watch, length_s, way)
    except (NotSettled, ReferenceInvalid) as error:
        at.record.finish("INVALID", reason=str(error))
        return (result_of(replace(judged, invalid=str(error)), at.rule),)
    conditions = worst_of((*climate.conditions, *seen.conditions))
    invalid = climate.invalid or unmet(conditions) or watch.was_reset
    at.finish(conditions, invalid)
    judged = replace(judged, read=seen.advance_kwh, expected=seen.energy_kwh, invalid=invalid)
    if not invalid and seen.energy_kwh > 0.0:
        judged = _with_error(judged, seen, watch, step, idle_kwh, way.name)
        judged = replace(judged, note="; ".join(filter(None, (judged.note, limit.remark))))
        if needed_s > seen.elapsed_s + 1.0:
            judged = replace(judged, hint=too_long(needed_s, step.size, "kWh", at.longest_s))
    elif not invalid:
        judged = replace(judged, invalid="the reference measured no power in the direction of the point")
    return (result_of(judged, at.rule),)


def _with_error(judged: Judged, seen: _Counted, watch: RegisterWatch, step: Step, idle_kwh: float, name: str) -> Judged:
    if not math.isfinite(seen.advance_kwh):
        return judged
    energy, unit = seen.energy_kwh, object_point("AI", judged.instance).unit
    parts = stopped_in(seen.readings, step.size)
    stopped = "" if parts is None else f"{name} did not count in part {parts} of {PARTS}, with the load on"
    started = next((place for place, value in enumerate(seen.readings) if value > idle_kwh), None)
    load = [100.0 * each / mean_of(seen.powers_kw) for each in seen.powers_kw]
    note = f"{name} advanced by {seen.advance_kwh:.4g} {unit} in {duration(seen.elapsed_s)}; " + (
        "it never left its value without load"
        if started is None
        else f"first seen to have counted {duration(started * seen.elapsed_s / PARTS)} after the load had settled"
    )
    return replace(
        judged,
        error_pct=100.0 * (seen.advance_kwh - energy) / energy,
        components=(
            Component.type_a("repeatability of the load", load),
            *seen.reference,
            register_quantisation(step.size, energy),
            aged(seen.elapsed_s, METER_UPDATE_S, seen.advance_kwh / energy),
            clock_component(),
        ),
        fault=watch.fell or stopped,
        unknown=seen.unknown,
        note=note,
    )


def _counted(at: Examined, watch: RegisterWatch, length_s: float, way: _Direction) -> _Counted:
    assert at.bench.analyzer is not None
    assert at.bench.wiring is not None
    assert at.bench.supervisor is not None
    readings, powers, conditions = [], [], []
    began_s = at.now_s()
    stimulus = None
    for part in range(PARTS + 1):
        at.bench.clock.sleep(max(0.0, began_s + part * length_s / PARTS - at.now_s()))
        asked_s = at.now_s()
        readings.append(way.read(at, watch))
        ended_s = at.now_s()
        at.record.meter_reading(
            {watch.instance: readings[-1]}, requested_monotonic_s=asked_s, answered_monotonic_s=ended_s
        )
        if part == 0:
            began_s = asked_s
        reading = at.bench.analyzer.read()
        at.record.reference_reading(reading, reading.monotonic_s)
        stimulus = at.bench.wiring.stimulus(reading)
        powers.append(way.sign * power_w(at, reading, way.power) / 1000.0)
        conditions += [*of_voltages(at, reading, stimulus), *small_currents(at, stimulus)]
    assert stimulus is not None
    lines: tuple[Component, ...] = ()
    unknown = ""
    reference = reference_at(at.point, (stimulus,), at.bench.supervisor.analyzer_ranges, at.bench.accuracy)
    try:
        lines = reference.of(way.quantity, at.point.ct_phases) if reference else ()
    except AccuracyNotStated as refusal:
        unknown = str(refusal)
    return _Counted(tuple(readings), tuple(powers), asked_s - began_s, tuple(conditions), lines, unknown)


def _needed_s(at: Examined, step: Step, limit: StartingLimit, way: _Direction) -> float:
    power_kw = nominal_kw(at, at.point, way.power)
    of_edges = starting_s(0.0, power_kw, limit.tolerance_pct, METER_UPDATE_S)
    return max(KEEPS_ON_S, of_edges, 3600.0 * step.needed_energy(limit.tolerance_pct) / power_kw)


def _length_s(at: Examined, step: Step, needed_s: float) -> float:
    least_s = needed_s * (LEAST_GATE if step.is_seen else 1.0)
    if least_s > at.longest_s:
        return min(_SHORT_S, at.longest_s)
    return math.ceil(min(needed_s, at.longest_s))


def _say(at: Examined, watch: RegisterWatch, step: Step, needed_s: float, length_s: float) -> None:
    more = "" if needed_s <= length_s else f"; it would take {duration(needed_s)}"
    at.bench.events.publish(
        GateChosen(
            at.point,
            watch.instance,
            watch.readings[-1],
            step.size,
            step.origin,
            needed_s,
            f"a starting test of {duration(needed_s)} is long enough for it",
            f"{duration(length_s)} at the starting current{more}",
        )
    )
