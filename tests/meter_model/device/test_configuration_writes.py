"""Writes to AV1 to AV11 and Log_Interval: when they take effect, and what they take along (manual pages 21, 23, 24)."""

from __future__ import annotations

import pytest

from meter_model.behaviour.operation_choices import CommandSpacing
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100, ObjectAccessError
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0, subinterval_cs=1000)
LOAD = three_phase(WYE, 277.0, (50.0,) * 3)
KW = 3 * 277.0 * 50.0 / 1000.0
PURGED = (False, True)


def made(configuration: Configuration = WYE, **choices: object) -> S4100:
    return S4100("7", 42, configuration, profile=BehaviourProfile(**choices))  # type: ignore[arg-type]


def write(meter: S4100, av: int, value: float) -> None:
    meter.write("AV", av, "present-value", value)


def read(meter: S4100, av: int) -> tuple[object, object]:
    return meter.read("AV", av, "present-value"), meter.read("AV", av, "reliability")


def refused(meter: S4100, av: int, value: float) -> bool:
    try:
        write(meter, av, value)
    except ObjectAccessError as refusal:
        return (refusal.error_class, refusal.error_code) == ("property", "value-out-of-range")
    return False


@pytest.mark.parametrize("phase_s", [0.0, 0.25, 0.99])
@pytest.mark.parametrize("delay_s", [0.0, 0.5, 1.0])
def test_old_value_reads_unreliable_until_the_new_is_stored_within_2_s(phase_s: float, delay_s: float) -> None:
    meter = made(write_delay_s=delay_s)
    meter.advance(1.0 + phase_s, LOAD)
    write(meter, 3, 200.0)
    waited_s = 0.0
    while read(meter, 3) == (100.0, 7):
        assert meter.read("AV", 3, "status-flags") == (False, True, False, False)
        assert read(meter, 4) == (1.0, 0), "other values stay reliable"
        meter.advance(0.05, LOAD)
        waited_s += 0.05
        assert waited_s < 2.1
    assert read(meter, 3) == (200.0, 0)
    assert delay_s - 0.051 <= waited_s <= delay_s + 1.051


def test_two_writes_to_one_value_are_stored_in_their_order() -> None:
    meter = made()
    write(meter, 8, 20.0)
    meter.advance(0.5, LOAD)
    write(meter, 8, 30.0)
    meter.advance(1.0, LOAD)
    assert read(meter, 8) == (20.0, 7)
    meter.advance(1.0, LOAD)
    assert read(meter, 8) == (30.0, 0)


def test_a_refused_write_leaves_the_value_and_its_reliability() -> None:
    meter = made()
    assert refused(meter, 8, 100.0)
    assert read(meter, 8) == (10.0, 0)
    meter.advance(3.0, LOAD)
    assert read(meter, 8) == (10.0, 0)


def test_system_voltage_is_checked_against_the_pt_ratio_written_before() -> None:
    meter = made()
    assert refused(meter, 6, 4160.0)
    write(meter, 5, 10.0)
    write(meter, 6, 4160.0)
    assert refused(meter, 6, 660.0 * 10.0 + 1.0)
    assert refused(meter, 6, 82.0 * 10.0 - 1.0)
    meter.advance(2.0, LOAD)
    assert (read(meter, 5), read(meter, 6)) == ((10.0, 0), (4160.0, 0))


def test_log_interval_and_av11_are_one_value_with_one_delay() -> None:
    meter = made()
    meter.write("TL", 2, "log-interval", 6000)
    assert read(meter, 11) == (1000.0, 7)
    assert [meter.read("TL", each, "log-interval") for each in (1, 2, 3)] == [1000] * 3
    meter.advance(1.0, LOAD)
    assert read(meter, 11) == (6000.0, 0)
    assert [meter.read("TL", each, "log-interval") for each in (1, 2, 3)] == [6000] * 3


