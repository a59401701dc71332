"""The publisher of events: who is handed what, in which order, and whose errors count."""

import logging

import pytest

from rig.errors import BenchFault
from rig.events import Event, Events, OutputsFailed, SourceAnswers, Stated, Warned


def test_each_subscriber_is_handed_its_kind_in_order_until_it_ends():
    events, heard = Events(), []
    end = events.subscribe(Warned, lambda event: heard.append(("warned", event.subject)))
    events.subscribe(Event, lambda event: heard.append(("all", str(event))))
    events.publish(Warned("calibration", "has expired"))
    events.publish(Stated("the bench is open"))
    end()
    events.publish(Warned("calibration", "again"))
    assert heard == [
        ("warned", "calibration"),
        ("all", "warning: has expired"),
        ("all", "the bench is open"),
        ("all", "warning: again"),
    ]


def refuse(_event):
    raise BenchFault("the database is gone")


def test_error_of_a_subscriber_is_logged_and_stops_no_other(caplog):
    events, heard = Events(), []
    events.subscribe(Event, refuse)
    events.subscribe(Event, heard.append)
    with caplog.at_level(logging.ERROR):
        events.publish(event := SourceAnswers())
    assert heard == [event]
    assert "the database is gone" in caplog.text


def test_error_of_the_record_is_raised_once_all_have_the_event():
    events, heard = Events(), []
    events.subscribe(Stated, refuse, essential=True)
    events.subscribe(Event, heard.append)
    with pytest.raises(BenchFault, match="the database is gone"):
        events.publish(event := Stated("x"))
    assert heard == [event]


def test_record_that_fails_does_not_hold_up_switching_off():
    events, heard = Events(), []
    events.subscribe(OutputsFailed, refuse, essential=True)
    events.subscribe(Event, lambda event: heard.append(str(event)))
    events.publish(OutputsFailed("interlock", "the interlock open"))
    assert heard == ["interlock: the interlock open", "the database is gone"]
