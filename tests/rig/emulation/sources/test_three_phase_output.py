"""The emulated three-phase voltage output: relay, slew, range change, current limit, latch; in the test's own time."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.emulation.sources.output import RELAY_S, SourceErrors
from rig.emulation.sources.three_phase_output import ThreePhaseOutput
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import rms


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    made = EventLog(tmp_path_factory.mktemp("log") / "events.jsonl", lambda: 0.0)
    yield made
    made.close()


def output_of(log, clock, errors=None, **options):
    return ThreePhaseOutput(errors or SourceErrors(), 1, clock, log, **options)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def output(log, clock):
    return output_of(log, clock)


def at_terminals(output, at_s):
    return [rms(spectrum) for spectrum in output.terminals(at_s).voltages]


def walk(output, clock, seconds):
    """Let time pass as the world does: from change to change."""
    end_s = clock.now_s + seconds
    while clock.now_s < end_s:
        clock.now_s = min(end_s, output.next_change_s(clock.now_s))


def test_volts_and_angles_are_there_when_the_relay_has_closed(output, clock):
    output.set_voltage(120.0)
    output.set_voltage(60.0, [2])
    output.set_phase(-90.0, [1])
    assert output.switch(True, "me", "ON")
    assert at_terminals(output, RELAY_S / 2) == [0.0, 0.0, 0.0]
    walk(output, clock, 2 * RELAY_S)
    terminals = output.terminals(clock.now_s)
    assert [(p.rms, p.phase_deg) for (p,) in terminals.voltages] == [(120.0, 0.0), (120.0, -90.0), (60.0, 120.0)]
    assert terminals.currents == ((), (), ())


def test_voltage_set_while_the_output_is_on_follows_the_slew(output, clock):
    output.set_slew(24.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.set_voltage(120.0)
    seen = []
    for _ in range(6):
        walk(output, clock, 1.0)
        seen.append(at_terminals(output, clock.now_s)[0])
    assert seen == pytest.approx([24.0, 48.0, 72.0, 96.0, 120.0, 120.0])
    output.set_voltage(60.0)
    walk(output, clock, 1.0)
    assert at_terminals(output, clock.now_s) == pytest.approx([96.0] * 3)
    assert output.next_change_s(clock.now_s) < math.inf
    walk(output, clock, 2.0)
    assert output.next_change_s(clock.now_s) == math.inf


def test_switching_on_jumps_unless_the_family_slews_then_too(output, log, clock):
    soft = output_of(log, clock, slews_when_switched_on=True)
    for one in (output, soft):
        one.set_slew(10.0)
        one.set_voltage(100.0)
        one.switch(True, "me", "ON")
    clock.now_s = RELAY_S + 1.0
    assert at_terminals(output, clock.now_s)[0] == 100.0
    assert at_terminals(soft, clock.now_s)[0] == pytest.approx(10.0)


@given(
    steps=st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(0.01, 5.0)), min_size=1, max_size=5),
    slew=st.floats(1.0, 1e4),
)
@settings(max_examples=50)
def test_no_voltage_ever_changes_faster_than_its_slew(log, steps, slew):
    clock = Clock()
    output = output_of(log, clock)
    output.set_slew(slew)
    output.switch(True, "me", "ON")
    clock.now_s = RELAY_S
    for volts, dwell_s in steps:
        output.set_voltage(volts)
        begun_s = clock.now_s
        here_v = at_terminals(output, begun_s)[0]
        for part in (0.1, 0.5, 1.0):
            at_s = begun_s + part * dwell_s
            clock.now_s = at_s
            there_v = at_terminals(output, at_s)[0]
            assert abs(there_v - here_v) <= slew * part * dwell_s * (1 + 1e-9) + 1e-9
            assert min(here_v, volts) - 1e-9 <= there_v <= max(here_v, volts) + 1e-9


def test_off_is_at_once_in_the_middle_of_a_slew(output, clock):
    output.set_slew(1.0)
    output.switch(True, "me", "ON")
    output.set_voltage(100.0)
    walk(output, clock, 10.0)
    assert at_terminals(output, clock.now_s)[0] > 9.0
    output.switch(False, "me", "OFF")
    assert at_terminals(output, clock.now_s) == [0.0, 0.0, 0.0]
    assert output.next_change_s(clock.now_s) == math.inf


def test_a_change_of_range_drops_the_output_for_a_moment(output, clock):
    output.set_voltage(100.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.change_range()
    assert at_terminals(output, clock.now_s + RELAY_S / 2) == [0.0, 0.0, 0.0]
    walk(output, clock, 2 * RELAY_S)
    assert at_terminals(output, clock.now_s) == [100.0] * 3


def test_a_current_above_its_limit_trips_after_the_response_and_latches(output, clock, log):
    output.set_limit(1.0)
    output.set_response(trips=True, response_s=0.5)
    output.set_voltage(100.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.set_load(50.0, [1])
    assert output.amperes(1, clock.now_s) == pytest.approx(2.0, rel=1e-3)
    walk(output, clock, 0.49)
    assert output.is_on
    walk(output, clock, 0.02)
    assert at_terminals(output, clock.now_s) == [0.0, 0.0, 0.0]
    assert not output.is_on
    assert output.protection == "over current"
    assert not output.switch(True, "me", "ON")
    output.set_load(math.inf)
    output.clear_protection()
    assert output.switch(True, "me", "ON")
    last = [json.loads(line) for line in log.path.read_text().splitlines()][-2]
    assert (last["on"], last["command"], last["at_s"]) == (False, "over current", 1.5)


def test_current_above_its_limit_for_a_moment_only_does_not_trip(output, clock):
    output.set_limit(1.0)
    output.set_response(trips=True, response_s=0.5)
    output.set_voltage(100.0)
    output.set_load(50.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 0.3)
    output.set_voltage(40.0)
    walk(output, clock, 5.0)
    assert output.is_on
    assert output.protection is None


def test_a_slew_goes_into_the_limit_when_it_gets_there(output, clock):
    output.set_limit(1.0)
    output.set_response(trips=True, response_s=0.1)
    output.set_slew(10.0)
    output.set_load(50.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.set_voltage(100.0)
    walk(output, clock, 5.0)
    assert output.is_on
    walk(output, clock, 0.2)
    assert not output.is_on


def test_without_a_trip_the_voltage_is_folded_back_to_the_limit(output, clock):
    output.set_limit(1.0)
    output.set_response(trips=False, response_s=0.1)
    output.set_voltage(100.0)
    output.switch(True, "me", "ON")
    output.set_load(50.0, [2])
    walk(output, clock, 0.05)
    assert not output.is_limiting
    walk(output, clock, 1.0)
    assert at_terminals(output, clock.now_s) == pytest.approx([100.0, 100.0, 50.0], rel=1e-3)
    assert output.amperes(2, clock.now_s) == pytest.approx(1.0)
    assert output.is_limiting
    output.set_load(math.inf)
    assert at_terminals(output, clock.now_s)[2] == 100.0
    assert not output.is_limiting


def test_the_burden_of_a_meter_is_far_below_any_limit(output, clock):
    output.set_limit(0.1)
    output.set_voltage(300.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 100.0)
    assert output.is_on
    assert 0.0 < output.amperes(0, clock.now_s) < 1e-3


def test_what_else_protects_latches_too(output, clock):
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.latch("watchdog")
    assert (output.is_on, output.protection) == (False, "watchdog")
    assert not output.switch(True, "me", "ON")


def test_a_stuck_relay_keeps_the_volts_although_the_instrument_says_off(output, clock):
    output.set_voltage(100.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.stick(True)
    output.switch(False, "me", "OFF")
    assert not output.is_on
    assert at_terminals(output, clock.now_s) == [100.0] * 3
    output.stick(False)
    assert at_terminals(output, clock.now_s) == [0.0] * 3


def test_gain_phase_noise_and_frequency_errors_come_from_the_seed(log, clock):
    errors = SourceErrors.drawn_from(3)
    output = output_of(log, clock, errors)
    output.set_voltage(100.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    terminals = output.terminals(clock.now_s)
    assert terminals.frequency_hz == 60.0 * (1.0 + errors.frequency)
    assert [s[0].rms / 100.0 - 1.0 for s in terminals.voltages] == pytest.approx(errors.gain[:3])
    assert terminals.voltages[1][0].phase_deg == pytest.approx(-120.0 + errors.phase_deg[1])
    before = output.revision
    output.wander(1)
    assert output.revision > before
    assert output.terminals(clock.now_s).voltages != terminals.voltages
    output.add_gain("current", 0.01)
    output.add_gain("both", 0.01)
    assert at_terminals(output, clock.now_s)[0] == pytest.approx(101.0, rel=1e-3)


def test_reset_switches_off_and_forgets_all_settings(output, clock):
    output.set_voltage(100.0)
    output.set_limit(1.0)
    output.switch(True, "me", "ON")
    walk(output, clock, 1.0)
    output.reset((0.0, -120.0, 120.0), 50.0)
    assert (output.is_on, output.programmed_v, output.frequency_hz) == (False, (0.0, 0.0, 0.0), 50.0)
    assert output.limit_a == (math.inf,) * 3
