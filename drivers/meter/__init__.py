"""Talking to an S4100 over BACnet MS/TP: the bus, the client of one meter, its readings and its errors.

Plain functions outside, asyncio inside. Which objects a meter has comes in as data (``MeterPoint``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

if TYPE_CHECKING:
    from drivers.meter.application import RIG_DEVICE_INSTANCE, FoundDevice, FoundObject
    from drivers.meter.bus import MeterBus
    from drivers.meter.client import MeterClient
    from drivers.meter.errors import (
        AnswerNotUnderstood,
        BusFailed,
        BusInterrupted,
        MeterAborted,
        MeterError,
        MeterRefused,
        MeterRejected,
        MeterTimeout,
        ValueNotTaken,
    )
    from drivers.meter.logs import LogPage, LogRecord
    from drivers.meter.points import MeterPoint
    from drivers.meter.readings import Identity, LoadPointReading, Part, Snapshot
    from drivers.meter.requests.exchange import BusStatistics

__all__ = [
    "RIG_DEVICE_INSTANCE",
    "AnswerNotUnderstood",
    "BusFailed",
    "BusInterrupted",
    "BusStatistics",
    "FoundDevice",
    "FoundObject",
    "Identity",
    "LoadPointReading",
    "LogPage",
    "LogRecord",
    "MeterAborted",
    "MeterBus",
    "MeterClient",
    "MeterError",
    "MeterPoint",
    "MeterRefused",
    "MeterRejected",
    "MeterTimeout",
    "Part",
    "Snapshot",
    "ValueNotTaken",
]

__getattr__ = later(
    __name__,
    {
        "application": "RIG_DEVICE_INSTANCE FoundDevice FoundObject",
        "bus": "MeterBus",
        "client": "MeterClient",
        "errors": "AnswerNotUnderstood BusFailed BusInterrupted MeterAborted "
        "MeterError MeterRefused MeterRejected MeterTimeout ValueNotTaken",
        "logs": "LogPage LogRecord",
        "points": "MeterPoint",
        "readings": "Identity LoadPointReading Part Snapshot",
        "requests.exchange": "BusStatistics",
    },
)
