"""BI1 to BI15 and their bitmap AI83 from measured RMS values (manual pages 16, 17, 24 and 29); nothing is latched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meter_model.behaviour.profile import (
    DEFAULT,
    AlarmLimit,
    BehaviourProfile,
    ImbalanceReference,
    LowPowerFactor,
    LowVoltage,
    PairAlarm,
    PhaseLoss,
)
from meter_model.configuration import Configuration

OVER_RANGE = 1.2
"""Metering over-range +20 % (manual page 1)."""

MAXIMUM_LN_V = 347.0
"""Highest measured line-to-neutral voltage at the terminals (UL), volts RMS."""

MAXIMUM_LL_V = 600.0
"""Highest measured line-to-line voltage at the terminals (UL), volts RMS."""

MINIMUM_LN_V = 90.0
"""Lowest line-to-neutral voltage at the terminals for which accuracy is stated, volts RMS."""

MINIMUM_LL_V = 156.0
"""Lowest line-to-line voltage at the terminals for which accuracy is stated, volts RMS."""

LOW_POWER_FACTOR = 0.5

_ROUNDING = 1e-6  # a power factor of exactly 0.5 is not low, with any rounding of its last bit

_PHASES = "ABC"
_FIRST_PHASE = {"AB": "A", "BC": "B", "CA": "C"}


@dataclass(frozen=True, slots=True)
class AlarmInputs:
    """What the alarms are made of, on the primary side: RMS volts and amperes by phase or pair that exists.

    ``power_factors``: of loaded phases only. ``frequency_valid``: phase A has voltage and lies within 45 to 65 Hz.
    """

    line_to_neutral_v: Mapping[str, float]
    line_to_line_v: Mapping[str, float]
    currents_a: Mapping[str, float]
    power_factors: Mapping[str, float] = field(default_factory=dict)
    frequency_valid: bool = True
    clock_is_set: bool = True


def alarm_states(
    inputs: AlarmInputs, configuration: Configuration, profile: BehaviourProfile = DEFAULT
) -> tuple[bool, ...]:
    """Return BI1 to BI15. A line-to-line voltage counts for the first phase of its pair (AB for A, CA for C).

    With the profile's ``pair_alarm`` it counts for both.
    """
    out_of_range_v = _voltage_errors(inputs, configuration.pt_ratio, profile)
    ampere_limit = _over_range(profile) * configuration.ct_primary_a * (1.0 + _ROUNDING)
    over_current = {phase for phase, value in inputs.currents_a.items() if value > ampere_limit}
    lost = _phase_loss(inputs, configuration, profile) | _imbalance(inputs, configuration, profile)
    is_magnitude = profile.low_power_factor is LowPowerFactor.MAGNITUDE
    low_pf = {
        phase
        for phase, value in inputs.power_factors.items()
        if (abs(value) if is_magnitude else value) < LOW_POWER_FACTOR - _ROUNDING
    }
    return (
        *(phase in out_of_range_v for phase in _PHASES),
        *(phase in over_current for phase in _PHASES),
        not inputs.frequency_valid,
        False,
        *(phase in lost for phase in _PHASES),
        *(phase in low_pf for phase in _PHASES),
        not inputs.clock_is_set,
    )


def bitmap(states: tuple[bool, ...]) -> int:
    """Return AI83: BI1 is the least significant bit."""
    return sum(1 << index for index, state in enumerate(states) if state)


def _over_range(profile: BehaviourProfile) -> float:
    return OVER_RANGE if profile.alarm_limit is AlarmLimit.OVER_RANGE else 1.0


def _phases_of(pair: str, profile: BehaviourProfile) -> str:
    return pair if profile.pair_alarm is PairAlarm.BOTH_PHASES else _FIRST_PHASE[pair]


def _voltage_errors(inputs: AlarmInputs, pt_ratio: float, profile: BehaviourProfile) -> set[str]:
    high = _over_range(profile) * pt_ratio * (1.0 + _ROUNDING)
    low = pt_ratio * (1.0 - _ROUNDING) if profile.low_voltage is LowVoltage.ERROR else 0.0
    found = {
        phase
        for phase, value in inputs.line_to_neutral_v.items()
        if value > high * MAXIMUM_LN_V or value < low * MINIMUM_LN_V
    }
    for pair, value in inputs.line_to_line_v.items():
        if value > high * MAXIMUM_LL_V or value < low * MINIMUM_LL_V:
            found.update(_phases_of(pair, profile))
    return found


def _phase_loss(inputs: AlarmInputs, configuration: Configuration, profile: BehaviourProfile) -> set[str]:
    fraction = configuration.phase_loss_pct / 100.0
    if profile.phase_loss is PhaseLoss.DROP_BELOW:
        fraction = 1.0 - fraction
    fraction *= 1.0 - _ROUNDING
    lost: set[str] = set()
    for pair, value in inputs.line_to_line_v.items():
        if value < fraction * configuration.system_voltage_v:
            lost.update(_phases_of(pair, profile))
    nominal_ln_v = configuration.nominal_ln_v
    if nominal_ln_v is not None:
        lost |= {phase for phase, value in inputs.line_to_neutral_v.items() if value < fraction * nominal_ln_v}
    return lost


def _imbalance(inputs: AlarmInputs, configuration: Configuration, profile: BehaviourProfile) -> set[str]:
    """Phases that differ by more than AV9 percent from the reference of their kind."""
    found: set[str] = set()
    for kind in configuration.system.balance:
        voltages = inputs.line_to_neutral_v if kind == "LN" else inputs.line_to_line_v
        if not voltages:
            continue
        is_mean = profile.imbalance_reference is ImbalanceReference.MEAN
        reference = sum(voltages.values()) / len(voltages) if is_mean else max(voltages.values())
        most = reference * (configuration.imbalance_pct / 100.0 + _ROUNDING)
        for name, value in voltages.items():
            if abs(value - reference) > most:
                found.update(name if kind == "LN" else _phases_of(name, profile))
    return found
