"""The settings of the three Trend_Logs, shared but for what each logs (reference: the OEM's sister manuals).

Log_Interval is AV11 and belongs to the configuration; the meter writes it through.
"""

from __future__ import annotations

from meter_model.object_access import checked_bool, checked_unsigned, property_error
from meter_model.points import point

BUFFER_SIZE = 5760
"""Records that each log holds (manual page 5)."""

PRESENT_VALUE = 85
"""Property number of Present_Value, the only property that may be logged."""

BacnetDateTime = tuple[tuple[int, int, int, int], tuple[int, int, int, int]]
"""((year, month, day, day of week), (hour, minute, second, 1/100 s)); 255 is a wildcard."""

_ANY: BacnetDateTime = ((255, 255, 255, 255), (255, 255, 255, 255))
_START: BacnetDateTime = ((2000, 1, 1, 6), (0, 0, 0, 0))
_LAST_LOGGABLE = 75


class TrendLogs:
    """Properties of TL1 to TL3; values are as ``S4100.read`` returns them."""

    def __init__(self) -> None:
        self._shared: dict[str, object] = {
            "log-enable": True,
            "start-time": _START,
            "stop-time": _ANY,
            "stop-when-full": False,
            "buffer-size": BUFFER_SIZE,
            "log-buffer": (),
            "record-count": 0,
            "total-record-count": 0,
            "event-state": 0,
        }
        self._targets = {1: 2, 2: 3, 3: 19}

    def read(self, instance: int, name: str) -> object:
        """Return one property, or raise unknown-property; the buffer itself is for ReadRange only."""
        entry = point("TL", instance)
        match name:
            case "object-identifier":
                return ("TL", instance)
            case "object-name":
                return entry.name
            case "object-type":
                return entry.object_type
            case "description":
                return entry.description
            case "log-device-object-property":
                return ("AI", self._targets[instance], PRESENT_VALUE)
            case "log-buffer":
                raise property_error("read-access-denied")
        if name not in self._shared:
            raise property_error("unknown-property")
        return self._shared[name]

    def write(self, instance: int, name: str, value: object) -> None:
        """Write one property as the PICS allows, or raise why not."""
        match name:
            case "log-enable" | "stop-when-full":
                self._shared[name] = checked_bool(value)
            case "start-time" | "stop-time":
                if not isinstance(value, tuple) or len(value) != 2:
                    raise property_error("invalid-data-type")
                self._shared[name] = value
            case "record-count":
                self._shared[name] = checked_unsigned(value, 0, 0)
            case "log-device-object-property":
                self._targets[instance] = _checked_target(value)
            case "log-buffer":
                raise property_error("write-access-denied")
            case _:
                self.read(instance, name)
                raise property_error("write-access-denied")


def _checked_target(value: object) -> int:
    if not isinstance(value, tuple) or len(value) != 3:
        raise property_error("invalid-data-type")
    kind, instance, number = value
    if kind != "AI" or number != PRESENT_VALUE or not 1 <= instance <= _LAST_LOGGABLE:
        raise property_error("value-out-of-range")
    return int(instance)
