"""Seconds of a constant load that are counted without being sampled: the same registers, demand and records."""

from __future__ import annotations

import datetime
import math
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meter_model.behaviour.profile import Accumulation, BehaviourProfile, RmsWindow
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Stimulus
from tests.meter_model.loads import three_phase
from tests.meter_model.prediction.test_energy_and_demand import varying_load

WYE = Configuration(system_voltage_v=480.0, subintervals=2, subinterval_cs=6000)
ACCOUNTS = (*range(1, 11), *range(19, 28), *range(31, 55))
LOAD = three_phase(WYE, 277.0, (50.0, 20.0, 80.0), -30.0)


def live(meter: S4100, duration_s: float, stimulus: Stimulus, sampled: bool) -> None:
    """Let time pass at once, or in steps that are too short for anything to be skipped."""
    while sampled and duration_s > 1.0:
        meter.advance(1.0, stimulus)
        duration_s -= 1.0
    meter.advance(duration_s, stimulus)


def pair(errors: UnitErrors | None = None, profile: BehaviourProfile | None = None) -> tuple[S4100, S4100]:
    """The same meter twice: one for each way."""
    first, second = (
        S4100("1", 1, WYE, errors or UnitErrors.none(), profile or BehaviourProfile(), seed=7) for _ in range(2)
    )
    return first, second


def assert_same(skipping: S4100, sampled: S4100, rel: float) -> None:
    for instance in ACCOUNTS:
        expected = sampled.analog_input(instance)
        gross = max(abs(sampled.analog_input(instance + 1)), abs(expected)) if instance in (1, 8) else abs(expected)
        assert skipping.analog_input(instance) == pytest.approx(expected, abs=rel * gross + 1e-12), f"AI{instance}"


@pytest.mark.parametrize("frequency_hz", [60.0, 50.0, 49.5])
def test_an_hour_counts_as_if_each_second_had_been_sampled(frequency_hz: float) -> None:
    skipping, sampled = pair()
    for duration_s, each in varying_load(random.Random(3), WYE, 1200, 400):
        stimulus = Stimulus(frequency_hz, each.voltages, each.ct_inputs)
        live(skipping, duration_s, stimulus, sampled=False)
        live(sampled, duration_s, stimulus, sampled=True)
    assert_same(skipping, sampled, 1e-9 if frequency_hz % 1.0 == 0.0 else 1e-7)
    assert skipping.snapshot()[10:18] == pytest.approx(sampled.snapshot()[10:18], rel=1e-9, nan_ok=True)
    assert skipping.update_count == sampled.update_count == 1200


@pytest.mark.parametrize("window", list(RmsWindow))
def test_broken_cycles_a_second_leave_the_ripple_of_one_cycle(window: RmsWindow) -> None:
    skipping, sampled = pair(profile=BehaviourProfile(rms_window=window))
    for meter, is_sampled in ((skipping, False), (sampled, True)):
        live(meter, 600.0, three_phase(WYE, 277.0, (50.0, 20.0, 80.0), -30.0, 59.963), is_sampled)
    one_cycle = 1.0 / 60.0 / 60.0  # of the 60 s of a demand
    assert_same(skipping, sampled, one_cycle if window is RmsWindow.FIXED_1S else 0.1 * one_cycle)
    assert skipping.analog_input(2) == pytest.approx(sampled.analog_input(2), rel=1e-5)


@pytest.mark.parametrize("amperes", [50.0, 0.5])
def test_a_noisy_unit_counts_the_expectation_of_its_noise(amperes: float) -> None:
    """Half an ampere is 0.5 % of the CT's current: there the noise lifts the RMS value noticeably."""
    load = three_phase(WYE, 277.0, (amperes,) * 3, -60.0)
    skipping, sampled = pair(UnitErrors.drawn_from(2))
    live(skipping, 900.0, load, sampled=False)
    live(sampled, 900.0, load, sampled=True)
    assert_same(skipping, sampled, 1e-5 if amperes > 1.0 else 2e-4)
    assert skipping.analog_input(9) == pytest.approx(sampled.analog_input(9), rel=2e-6 if amperes > 1.0 else 2e-5)


