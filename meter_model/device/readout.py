"""One update: the values of all Analog and Binary Inputs from a second's reading and the registers; sampled road."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from meter_model.behaviour.profile import (
    AlarmBitmapAt,
    BehaviourProfile,
    FrequencyErrorReach,
    MaximumPowerAt,
    MissingReliability,
    PowerFactorSign,
    PowerRange,
    RegisterReliability,
    TotalApparent,
    ZeroPowerFactor,
)
from meter_model.configuration import Configuration
from meter_model.device.alarms import AlarmInputs, alarm_states, bitmap
from meter_model.objects.points import ANALOG_INPUTS, Point
from meter_model.objects.properties import NO_FAULT
from meter_model.sampled.measurement import SecondReading

UNRELIABLE_OTHER = 7

_COUNT = len(ANALOG_INPUTS)
_LOW_HZ, _HIGH_HZ = 45.0, 65.0
_FREQUENCY_TOLERANCE_HZ = 1e-3  # the meter judges to the millihertz, or 45.0 Hz would flicker
_SIGN_TOLERANCE = 1e-9
_POWERS = frozenset({"P", "Q", "S", "PF"})
_INSTANTANEOUS = frozenset({*_POWERS, "V_LL", "V_LN", "I", "F"})
_SIGNED = [index for index in range(_COUNT) if ANALOG_INPUTS[index].quantity in {"P", "Q", "S"}] + [18, 19, 20]
_FREQUENCY_ALARM = 6


@dataclass(frozen=True, slots=True)
class Counters:
    """What AI29, AI78 and AI81 count."""

    pulses: int
    energy_resets: int
    power_ups: int


@dataclass(frozen=True, slots=True)
class Update:
    """Everything that one update publishes at once; index 0 of ``values`` and ``reliability`` is AI1."""

    values: tuple[float, ...]
    reliability: tuple[int, ...]
    alarms: tuple[bool, ...]


class Readout:
    """Composes updates for one configuration and profile."""

    def __init__(self, configuration: Configuration, profile: BehaviourProfile) -> None:
        system = configuration.system
        self._configuration = configuration
        self._profile = profile
        self._ln = [("ABC".index(phase), phase) for phase in system.line_to_neutral]
        self._ll = [(("AB", "BC", "CA").index(pair), pair) for pair in system.line_to_line]
        self._phases = [("ABC".index(phase), phase) for phase in system.phases]
        existing = system.existing_inputs(profile)
        self._missing = [index for index in range(_COUNT) if index + 1 not in existing]
        self._affected = [_affected_by(alarm, profile) for alarm in range(7)]
        self._missing_reliability: list[int] = []
        if profile.missing_reliability is MissingReliability.UNRELIABLE_OTHER:
            self._missing_reliability = [each for each in self._missing if ANALOG_INPUTS[each].quantity != "RESERVED"]

    def first(
        self, totals: Sequence[float], phases: Sequence[float], demand: Sequence[float], counters: Counters
    ) -> Update:
        """Return what is published before the first second is measured: registers, and QNAN for the rest."""
        alarms = (*(False,) * 14, True)  # nothing is known yet but that the clock is not set
        values = self._registers(totals, phases, demand, counters, alarms)
        reliability = [UNRELIABLE_OTHER if each.quantity in _INSTANTANEOUS else NO_FAULT for each in ANALOG_INPUTS]
        return Update(tuple(values), tuple(reliability), alarms)

    def total_apparent_va(self, reading: SecondReading) -> float:
        """Return the three-phase apparent power by the profile's rule, signed where that rule is."""
        match self._profile.total_apparent:
            case TotalApparent.ARITHMETIC:
                return sum(reading.s_va)
            case TotalApparent.VECTOR:
                return math.hypot(sum(reading.p_w), sum(reading.q_var))
            case TotalApparent.SIGNED:
                pairs = zip(reading.p_w, reading.s_va, strict=True)
                return sum(s if p >= -_SIGN_TOLERANCE * s else -s for p, s in pairs)

    def update(
        self,
        reading: SecondReading,
        totals: Sequence[float],
        phases: Sequence[float],
        demand: Sequence[float],
        counters: Counters,
        clock_is_set: bool,
    ) -> Update:
        """Return the update for one second: registers are AI1 to AI10, AI31 to AI54 and AI19 to AI27 as they stand."""
        power_factors = [
            self._power_factor(p, q, s) for p, q, s in zip(reading.p_w, reading.q_var, reading.s_va, strict=True)
        ]
        frequency_hz = reading.frequency_hz
        low, high = _LOW_HZ - _FREQUENCY_TOLERANCE_HZ, _HIGH_HZ + _FREQUENCY_TOLERANCE_HZ
        valid = low <= frequency_hz <= high
        ln, ll, currents = reading.line_to_neutral_v, reading.line_to_line_v, reading.currents_a
        alarms = alarm_states(
            AlarmInputs(
                {phase: ln[index] for index, phase in self._ln},
                {pair: ll[index] for index, pair in self._ll},
                {phase: currents[index] for index, phase in self._phases},
                {phase: power_factors[index] for index, phase in self._phases if reading.s_va[index] > 0.0},
                valid,
                clock_is_set,
            ),
            self._configuration,
            self._profile,
        )
        values = self._registers(totals, phases, demand, counters, alarms)
        p, q, s = sum(reading.p_w), sum(reading.q_var), self.total_apparent_va(reading)
        values[10:18] = (
            p / 1000.0,
            q / 1000.0,
            s / 1000.0,
            self._power_factor(p, q, abs(s)),
            _mean([ll[index] for index, _ in self._ll]),
            _mean([ln[index] for index, _ in self._ln]),
            _mean([currents[index] for index, _ in self._phases]),
            frequency_hz if valid else math.nan,
        )
        values[54:57] = [each / 1000.0 for each in reading.p_w]
        values[57:60] = [each / 1000.0 for each in reading.q_var]
        values[60:63] = [each / 1000.0 for each in reading.s_va]
        values[63:66] = power_factors
        values[66:69] = ll
        values[69:72] = ln
        values[72:75] = currents
        if self._profile.power_range is PowerRange.MAGNITUDE:
            for index in _SIGNED:
                values[index] = abs(values[index])
        for index in self._missing:
            values[index] = math.nan
        reliability = [NO_FAULT] * _COUNT
        for index in self._missing_reliability:
            reliability[index] = UNRELIABLE_OTHER
        for alarm, is_on in enumerate(alarms[:7]):
            if is_on:
                for index in self._affected[alarm]:
                    reliability[index] = UNRELIABLE_OTHER
        return Update(tuple(values), tuple(reliability), alarms)

    def _registers(
        self,
        totals: Sequence[float],
        phases: Sequence[float],
        demand: Sequence[float],
        counters: Counters,
        alarms: tuple[bool, ...],
    ) -> list[float]:
        """All inputs with what is not measured filled in; the instantaneous ones are NaN."""
        values = [math.nan] * _COUNT
        values[0:10] = totals
        values[18:27] = demand
        values[27:30] = (0.0, float(counters.pulses), 0.0)
        values[30:54] = phases
        values[75:83] = (
            self._configuration.max_power_kw,
            0.0,
            float(counters.energy_resets),
            0.0,
            0.0,
            float(counters.power_ups),
            11.0,
            float(bitmap(alarms)),
        )
        if self._profile.maximum_power_at is MaximumPowerAt.AI45_TOO:
            values[44] = values[75]
        if self._profile.alarm_bitmap_at is AlarmBitmapAt.AI52_TOO:
            values[51] = values[82]
        for index in self._missing:
            values[index] = math.nan
        return values

    def _power_factor(self, p: float, q: float, s: float) -> float:
        if s == 0.0:
            return _ZERO_POWER_PF[self._profile.zero_power_pf]
        ratio = max(-1.0, min(1.0, p / s))
        if self._profile.pf_sign is PowerFactorSign.SIGN_OF_P:
            return ratio
        in_phase = abs(q) <= _SIGN_TOLERANCE * s
        leads = p * q < -((_SIGN_TOLERANCE * s) ** 2)
        return abs(ratio) if leads or in_phase else -abs(ratio)


