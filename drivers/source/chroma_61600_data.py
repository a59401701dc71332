"""Limits and switch-off commands of a Chroma 61500/61600 three-phase source, as data with their provenance.

Tags: [M] vendor manual read, [C] public code read, [R] recalled, unverified: try it on the instrument before relying on
it. Nothing here has been tried on a real instrument yet.

Manuals: 61501-61504 pp. 89, 94; 61601-61604 p. 80; 61605 p. 73; 61701-61705 p. 8-3 (a boolean is ON or OFF only; an
answer is read before the next command is sent). Public code: SunSpec's svp_energy_lab, chroma_61845.py (INSTrument,
PHASe:P12/P13/THREe, OUTPut, relay, slew); a VB driver of the 61512 (PHASe:SEQuence, current 48 A); a C++ driver of the
61509 written from its manual, 9.5 (headers, ranges, steps of CURRent:DELay); one of the 61800 (answers ON and OFF).
"""

from __future__ import annotations

import re

from drivers.source.base import Range, SafeOff, SourceCapabilities
from drivers.source.shared.voltage_only import FamilyLimits

IDENTITY = re.compile(r"(Chroma(?: ATE)?(?: Inc\.?)?)[ ,]+(\d{5}\w*)\s*,\s*([^,]+?)\s*,\s*(.+)", re.IGNORECASE)
""""Chroma ATE 61600,123456,1.00,1.01,1.02" [M 61605 p. 73]: no comma between maker and model."""

KNOWN_MODELS = ("61500", "61600", "61511", "61512", "61611", "61612", "61701", "61702", "61703", "61704", "61705")
"""Three-phase models of 150/300 V [C 61512, others R]; the manuals' examples name the series instead of the model."""

OTHER_RANGES = {"61507": "175 and 350 V", "61508": "175 and 350 V", "61509": "175 and 350 V"}
"""[C, a driver of the 61509 quoting its manual.]"""

VOLTAGE_RANGES = (Range(0.0, 150.0, "V"), Range(0.0, 300.0, "V"))
"""[M] Both are one setting for all phases here."""

IF_PRESENT = ("SOUR:PHAS:SEQ POS", "SOUR:PHAS:THREE INDEPEND", "OUTP:IMP:STAT OFF")
"""Phase sequence [C 61512], angles that follow P12 and P13 [C 61845], an output without impedance of its own [C 61512]:
settings that another user may have left otherwise. A model may have some or none of them: they are not asked for."""

UNDEFINED_HEADER = -113

RANGE_WORDS = {150.0: "LOW", 300.0: "HIGH"}

FREQUENCY_HZ = (15.0, 1000.0)
"""[C 61602]; other models go beyond."""

RAMP_S = (0.0, 20.0)
"""By the voltage slew, whose resolution is 0.001 V/ms [C]: that is 1 V/s, so long ramps of low voltages are coarse."""

LIMITS = FamilyLimits(slew_v_per_s=(5.0, 1e5), prompt_slew_v_per_s=1e4, current_limit_a=(0.1, 10.0))
"""Slew: from 5 V/s on, half its resolution is a tenth of it or less; below 0.5 V/s it would be 0, which is "at once"
[C, inferred]. Current: what a 61509 gives a phase in its high range [C]."""

TRIP_DELAY_S = 0.5
"""Of the over-current trip; some models take multiples of 0.5 s [M 61503 p. 94], others of 0.1 s [C 61509]."""

NO_OFF_ANGLE_DEG = 360.0
"""PHASe:OFF 360 is "at once" instead of waiting for an angle [M 61601 p. 80]."""

VOLTAGE_TOLERANCE_V = 0.06
"""Settings have a resolution of 0.1 V, 0.1 degrees, 0.01 Hz, 0.01 A [R]; half of it, and a little more."""

PHASE_TOLERANCE_DEG = 0.06
CURRENT_TOLERANCE_A = 0.006
DELAY_TOLERANCE_S = 0.01
SLEW_TOLERANCE_V_PER_MS = 0.0006

CAPABILITIES = SourceCapabilities(
    voltage_ranges=VOLTAGE_RANGES,
    frequency_hz=FREQUENCY_HZ,
    ramp_s=RAMP_S,
    phase_lock=True,
    current_limit_a=LIMITS.current_limit_a,
)
"""``phase_lock`` is recalled for models with the external synchronisation option and found in no page read. Where it is
not there the angle between voltage and current drifts, and no point settles: nothing wrong is ever recorded."""

OFF = SafeOff(
    resource="",
    commands=("OUTP OFF", "OUTP:REL OFF"),
    verify_query="OUTP?",
    off_answers=("OFF", "0"),
    family=IDENTITY.pattern,
)
"""How to switch it off from any process: its output, then its relay."""