@given(
    st.lists(st.tuples(st.floats(0.0, 40.0), st.booleans()), min_size=1, max_size=6),
    st.sampled_from((0, 3)),
)
@example([(0.0078125, True), (4.0, False)], 3)
def test_wherever_a_load_begins_and_ends_nothing_is_lost(parts: list[tuple[float, bool]], unit: int) -> None:
    """Loads that change within a second: that second is sampled either way."""
    skipping, sampled = pair(UnitErrors.drawn_from(unit) if unit else None)
    idle = three_phase(WYE, 277.0, (0.0,) * 3)
    for duration_s, is_loaded in parts:
        stimulus = LOAD if is_loaded else idle
        live(skipping, duration_s, stimulus, sampled=False)
        live(sampled, duration_s, stimulus, sampled=True)
    assert skipping.update_count == sampled.update_count
    # The noise of sampled seconds counts without load too: less than 1e-5 of a loaded second, which is 0.01 kWh.
    rel, floor_kwh = (3e-4, 1e-7) if unit else (1e-8, 1e-9)
    for instance in (2, 4, 5, 6, 7, 31, 32, 33):
        expected = sampled.analog_input(instance)
        assert skipping.analog_input(instance) == pytest.approx(expected, rel=rel, abs=floor_kwh)


def test_records_match_the_sampled_meter_to_a_hundredth_of_a_second() -> None:
    """Records begin at Start_Time, stop at Stop_Time and hold what was read, whichever way time passed."""
    logs = []
    for is_sampled in (False, True):
        meter = S4100(configuration=WYE)
        meter.synchronise_time(datetime.datetime(2026, 11, 22, 12, 0, 0))
        meter.write("TL", 1, "log-device-object-property", ("AI", 11, 85))
        meter.write("TL", 1, "start-time", ((2026, 11, 22, 7), (12, 3, 20, 0)))
        meter.write("TL", 1, "stop-time", ((2026, 11, 22, 7), (12, 15, 30, 0)))
        for duration_s, stimulus in varying_load(random.Random(5), WYE, 1200, 300):
            whole_cycles = Stimulus(60.0, stimulus.voltages, stimulus.ct_inputs)
            live(meter, duration_s, whole_cycles, is_sampled)
        logs.append([meter.read_log(instance) for instance in (1, 2, 3)])
    skipped, sampled = logs
    for (one, one_total), (other, other_total) in zip(skipped, sampled, strict=True):
        assert one_total == other_total
        assert [(each.sequence, each.date_time, each.kind) for each in one] == [
            (each.sequence, each.date_time, each.kind) for each in other
        ]
        values = [(a.value, b.value) for a, b in zip(one, other, strict=True) if a.kind == "value"]
        assert len(values) >= 10
        for first, second in values:
            assert first == pytest.approx(second, rel=1e-6)


def test_writes_and_commands_take_effect_when_they_would_have() -> None:
    skipping, sampled = pair()
    for meter, is_sampled in ((skipping, False), (sampled, True)):
        live(meter, 90.0, LOAD, is_sampled)
        meter.write("AV", 3, "present-value", 200.0)
        meter.write("AV", 1, "present-value", 21212.0)
        live(meter, 90.0, LOAD, is_sampled)
    assert_same(skipping, sampled, 1e-9)
    assert skipping.analog_input(76) == sampled.analog_input(76)


def test_pulses_are_counted_while_seconds_are_skipped() -> None:
    meter = S4100(configuration=WYE)
    for number in range(200):
        meter.pulse_input(closed=True, in_s=1.0 + number)
        meter.pulse_input(closed=False, in_s=1.5 + number)
    meter.advance(101.2, LOAD)
    assert meter.analog_input(29) == 100.0, "the one at 101 s is not yet 20 ms long when the update is made"


def test_registers_rounded_to_float32_each_second_are_sampled_each_second() -> None:
    """Where they stall depends on the energy of a second, which the sum over many would not lose."""
    profile = BehaviourProfile(accumulation=Accumulation.SINGLE)
    skipping, sampled = pair(profile=profile)
    for meter, is_sampled in ((skipping, False), (sampled, True)):
        live(meter, 30.0, LOAD, is_sampled)
    assert [skipping.analog_input(n) for n in ACCOUNTS] == [sampled.analog_input(n) for n in ACCOUNTS]
    assert not math.isnan(skipping.analog_input(2))
