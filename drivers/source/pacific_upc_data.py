"""Limits and commands of a Pacific Power source with a UPC controller, or an LMX, as data with their provenance.

Tags: [M] vendor manual read, [C] public code read, [R] recalled, unverified, [I] inferred: try it on the instrument
before relying on it (docs/decisions/0012). Nothing here has been tried on a real instrument yet.
Manuals: UPC-32/UPC-12 operation manual section 5, UPC-3/UPC-1 section 5, LMX series operation manual section 8, and
the UPC-32/12 AC line sync insert (:SOURce:RAMP). Public code: SunSpec's svp_energy_lab, gridsim_pacific.py (programs,
PHASe2, CURR:LIM, FORM, COUPLing, OUTPut, an error queue that begins with 0 when it is empty); a program for a newer
source, whose VOLT:MODE and VOLT:DC1 to DC3 are not set here: leave such a source in AC mode.
"""

from __future__ import annotations

import re

from drivers.source.base import Range, SafeOff, SourceCapabilities
from drivers.source.shared.voltage_only import FamilyLimits

THREE_PHASE = re.compile(r"UPC-32?|.*(LMX|AFX).*", re.IGNORECASE)
"""Models with three phases: *IDN? answers PPSC,UPC-32,... [M p. 84]; what an LMX answers was not found [R]."""

DIRECT_V = 135.0
"""Highest line-to-neutral volts of the power amplifier without transformer [R]."""

DEFAULT_TRANSFORMER_RATIO = 2.5
"""Of the output transformer [C: one laboratory's source]; others have 2 or 2.88. XFMRRATIO? answers [M p. 87]."""

TRANSFORMER_RATIO = (0.05, 5.0)
"""[M p. 87]; 1 stands for "no transformer"."""

RATIO_TOLERANCE = 0.006
"""The answer has two decimals [C]."""

FREQUENCY_HZ = (20.0, 1200.0)
"""[C: "20 to 5000 Hz"]; with a transformer less [R]."""

RAMP_S = (0.0, 300.0)
"""By :SOURce:RAMP; 0 is none."""

SHORTEST_RAMP_S = 0.001
"""A transition takes 1 ms to 300 s [M line sync insert]."""

PROMPT_RAMP_S = 0.05
"""Of a set-point that changes while the output is on: fast, but no jump."""

LIMITS = FamilyLimits(
    slew_v_per_s=(1e-3, 1e6), prompt_slew_v_per_s=1e4, current_limit_a=(0.1, 400.0), frequency_tolerance_hz=0.011
)
"""Slews are transition times here, for any voltage: ``RAMP_S`` is what limits them. What of the current limit the
source cannot give is refused by the instrument."""

LAG_SIGN = -1.0
"""Degrees of PHASe for one degree of lead: PHASe2 and PHASe3 are taken as lag. The factory's programs say PHAS2,120 and
PHAS3,240 [C], and what a source is shipped with is taken to be A-B-C [I]. The analyzer checks the rotation before
anything is judged."""

VOLTAGE_TOLERANCE_V = 0.06
"""Read-back against setting: the resolution is 0.1 V [R]."""

PHASE_TOLERANCE_DEG = 0.06
"""The resolution is 0.1 degrees [R]; answers of programs are whole degrees [C]."""

CURRENT_TOLERANCE_A = 0.06
RAMP_TOLERANCE_S = 0.0006

SINE = 1
"""WAVEFORM1 to WAVEFORM3 of all public programs, which are for sine voltages [C]. That every command of SOURce can be
asked, and what WAVEFORM without a number does: UPC-32 pp. 69, 70, LMX p. 203 [M]."""

THREE_PHASE_FORM = 3
"""FORM: 1 single-phase, 2 split-phase, 3 three-phase [C]."""


def voltage_ranges(transformer_ratio: float) -> tuple[Range, ...]:
    """Return the ranges (V rms, line to neutral): direct coupling, and through the transformer where that is more."""
    direct = Range(0.0, DIRECT_V, "V")
    if transformer_ratio <= 1.0:
        return (direct,)
    return (direct, Range(0.0, DIRECT_V * transformer_ratio, "V"))


def capabilities(transformer_ratio: float) -> SourceCapabilities:
    """Return what the source can do with this output transformer (1: none)."""
    return SourceCapabilities(
        voltage_ranges=voltage_ranges(transformer_ratio),
        frequency_hz=FREQUENCY_HZ,
        ramp_s=RAMP_S,
        phase_lock=True,  # external sync input [M LMX p. 182]; line sync option of the UPC [M]
        current_limit_a=LIMITS.current_limit_a,
    )


OFF = SafeOff(
    resource="",
    commands=(":OUTP OFF",),
    verify_query=":OUTP?",
    off_answers=("0", "OFF"),
    family=r"\bUPC-32?\b|LMX|AFX",
)
"""How to switch it off from any process."""
