"""The 15 Binary Inputs (manual page 29), the three Trend_Logs (page 31) and the Device (pages 22 and 23)."""

from __future__ import annotations

from meter_model.objects.point import Point

# instance, name, description, phase; BI5 and BI6 are printed as Current_Error_A a second and a third time: object
# names are unique in a BACnet device, so BehaviourProfile.bi_names decides what a meter calls them
# fmt: off
_BINARY_ROWS: tuple[tuple[int, str, str, str], ...] = (
    (1, "Volts_Error_A", "Voltage Out of Range Phase A", "A"),
    (2, "Volts_Error_B", "Voltage Out of Range Phase B", "B"),
    (3, "Volts_Error_C", "Voltage Out of Range Phase C", "C"),
    (4, "Current_Error_A", "Current Out of Range Phase A", "A"),
    (5, "Current_Error_B", "Current Out of Range Phase B", "B"),
    (6, "Current_Error_C", "Current Out of Range Phase C", "C"),
    (7, "Frequency_Error", "Frequency Error", ""),
    (8, "Reserved_BI8", "Reserved", ""),
    (9, "Phase_Loss_A", "Phase Loss Phase A", "A"),
    (10, "Phase_Loss_B", "Phase Loss Phase B", "B"),
    (11, "Phase_Loss_C", "Phase Loss Phase C", "C"),
    (12, "Power_Factor_A", "Low Power Factor Phase A", "A"),
    (13, "Power_Factor_B", "Low Power Factor Phase B", "B"),
    (14, "Power_Factor_C", "Low Power Factor Phase C", "C"),
    (15, "RTC_Reset", "RTC Reset", ""),
)
# fmt: on

BINARY_INPUTS: tuple[Point, ...] = tuple(
    Point("BI", instance, name, description, low=0.0, high=1.0, quantity="ALARM", phase=phase, page=29)
    for instance, name, description, phase in _BINARY_ROWS
)
"""BI1 to BI15 in order; 0 = INACTIVE, 1 = ACTIVE; none is writable."""

TREND_LOGS: tuple[Point, ...] = tuple(
    Point("TL", instance, f"Trend_Log_{instance}", f"Trend_Log {instance}", quantity="LOG", page=31)
    for instance in (1, 2, 3)
)
"""TL1 to TL3; the manual's own page is lost, the names are those of the OEM's sister manuals."""

DEVICE = Point(
    "DE",
    1,
    "Leviton S4100 Series Energy Meter - S/N: <serial number>",
    "S4100 DIN-Rail Energy Meter S/N: <serial number>",
    quantity="DEVICE",
    page=22,
    note="the manual's list calls it DE1; the instance is the unit's own, 1 to 4,193,999",
)
"""The Device object, with the manual's place-holders in its texts."""
