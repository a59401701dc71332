"""The source is looked after while it is on; its own watchdog is fed by progress alone, disarmed once all is off."""

import threading
from dataclasses import replace

import pytest

from drivers.errors import InstrumentError
from drivers.source.fluke_6105a import Fluke6105A
from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.errors import OutputWrong
from rig.safety.watch.watchdog import ANSWER_S, DELAY_S, LOOK_EVERY_S, SourceWatchdog
from tests.rig.safety.stand_ins import QUICK, Control
from tests.waiting import comes_true


class Guarded:
    """A source with a watchdog, as far as it is looked after."""

    def __init__(self, watchdog_s=(0.05, 0.1)):
        self.capabilities = replace(Fluke6105A.capabilities, watchdog_s=watchdog_s)
        self.told = []
        self.is_on = True
        self.is_lost = False

    def _note(self, what):
        self.told.append(what)
        if self.is_lost:
            raise InstrumentError("G", "is lost")

    def arm_watchdog(self, delay_s):
        self._note(("arm", delay_s))

    def disarm_watchdog(self):
        self._note("disarm")

    def output_is_on(self):
        self._note("asked")
        return self.is_on


class Time:
    def __init__(self):
        self.now_s = 100.0

    def pass_s(self, dt_s):
        self.now_s += dt_s


def looked_after(source):
    time = Time()
    watchdog = SourceWatchdog(lambda: time.now_s)
    watchdog.attach(source)
    return watchdog, time


def test_a_source_without_one_is_asked_all_the_same_and_nothing_is_armed():
    source = Guarded(None)
    watchdog, time = looked_after(source)
    assert watchdog.delay_s is None
    watchdog.arm()
    time.pass_s(LOOK_EVERY_S)
    watchdog.look()
    watchdog.disarm()
    assert source.told == ["asked"]


@pytest.mark.parametrize(("limits", "delay_s"), [((1.0, 3600.0), DELAY_S), ((0.05, 0.1), 0.1), ((20.0, 60.0), 20.0)])
def test_delay_is_the_rigs_where_the_source_permits_it_or_the_nearest(limits, delay_s):
    watchdog, _ = looked_after(Guarded(limits))
    assert watchdog.delay_s == delay_s


def test_it_is_asked_in_time_for_its_watchdog_and_no_oftener():
    source = Guarded()
    watchdog, time = looked_after(source)
    watchdog.arm()
    assert source.told == [("arm", 0.1)]
    for _ in range(100):
        watchdog.look()
        time.pass_s(0.01)
    assert 25 <= source.told.count("asked") <= 40


def test_only_the_thread_that_armed_makes_progress():
    """What another thread does goes on when the rig hangs: it must not feed the watchdog."""
    source = Guarded()
    watchdog, time = looked_after(source)
    watchdog.arm()
    time.pass_s(10.0)
    poller = threading.Thread(target=watchdog.look)
    poller.start()
    poller.join()
    assert "asked" not in source.told
    watchdog.look()
    assert source.told[-1] == "asked"


def test_guardian_gets_the_time_an_answer_may_take_and_its_arrival():
    watchdog, time = looked_after(Guarded())
    watchdog.arm()
    time.pass_s(1.0)
    told = []
    watchdog.look(told.append)
    assert told == [ANSWER_S, None]


def test_a_source_that_is_off_by_itself_or_lost_is_raised():
    source = Guarded()
    watchdog, time = looked_after(source)
    watchdog.arm()
    source.is_on = False
    time.pass_s(1.0)
    with pytest.raises(OutputWrong, match="tripped or was switched off"):
        watchdog.look()
    source.is_lost = True
    time.pass_s(1.0)
    with pytest.raises(InstrumentError):
        watchdog.look()


def test_a_starved_one_stays_armed_until_the_outputs_are_known_to_be_off():
    source = Guarded()
    watchdog, time = looked_after(source)
    watchdog.arm()
    watchdog.starve()
    time.pass_s(1.0)
    watchdog.look()
    assert source.told == [("arm", 0.1)]
    watchdog.disarm()
    watchdog.disarm()
    assert source.told.count("disarm") == 1


def test_lost_source_is_reported_as_trouble_and_raises_nothing_going_off():
    source = Guarded()
    watchdog, _ = looked_after(source)
    watchdog.arm()
    source.is_lost = True
    watchdog.disarm()
    assert "was not disarmed" in watchdog.trouble


def test_watchdog_that_cannot_be_armed_raises_before_output_on():
    source = Guarded()
    watchdog, time = looked_after(source)
    source.is_lost = True
    with pytest.raises(InstrumentError):
        watchdog.arm()
    time.pass_s(1.0)
    watchdog.look()
    assert "asked" not in source.told


class WatchedFluke(Fluke6105A):
    """A Fluke with a watchdog that it does not have, and a note of what it was told in which order."""

    def __init__(self, session, **options):
        super().__init__(session, **options)
        self.told = []

    def identify(self):
        identity = super().identify()
        self.capabilities = replace(self.capabilities, watchdog_s=(0.2, 0.4))
        return identity

    def set_output(self, on, ramp_s=0.0):
        self.told.append("on" if on else "off")
        super().set_output(on, ramp_s)

    def output_is_on(self):
        self.told.append("asked")
        return super().output_is_on()

    def make_safe(self):
        self.told.append("safe")
        super().make_safe()

    def arm_watchdog(self, delay_s):
        self.told.append(f"armed {delay_s}")

    def disarm_watchdog(self):
        self.told.append("disarmed")

    def without_questions(self):
        return [what for what in self.told if what != "asked"]


@pytest.fixture
def watched_bench(tmp_path, monkeypatch):
    monkeypatch.setattr("rig.bench.drivers.SOURCES", {"fluke_6105a": WatchedFluke})
    path = tmp_path / "bench.yaml"
    path.write_text(QUICK)
    with open_bench(path) as bench:
        yield bench


@pytest.mark.realtime
def test_bench_arms_watchdog_before_output_and_disarms_it_when_all_is_off(watched_bench):
    assert "switches its output off after 0.4 s of silence" in watched_bench.protection_text
    supervisor, source = watched_bench.supervisor, watched_bench.source
    supervisor.energise(LoadPoint(277.0, 100.0, 0.0))
    assert source.without_questions() == ["safe", "armed 0.4", "on"]
    asked = source.told.count("asked")

    def progress():
        watched_bench.clock.sleep(0.01)
        return source.told.count("asked") > asked

    assert comes_true(progress, 5.0)
    assert supervisor.de_energise().confirmed
    assert source.without_questions()[-3:] == ["off", "safe", "disarmed"]


@pytest.mark.realtime
def test_where_nobody_knows_that_all_is_off_it_is_left_to_trip(watched_bench):
    control = Control(watched_bench.launched.endpoints)
    supervisor, source = watched_bench.supervisor, watched_bench.source
    supervisor.energise(LoadPoint(277.0, 100.0, 0.0))
    control.fault("source-stuck-relay")
    assert not supervisor.de_energise().confirmed
    assert "disarmed" not in source.told
    control.fault("source-stuck-relay", False)
    assert supervisor.de_energise().confirmed
    assert source.told[-1] == "disarmed"
    control.close()
