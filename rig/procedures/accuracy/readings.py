"""Readings of a procedure before judgement: meter samples, each between two readings of the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from drivers.analyzer.base import AnalyzerRanges
from meter_model.behaviour.profile import DEFAULT, ReactivePower
from meter_model.configuration import Configuration, ValueRefused
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Stimulus
from rig.errors import BenchFault
from rig.load_point import PHASE_NAMES, ByPhase, LoadPoint
from rig.metrology.corrections.positions import PositionPath
from rig.metrology.registers import GateStarts
from rig.metrology.uncertainty import Component

if TYPE_CHECKING:
    from rig.records.recorder import PointRecorder


@dataclass(frozen=True, slots=True)
class MeterSample:
    """One reading of the meter, all from one update: value by Analog Input instance (NaN = QNAN), host times in s."""

    values: Mapping[int, float]
    requested_at_s: float
    answered_at_s: float


@dataclass(frozen=True, slots=True)
class PointMeasurement:
    """A load point measured by power comparison: reference, meter, reference, meter, ..., reference.

    ``references`` (at the meter's terminals) are one more than ``samples``; sample i lies between references i and
    i + 1. ``ranges``: the analyzer's ranges at that time. ``invalid``: why the measurement must not be judged, empty
    where it may be. ``powers_off``: for each reference, by how much P and Q of each phase as measured exceed those of
    the waveform (``Wiring.powers_off``). ``has_distortion``: whether the analyzer told the distortion.
    ``temperature_c``: of the air, degrees Celsius, None where no probe measured it. ``record``: where its readings are
    recorded, and its results will be. ``unit_number``: of the meter, where the bench has several; ``dead``: why that
    one was not read, empty where it was; ``path``: the correction of its position,
    which is in ``references``; ``others``: the other meters, read within the same brackets.
    """

    point: LoadPoint
    samples: tuple[MeterSample, ...]
    references: tuple[Stimulus, ...]
    ranges: AnalyzerRanges | None
    configuration: Configuration
    invalid: str = ""
    powers_off: tuple[tuple[ByPhase, ByPhase], ...] = ()
    has_distortion: bool = True
    temperature_c: float | None = None
    record: PointRecorder | None = field(default=None, compare=False, repr=False)
    unit_number: int | None = None
    dead: str = ""
    others: tuple[PointMeasurement, ...] = ()
    path: PositionPath | None = None

    @property
    def of_each(self) -> tuple[PointMeasurement, ...]:
        """The measurement of each meter."""
        return (self, *self.others)

    def expected(self) -> tuple[Mapping[int, float], ...]:
        """What each sample should have read: the mean of the predictions from the references around it."""
        off = self.powers_off or (NOTHING_OFF,) * len(self.references)
        predicted = [
            with_measured_powers(reference, *each, self.configuration)
            for reference, each in zip(self.references, off, strict=True)
        ]
        return tuple(
            {instance: 0.5 * (before[instance] + after[instance]) for instance in before}
            for before, after in pairwise(predicted)
        )


_FUNDAMENTAL_Q = replace(DEFAULT, reactive_power=ReactivePower.FUNDAMENTAL)


NOTHING_OFF = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def with_measured_powers(
    reference: Stimulus, active_off: ByPhase, reactive_off: ByPhase, configuration: Configuration
) -> dict[int, float]:
    """Return the prediction by instance, with the powers that were measured: phases AI55 to AI60, totals AI11, AI12.

    Reactive power is that of the fundamentals, which is what its limits are stated for. Power factors AI64 to AI66 and
    AI14 follow the active powers.
    """
    values = {instance: found.value for instance, found in predict(reference, configuration, _FUNDAMENTAL_Q).items()}
    before = dict(values)
    primary = configuration.volts_per_terminal_volt * configuration.amperes_per_ct_volt / 1000.0
    for total, first, off in ((11, 55, active_off), (12, 58, reactive_off)):
        for place, (name, terminal) in enumerate(zip(PHASE_NAMES, off, strict=True)):
            if name in configuration.system.phases:
                values[first + place] += terminal * primary
                values[total] += terminal * primary
    for power, factor in ((11, 14), (55, 64), (56, 65), (57, 66)):
        if before[power]:
            values[factor] *= values[power] / before[power]
    return values


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """A register AI ``instance`` beside the measured one that read ``found`` where ``expected`` was right (kWh, kVAh).

    ``what`` it did, in words that follow its name.
    """

    instance: int
    found: float
    expected: float
    what: str


@dataclass(frozen=True, slots=True)
class GateMeasurement:
    """One gate of an energy register: reference and register advance over the same current-on time.

    ``registered_kwh``: advance of the register; ``reference_kwh``: the analyzer's integrator on the primary side, or
    its sampled power; ``resolution_kwh``: the largest step that the register may count in; ``elapsed_s``: the
    integrator's own time, or the rig's where power was sampled; ``started_kwh``: what the register read when the gate
    began, None where that was not kept. ``sampled``: the budget lines of sampled power in percent; empty for an
    integrator.
    """

    registered_kwh: float
    reference_kwh: float
    resolution_kwh: float
    elapsed_s: float
    started_kwh: float | None = None
    sampled: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True)
class EnergyMeasurement:
    """An energy register measured by gates at one load point. ``instance``: AI2 (import) or AI3 (export).

    ``power_errors_pct``: errors of the meter's power at the point, where a single long gate has no repeats of its own.
    ``fell``: which one-way register fell without a reset; ``faults``: net registers that are not import less export,
    and registers of the other direction that counted; both empty for a good meter. ``needed_s``: how long a gate must
    be for the register's step to be small against the limit, None where that was not asked. ``has_distortion``:
    whether the analyzer told the distortion. ``record``, ``unit_number``, ``dead``, ``path``: as of
    ``PointMeasurement``.
    """

    point: LoadPoint
    instance: int
    gates: tuple[GateMeasurement, ...]
    ranges: AnalyzerRanges | None
    reference: Stimulus | None
    invalid: str = ""
    power_errors_pct: tuple[float, ...] = ()
    fell: str = ""
    faults: tuple[RegisterFault, ...] = ()
    needed_s: float | None = None
    has_distortion: bool = True
    record: PointRecorder | None = field(default=None, compare=False, repr=False)
    unit_number: int | None = None
    dead: str = ""
    path: PositionPath | None = None

    @property
    def is_sampled(self) -> bool:
        """Whether the reference is sampled power, not an integrator."""
        return any(gate.sampled for gate in self.gates)

    @property
    def starts(self) -> GateStarts:
        """How the gates lie: contiguous where each is known to begin at the reading with which the last one ended."""
        if all(
            before.started_kwh is not None
            and after.started_kwh is not None
            and math.isclose(after.started_kwh, before.started_kwh + before.registered_kwh, rel_tol=1e-9)
            and before.registered_kwh >= 0.0
            for before, after in pairwise(self.gates)
        ):
            return GateStarts.CONTIGUOUS
        return GateStarts.UNKNOWN


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; NaN where there is nothing or one of them is NaN."""
    return math.fsum(values) / len(values) if values else math.nan


def configuration_of(values: Mapping[int, float]) -> Configuration:
    """The model's configuration from what the meter's AV2 to AV11 read; raises BenchFault for values it cannot have."""
    configuration = Configuration()
    try:
        for av in (5, *(av for av in sorted(values) if av != 5)):
            configuration = configuration.write(av, values[av])
    except (ValueRefused, KeyError) as error:
        raise BenchFault(f"the meter reports a configuration that the model does not know: {error}") from error
    return configuration
