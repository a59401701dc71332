"""Closed form: energies and demand after a schedule of constant loads, from their phasors; prediction road."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from meter_model.behaviour.profile import (
    DEFAULT,
    BehaviourProfile,
    MaximumReactiveDirection,
    PowerRange,
    RollingStart,
    TotalImportExport,
)
from meter_model.configuration import Configuration
from meter_model.prediction.power import Electrical, Powers, electrical
from meter_model.stimulus import Stimulus

_SIGN_TOLERANCE = 1e-9  # of S: a load in quadrature is import
_KILO_HOUR_S = 3.6e6
_WHOLE_INTERVAL_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Registers:
    """Energies of the total or one phase: kWh and kVAh by direction, kvarh of the quadrants Q1 to Q4."""

    import_kwh: float
    export_kwh: float
    import_kvah: float
    export_kvah: float
    quadrants_kvarh: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the registers hold at the end of a schedule.

    ``present_demand``: AI19 to AI21 (kW, kvar, kVA). ``maximum_demand``: AI22 to AI27. ``demands``: present demand at
    the end of each sub-interval, in order.
    """

    total: Registers
    phases: tuple[Registers, Registers, Registers]
    demands: tuple[tuple[float, float, float], ...]
    present_demand: tuple[float, float, float]
    maximum_demand: tuple[float, float, float, float, float, float]

    def analog_inputs(self) -> dict[int, float]:
        """Return the accounts by AI: 1 to 10, 19 to 27 and 31 to 54, phases that do not exist as 0."""
        total, phases = self.total, self.phases
        found: dict[int, float] = {
            1: total.import_kwh - total.export_kwh,
            2: total.import_kwh,
            3: total.export_kwh,
            8: total.import_kvah - total.export_kvah,
            9: total.import_kvah,
            10: total.export_kvah,
        }
        found |= {4 + quadrant: value for quadrant, value in enumerate(total.quadrants_kvarh)}
        found |= {19 + index: value for index, value in enumerate(self.present_demand)}
        found |= {22 + index: value for index, value in enumerate(self.maximum_demand)}
        for index, phase in enumerate(phases):
            found |= {31 + index: phase.import_kwh, 34 + index: phase.export_kwh}
            found |= {37 + 3 * quadrant + index: value for quadrant, value in enumerate(phase.quadrants_kvarh)}
            found |= {49 + index: phase.import_kvah, 52 + index: phase.export_kvah}
        return found


@dataclass(frozen=True, slots=True)
class _Load:
    """One constant load: its length and powers in W, var and VA."""

    duration_s: float
    phases: tuple[tuple[float, float, float], ...]
    total: tuple[float, float, float]


def accounts(
    schedule: Iterable[tuple[float, Stimulus]],
    configuration: Configuration,
    profile: BehaviourProfile = DEFAULT,
) -> Accounts:
    """Return the accounts of a meter with cleared registers after a schedule of (duration in s, stimulus).

    The first demand sub-interval begins with the schedule. Without sub-intervals (sync-to-comms) there is no demand.
    Loads should change on the meter's full seconds: in a second of two loads the meter decides on one direction, and
    its RMS values are of neither. What a meter loses by adding up in float32 is not accounted for.
    """
    loads = [_load(duration_s, electrical(stimulus, configuration, profile)) for duration_s, stimulus in schedule]
    by_phase = [_registers([(each.duration_s, each.phases[index]) for each in loads]) for index in range(3)]
    if profile.total_import_export is TotalImportExport.ARITHMETIC:
        total = _sum(by_phase)
    else:
        total = _registers([(each.duration_s, each.total) for each in loads])
    a, b, c = by_phase
    demands = _demands(loads, configuration, profile)
    is_magnitude = profile.power_range is PowerRange.MAGNITUDE
    present = demands[-1] if demands else (0.0, 0.0, 0.0)
    shown = (abs(present[0]), abs(present[1]), present[2]) if is_magnitude else present
    return Accounts(total, (a, b, c), tuple(demands), shown, _maxima(demands, profile))


