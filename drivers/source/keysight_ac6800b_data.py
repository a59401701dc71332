"""Limits and commands of a Keysight AC6800B, as data with their provenance.

Tags: [M] vendor manual (AC6800B Series Operating and Service Guide) or data sheet read, [R] recalled, unverified, [I]
inferred from a sister product's manual: try it on the instrument before relying on it (docs/decisions/0012). Nothing
here has been tried on a real instrument yet; no public code for it was found.

Not found: the header of the watchdog. The instrument has one (QUEStionable bit 5 and a chapter of its own [M p. 88,
103]); the header used here is that of the N6900/N7900 and RP7900 [M p. 252, p. 226]. One that the instrument does not
know is in its error queue at once, so arming raises InstrumentRefused and nothing is switched on.
"""

from __future__ import annotations

from drivers.source.base import Range, SafeOff, SourceCapabilities
from drivers.source.shared.voltage_only import FamilyLimits

KNOWN_MODELS = ("AC6801B", "AC6802B", "AC6803B", "AC6804B")
"""The B models [M data sheet p. 7]; the A models have ranges of 135 V and 270 V [M A guide p. 153]."""

VOLTAGE_RANGES = (Range(0.0, 155.0, "V"), Range(0.0, 310.0, "V"))
"""Rms of a sine wave, VOLTage:RANGe 155 or 310 [M data sheet p. 7]."""

FREQUENCY_HZ = (40.0, 500.0)
"""[M data sheet: "40 to 100 Hz" and "other frequencies"; 500 Hz is R]."""

RAMP_S = (0.0, 60.0)
"""There is no slew: the driver raises the voltage in steps. The upper limit is ours."""

RAMP_STEP_S = 0.1
"""Longest time between two steps of the ramp."""

WATCHDOG_S = (1.0, 3600.0)
"""In steps of 1 s [I: N6900 guide p. 252]."""

LIMITS = FamilyLimits(
    slew_v_per_s=(0.0, 1e9), prompt_slew_v_per_s=1e9, current_limit_a=(0.05, 40.0), frequency_tolerance_hz=0.06
)
"""It has no slew, so none is refused. Upper end of the current limit: AC6804B, 155 V [R]; what the model cannot give is
refused by the instrument."""

VOLTAGE_TOLERANCE_V = 0.06
"""Read-back against setting: the resolution is 0.1 V [R]."""

CURRENT_TOLERANCE_A = 0.006
"""The resolution is 0.01 A [R]."""

RESET_DEADLINE_S = 5.0

PROTECTION_BITS = 0b0010_0010_0011_0111
"""QUEStionable bits that say that the output is disabled: OV, OC, HWF, OT, WDOG, OP, SF [M p. 103]."""

CAPABILITIES = SourceCapabilities(
    voltage_ranges=VOLTAGE_RANGES,
    frequency_hz=FREQUENCY_HZ,
    ramp_s=RAMP_S,
    phase_lock=False,
    watchdog_s=WATCHDOG_S,
    current_limit_a=LIMITS.current_limit_a,
)
"""No phase lock: none of the guide's chapters and SCPI subsystems is about a phase or another unit [M contents]."""

OFF = SafeOff(
    resource="",
    commands=("OUTP OFF",),
    verify_query="OUTP?",
    off_answers=("0", "OFF"),
    family=rf"\b({'|'.join(KNOWN_MODELS)})\b",
)
"""How to switch it off from any process."""
