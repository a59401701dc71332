"""The source's own watchdog: armed before the output is on, fed by progress alone, disarmed once all is off."""

import threading
from dataclasses import replace

import pytest

from drivers.errors import InstrumentError
from drivers.source import Fluke6105A
from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.watchdog import DELAY_S, SourceWatchdog
from tests.safety.stand_ins import QUICK, Control
from tests.waiting import comes_true


class Guarded:
    """A source with a watchdog of a tenth of a second, as far as the feeder sees it."""

    def __init__(self, watchdog_s=(0.05, 0.1)):
        self.capabilities = replace(Fluke6105A.capabilities, watchdog_s=watchdog_s)
        self.told = []
        self.is_lost = False
        self.changed = threading.Condition()

    def _note(self, what):
        with self.changed:
            self.told.append(what)
            self.changed.notify_all()
        if self.is_lost:
            raise InstrumentError("G", "is lost")

    def arm_watchdog(self, delay_s):
        self._note(("arm", delay_s))

    def disarm_watchdog(self):
        self._note("disarm")

    def output_is_on(self):
        self._note("fed")
        return True

    def fed(self):
        return self.told.count("fed")


@pytest.fixture
def watched():
    source, watchdog = Guarded(), SourceWatchdog()
    watchdog.attach(source)
    yield source, watchdog
    watchdog.starve()


def test_a_source_without_one_is_left_alone():
    source, watchdog = Guarded(None), SourceWatchdog()
    watchdog.attach(source)
    assert watchdog.delay_s is None
    watchdog.arm()
    watchdog.progress()
    watchdog.disarm()
    assert source.told == []


@pytest.mark.parametrize(("limits", "delay_s"), [((1.0, 3600.0), DELAY_S), ((0.05, 0.1), 0.1), ((20.0, 60.0), 20.0)])
def test_the_delay_is_the_rigs_where_the_source_permits_it_and_else_the_nearest(limits, delay_s):
    watchdog = SourceWatchdog()
    watchdog.attach(Guarded(limits))
    assert watchdog.delay_s == delay_s


@pytest.mark.realtime
def test_progress_feeds_it_and_silence_does_not(watched):
    source, watchdog = watched
    watchdog.arm()
    assert source.told[0] == ("arm", 0.1)
    assert comes_true(lambda: source.fed() == 1, 5.0)  # arming is progress
    with source.changed:
        assert not source.changed.wait_for(lambda: source.fed() > 1, 0.3), "fed without any progress"
    watchdog.progress()
    assert comes_true(lambda: source.fed() == 2, 5.0)
    watchdog.disarm()
    assert source.told[-1] == "disarm"


@pytest.mark.realtime
def test_a_starved_one_stays_armed_until_the_outputs_are_known_to_be_off(watched):
    source, watchdog = watched
    watchdog.arm()
    watchdog.starve()
    fed = source.fed()
    watchdog.progress()
    with source.changed:
        assert not source.changed.wait_for(lambda: source.fed() > fed, 0.2), "fed after it was starved"
    assert "disarm" not in source.told
    watchdog.disarm()
    watchdog.disarm()
    assert source.told.count("disarm") == 1


@pytest.mark.realtime
def test_a_source_that_is_lost_is_told_as_trouble_and_raises_nothing_while_switching_off(watched):
    source, watchdog = watched
    watchdog.arm()
    source.is_lost = True
    watchdog.progress()
    assert comes_true(lambda: watchdog.trouble is not None, 5.0)
    assert "could not be fed" in watchdog.trouble
    watchdog.disarm()
    assert "was not disarmed" in watchdog.trouble


def test_one_that_cannot_be_armed_is_raised_before_anything_is_switched_on(watched):
    source, watchdog = watched
    source.is_lost = True
    with pytest.raises(InstrumentError):
        watchdog.arm()
    assert source.fed() == 0


class WatchedFluke(Fluke6105A):
    """A Fluke with a watchdog that it does not have, and a note of what it was told in which order."""

    def __init__(self, session, **options):
        super().__init__(session, **options)
        self.capabilities = replace(self.capabilities, watchdog_s=(0.2, 0.4))
        self.told = []

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
    monkeypatch.setattr("rig.bench.bench.SOURCES", {"fluke_6105a": WatchedFluke})
    path = tmp_path / "bench.yaml"
    path.write_text(QUICK)
    with open_bench(path) as bench:
        yield bench


@pytest.mark.realtime
def test_a_bench_arms_it_before_the_output_feeds_it_by_progress_and_disarms_it_when_all_is_off(watched_bench):
    assert "switches its output off after 0.4 s of silence" in watched_bench.protection_text
    supervisor, source = watched_bench.supervisor, watched_bench.source
    supervisor.energise(LoadPoint(277.0, 100.0, 0.0))
    assert source.without_questions() == ["safe", "armed 0.4", "on"]
    asked = source.told.count("asked")
    watched_bench.clock.sleep(0.01)
    assert comes_true(lambda: source.told.count("asked") > asked, 5.0)
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
