"""Limits and commands of an ITECH IT7800 in three-phase mode, as data with their provenance.

Tags: [M] vendor manual read, [C] public code read, [R] recalled, unverified, [I] inferred: try it on the instrument
before relying on it (docs/decisions/0012). Nothing here has been tried on a real instrument yet.

No programming guide of the IT7800 was found. Known are: single-phase commands of an IT7821E [C: a driver in a public
repository that lists them after the IT7800E's guide, with OUTPut:PROTection:WDOG], the slope headers of an IT7803J [C],
``SYSTem:FUNCtion ONE|THREE`` [C], and one page of the guide of its sister, the IT7900 (p. 33 [M]): a setting may be
followed by ``,CH1|CH2|CH3``, a query by ``CH1|CH2|CH3``, "in multi-channel mode". Inferred from that are the phase
voltages and angles of the three-phase mode. The driver asks for every one of them after it was set, and what the
instrument does not know is in its error queue before the output is on.
"""

from __future__ import annotations

from drivers.source.base import Range, SafeOff, SourceCapabilities
from drivers.source.shared.voltage_only import FamilyLimits

KNOWN_FAMILIES = ("IT78", "IT79")
"""How model names begin: IT7821E, IT7803J-350-30U [C]; the IT7900 has the same tree [M p. 33]."""

VOLTAGE_RANGES = (Range(0.0, 350.0, "V"),)
"""Line to neutral, one range only [C: the model's name, and a driver that says so]."""

FREQUENCY_HZ = (16.0, 150.0)
"""What the rig asks of it; a laboratory's list says 15 to 1200 Hz for an IT7900 [C]."""

RAMP_S = (0.0, 60.0)
"""By VOLTage:SLOPe; the upper limit is ours."""

LIMITS = FamilyLimits(
    slew_v_per_s=(2.0, 2000.0), prompt_slew_v_per_s=500.0, current_limit_a=(0.1, 30.0), frequency_tolerance_hz=0.011
)
"""V/s, while the instrument counts in V/ms [R]: were it V/s, the voltage would not arrive in time and the rig switches
off. What of the current limit the model cannot give is refused by the instrument."""

WATCHDOG_S = (1.0, 3600.0)
"""Headers [C], limits [I: those of other makers' watchdogs with the same headers]."""

LEAD_SIGN = 1.0
"""Degrees of PHASe for one degree of lead: an angle is taken as lead [R]. The analyzer checks the rotation."""

VOLTAGE_TOLERANCE_V = 0.011
"""Read-back against setting: the resolution is 0.01 V [R]."""

PHASE_TOLERANCE_DEG = 0.06
"""The resolution is 0.1 degrees [R]."""

CURRENT_TOLERANCE_A = 0.011
SLOPE_TOLERANCE_V_PER_MS = 0.0006
"""The resolution is 0.001 V/ms [R]."""

RESET_DEADLINE_S = 5.0

PROTECTION_BITS = 0b1111
"""STATus:QUEStionable:CONDition: 0 OVP, 1 OCP, 2 OPP, 3 OTP [C]."""

CAPABILITIES = SourceCapabilities(
    voltage_ranges=VOLTAGE_RANGES,
    frequency_hz=FREQUENCY_HZ,
    ramp_s=RAMP_S,
    phase_lock=True,
    watchdog_s=WATCHDOG_S,
    current_limit_a=LIMITS.current_limit_a,
)
"""Whether it follows an external reference was not found [R]; if it does not, the angle to the low-level source drifts,
no point settles and nothing is judged."""

OFF = SafeOff(
    resource="",
    commands=("SYST:REM", "OUTP OFF"),
    verify_query="OUTP?",
    off_answers=("0", "OFF"),
    family=rf"\b({'|'.join(KNOWN_FAMILIES)})",
)
"""How to switch it off from any process."""