def _load(duration_s: float, found: Electrical) -> _Load:
    rows = [_row(found.phases.get(phase)) for phase in "ABC"]
    total = _row(found.total)
    return _Load(duration_s, tuple(rows), (total[0], total[1], abs(total[2])))


def _row(powers: Powers | None) -> tuple[float, float, float]:
    return (powers.p_w, powers.q_var, powers.s_va) if powers else (0.0, 0.0, 0.0)


def _registers(parts: Sequence[tuple[float, tuple[float, float, float]]]) -> Registers:
    """Energies of a sequence of (duration, powers)."""
    columns: list[list[float]] = [[] for _ in range(8)]
    for duration_s, (p_w, q_var, s_va) in parts:
        is_export = p_w < -_SIGN_TOLERANCE * s_va
        columns[1 if is_export else 0].append(abs(p_w) * duration_s)
        columns[3 if is_export else 2].append(s_va * duration_s)
        quadrant = (1 if q_var >= 0.0 else 2) if is_export else (0 if q_var >= 0.0 else 3)
        columns[4 + quadrant].append(abs(q_var) * duration_s)
    found = [math.fsum(each) / _KILO_HOUR_S for each in columns]
    return Registers(found[0], found[1], found[2], found[3], (found[4], found[5], found[6], found[7]))


def _sum(parts: Sequence[Registers]) -> Registers:
    q1, q2, q3, q4 = (math.fsum(each.quadrants_kvarh[quadrant] for each in parts) for quadrant in range(4))
    return Registers(
        math.fsum(each.import_kwh for each in parts),
        math.fsum(each.export_kwh for each in parts),
        math.fsum(each.import_kvah for each in parts),
        math.fsum(each.export_kvah for each in parts),
        (q1, q2, q3, q4),
    )


def _demands(
    loads: Sequence[_Load], configuration: Configuration, profile: BehaviourProfile
) -> list[tuple[float, float, float]]:
    """Present demand at the end of each sub-interval: differences of the integrals of power, which are polygons."""
    length_s = configuration.subinterval_cs / 100.0
    if not length_s or not loads:
        return []
    times_s = [0.0, *accumulate(each.duration_s for each in loads)]
    integrals = [
        [0.0, *accumulate(each.total[index] * each.duration_s / 1000.0 for each in loads)] for index in range(3)
    ]

    def integral(index: int, at_s: float) -> float:
        segment = min(bisect_right(times_s, at_s), len(loads)) - 1
        return integrals[index][segment] + loads[segment].total[index] / 1000.0 * (at_s - times_s[segment])

    found = []
    for number in range(1, math.floor(times_s[-1] / length_s + _WHOLE_INTERVAL_TOLERANCE) + 1):
        completed = min(number, configuration.subintervals)
        is_whole = profile.rolling_start is RollingStart.FULL_INTERVAL
        span_s = (configuration.subintervals if is_whole else completed) * length_s
        begin_s, end_s = (number - completed) * length_s, number * length_s
        p, q, s = ((integral(index, end_s) - integral(index, begin_s)) / span_s for index in range(3))
        found.append((p, q, s))
    return found


def _maxima(
    demands: Sequence[tuple[float, float, float]], profile: BehaviourProfile
) -> tuple[float, float, float, float, float, float]:
    follows_p = profile.maximum_reactive_direction is MaximumReactiveDirection.SIGN_OF_P
    # Import and export that cancel leave a rounding error, whose sign says nothing.
    imports = [each for each in demands if each[0] >= -_SIGN_TOLERANCE * each[2]]
    exports = [each for each in demands if each[0] < -_SIGN_TOLERANCE * each[2]]
    lagging = [abs(q) for _, q, _ in imports] if follows_p else [q for _, q, _ in demands]
    leading = [abs(q) for _, q, _ in exports] if follows_p else [-q for _, q, _ in demands]
    return (
        max(0.0, *(p for p, _, _ in imports), 0.0),
        max(0.0, *lagging, 0.0),
        max((s for _, _, s in imports), default=0.0),
        max((-p for p, _, _ in exports), default=0.0),
        max(0.0, *leading, 0.0),
        max((s for _, _, s in exports), default=0.0),
    )
