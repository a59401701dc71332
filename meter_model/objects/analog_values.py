"""The 11 Analog Value objects: the manual's table, pages 23 and 24, one row an object."""

from __future__ import annotations

from meter_model.objects.point import Point, units_number

_RowRange = tuple[float | None, float | None, tuple[float, ...]]
_Row = tuple[int, str, str, str, bool, _RowRange, float, str]

# instance, name, description, unit, non-volatile, (low, high, allowed), factory default, note
# fmt: off
_ROWS: tuple[_Row, ...] = (
    (1, "Config", "Configuration", "n/a", False, (None, None, (30078, 21211, 21212, 16498)), 0.0,
     "command register; always returns 0 when read"),
    (2, "System_Type", "System Type", "n/a", True, (None, None, (40, 31, 12, 11, 10)), 40.0, ""),
    (3, "CT_Ratio_Primary", "CT Ratio - Primary", "Amps", True, (5.0, 32000.0, ()), 100.0, ""),
    (4, "CT_Ratio_Secondary", "CT Ratio - Secondary", "1/Volts", True, (None, None, (1, 3)), 1.0,
     "1 for CTs with 1 V outputs, 3 for CTs with 1/3 V outputs"),
    (5, "PT_Ratio", "PT Ratio", "Value", True, (0.01, 320.0, ()), 1.0, "set before AV6"),
    (6, "System_Voltage", "System Voltage", "Volts", True, (82.0, 32000.0, ()), 600.0,
     "also 82 to 660 times AV5; line to line, in system type 10 line to neutral"),
    (7, "Display_Units", "Display Units", "n/a", True, (None, None, (0, 1)), 1.0, "0 = IEC, 1 = IEEE"),
    (8, "Phase_Loss_Voltage_Threshold", "Phase Loss Voltage Threshold", "Percent", True, (1.0, 99.0, ()), 10.0, ""),
    (9, "Phase_Loss_Imbalance_Threshold", "Phase Loss Imbalance Threshold", "Percent", True, (1.0, 99.0, ()), 25.0,
     ""),
    (10, "Subintervals", "Number of Subintervals Per Demand Interval", "", True, (1.0, 6.0, ()), 1.0,
     "ignored in sync-to-comms mode (AV11 = 0)"),
    (11, "Subinterval_Length", "Subinterval Length", "hundredths of a second", True, (1000.0, 3276700.0, ()), 90000.0,
     "0 (sync-to-comms) or the range in multiples of 100; the table prints the range in seconds (0, 10-32767)"),
)
# fmt: on

ANALOG_VALUES: tuple[Point, ...] = tuple(
    Point(
        kind="AV",
        instance=instance,
        name=name,
        description=description,
        unit=unit,
        bacnet_units=units_number(unit),
        writable=True,
        nv=nv,
        low=low,
        high=high,
        allowed=tuple(float(value) for value in allowed),
        default=default,
        quantity="CONFIGURATION",
        page=23 if instance <= 4 else 24,
        note=note,
    )
    for instance, name, description, unit, nv, (low, high, allowed), default, note in _ROWS
)
"""AV1 to AV11 in order; only the Present_Value is writable. AV11 also takes 0."""