@pytest.mark.parametrize("value", [2000.0, 1000.0, 0.0])
def test_any_write_of_av11_empties_logs_and_present_demand_keeps_maximum(value: float) -> None:
    meter = made()
    meter.advance(20.0, LOAD)
    assert meter.analog_input(19) == pytest.approx(KW)
    assert meter.read_log(1)[1] == 2
    write(meter, 11, value)
    meter.advance(2.0, LOAD)
    assert meter.analog_input(19) == 0.0
    assert meter.analog_input(22) == pytest.approx(KW)
    for log in (1, 2, 3):
        assert [each.value for each in meter.read_log(log)[0]] == [PURGED]


def test_av10_restarts_demand_keeps_logs_and_does_nothing_in_manual_mode() -> None:
    meter = made()
    meter.advance(10.0, LOAD)
    write(meter, 10, 3.0)
    meter.advance(2.0, LOAD)
    assert meter.analog_input(19) == 0.0
    assert meter.read_log(1)[1] == 1
    manual = made(Configuration(system_voltage_v=480.0, subinterval_cs=0))
    manual.advance(10.0, LOAD)
    write(manual, 1, 21211.0)
    manual.advance(1.0, LOAD)
    write(manual, 10, 3.0)
    manual.advance(3.0, LOAD)
    assert read(manual, 10) == (3.0, 0)
    assert manual.analog_input(19) == pytest.approx(KW)


def test_records_come_with_each_subinterval_and_hold_that_updates_values() -> None:
    meter = made()
    meter.write("TL", 1, "log-device-object-property", ("AI", 19, 85))
    meter.write("TL", 2, "log-device-object-property", ("AI", 11, 85))
    meter.advance(35.0, LOAD)
    for log in (1, 2):
        values = [each for each in meter.read_log(log)[0] if each.kind == "value"]
        assert [each.value for each in values] == pytest.approx([KW] * 3)
        assert [(each.date_time.minute, each.date_time.second) for each in values] == [(0, 10), (0, 20), (0, 30)]


def test_manual_21211_records_and_restarts_demand_when_its_second_ends() -> None:
    meter = made(Configuration(system_voltage_v=480.0, subinterval_cs=0))
    meter.advance(30.4, LOAD)
    assert meter.read_log(1)[1] == 0
    write(meter, 1, 21211.0)
    assert meter.read_log(1)[1] == 0
    meter.advance(0.7, LOAD)
    assert meter.read_log(1)[1] == 1
    assert meter.analog_input(19) == pytest.approx(KW)
    assert meter.read_log(3)[0][0].value == pytest.approx(KW)


def test_21211_does_nothing_while_sub_intervals_end_by_themselves() -> None:
    meter = made()
    meter.advance(5.0, LOAD)
    write(meter, 1, 21211.0)
    meter.advance(2.0, LOAD)
    assert meter.read_log(1)[1] == 0
    assert meter.analog_input(19) == 0.0


@pytest.mark.parametrize("command", [21211.0, 21212.0])
def test_ten_seconds_between_commands_are_advice_or_a_rule_by_profile(command: float) -> None:
    lenient, strict = made(), made(command_spacing=CommandSpacing.REFUSED)
    for meter in (lenient, strict):
        write(meter, 1, command)
        meter.advance(9.0, LOAD)
    assert not refused(lenient, 1, command)
    assert refused(strict, 1, command)
    strict.advance(1.0, LOAD)
    assert not refused(strict, 1, command)
    assert not refused(strict, 1, 30078.0)
    assert not refused(strict, 1, 30078.0)


def test_clearing_energies_counts_in_ai78_and_leaves_demand_and_logs() -> None:
    meter = made()
    meter.advance(20.0, LOAD)
    write(meter, 1, 30078.0)
    meter.advance(1.0, LOAD)
    assert meter.analog_input(78) == 1.0
    assert meter.analog_input(2) == pytest.approx(KW / 3600.0)
    assert meter.analog_input(19) == pytest.approx(KW)
    assert meter.read_log(1)[1] == 2
