"""Every object of the S4100: the one table from which client, emulator, prediction and documents derive.

Source: the manual's object tables, pages 22 to 31. A second transcription, made by hand, lives in tests/.
"""

from __future__ import annotations

from meter_model.objects.analog_inputs import ANALOG_INPUTS
from meter_model.objects.analog_values import ANALOG_VALUES
from meter_model.objects.other_objects import BINARY_INPUTS, DEVICE, TREND_LOGS
from meter_model.objects.point import MAX_POWER, NO_UNITS, OBJECT_TYPE_NUMBERS, POWER_FACTOR_UNITS, Kind, Point

__all__ = [
    "ANALOG_INPUTS",
    "ANALOG_VALUES",
    "BINARY_INPUTS",
    "DEVICE",
    "LOAD_POINT_INPUTS",
    "MAX_POWER",
    "NO_UNITS",
    "OBJECTS",
    "OBJECT_TYPE_NUMBERS",
    "POWER_FACTOR_UNITS",
    "TREND_LOGS",
    "Kind",
    "Point",
    "point",
]

OBJECTS: tuple[Point, ...] = (DEVICE, *ANALOG_INPUTS, *ANALOG_VALUES, *BINARY_INPUTS, *TREND_LOGS)
"""All 113 objects in the order of the manual's Object_List."""

LOAD_POINT_INPUTS: tuple[int, ...] = (*range(11, 19), *range(55, 76))
"""AI instances that are measured at a load point: AI11 to AI18 and AI55 to AI75, 29 objects."""

_BY_KEY = {(entry.kind, entry.instance): entry for entry in OBJECTS}


def point(kind: Kind, instance: int) -> Point:
    """Return one object of the table; the Device is ``("DE", 1)``. Raises KeyError for an object it does not have."""
    return _BY_KEY[kind, instance]
