"""Two sources as one: their common capabilities, the order of commands to each, and both always go off."""

from dataclasses import replace

import pytest

from drivers.errors import DriverError, InstrumentError, SettingOutOfRange
from drivers.instrument import Identity
from drivers.source.base import AcSource, SafeOff, SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A
from drivers.source.rigol_dg5000 import RigolDG5000
from drivers.source.shared.combined import CombinationRefused, CombinedSource, combined_capabilities

OFF = ((), (), ())
VOLTS = tuple((Tone(1, 277.0, angle),) for angle in (0.0, -120.0, 120.0))
LOW = tuple((Tone(1, 5.0, angle),) for angle in (0.0, -120.0, 120.0))
VOLTAGE_ONLY = replace(Fluke6105A.capabilities, low_level_ranges=())
LOW_LEVEL_ONLY = RigolDG5000.capabilities


class NotedSource(AcSource):
    """Notes its commands, in a list shared with the other; fails on request."""

    def __init__(self, name, capabilities, told):
        self.name, self.capabilities, self.told = name, capabilities, told
        self.is_on = False
        self.fails_at = ()

    def _note(self, what, detail=None):
        self.told.append((self.name, what, detail) if detail is not None else (self.name, what))
        if what in self.fails_at:
            raise InstrumentError(self.name, f"{what} failed")

    def identify(self):
        self._note("identify")
        return Identity("maker", self.name, "1", "1")

    def select_ranges(self, envelope):
        self._note("select_ranges", (envelope.voltage != OFF, envelope.current != OFF))

    def set_point(self, setting):
        self._note("set_point", (setting.voltage != OFF, setting.current != OFF))

    def set_output(self, on, ramp_s=0.0):
        self._note("set_output", (on, ramp_s))
        self.is_on = on

    def output_is_on(self):
        return self.is_on

    def safe_off(self):
        return (SafeOff(self.name, ("OFF",), "OFF?", ("1",)),)

    def make_safe(self):
        self._note("make_safe")
        self.is_on = False

    def arm_watchdog(self, delay_s):
        self._note("arm", delay_s)

    def disarm_watchdog(self):
        self._note("disarm")

    def close(self):
        self._note("close")


@pytest.fixture
def told():
    return []


@pytest.fixture
def pair(told):
    return NotedSource("voltage", VOLTAGE_ONLY, told), NotedSource("low", LOW_LEVEL_ONLY, told)


@pytest.fixture
def combined(pair):
    return CombinedSource(*pair)


def test_combined_source_has_the_ranges_of_both_and_the_limits_of_both():
    can = combined_capabilities(VOLTAGE_ONLY, LOW_LEVEL_ONLY)
    assert can.voltage_ranges == VOLTAGE_ONLY.voltage_ranges
    assert can.low_level_ranges == LOW_LEVEL_ONLY.low_level_ranges
    assert can.frequency_hz == (16.0, 850.0)
    assert can.max_order == 1
    assert can.ramp_s == VOLTAGE_ONLY.ramp_s


@pytest.mark.parametrize(
    ("voltage", "low_level", "missing"),
    [
        (LOW_LEVEL_ONLY, LOW_LEVEL_ONLY, "no voltage channels"),
        (VOLTAGE_ONLY, VOLTAGE_ONLY, "no low-level channels"),
        (replace(VOLTAGE_ONLY, phase_lock=False), LOW_LEVEL_ONLY, "the voltage source has no phase lock"),
        (VOLTAGE_ONLY, replace(LOW_LEVEL_ONLY, phase_lock=False), "the low-level source has no phase lock"),
        (VOLTAGE_ONLY, replace(LOW_LEVEL_ONLY, frequency_hz=(1000.0, 2000.0)), "no frequency"),
    ],
)
def test_a_pair_that_cannot_inject_is_refused_with_what_it_lacks(told, voltage, low_level, missing):
    with pytest.raises(CombinationRefused, match=missing):
        CombinedSource(NotedSource("voltage", voltage, told), NotedSource("low", low_level, told))
    assert told == []


