"""Control power: thresholds, ride-through, what a loss takes away and what stays (manual pages 2, 20, 25, 29)."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest

from meter_model.behaviour.operation_choices import AlarmContact, PulseCountMemory, Reinitialized
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.device.supply import SupplyKind, is_sufficient
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0, subinterval_cs=1000)
LOAD = three_phase(WYE, 277.0, (50.0,) * 3, -30.0)
SAGGED = three_phase(WYE, 200.0, (50.0,) * 3, -30.0)
NV = (*range(1, 11), *range(22, 28), 29, *range(31, 55), 76, 78)
"""Analog Inputs that a loss of power leaves as they were."""


def loaded(profile: BehaviourProfile | None = None) -> S4100:
    """A meter that has run for 25 s, has registers, pulses, two sub-intervals behind it and a clock that is set."""
    meter = S4100("7", 42, WYE, profile=profile or BehaviourProfile())
    meter.synchronise_time(datetime(2026, 11, 22, 12, 0, 0))
    meter.write("AV", 3, "present-value", 200.0)
    meter.write("AV", 1, "present-value", 30078.0)
    meter.write("DE", 42, "location", "Panel 3")
    meter.pulse_input(True)
    meter.pulse_input(False, 0.5)
    meter.advance(25.0, LOAD)
    return meter


def without_power(meter: S4100, seconds: float) -> None:
    meter.advance(seconds, LOAD, control_power=False)


@pytest.mark.parametrize(
    ("kind", "volts", "expected"),
    [("ac", 89.9, False), ("ac", 90.0, True), ("ac", 600.0, True), ("dc", 124.9, False), ("dc", 125.0, True),
     ("dc", 300.0, True), ("ac", 0.0, False)],
)  # fmt: skip
def test_the_meter_runs_from_90_v_ac_or_125_v_dc_on(kind: str, volts: float, expected: bool) -> None:
    assert is_sufficient(SupplyKind(kind), volts) is expected


@pytest.mark.parametrize(("kind", "volts"), [("ac", 600.1), ("dc", 300.1), ("ac", -1.0), ("dc", math.nan)])
def test_what_would_harm_the_meter_is_refused(kind: str, volts: float) -> None:
    with pytest.raises(ValueError, match="harm"):
        is_sufficient(SupplyKind(kind), volts)


def test_gaps_of_less_than_100_ms_leave_no_trace() -> None:
    meter, undisturbed = loaded(), loaded()
    for _ in range(20):
        without_power(meter, 0.099)
        meter.advance(0.001, LOAD)
    undisturbed.advance(2.0, LOAD)
    assert meter.is_running
    # Waveform samples are the same; only floating-point time differs.
    assert meter.snapshot() == pytest.approx(undisturbed.snapshot(), rel=1e-9, nan_ok=True)


def test_meter_is_off_after_100_ms_and_returns_after_its_start_up_time() -> None:
    meter = loaded()
    states = []
    for power, seconds in ((False, 0.09), (False, 0.02), (False, 60.0), (True, 0.9), (True, 0.2)):
        meter.advance(seconds, LOAD, power)
        states.append(meter.is_running)
    assert states == [True, False, False, False, True]


def test_power_failing_during_start_restarts_it_and_counts_once() -> None:
    meter = loaded()
    without_power(meter, 1.0)
    for _ in range(5):
        meter.advance(0.9, LOAD)
        without_power(meter, 0.05)
    assert not meter.is_running
    meter.advance(1.1, LOAD)
    assert meter.is_running
    assert meter.analog_input(81) == 2.0


def test_accumulated_values_are_kept_and_nothing_is_accumulated_while_off() -> None:
    meter = loaded()
    before = meter.snapshot()
    without_power(meter, 3600.0)
    meter.advance(1.5, LOAD)
    after = meter.snapshot()
    assert before[1] > 0.0
    assert before[21] > 0.0
    assert [after[n - 1] for n in NV] == pytest.approx([before[n - 1] for n in NV], nan_ok=True)
    assert after[80] == before[80] + 1.0 == 2.0


def test_configuration_and_texts_are_kept_and_a_pending_write_is_lost() -> None:
    meter = loaded()
    meter.write("AV", 8, "present-value", 33.0)
    without_power(meter, 0.2)
    meter.advance(10.0, LOAD)
    assert meter.read("AV", 3, "present-value") == 200.0
    assert meter.read("AV", 8, "present-value") == 10.0
    assert meter.read("AV", 8, "reliability") == 0
    assert meter.read("DE", 42, "location") == "Panel 3"


def test_the_clock_falls_back_to_2000_and_bi15_says_so_until_it_is_set() -> None:
    meter = loaded()
    assert meter.read("BI", 15, "present-value") == 0
    without_power(meter, 5.0)
    meter.advance(3.0, LOAD)
    assert meter.read("DE", 42, "local-date") == date(2000, 1, 1)
    assert meter.read("BI", 15, "present-value") == 1
    meter.synchronise_time(datetime(2026, 11, 22, 13, 0, 0))
    meter.advance(1.0, LOAD)
    assert meter.read("BI", 15, "present-value") == 0


def test_instantaneous_values_are_unknown_for_1_s_and_demand_restarts() -> None:
    meter = loaded()
    assert meter.analog_input(19) > 0.0
    without_power(meter, 1.0)
    meter.advance(1.0, LOAD)
    assert math.isnan(meter.analog_input(11))
    assert meter.read("AI", 11, "reliability") == 7
    assert meter.analog_input(19) == 0.0
    meter.advance(1.0, LOAD)
    assert meter.analog_input(11) == pytest.approx(3 * 277.0 * 100.0 * math.cos(math.pi / 6) / 1000.0)


def test_a_second_and_a_command_that_power_cut_short_are_lost() -> None:
    meter = loaded()
    heavy = three_phase(WYE, 277.0, (100.0,) * 3)
    meter.advance(0.7, heavy)
    meter.write("AV", 1, "present-value", 21212.0)
    maximum = meter.analog_input(22)
    without_power(meter, 1.0)
    meter.advance(1.9, LOAD)
    assert math.isnan(meter.analog_input(11)), "the second after the start is not complete"
    meter.advance(0.2, LOAD)
    assert meter.analog_input(22) == maximum > 0.0, "maximum demand is not reset to a present demand of nothing"
    assert meter.analog_input(73) == pytest.approx(100.0), "nothing of the heavier load before is in this second"


def test_the_pulse_count_survives_or_not_as_the_profile_says() -> None:
    counts = []
    for choice in PulseCountMemory:
        meter = loaded(BehaviourProfile(pulse_count_memory=choice))
        without_power(meter, 1.0)
        meter.pulse_input(True)
        without_power(meter, 0.1)
        meter.pulse_input(False)
        meter.advance(3.0, LOAD)
        counts.append(meter.analog_input(29))
    assert counts == [1.0, 0.0]


def test_contact_opens_while_an_alert_is_active_and_closes_without_power() -> None:
    meter = loaded()
    assert meter.alarm_contact_closed
    meter.advance(1.0, SAGGED)
    assert not meter.alarm_contact_closed
    meter.advance(1.0, LOAD)
    assert meter.alarm_contact_closed
    meter.advance(1.0, SAGGED)
    meter.advance(1.0, SAGGED, control_power=False)
    assert meter.alarm_contact_closed


def test_which_alerts_open_the_contact_is_the_profiles_choice() -> None:
    over_current = three_phase(WYE, 277.0, (270.0, 50.0, 50.0), -30.0)
    for choice, is_closed in ((AlarmContact.PHASE_LOSS, True), (AlarmContact.ANY_ALERT, False)):
        meter = loaded(BehaviourProfile(alarm_contact=choice))
        meter.advance(1.0, over_current)
        assert meter.read("BI", 4, "present-value") == 1
        assert meter.alarm_contact_closed is is_closed


def test_reinitializing_silences_the_gateway_while_the_meter_measures_on() -> None:
    meter = loaded()
    energy = meter.analog_input(2)
    meter.reinitialize()
    assert not meter.is_running
    meter.advance(1.0, LOAD)
    assert meter.is_running
    assert meter.analog_input(2) > energy
    assert meter.analog_input(81) == 1.0
    assert meter.read("BI", 15, "present-value") == 0


def test_reinitializing_may_be_a_start_of_the_whole_meter() -> None:
    meter = loaded(BehaviourProfile(reinitialized=Reinitialized.WHOLE_METER))
    meter.reinitialize()
    assert not meter.is_running
    meter.advance(3.0, LOAD)
    assert meter.analog_input(81) == 2.0
    assert meter.read("BI", 15, "present-value") == 1
