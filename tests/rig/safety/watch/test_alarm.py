"""A source that lets the rig wait is reported once meanwhile; and one that answers again."""

import threading
import time

import pytest

from drivers.errors import InstrumentLost
from rig.safety.watch.alarm import SourceAlarm
from rig.safety.watch.timed_source import TimedSource
from rig.safety.watch.watchdog import SourceWatchdog
from tests.heard import heard
from tests.rig.safety.recorded_bench import RecordedBench
from tests.waiting import wait_for


@pytest.fixture
def said():
    return []


@pytest.fixture
def alarm(said):
    made = SourceAlarm(heard(said), after_s=0.05)
    yield made
    made.close()


def test_silent_source_is_reported_once_while_the_rig_waits(alarm, said):
    with alarm.asking():
        wait_for(lambda: said, "the first word", 10.0)
        time.sleep(0.2)
        assert len(said) == 1
        assert said[0].startswith("terminals may be live")
        assert "not-safe" in said[0]
    assert said[1:] == ["the source answers again"]


def test_answers_in_time_are_not_told_of(alarm, said):
    for _ in range(50):
        with alarm.asking():
            pass
    assert said == []


def ask_in_vain(alarm, said):
    with alarm.asking():
        wait_for(lambda: said, "the first word", 10.0)
        raise InstrumentLost("SOURCE", "no answer")


def test_alarm_after_an_error_comes_again_only_after_an_answered_question(alarm, said):
    for _ in range(2):
        with pytest.raises(InstrumentLost):
            ask_in_vain(alarm, said)
    assert len(said) == 1
    with alarm.asking():
        pass
    assert said[1:] == ["the source answers again"]


def test_a_source_that_cannot_be_switched_off_is_told_of_at_once(alarm, said):
    bench = RecordedBench()
    bench.source.is_stuck = True
    source = TimedSource(bench.source, lambda _within_s: None, alarm=alarm)
    with pytest.raises(Exception, match="does not switch off"):
        source.make_safe()
    assert said
    assert said[0].startswith("terminals may be live")
    assert "does not switch off" in said[0]


def test_the_question_whether_the_output_is_on_is_told_of_too(alarm, said):
    bench = RecordedBench()
    bench.source.on_since_s = 0.0
    released = threading.Event()
    answer = bench.source.output_is_on
    bench.source.output_is_on = lambda: released.wait(10.0) and answer()
    watchdog = SourceWatchdog(lambda: time.monotonic() * 1e6)
    watchdog.attach(bench.source)
    watchdog.arm()
    threading.Thread(target=lambda: (wait_for(lambda: said, "the first word", 10.0), released.set())).start()
    watchdog.look(alarm=alarm)
    assert said[0].startswith("terminals may be live")


def test_without_a_thread_the_rig_asks_all_the_same(alarm, said, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with alarm.asking():
        pass
    assert said == []


def test_a_closed_alarm_leaves_no_thread(said):
    alarm = SourceAlarm(said.append)
    with alarm.asking():
        pass
    alarm.close()
    alarm.close()
    assert not [each for each in threading.enumerate() if each is alarm._thread]
