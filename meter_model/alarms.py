"""BI1 to BI15 and their bitmap AI83 from measured RMS values (manual pages 16, 17, 24 and 29); nothing is latched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meter_model.behaviour import DEFAULT, BehaviourProfile, PhaseLoss
from meter_model.configuration import Configuration

OVER_RANGE = 1.2
"""Metering over-range +20 % (manual page 1)."""

MAXIMUM_LN_V = 347.0
"""Highest measured line-to-neutral voltage at the terminals (UL), volts RMS."""

MAXIMUM_LL_V = 600.0
"""Highest measured line-to-line voltage at the terminals (UL), volts RMS."""

LOW_POWER_FACTOR = 0.5

_ROUNDING = 1e-6  # a power factor of exactly 0.5 is not low, whatever the last bit says

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
    """Return BI1 to BI15. A line-to-line voltage counts for the first phase of its pair (AB for A, CA for C)."""
    over_voltage = _over_voltage(inputs, configuration.pt_ratio)
    over_current = {
        phase for phase, value in inputs.currents_a.items() if value > OVER_RANGE * configuration.ct_primary_a
    }
    lost = _phase_loss(inputs, configuration, profile) | _imbalance(inputs, configuration)
    low_pf = {phase for phase, value in inputs.power_factors.items() if abs(value) < LOW_POWER_FACTOR - _ROUNDING}
    return (
        *(phase in over_voltage for phase in _PHASES),
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


def _over_voltage(inputs: AlarmInputs, pt_ratio: float) -> set[str]:
    over = {phase for phase, v in inputs.line_to_neutral_v.items() if v > OVER_RANGE * MAXIMUM_LN_V * pt_ratio}
    over |= {_FIRST_PHASE[p] for p, v in inputs.line_to_line_v.items() if v > OVER_RANGE * MAXIMUM_LL_V * pt_ratio}
    return over


def _phase_loss(inputs: AlarmInputs, configuration: Configuration, profile: BehaviourProfile) -> set[str]:
    fraction = configuration.phase_loss_pct / 100.0
    if profile.phase_loss is PhaseLoss.DROP_BELOW:
        fraction = 1.0 - fraction
    lost = {_FIRST_PHASE[p] for p, v in inputs.line_to_line_v.items() if v < fraction * configuration.system_voltage_v}
    nominal_ln_v = configuration.nominal_ln_v
    if nominal_ln_v is not None:
        lost |= {phase for phase, v in inputs.line_to_neutral_v.items() if v < fraction * nominal_ln_v}
    return lost


def _imbalance(inputs: AlarmInputs, configuration: Configuration) -> set[str]:
    """Phases that lie more than AV9 percent below the highest of their kind."""
    low: set[str] = set()
    for kind in configuration.system.balance:
        voltages = inputs.line_to_neutral_v if kind == "LN" else inputs.line_to_line_v
        floor = max(voltages.values(), default=0.0) * (1.0 - configuration.imbalance_pct / 100.0)
        low |= {_FIRST_PHASE.get(name, name) for name, value in voltages.items() if value < floor}
    return low