_ZERO_POWER_PF = {ZeroPowerFactor.ONE: 1.0, ZeroPowerFactor.ZERO: 0.0, ZeroPowerFactor.QNAN: math.nan}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _affected_by(alarm: int, profile: BehaviourProfile) -> list[int]:
    """Return the indices of the inputs that BI1 to BI7 (0 to 6) make unreliable; a total is by any phase."""
    return [point.instance - 1 for point in ANALOG_INPUTS if _is_affected(point, alarm, profile)]


def _is_affected(point: Point, alarm: int, profile: BehaviourProfile) -> bool:
    kinds = {"V_LL", "V_LN"} if alarm < 3 else {"I"}
    if alarm == _FREQUENCY_ALARM:
        if profile.frequency_error_reach is FrequencyErrorReach.FREQUENCY_ONLY:
            return point.quantity == "F"
        kinds = {"V_LL", "V_LN", "I", "F"}
    is_register = point.quantity.startswith(("E_", "EQ_", "ES_", "DEMAND_"))
    follows = is_register and profile.register_reliability is RegisterReliability.FOLLOWS_POWER
    if not (follows or point.quantity in kinds or point.quantity in _POWERS):
        return False
    return alarm == _FREQUENCY_ALARM or not point.phase or "ABC"[alarm % 3] in point.phase
