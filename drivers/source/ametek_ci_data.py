"""Limits and switch-off commands of an AMETEK California Instruments source, as data with their provenance.

Tags: [M] vendor manual read, [C] public code read, [R] recalled, unverified: try it on the instrument before relying on
it. Nothing here has been tried on a real instrument yet.

Manuals: Lx/Ls Series II programming manual (7004-981) pp. 71, 86: CURRent:PROTection, PHASe, which INSTrument:COUPle
does not reach and of which positive is leading; BPS/MX/RS (7003-961) p. 147: VOLTage:RANGe clips CURRent; Sequoia pp.
71, 157. Public code: SunSpec's svp_energy_lab, gridsim_ametek.py: INSTrument:COUPle and NSELect, VOLT:RANG, VOLT:AC,
CURR, FREQ, FUNC SIN, OUTP, SYST:ERR?. Recalled: VOLTage:SLEW outside of a list, and what carries the tag below.
"""

from __future__ import annotations

from drivers.source.base import Range, SafeOff, SourceCapabilities
from drivers.source.shared.voltage_only import FamilyLimits

MANUFACTURERS = ("CALIFORNIA INSTRUMENTS", "AMETEK")

OTHER_RANGES = {"SQ": "166 and 333 V", "TA": "166 and 333 V", "AS": "200 and 400 V"}
"""Beginnings of model names [R] whose voltage ranges are others: Sequoia and Tahoe [M], Asterion [R].

Of all others the range is read back after it was selected, which refuses 135/270 V (iX) [R] just the same.
"""

VOLTAGE_RANGES = (Range(0.0, 150.0, "V"), Range(0.0, 300.0, "V"))
"""BPS/MX/RS [M p. 147], Lx/Ls [R]. All phases are used in one range."""

FREQUENCY_HZ = (16.0, 500.0)
"""What all of the tree give [R]; many go beyond."""

RAMP_S = (0.0, 60.0)
"""By the voltage slew, which is in volts a second; the upper limit is ours."""

LIMITS = FamilyLimits(slew_v_per_s=(0.1, 1e5), prompt_slew_v_per_s=1e4, current_limit_a=(0.1, 3.3))
"""Current: what the smallest three-phase model (3000Lx) gives a phase in its 300 V range [R]."""

TRIP_DELAY_S = 0.1
"""The shortest delay of the over-current trip, and its *RST value [M Lx p. 71]."""

VOLTAGE_TOLERANCE_V = 0.06
"""Settings have a resolution of 0.1 V, 0.1 degrees, 0.01 Hz and 0.01 A [R]; half of it, and a little more."""

PHASE_TOLERANCE_DEG = 0.06
CURRENT_TOLERANCE_A = 0.006
DELAY_TOLERANCE_S = 0.01
SLEW_TOLERANCE = 0.01
"""As a part of the slew."""

RESET_DEADLINE_S = 15.0
"""*RST works the range relays [R]."""

CAPABILITIES = SourceCapabilities(
    voltage_ranges=VOLTAGE_RANGES,
    frequency_hz=FREQUENCY_HZ,
    ramp_s=RAMP_S,
    phase_lock=True,
    current_limit_a=LIMITS.current_limit_a,
)
"""``phase_lock``: by the external synchronisation input [R], or the LKS option with its CLOCK and LOCK inputs [M
Sequoia p. 71]; either is set up once at the instrument."""

OFF = SafeOff(
    resource="",
    commands=("INST:COUP ALL", "OUTP OFF"),
    verify_query="OUTP?",
    off_answers=("0", "OFF"),
    family="|".join(MANUFACTURERS),
)
"""How to switch it off from any process.

Whether OUTPut ever reaches the selected phase only is not in the pages read, so coupling comes first."""
