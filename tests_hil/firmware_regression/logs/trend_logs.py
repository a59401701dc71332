"""What the questions about trend logs share: settings put back as they were found, counts, and records made quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bacpypes3.primitivedata import Boolean, Date, Time, Unsigned

from meter_model.objects.points import TREND_LOGS
from rig.procedures import Inquiry

ALL = tuple(each.instance for each in TREND_LOGS)
INTERVAL_S = 10.0
"""The shortest Log_Interval (manual page 21)."""

DISABLED, ENABLED, PURGED = (True, False), (False, False), (False, True)
"""Status records: (log-disabled, buffer-purged)."""

_SHORTEST_CS = 1000.0
_TRIES = 5
_DISPLAYED_YEAR = 1900

_Answer = TypeVar("_Answer")
DateTime = tuple[tuple[int, ...], tuple[int, ...]]


def are_apart(stamps: Sequence[datetime], interval_s: float) -> bool:
    """Whether each stamp is so many intervals after the first, to the step of a BACnet Time.

    A stamp has hundredths of a second (ASHRAE 135 clause 20.2.13): two that are 10 s apart may read 9.99 s apart.
    """
    passed = [round(100.0 * (stamp - stamps[0]).total_seconds()) for stamp in stamps]
    return all(abs(each - round(100.0 * interval_s * index)) <= 1 for index, each in enumerate(passed))


def everywhere(asked: Inquiry, name: str) -> list[Any]:
    """Read a property of all three logs."""
    return [asked.properties.read("TL", instance, name) for instance in ALL]


def counts(asked: Inquiry) -> tuple[int, int]:
    """Read (Record_Count, Total_Record_Count) of TL1, in one request."""
    read = asked.properties.read_several([("TL", 1, ("record-count", "total-record-count"))])
    return read["TL", 1, "record-count"], read["TL", 1, "total-record-count"]


@contextmanager
def logging(
    asked: Inquiry, interval_cs: float = _SHORTEST_CS, targets: tuple[int, ...] | None = None
) -> Iterator[None]:
    """Log at an interval (1/100 s, 0: on command) from empty logs on; every setting is put back at the end."""
    found = {name: asked.properties.read("TL", 1, name) for name in ("log-enable", "stop-when-full")}
    times = {name: asked.properties.read("TL", 1, name) for name in ("start-time", "stop-time")}
    logged = [reference[1] for reference in everywhere(asked, "log-device-object-property")]
    try:
        with asked.configured({11: interval_cs}):
            for instance, target in zip(ALL, targets or (), strict=False):
                set_target(asked, instance, target)
            purge(asked)
            yield
    finally:
        for name, moment in times.items():
            set_moment(asked, name, moment)
        for name, value in found.items():
            asked.properties.write("TL", 1, name, Boolean(value))
        for instance, target in zip(ALL, logged, strict=True):
            set_target(asked, instance, target)


def set_target(asked: Inquiry, instance: int, target: int) -> None:
    """Have a log record the Present_Value of an Analog Input."""
    asked.properties.write("TL", instance, "log-device-object-property", asked.properties.log_reference("AI", target))


def set_moment(asked: Inquiry, name: str, moment: DateTime, instance: int = 1) -> None:
    """Write Start_Time or Stop_Time: (year from 1900, month, day, weekday), (hour, minute, second, 1/100); 255: any."""
    date, time = moment
    asked.properties.write("TL", instance, name, Date(tuple(date)), Time(tuple(time)))


def purge(asked: Inquiry, instance: int = 1) -> None:
    """Write 0 to Record_Count."""
    asked.properties.write("TL", instance, "record-count", Unsigned(0))


def enable(asked: Inquiry, wanted: bool, instance: int = 1) -> None:
    """Write Log_Enable."""
    asked.properties.write("TL", instance, "log-enable", Boolean(wanted))


def counted_at_rest(asked: Inquiry, read: Callable[[], _Answer]) -> tuple[_Answer, tuple[int, int]]:
    """Read something of the logs while no record is made; returns it with the counts before and after it."""
    for _ in range(_TRIES):
        before = counts(asked)
        answer = read()
        if counts(asked) == before:
            return answer, before
    raise asked.undecided("logs at rest", "the same counts before and after", f"the bench was late {_TRIES} times")


def make_records(asked: Inquiry, count: int) -> None:
    """Have the logs record that they are stopped and started: ``count`` records, an even number, and no waiting."""
    for _ in range(count // 2):
        enable(asked, False)
        enable(asked, True)


def newest(asked: Inquiry, instance: int) -> object:
    """Read what the newest record of a log holds, "no record" where there is none."""
    records = asked.meter.read_log(instance)
    return records[-1].value if records else "no record"


def in_future(asked: Inquiry, ahead_s: float) -> DateTime:
    """The meter's clock so many seconds from now, as Start_Time and Stop_Time take it."""
    moment = asked.meter.read_time() + timedelta(seconds=ahead_s)
    date = (moment.year - _DISPLAYED_YEAR, moment.month, moment.day, moment.isoweekday())
    return date, (moment.hour, moment.minute, moment.second, 0)
