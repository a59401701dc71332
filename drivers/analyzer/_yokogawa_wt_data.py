"""What a Yokogawa WT1800/WT3000/WT5000 can measure and what it calls things, as data with its provenance.

Tags as in reference/instruments.md: [M] vendor manual read (here IM WT3001E-17EN, communication interface, unless
said otherwise), [C] open drivers read, [R] recalled. Nothing here has been tried on a real instrument yet.
"""

from __future__ import annotations

from drivers.analyzer.base import AnalyzerCapabilities

KNOWN_MODELS = ("WT18", "WT30", "WT50", "7603")
"""How the model field of ``*IDN?`` starts; a WT3000 answers its model code, 7603xx [R]."""

VOLTAGE_RANGES_V = (15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
"""Voltage ranges at crest factor 3, V rms [M p. 6-72]."""

SENSOR_RANGES_V = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Ranges of the external current sensor input at crest factor 3, V rms [M p. 6-67]."""

CREST_FACTOR = 3
HEADROOM = 1.05
"""A range must hold this much more than the rms expected. At crest factor 3 its peak is then 3.15 times that rms,
against 1.41 for a sine, so the crest is held as well."""

ANGLE_FROM_PART = 0.01
"""From this part of both ranges an angle is taken for one: at 0.5 % and less the instrument writes "Error" [M IM
WT310E-01EN p. 4-6, the same sentence in the family's manuals]; twice that keeps clear of it. Over 140 % of a range at
crest factor 3 is over range, and written INF [M IM WT310E-02EN p. 1-12]."""

SENSOR_RATIO_MV_PER_A = 1000.0
"""Sensor ratio at which one volt reads as "one ampere": the ratio is in mV/A [M IM 760301-01E p. 4-14]. The header
``:INP:CURR:SRAT`` and the form ``EXT,500MV`` of a range are from the manual [M p. 6-68, 6-69]; not tried."""

UPDATE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Data update periods in seconds [R]."""

CAPABILITIES = AnalyzerCapabilities(
    voltage_v=VOLTAGE_RANGES_V[-1],
    ct_input_v=(SENSOR_RANGES_V[0], SENSOR_RANGES_V[-1]),
    update_s=(UPDATE_S[0], UPDATE_S[-1]),
    angle_from_part=ANGLE_FROM_PART,
)

ELEMENTS = (1, 2, 3)
ELEMENT_FUNCTIONS = ("U", "I", "P", "S", "Q", "LAMB", "PHI", "FU")
PHASE_FUNCTIONS = ("PHI_U1U2", "PHI_U1U3")
"""Angle of the voltage fundamentals of elements 2 and 3 against element 1; need the harmonics option [M p. 6-45]."""

ENERGY_FUNCTIONS = ("WHP", "WHM")
"""What the display calls WP+ and WP-: positive and negative watt hours [M p. 6-44]."""

RANGE_TOLERANCE = 1e-3
SETTLE_DEADLINE_S = 15.0
"""``*RST`` and the wiring switch relays [R]."""


def items() -> tuple[str, ...]:
    """Return the numeric items in the order in which they are asked for: function and element."""
    elements = [f"{function},{element}" for element in ELEMENTS for function in ELEMENT_FUNCTIONS]
    phases = [f"{function},SIGMA" for function in PHASE_FUNCTIONS]
    energies = [f"{function},{element}" for function in ENERGY_FUNCTIONS for element in ELEMENTS]
    return (*elements, *phases, "TIME,1", *energies)


def with_unit(value: float, unit: str) -> str:
    """Return a value as the instrument's manual writes it, such as ``500MV``, ``1V``, ``50MS``: M is milli."""
    return f"{value:g}{unit}" if value >= 1.0 else f"{value * 1000.0:g}M{unit}"
