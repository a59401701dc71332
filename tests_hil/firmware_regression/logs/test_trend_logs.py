"""Do the three logs share what they have to share, and does each log its own object?"""

from __future__ import annotations

from typing import Any

import allure
import pytest
from bacpypes3.primitivedata import Boolean, Date, Time, Unsigned

from meter_model.objects.points import TREND_LOGS
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Trend logs")]

_ALL = tuple(each.instance for each in TREND_LOGS)
_PRESENT_VALUE = 85
_LOG_ANOTHER = 21211


def _everywhere(asked: Inquiry, name: str) -> list[Any]:
    return [asked.properties.read("TL", instance, name) for instance in _ALL]


def test_buffer_holds_5760_records(asked: Inquiry) -> None:
    """5760 time-stamped entries each (manual page 5)."""
    asked.check("Buffer_Size", [5760] * 3, _everywhere(asked, "buffer-size"))


def test_buffer_is_not_read_by_read_property(asked: Inquiry) -> None:
    """Log_Buffer is read by ReadRange only (the standard's Trend_Log object; manual page 31 is lost)."""
    found = asked.refusal(lambda: asked.properties.read("TL", 1, "log-buffer"))
    asked.check("Log_Buffer by ReadProperty", "property, read-access-denied", found)


def test_interval_of_every_log_is_av11(asked: Inquiry) -> None:
    """Log_Interval of all three logs is AV11, always (manual page 24)."""
    length = asked.meter.read_configuration()[11]
    asked.check("Log_Interval", [length] * 3, _everywhere(asked, "log-interval"))


def test_interval_written_to_one_log_is_that_of_all_and_of_av11(clearing: Inquiry) -> None:
    """Changing any of AV11 and the three Log_Intervals changes all of them (manual page 24). Clears the logs."""
    with clearing.configured({11: 90000.0}):
        clearing.properties.write("TL", 2, "log-interval", Unsigned(60000))
        clearing.updates(3)
        clearing.check("Log_Interval", [60000] * 3, _everywhere(clearing, "log-interval"))
        clearing.check("AV11", 60000.0, clearing.meter.read_configuration()[11])
        clearing.set_value(11, 30000.0)
        clearing.check("Log_Interval", [30000] * 3, _everywhere(clearing, "log-interval"))
        for value in (900, 3276800, 1050):
            found = clearing.refusal(
                lambda value=value: clearing.properties.write("TL", 1, "log-interval", Unsigned(value))
            )
            clearing.check(f"Log_Interval refuses {value}", "property, value-out-of-range", found)


def test_setting_written_to_one_log_is_that_of_all(asked: Inquiry) -> None:
    """The logs are set in unison (manual page 31 is lost; the OEM's sister manuals): Stop_Time, Stop_When_Full."""
    before = asked.properties.read("TL", 1, "stop-time")
    stop = (Date((199, 1, 1, 2)), Time((0, 0, 0, 0)))
    try:
        asked.properties.write("TL", 3, "stop-time", *stop)
        found = _everywhere(asked, "stop-time")
        asked.check("Stop_Time", [((199, 1, 1, 2), (0, 0, 0, 0))] * 3, found)
    finally:
        asked.properties.write("TL", 3, "stop-time", Date(before[0]), Time(before[1]))
    asked.check("Stop_Time put back", [before] * 3, _everywhere(asked, "stop-time"))
    full = asked.properties.read("TL", 1, "stop-when-full")
    try:
        asked.properties.write("TL", 2, "stop-when-full", Boolean(not full))
        asked.check("Stop_When_Full", [not full] * 3, _everywhere(asked, "stop-when-full"))
    finally:
        asked.properties.write("TL", 2, "stop-when-full", Boolean(full))


@pytest.mark.parametrize(
    ("kind", "instance", "name"),
    [("AI", 76, "present-value"), ("AI", 83, "present-value"), ("AI", 1, "reliability"), ("AV", 2, "present-value")],
)
def test_what_cannot_be_logged_is_refused(clearing: Inquiry, kind: str, instance: int, name: str) -> None:
    """Only the Present_Value of AI1 to AI75 (manual page 21); a meter that takes it clears a log."""
    before = clearing.properties.read("TL", 1, "log-device-object-property")
    reference = clearing.properties.log_reference(kind, instance, name)
    found = clearing.refusal(lambda: clearing.properties.write("TL", 1, "log-device-object-property", reference))
    clearing.check(f"logging {name} of {kind}{instance}", "property, value-out-of-range", found)
    after = clearing.properties.read("TL", 1, "log-device-object-property")
    clearing.check("what TL1 logs", before, after)


def test_each_log_logs_its_own_object(clearing: Inquiry) -> None:
    """Log_DeviceObjectProperty is the one setting that is not shared (manual page 21). Clears the logs."""
    before = _everywhere(clearing, "log-device-object-property")
    try:
        for instance, logged in zip(_ALL, (1, 75, 11), strict=True):
            reference = clearing.properties.log_reference("AI", logged)
            clearing.properties.write("TL", instance, "log-device-object-property", reference)
        expected = [("AI", logged, _PRESENT_VALUE) for logged in (1, 75, 11)]
        clearing.check("what is logged", expected, _everywhere(clearing, "log-device-object-property"))
    finally:
        for instance, (kind, logged, _) in zip(_ALL, before, strict=True):
            reference = clearing.properties.log_reference(kind, logged)
            clearing.properties.write("TL", instance, "log-device-object-property", reference)


def test_command_logs_one_record_in_manual_mode_in_all_three_logs(clearing: Inquiry) -> None:
    """AV11 = 0: 21211 logs another record in TL1 to TL3 (manual pages 23, 24), nothing else does. Clears logs."""
    with clearing.configured({11: 0.0}):
        clearing.updates(2)
        before = _everywhere(clearing, "total-record-count")
        clearing.updates(30)
        clearing.check("Total_Record_Count without a command", before, _everywhere(clearing, "total-record-count"))
        clearing.meter.command(_LOG_ANOTHER)
        clearing.updates(3)
        after = _everywhere(clearing, "total-record-count")
        clearing.check("Total_Record_Count after 21211", [count + 1 for count in before], after)


def test_logs_record_at_their_interval(clearing: Inquiry) -> None:
    """One record each 10 s at Log_Interval 1000 (manual pages 5 and 24), in all three logs. Clears the logs."""
    with clearing.configured({11: 1000.0}):
        clearing.updates(2)
        before, first = clearing.timed(lambda: _everywhere(clearing, "total-record-count"))
        clearing.updates(40)
        after, last = clearing.timed(lambda: _everywhere(clearing, "total-record-count"))
        passed = last.since(first)
        grown = [later - earlier for earlier, later in zip(before, after, strict=True)]
        due = passed.ends_of(10.0)
        expected = f"{due[0]} to {due[-1]} each, one in 10 s"
        clearing.check(f"records in {passed}", expected, grown, all(count in due for count in grown))
