"""Limits and commands of a Rigol DG5000 Pro of four or more channels, as data with their provenance.

Tags: [M] vendor manual read, [C] public code read, [R] recalled, unverified: try it on the instrument before relying on
it. Nothing here has been tried on a real instrument yet.

Public code: two QCoDeS drivers of the DG5000 Pro (class RigolDG5000Pro) in public repositories: models, SOURce, OUTPut,
``*RST``, ``*OPC?``. One of them, in a laboratory's program (``_sync_awg_channels``), and a MATLAB class
(``setBenchmark``, ``setBundle``, ``alignPhase``): ``:SYNChro:BENChmark CH1``, ``:SYNChro:BUNDle CH2,ON``, then
``:SOURce1:PHASe:SYNChronize``. The MATLAB class writes the bundle as a list (``CH1,CH2``); the form with ON is used
here, because its program also takes channels out of the bundle (``OFF``). How the bundle is asked for was not found: it
is not read back, and what shows an angle that is wrong is the analyzer.
"""

from __future__ import annotations

from drivers.source.base import Range, SafeOff, SourceCapabilities

KNOWN_MODELS = ("DG5254 Pro", "DG5354 Pro", "DG5504 Pro", "DG5258 Pro", "DG5358 Pro", "DG5508 Pro")
"""Four and eight channels [R]: two are too few."""

LOW_LEVEL_RANGES = (Range(0.00075, 7.0, "V"),)
"""Rms of a sine wave into an open circuit: 2 mV to 20 V peak to peak [R], a little inside of both ends."""

FREQUENCY_HZ = (1.0, 1000.0)
"""What the rig asks of it; the instrument goes far beyond."""

REFERENCE_VPP = 5.0
REFERENCE_OFFSET_V = 2.5
"""The square wave of channel 4 is 0 to 5 V into an open circuit: what the external-sync inputs of AC sources take."""

AMPLITUDE_TOLERANCE = 2e-6
"""Read-back against setting, as a part of it: answers have seven digits [C]."""

PHASE_TOLERANCE_DEG = 0.006
FREQUENCY_TOLERANCE = 2e-6
OFFSET_TOLERANCE_V = 1e-4
OPEN_CIRCUIT_ABOVE_OHM = 1e6
"""A load that is answered as more than this is "high impedance" (9.9E37) [C]."""

RESET_DEADLINE_S = 10.0

CAPABILITIES = SourceCapabilities(
    low_level_ranges=LOW_LEVEL_RANGES,
    frequency_hz=FREQUENCY_HZ,
    ramp_s=(0.0, 0.0),
    phase_lock=True,
)

OFF = SafeOff(
    resource="",
    commands=(":OUTP1 OFF", ":OUTP2 OFF", ":OUTP3 OFF"),
    verify_query=":OUTP1?;:OUTP2?;:OUTP3?",
    off_answers=("OFF;OFF;OFF", "0;0;0"),
    family=rf"\b({'|'.join(KNOWN_MODELS)})\b",
)
"""How to switch its three CT channels off from any process."""
