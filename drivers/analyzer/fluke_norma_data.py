"""Ranges, limits and command names of a Fluke Norma 4000/5000, as data with their provenance.

[M]: Norma 4000/5000 Remote Control Users Guide, June 2007 Rev. 2, read as text. [R] recalled. Nothing here has been
tried on a real instrument.
"""

from __future__ import annotations

from drivers.analyzer.base import AnalyzerCapabilities

VOLTAGE_RANGES_V = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Voltage ranges, rms volts; from 0.3 to 1000 V [M, SENSe:VOLTage:RANGe], the steps recalled [R]."""

SHUNT_RANGES_V = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Ranges of a current channel with SHUNt EXTernal: volts at its input for an external shunt [M, RANGe:LIST?]. The guide
says up to 10 V in one place and 20 V in another; the smaller holds."""

UPDATE_S = (0.015, 3600.0)
"""Shortest and longest averaging interval, seconds [M, APERture]."""

HEADROOM = 1.0
"""A range is used up to its nominal value, since what a range adds to the uncertainty grows with it. Its peak range
is twice its rms range [M], so that a signal may exceed it nevertheless."""

CAPABILITIES = AnalyzerCapabilities(
    voltage_v=VOLTAGE_RANGES_V[-1],
    ct_input_v=(SHUNT_RANGES_V[0], SHUNT_RANGES_V[-1]),
    update_s=UPDATE_S,
    voltage_ranges_v=VOLTAGE_RANGES_V,
    ct_ranges_v=SHUNT_RANGES_V,
    headroom=HEADROOM,
    angle_from_part=0.01,
)
"""``angle_from_part`` is ours: the guide does not say from which part of a range an angle means anything."""

LONGEST_PERIOD_S = 1.0 / 40.0
"""An averaging interval is extended to whole periods of the signal; of the lowest frequency that the rig applies."""

PHASES = (1, 2, 3)
CURRENT_CHANNELS = (1, 3, 5)
"""Input channels of the currents of phases 1 to 3 [M, SENSe]."""

PHASE_FUNCTIONS = ("VOLT{}", "CURR{}", "POW{}", "POW{}:APP", "POW{}:REAC", "VOLT{}:PHAS", "CURR{}:PHAS")
COMMON_FUNCTIONS = ("FREQ", "TIME", "TIME:REL")
"""TIME:REL is when the averaging interval ended, in seconds on the instrument's timer [M]."""

INTEGRAL_FUNCTIONS = ("POW{}:IPOS", "POW{}:INEG")
"""The positive and the negative values of a power, summed up. The guide names no unit; watt hours, as the display shows
them [R]."""

INVALID_STATUS = ~(1 | 128)
"""Any bit of a value's status but these makes it no number: 1 is under-range, which is valid though less precise, and
128 says capacitive; 2 is over-range, 8 undefined, 16 not available [M, DATA:STATus?]."""

OVER_RANGE_STATUS = 2

RESET_TIMER_FROM_S = 50_000.0
"""From here on the timer is set back: eight digits would soon not tell one interval from the next."""

DIGITS = 8
POLLS = 16
SETTLE_DEADLINE_S = 15.0
"""``*RST`` and ranges switch relays; the guide's examples give it 3 s."""


def functions() -> tuple[str, ...]:
    """Return the measurement functions in the order in which they are asked for."""
    of_phases = [each.format(phase) for phase in PHASES for each in PHASE_FUNCTIONS]
    integrals = [each.format(phase) for phase in PHASES for each in INTEGRAL_FUNCTIONS]
    return (*of_phases, *COMMON_FUNCTIONS, *integrals)


def quoted(names: tuple[str, ...]) -> str:
    """Return a list of functions as parameters."""
    return ",".join(f'"{name}"' for name in names)
