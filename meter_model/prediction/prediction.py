"""The expected value of every Analog Input for a constant stimulus, with the manual's tolerance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from meter_model.behaviour.profile import DEFAULT, AlarmBitmapAt, BehaviourProfile, MaximumPowerAt, PowerRange
from meter_model.configuration import Configuration
from meter_model.device.alarms import AlarmInputs, alarm_states, bitmap
from meter_model.objects.points import ANALOG_INPUTS, Point
from meter_model.prediction.power import Electrical, Powers, electrical
from meter_model.stimulus import Stimulus

_REFERENCE_TEMPERATURE_C = 25.0
_TEMPERATURE_PCT_PER_K = 0.005


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What the manual promises (page 1): percent of reading, and in which words."""

    pct_of_reading: float
    statement: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """One expected value, in the point's own unit (kW, kVAR, Volts, ...); NaN where the meter answers QNAN.

    ``scale`` is what a deviation is compared with: the apparent power of the phase or total for powers, 1 for power
    factors, the value's own magnitude otherwise. ``tolerance`` is None where the manual states none.
    """

    instance: int
    name: str
    unit: str
    value: float
    scale: float
    tolerance: Tolerance | None

    @property
    def is_qnan(self) -> bool:
        """Whether the meter answers QNAN."""
        return math.isnan(self.value)


def predict(
    stimulus: Stimulus,
    configuration: Configuration,
    profile: BehaviourProfile = DEFAULT,
    *,
    clock_is_set: bool = True,
) -> dict[int, Prediction]:
    """Return the prediction of AI1 to AI83 for a meter with cleared registers that sees a constant stimulus.

    Energies, demands and counters are 0 where they exist; AI81 is 1, the first power-up. ``clock_is_set`` False adds
    the RTC_Reset alert to AI83, as on a meter that has had no time synchronization since power-up. Raises
    SamplingPhaseDependent where a reading depends on where the meter's sampling instants lie.
    """
    found = electrical(stimulus, configuration, profile)
    values = _values(found, configuration, profile, clock_is_set)
    predictions = {}
    for point in ANALOG_INPUTS:
        value = values[point.instance]
        if not configuration.system.exists(point, profile):
            value = math.nan
        predictions[point.instance] = Prediction(
            point.instance,
            point.name,
            point.unit,
            value,
            _scale(point, value, found),
            _tolerance(point, value, stimulus, configuration),
        )
    return predictions


def _values(
    found: Electrical, configuration: Configuration, profile: BehaviourProfile, clock_is_set: bool
) -> dict[int, float]:
    states = alarm_states(
        AlarmInputs(
            found.line_to_neutral_v,
            found.line_to_line_v,
            found.currents_a,
            {phase: powers.pf for phase, powers in found.phases.items() if powers.s_va > 0.0},
            not math.isnan(found.frequency_hz),
            clock_is_set,
        ),
        configuration,
        profile,
    )
    fixed = {
        "F": found.frequency_hz,
        "P_MAX": configuration.max_power_kw,
        "POWER_UPS": 1.0,
        "OUTPUT_CONFIG": 11.0,
        "ALARMS": float(bitmap(states)),
    }
    values = {}
    for point in ANALOG_INPUTS:
        quantity, phase = point.quantity, point.phase
        if quantity in fixed:
            values[point.instance] = fixed[quantity]
        elif quantity in ("P", "Q", "S", "PF"):
            powers = found.phases.get(phase) if phase else found.total
            values[point.instance] = _power_value(powers, quantity, profile)
        elif quantity in ("V_LL", "V_LN", "I"):
            group = {"V_LL": found.line_to_line_v, "V_LN": found.line_to_neutral_v, "I": found.currents_a}[quantity]
            members = [group[phase]] if phase in group else [] if phase else list(group.values())
            values[point.instance] = math.fsum(members) / len(members) if members else math.nan
        else:
            values[point.instance] = 0.0
    if profile.maximum_power_at is MaximumPowerAt.AI45_TOO:
        values[45] = values[76]
    if profile.alarm_bitmap_at is AlarmBitmapAt.AI52_TOO:
        values[52] = values[83]
    return values


def _power_value(powers: Powers | None, quantity: str, profile: BehaviourProfile) -> float:
    if powers is None:
        return math.nan
    if quantity == "PF":
        return powers.pf
    value = {"P": powers.p_w, "Q": powers.q_var, "S": powers.s_va}[quantity] / 1000.0
    return abs(value) if profile.power_range is PowerRange.MAGNITUDE else value


def _scale(point: Point, value: float, found: Electrical) -> float:
    if math.isnan(value):
        return math.nan
    if point.quantity == "PF":
        return 1.0
    if point.quantity in ("P", "Q", "S"):
        phases = [found.phases[point.phase]] if point.phase else list(found.phases.values())
        return math.fsum(each.s_va for each in phases) / 1000.0
    return abs(value)


def _tolerance(point: Point, value: float, stimulus: Stimulus, configuration: Configuration) -> Tolerance | None:
    if math.isnan(value):
        return None
    drift_pct = _TEMPERATURE_PCT_PER_K * abs(stimulus.temperature_c - _REFERENCE_TEMPERATURE_C)
    match point.quantity:
        case "P":
            return Tolerance(0.2, "IEC 62053-22 class 0.2S, ANSI C12.20 0.2 %")
        case "Q":
            return Tolerance(2.0, "IEC 62053-23 class 2, 2 %")
        case "V_LN" | "V_LL":
            low_v, high_v = (90.0, 347.0) if point.quantity == "V_LN" else (156.0, 600.0)
            if low_v <= value / configuration.pt_ratio <= high_v:
                return Tolerance(0.1 + drift_pct, "0.1 % (+0.005 % per °C from 25 °C) from 90 V L-N to 600 V L-L")
        case "I":
            load_pct = 100.0 * value / configuration.ct_primary_a
            if 1.0 <= load_pct < 5.0:
                return Tolerance(0.2 + drift_pct, "0.2 % (+0.005 % per °C from 25 °C) from 1 % to 5 % of range")
            if 5.0 <= load_pct <= 100.0:
                return Tolerance(0.1 + drift_pct, "0.1 % (+0.005 % per °C from 25 °C) from 5 % to 100 % of range")
    return None
