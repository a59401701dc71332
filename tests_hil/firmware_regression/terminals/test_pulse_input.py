"""Does the pulse input count what it has to count, and nothing else? Pulses are timed by hardware, and measured."""

from __future__ import annotations

import allure
import pytest

from drivers.generator.base import PulseTrain
from drivers.switch.base import SwitchUnit
from rig.bench.auxiliary.switching import TimedPulses
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Pulse input")]

_COUNT = 29
_CLEAR_PULSES = 16498
_MINIMUM_S = 0.020
_LONGER_S, _SHORTER_S = 0.021, 0.018
_PERIOD_S = 0.060
_PULSES = 20
_BY_HAND = 3


@pytest.fixture
def counting(clearing: Inquiry) -> Inquiry:
    """The meter with its pulse counter cleared, so that every count can be told apart in a float32."""
    clearing.meter.command(_CLEAR_PULSES)
    clearing.updates(2)
    clearing.check("AI29 when cleared", 0.0, clearing.input(_COUNT))
    return clearing


def test_pulse_of_the_minimum_width_is_counted(counting: Inquiry, timed_pulse_input: TimedPulses) -> None:
    """Pulses of at least 20 ms, as measured, are counted, every one (manual pages 2 and 26). Clears AI29."""
    widths_s = timed_pulse_input.give(PulseTrain(_PULSES, _LONGER_S, _PERIOD_S))
    shortest_s = min(widths_s) - timed_pulse_input.uncertainty_s
    if shortest_s < _MINIMUM_S:
        _cannot_be_asked(counting, f"pulses of {_LONGER_S * 1e3:g} ms are {shortest_s * 1e3:.3f} ms at the meter")
    counting.updates(2)
    counting.check(f"AI29 after {_PULSES} pulses from {shortest_s * 1e3:.3f} ms", _PULSES, counting.input(_COUNT))


def test_pulse_shorter_than_the_minimum_is_not_counted(counting: Inquiry, timed_pulse_input: TimedPulses) -> None:
    """Pulses shorter than 20 ms, as measured, are not counted, not one (manual page 2). Clears AI29."""
    widths_s = timed_pulse_input.give(PulseTrain(_PULSES, _SHORTER_S, _PERIOD_S))
    longest_s = max(widths_s) + timed_pulse_input.uncertainty_s
    if longest_s >= _MINIMUM_S:
        _cannot_be_asked(counting, f"pulses of {_SHORTER_S * 1e3:g} ms are {longest_s * 1e3:.3f} ms at the meter")
    counting.updates(2)
    counting.check(f"AI29 after {_PULSES} pulses up to {longest_s * 1e3:.3f} ms", 0.0, counting.input(_COUNT))


def test_closure_of_the_contact_is_counted_once_however_long(counting: Inquiry, pulse_input: SwitchUnit) -> None:
    """A running count of contact closures (manual page 26): closing counts, staying closed and opening do not."""
    try:
        for number in range(1, _BY_HAND + 1):
            pulse_input.set_pulse_contact(True)
            counting.updates(2)
            counting.check(f"AI29 with the contact closed, time {number}", float(number), counting.input(_COUNT))
            pulse_input.set_pulse_contact(False)
            counting.updates(2)
            counting.check(f"AI29 with the contact open, time {number}", float(number), counting.input(_COUNT))
    finally:
        pulse_input.set_pulse_contact(False)


def _cannot_be_asked(asked: Inquiry, reason: str) -> None:
    asked.skip("pulse width", reason)
    pytest.skip(reason)
