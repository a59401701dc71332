"""Ranges, limits and function names of a Yokogawa WT1800/WT3000/WT5000, as data with their provenance.

Tags: [M] vendor manual read (IM WT3001E-17EN, communication interface, unless said otherwise), [C] public code read,
[R] recalled, unverified. Nothing here has been tried on a real instrument yet. Public code:

- Yokogawa's sample programs for tmctl in C++ and C# (MainDialog, InitListItem; copies are in public repositories): the
  names of functions and the sensor ranges of the WT500 and of the WT1800/WT1800E, and the mark in ``*IDN?`` of a
  WT1800E that is set to understand another model's commands.
- SunSpec's System Validation Platform, device_wt (support@sunspec.org): ``:NUMERIC:NORMAL:ITEM1 URMS,1``.
- github.com/Soochol/WF_EOL_TESTER, WT1800E_COMPLETE_SCPI_Reference.md (after IM WT1801-17EN): the headers of the INPut
  group (5-57 to 5-66) with ``CURRent:SRATio`` and ``CURRent:RANGe:ELEMent<x>``, the NUMeric group (5-80 to 5-86).

Not found for the WT5000: its names for communication. Its features guide shows Urms and Irms, so its names are taken to
be the WT1800's [R].
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.analyzer.base import AnalyzerCapabilities


@dataclass(frozen=True, slots=True)
class Family:
    """Models that have the same names for numeric items; ``models`` is how the model field of ``*IDN?`` starts.

    ``current_angles``: of the current fundamentals of elements 1 to 3, against the voltage fundamental of their own
    element or of element 1. ``emulation_mark`` stands in ``*IDN?`` where the instrument is set to understand another
    model's commands.
    """

    models: tuple[str, ...]
    voltage: str
    current: str
    current_angles: tuple[str, str, str]
    angles_from_own_voltage: bool
    emulation_mark: str | None = None


_FROM_U1 = ("PHI_U1I1", "PHI_U1I2", "PHI_U1I3")
_FROM_OWN = ("PHI_U1I1", "PHI_U2I2", "PHI_U3I3")
"""Angles of the current fundamentals: the sample programs' lists for the older models and for the WT1800 [C]."""

FAMILIES = (
    Family(("WT30", "7603"), "U", "I", _FROM_U1, angles_from_own_voltage=False),
    Family(("WT18",), "URMS", "IRMS", _FROM_OWN, angles_from_own_voltage=True, emulation_mark="EM"),
    Family(("WT5000",), "URMS", "IRMS", _FROM_OWN, angles_from_own_voltage=True),
)
"""A WT3000 answers its model code, 7603xx [R]; its U and I are those of [M p. 6-44]. URMS and IRMS of the WT1800 and
WT1800E [C], of the WT5000 [R]. A family refuses the names of another. The mark is a WT1800E's [C]."""

VOLTAGE_RANGES_V = (15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
"""Voltage ranges at crest factor 3, V rms [M p. 6-72]; a WT1800 and a WT5000 have smaller ones too, not needed here."""

SENSOR_RANGES_V = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Ranges of the external current sensor input at crest factor 3, V rms [M p. 6-67]; the same in a WT1800 [C]."""

CREST_FACTOR = 3
HEADROOM = 1.0
"""A range is used up to its nominal value, since what a range adds to the uncertainty grows with it. A signal may
exceed it nevertheless: a WT measures up to 1.3 times its range at crest factor 3, and its accuracy is stated up to 1.1
times [R]; the peak of a range is three times its rms."""

ANGLE_FROM_PART = 0.01
"""From this part of both ranges an angle is valid: at 0.5 % and less the instrument writes "Error" [M IM
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
    measures_distortion=True,
    voltage_ranges_v=VOLTAGE_RANGES_V,
    ct_ranges_v=SENSOR_RANGES_V,
    headroom=HEADROOM,
    angle_from_part=ANGLE_FROM_PART,
)

ELEMENTS = (1, 2, 3)
COMMON_FUNCTIONS = ("P", "S", "Q", "LAMB", "PHI", "FU", "UTHD", "ITHD")
"""The same in all families [M, C]; the distortion factors need the harmonics option."""

FUNCTIONS_PER_ELEMENT = 2 + len(COMMON_FUNCTIONS)
PHASE_FUNCTIONS = ("PHI_U1U2", "PHI_U1U3")
"""Angle of the voltage fundamentals of elements 2 and 3 against element 1; need the harmonics option [M p. 6-45].

With the underscore in all families [M, C]; without an element it is that of the first wiring unit."""

ENERGY_FUNCTIONS = ("WHP", "WHM")
"""What the display calls WP+ and WP-: positive and negative watt hours [M p. 6-44; C: the same in a WT1800]."""

SETTLE_DEADLINE_S = 15.0
"""``*RST`` and the wiring switch relays [R]."""


def family_of(model: str) -> Family | None:
    """Return the family of a model field of ``*IDN?``, None for a model that this driver does not know."""
    return next((each for each in FAMILIES if model.upper().startswith(each.models)), None)


def items(family: Family) -> tuple[str, ...]:
    """Return the numeric items in the order in which they are asked for: function and element."""
    functions = (family.voltage, family.current, *COMMON_FUNCTIONS)
    elements = [f"{function},{element}" for element in ELEMENTS for function in functions]
    phases = [f"{function},SIGMA" for function in (*PHASE_FUNCTIONS, *family.current_angles)]
    energies = [f"{function},{element}" for function in ENERGY_FUNCTIONS for element in ELEMENTS]
    return (*elements, *phases, "TIME,1", *energies)


def with_unit(value: float, unit: str) -> str:
    """Return a value as the instrument's manual writes it, such as ``500MV``, ``1V``, ``50MS``: M is milli."""
    return f"{value:g}{unit}" if value >= 1.0 else f"{value * 1000.0:g}M{unit}"
