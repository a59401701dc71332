"""The pulse input: closures of 20 ms and more are counted, once each (manual pages 2 and 26)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.device.meter import S4100
from meter_model.device.pulse_input import LARGEST_COUNT, PulseInput
from meter_model.stimulus import Stimulus

DEAD = Stimulus(60.0, ((), (), ()), ((), (), ()))


def pulses(contact: PulseInput, count: int, width_s: float, gap_s: float) -> float:
    """Announce pulses and return when the last gap ends."""
    for number in range(count):
        start_s = number * (width_s + gap_s)
        contact.change(True, start_s)
        contact.change(False, start_s + width_s)
    return count * (width_s + gap_s)


@pytest.mark.parametrize(("width_ms", "expected"), [(1, 0), (19.9, 0), (20, 1), (20.1, 1), (5000, 1)])
def test_a_pulse_counts_from_20_ms_on(width_ms: float, expected: int) -> None:
    contact = PulseInput()
    contact.advance(0.5)
    contact.advance(pulses(contact, 1, width_ms / 1000.0, 0.1))
    assert contact.count == expected


def test_a_contact_that_opens_for_less_than_20_ms_has_not_opened() -> None:
    contact = PulseInput()
    contact.advance(pulses(contact, 5, 0.030, 0.015))
    assert contact.count == 1


@given(
    st.integers(0, 30),
    st.floats(0.0201, 0.2),
    st.floats(0.0201, 0.2),
    st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=20),
)
def test_every_pulse_counts_once_in_whatever_steps_time_passes(
    count: int, width_s: float, gap_s: float, steps_s: list[float]
) -> None:
    contact = PulseInput()
    left_s = pulses(contact, count, width_s, gap_s) + 0.1
    for step_s in steps_s:
        contact.advance(min(step_s, left_s))
        left_s -= min(step_s, left_s)
    contact.advance(left_s)
    assert contact.count == count


def test_a_contact_that_stays_closed_is_one_pulse() -> None:
    contact = PulseInput()
    contact.change(True)
    for _ in range(10):
        contact.advance(1.0)
    contact.change(True)
    contact.advance(1.0)
    assert contact.count == 1


def test_meter_without_power_counts_no_pulse_nor_a_contact_found_closed() -> None:
    contact = PulseInput()
    contact.advance(pulses(contact, 3, 0.05, 0.05), is_powered=False)
    contact.change(True)
    contact.advance(1.0, is_powered=False)
    assert contact.count == 0
    contact.power_up(7)
    contact.advance(1.0)
    assert contact.count == 7
    contact.advance(pulses(contact, 0, 0.0, 0.0))
    contact.change(False)
    contact.advance(0.1)
    contact.change(True)
    contact.advance(0.1)
    assert contact.count == 8


def test_the_past_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="ago"):
        PulseInput().change(True, -0.1)


def test_ai29_counts_with_each_update_and_16498_clears_it() -> None:
    meter = S4100()
    for number in range(4):
        meter.pulse_input(True, 0.1 * number)
        meter.pulse_input(False, 0.1 * number + 0.05)
    meter.advance(0.9, DEAD)
    assert meter.analog_input(29) == 0.0
    meter.advance(0.1, DEAD)
    assert meter.analog_input(29) == 4.0
    meter.write("AV", 1, "present-value", 16498.0)
    meter.advance(1.0, DEAD)
    assert meter.analog_input(29) == 0.0


def test_ai29_reads_at_most_the_largest_float32_below_its_end_then_0() -> None:
    meter = S4100()
    meter._metering.pulses.count = 2**32 - 2
    readings = []
    for _ in range(3):
        meter.pulse_input(True)
        meter.pulse_input(False, 0.1)
        meter.advance(1.0, DEAD)
        readings.append(meter.read("AI", 29, "present-value"))
    assert readings == [LARGEST_COUNT, 0.0, 1.0]
