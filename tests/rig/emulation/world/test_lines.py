"""Lines of the emulated bench: edge by edge they are the same for all steps in which time passes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.stimulus import Stimulus
from rig.emulation.auxiliary.keysight_33500b import PulseOutput
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.world.lines import RelayLine

NOTHING = Stimulus(60.0, ((), (), ()), ((), (), ()))

trains = st.tuples(
    st.floats(0.0, 1e6),
    st.integers(1, 20),
    st.floats(2e-4, 0.5),
    st.floats(2e-4, 0.5),
)


def armed(started_s, count, width_s, low_s, clock_error=0.0):
    output = PulseOutput(clock_error)
    now = output.settings
    now.function, now.width_s, now.period_s, now.cycles = "PULS", width_s, width_s + low_s, float(count)
    now.high_v, now.low_v, now.load_ohm, now.bursts, now.is_on = 5.0, 0.0, math.inf, True, True
    output.started_s = started_s
    return output


class Recorder:
    """Stands for a meter: what it lives through, and what happens at its pulse contact."""

    def __init__(self):
        self.now_s = self.powered_s = 0.0
        self.changes = []
        self.is_running = self.alarm_contact_closed = True

    def advance(self, dt_s, _stimulus, control_power=True):
        self.now_s += dt_s
        self.powered_s += dt_s * control_power

    def pulse_input(self, closed, in_s=0.0):
        self.changes.append((self.now_s + in_s, closed))


@given(trains)
def test_a_train_has_its_pulses_and_each_its_width(train):
    started_s, count, width_s, low_s = train
    output = armed(*train)
    at_s, high_s, rises = started_s - 1.0, 0.0, 0
    while (edge_s := output.next_edge_s(at_s)) < math.inf:
        assert edge_s > at_s
        rises += output.is_active((edge_s + max(at_s, edge_s - width_s / 2.0)) / 2.0)
        at_s = edge_s
    for number in range(count):
        rise_s = started_s + number * (width_s + low_s)
        high_s += output.is_active(rise_s + width_s / 2.0)
        assert not output.is_active(rise_s + width_s + low_s / 2.0)
    assert rises == high_s == count
    assert at_s == pytest.approx(started_s + (count - 1) * (width_s + low_s) + width_s)


@settings(max_examples=50)
@given(trains, st.lists(st.floats(1e-3, 3.0), min_size=1, max_size=20))
def test_a_meter_sees_the_same_pulses_and_gaps_whatever_the_steps(train, steps):
    started_s, count, width_s, low_s = (1.0, *train[1:])
    total_s = started_s + count * (width_s + low_s) + 1.0
    clock = [0.0]
    meter = Recorder()
    terminals = MeterTerminals(meter, lambda: clock[0])
    terminals.closing.append(armed(started_s, count, width_s, low_s))
    terminals.interrupting.append(armed(started_s, count, width_s, low_s))
    while clock[0] < total_s:
        dt_s = min(steps[len(meter.changes) % len(steps)], total_s - clock[0])
        terminals.advance(dt_s, NOTHING)
        clock[0] += dt_s
    rises = [at_s for at_s, closed in meter.changes if closed]
    falls = [at_s for at_s, closed in meter.changes if not closed]
    assert [closed for _, closed in meter.changes] == [True, False] * count
    assert [fall - rise for rise, fall in zip(rises, falls, strict=True)] == pytest.approx([width_s] * count, abs=1e-9)
    assert meter.powered_s == pytest.approx(total_s - count * width_s, abs=1e-9)


def test_a_generators_clock_error_is_in_its_pulses():
    output = armed(0.0, 1, 0.1, 0.1, clock_error=1e-3)
    assert output.next_edge_s(0.0) == pytest.approx(0.1001)


@pytest.mark.parametrize(
    "change",
    [{"is_on": False}, {"function": "SQU"}, {"high_v": 2.0}, {"width_s": 5e-5}, {"is_inverted": True}],
)
def test_what_does_not_get_through_the_driver_stage_moves_nothing(change):
    output = armed(0.0, 5, 0.02, 0.04)
    for name, value in change.items():
        setattr(output.settings, name, value)
    assert output.next_edge_s(-1.0) == math.inf
    assert not output.is_active(0.01)


@given(st.lists(st.tuples(st.floats(0.0, 0.1), st.booleans()), max_size=20))
def test_relay_follows_its_command_after_its_delay_and_counts_closings(orders):
    relay, now_s, closings = RelayLine(0.004), 0.0, 0
    for wait_s, closed in orders:
        now_s += wait_s
        closings += closed and not relay.is_closed
        relay.set(closed, now_s)
        assert relay.is_closed == closed
        assert relay.is_active(now_s + 0.0041) == closed
    assert relay.cycles == closings
    assert relay.next_edge_s(now_s + 0.005) == math.inf