def test_each_is_told_its_own_channels_only_voltages_before_currents(combined, told):
    combined.set_point(SourceSetting(60.0, VOLTS, LOW))
    assert told == [("voltage", "set_point", (True, False)), ("low", "set_point", (False, True))]


def test_currents_that_vanish_do_so_before_the_voltage_changes(combined, told):
    combined.set_point(SourceSetting(60.0, VOLTS, OFF))
    assert [name for name, *_ in told] == ["low", "voltage"]


def test_the_voltage_is_switched_on_first_and_off_last(combined, told):
    combined.set_output(True, 5.0)
    combined.set_output(False)
    switched = [("voltage", (True, 5.0)), ("low", (True, 0.0)), ("low", (False, 0.0)), ("voltage", (False, 0.0))]
    assert [(name, detail) for name, _, detail in told] == switched


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("act", ["make_safe", "close"])
def test_both_are_reached_whichever_fails_and_the_failure_is_raised(combined, pair, told, failing, act):
    pair[failing].fails_at = (act,)
    with pytest.raises(InstrumentError, match=f"{act} failed"):
        getattr(combined, act)()
    assert {name for name, what in told if what == act} == {"voltage", "low"}


def test_where_both_fail_the_error_names_both(combined, pair):
    for source in pair:
        source.fails_at = ("make_safe",)
    with pytest.raises(InstrumentError, match="voltage: make_safe failed") as caught:
        combined.make_safe()
    assert caught.value.__notes__ == ["low: make_safe failed"]


def test_an_output_that_is_on_alone_is_an_error_and_never_taken_for_off(combined, pair):
    voltage, low = pair
    assert combined.output_is_on() is False
    combined.set_point(SourceSetting(60.0, VOLTS, LOW))
    for on, off in ((voltage, low), (low, voltage)):
        on.is_on, off.is_on = True, False
        with pytest.raises(DriverError, match="look at both"):
            combined.output_is_on()


def test_a_low_level_source_with_nothing_to_give_may_be_off(combined, pair):
    combined.set_point(SourceSetting(60.0, VOLTS, OFF))
    pair[0].is_on = True
    assert combined.output_is_on() is True


@pytest.mark.parametrize(
    "setting",
    [
        SourceSetting(60.0, VOLTS, ((Tone(1, 8.0, 0.0),), (), ())),
        SourceSetting(60.0, ((Tone(1, 2e3, 0.0),), (), ()), LOW),
    ],
)
def test_what_no_range_holds_is_refused_before_anybody_is_told(combined, told, setting):
    with pytest.raises(SettingOutOfRange):
        combined.select_ranges(setting)
    assert told == []


def test_how_to_switch_off_is_told_of_both(combined):
    assert [recipe.resource for recipe in combined.safe_off()] == ["voltage", "low"]


def test_a_watchdog_is_armed_where_there_is_one_for_that_delay(told):
    voltage = NotedSource("voltage", replace(VOLTAGE_ONLY, watchdog_s=(1.0, 60.0)), told)
    low = NotedSource("low", replace(LOW_LEVEL_ONLY, watchdog_s=(1.0, 5.0)), told)
    combined = CombinedSource(voltage, low)
    assert combined.capabilities.watchdog_s == (1.0, 60.0)
    combined.arm_watchdog(5.0)
    combined.arm_watchdog(10.0)
    combined.disarm_watchdog()
    assert told == [
        ("voltage", "arm", 5.0),
        ("low", "arm", 5.0),
        ("voltage", "arm", 10.0),
        ("voltage", "disarm"),
        ("low", "disarm"),
    ]


def test_who_it_is_is_the_voltage_sources_word_after_both_were_asked(combined, told):
    assert combined.identify().model == "voltage"
    assert told == [("voltage", "identify"), ("low", "identify")]
