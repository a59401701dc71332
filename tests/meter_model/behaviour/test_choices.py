"""Each choice of the behaviour profile about measuring, reliability, alarms and demand does what its options say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from meter_model.behaviour.profile import (
    Accumulation,
    AlarmBitmapAt,
    AlarmLimit,
    AntiAlias,
    BehaviourProfile,
    FrequencyErrorReach,
    ImbalanceReference,
    LowPowerFactor,
    LowVoltage,
    MaximumPowerAt,
    MaximumReactiveDirection,
    MissingReliability,
    ObjectTypesSupported,
    PairAlarm,
    PhaseLoss,
    PowerRange,
    RegisterReliability,
    RollingStart,
    ServicesSupported,
    TotalApparent,
)
from meter_model.configuration import Configuration
from meter_model.device.demand import Demand
from meter_model.device.meter import S4100
from meter_model.sampled.energy import EnergyAccumulators
from meter_model.stimulus import Phasor
from tests.meter_model.loads import deviations, sine, three_phase

WYE = Configuration(system_voltage_v=480.0)
LIMIT = 1e-6


def made(
    volts: tuple[float, float, float] = (277.0, 277.0, 277.0),
    amperes: tuple[float, float, float] = (50.0, 50.0, 50.0),
    angle_deg: float = 0.0,
    frequency_hz: float = 60.0,
    configuration: Configuration = WYE,
    **choices: Any,
) -> S4100:
    """A meter that has seen this load for two seconds, and agrees with its prediction."""
    angles = (0.0, -120.0, 120.0)
    stimulus = configuration.stimulus_from_primary(
        frequency_hz,
        [sine(each, angle) for each, angle in zip(volts, angles, strict=True)],
        [sine(each, angle + angle_deg) for each, angle in zip(amperes, angles, strict=True)],
    )
    profile = BehaviourProfile(**choices)
    apart = deviations(stimulus, configuration, profile)
    assert all(value < LIMIT for value in apart.values()), apart
    meter = S4100(configuration=configuration, profile=profile)
    meter.advance(2.0, stimulus)
    return meter


def alerts(meter: S4100) -> set[int]:
    return {number for number in range(1, 15) if meter.read("BI", number, "present-value")}


def unreliable(meter: S4100) -> set[int]:
    return {number for number in range(1, 84) if meter.read("AI", number, "reliability") != 0}


def test_20_percent_over_range_is_measured_and_no_error() -> None:
    meter = made((415.0,) * 3, (119.9,) * 3, configuration=Configuration(system_voltage_v=600.0))
    assert not alerts(meter)
    assert not unreliable(meter)
    assert meter.analog_input(73) == pytest.approx(119.9)
    assert meter.analog_input(70) == pytest.approx(415.0)


def test_the_rating_itself_is_the_limit_where_the_profile_says_so() -> None:
    at_rating = Configuration(system_voltage_v=600.0)
    assert alerts(made((348.0, 340.0, 340.0), configuration=at_rating, alarm_limit=AlarmLimit.RATING)) == {1}
    assert alerts(made(amperes=(50.0, 100.5, 50.0), alarm_limit=AlarmLimit.RATING)) == {5}
    assert not alerts(made((277.0,) * 3, (100.0,) * 3, alarm_limit=AlarmLimit.RATING))


def test_a_low_voltage_is_an_error_where_the_profile_says_so() -> None:
    loose = Configuration(system_voltage_v=480.0, phase_loss_pct=99.0, imbalance_pct=99.0)
    volts = (89.0, 277.0, 277.0)
    assert not alerts(made(volts, configuration=loose)) & {1, 2, 3}
    assert alerts(made(volts, configuration=loose, low_voltage=LowVoltage.ERROR)) & {1, 2, 3} == {1}
    through_pt = Configuration(system_voltage_v=480.0, phase_loss_pct=99.0, pt_ratio=2.0)
    assert alerts(made((181.0,) * 3, configuration=through_pt, low_voltage=LowVoltage.ERROR)) == set()


def test_over_current_makes_its_phase_and_the_totals_unreliable() -> None:
    meter = made(amperes=(50.0, 125.0, 50.0))
    assert alerts(meter) == {5}
    assert unreliable(meter) == {11, 12, 13, 14, 17, 56, 59, 62, 65, 74}
    with_registers = made(amperes=(50.0, 125.0, 50.0), register_reliability=RegisterReliability.FOLLOWS_POWER)
    by_phase = {32, 35, 38, 41, 44, 47, 50, 53}
    assert unreliable(with_registers) - unreliable(meter) == {*range(1, 11), 19, 20, 21} | by_phase


def test_frequency_out_of_range_is_qnan_and_unreliable() -> None:
    for frequency_hz in (44.9, 65.1):
        meter = made(frequency_hz=frequency_hz)
        assert math.isnan(meter.analog_input(18))
        assert alerts(meter) == {7}
        assert unreliable(meter) == {18}
    every = made(frequency_hz=44.9, frequency_error_reach=FrequencyErrorReach.ALL_MEASURED)
    assert unreliable(every) == {*range(11, 19), *range(55, 76)}
    assert not alerts(made(frequency_hz=45.0)) | alerts(made(frequency_hz=65.0))


def test_no_voltage_on_phase_a_leaves_no_frequency_and_measures_b_and_c() -> None:
    meter = made((0.0, 277.0, 277.0))
    assert math.isnan(meter.analog_input(18))
    assert {7, 9} <= alerts(meter)
    assert meter.analog_input(56) == pytest.approx(277.0 * 50.0 / 1000.0)
    assert meter.read("AI", 56, "reliability") == 0


def test_inputs_that_a_system_type_lacks_are_unreliable_by_profile() -> None:
    split = Configuration(system_type=12, system_voltage_v=480.0, phase_loss_pct=50.0)
    assert unreliable(made(configuration=split)) == set()
    meter = made(configuration=split, missing_reliability=MissingReliability.UNRELIABLE_OTHER)
    assert unreliable(meter) == {n for n in range(1, 84) if math.isnan(meter.analog_input(n))} - {28, 77, 79, 80}
    assert {33, 57, 68, 72, 75} <= unreliable(meter)


def test_powers_are_magnitudes_where_the_profile_says_so() -> None:
    choices = {"power_range": PowerRange.MAGNITUDE, "total_apparent": TotalApparent.SIGNED}
    signed, magnitude = made(angle_deg=150.0), made(angle_deg=150.0, **choices)
    for number in (11, 12, 55, 56, 57, 58, 59, 60):
        assert magnitude.analog_input(number) == -signed.analog_input(number) > 0.0
    assert magnitude.analog_input(13) == pytest.approx(signed.analog_input(13))
    assert magnitude.analog_input(14) == pytest.approx(signed.analog_input(14)), "direction shows in the power factor"


def test_low_power_factor_on_export() -> None:
    assert alerts(made(angle_deg=180.0)) == set()
    assert alerts(made(angle_deg=180.0, low_power_factor=LowPowerFactor.SIGNED)) == {12, 13, 14}


@pytest.mark.parametrize(("rule", "expected"), [(PairAlarm.FIRST_PHASE, {10}), (PairAlarm.BOTH_PHASES, {9, 10, 11})])
def test_a_pair_sets_the_bit_of_one_phase_or_of_both(rule: PairAlarm, expected: set[int]) -> None:
    """Delta with B low: AB and BC are; of AB's phases A, of BC's B is the first."""
    delta = Configuration(system_type=31, system_voltage_v=480.0, phase_loss_pct=10.0, imbalance_pct=99.0)
    assert alerts(made((277.0, 200.0, 277.0), configuration=delta, pair_alarm=rule)) == expected | {9}


def test_imbalance_is_measured_against_the_highest_or_the_mean() -> None:
    loose = Configuration(system_voltage_v=480.0, phase_loss_pct=90.0, imbalance_pct=20.0)
    volts = (220.0, 277.0, 277.0)
    assert alerts(made(volts, configuration=loose)) == {9}, "20.6 % below the highest"
    assert alerts(made(volts, configuration=loose, imbalance_reference=ImbalanceReference.MEAN)) == set(), "14.7 %"
    high = (277.0, 277.0, 400.0)
    assert 11 in alerts(made(high, configuration=loose, imbalance_reference=ImbalanceReference.MEAN))


@pytest.mark.parametrize(("system_type", "expected"), [(10, set()), (11, set()), (12, {10}), (31, {9, 10}), (40, {10})])
def test_imbalance_is_tested_as_the_system_type_has_it(system_type: int, expected: set[int]) -> None:
    """B at 65 %: in 12 L-N only, in 31 L-L only (AB and BC, -18 % of CA), in 40 both."""
    voltage = {10: 277.0, 11: 420.0, 12: 420.0}.get(system_type, 480.0)
    fraction = BehaviourProfile(phase_loss=PhaseLoss.FRACTION_OF_SYSTEM_VOLTAGE)
    configuration = Configuration(system_type, system_voltage_v=voltage, imbalance_pct=16.0)
    angle_free = made((277.0, 180.0, 277.0), configuration=configuration, phase_loss=fraction.phase_loss)
    assert alerts(angle_free) - {12, 13, 14} == (expected | {9} if system_type == 40 else expected)


def test_bitmap_and_maximum_power_read_at_the_sister_models_numbers_too() -> None:
    meter = made(
        amperes=(125.0, 50.0, 50.0), alarm_bitmap_at=AlarmBitmapAt.AI52_TOO, maximum_power_at=MaximumPowerAt.AI45_TOO
    )
    assert meter.analog_input(52) == meter.analog_input(83) == (1 << 3) + (1 << 14)
    assert meter.analog_input(45) == meter.analog_input(76) > 0.0


def test_services_and_object_types_read_as_the_profile_says() -> None:
    profile = BehaviourProfile(
        services_supported=ServicesSupported.WITH_REINITIALIZE_DEVICE,
        object_types_supported=ObjectTypesSupported.AS_PRINTED,
    )
    meter = S4100(device_instance=7, profile=profile)
    services = meter.read("DE", 7, "protocol-services-supported")
    types = meter.read("DE", 7, "protocol-object-types-supported")
    assert isinstance(services, tuple)
    assert isinstance(types, tuple)
    assert [bit for bit, is_set in enumerate(services) if is_set] == [12, 14, 15, 17, 20, 32, 33, 34, 35]
    assert [bit for bit, is_set in enumerate(types) if is_set] == [0, 2, 3, 8, 19]
    assert len(types) == 30


def test_reactive_maximum_demand_goes_by_q_or_by_p() -> None:
    by_q, by_p = (
        Demand(1, 10.0, BehaviourProfile(maximum_reactive_direction=rule)) for rule in MaximumReactiveDirection
    )
    for demand in (by_q, by_p):
        demand.add(5000.0, -2000.0, 6000.0, 10.0)
        demand.add(-5000.0, 3000.0, 6000.0, 10.0)
    assert by_q.maxima() == [5.0, 3.0, 6.0, 5.0, 2.0, 6.0]
    assert by_p.maxima() == [5.0, 2.0, 6.0, 5.0, 3.0, 6.0]


def test_rolling_demand_of_too_few_subintervals() -> None:
    demand = Demand(4, 10.0, BehaviourProfile(rolling_start=RollingStart.FULL_INTERVAL))
    shown = []
    for _ in range(5):
        demand.add(8000.0, 0.0, 8000.0, 10.0)
        shown.append(demand.present()[0])
    assert shown == [2.0, 4.0, 6.0, 8.0, 8.0]


@pytest.mark.parametrize("subintervals", range(1, 7))
def test_an_interval_has_one_to_six_subintervals(subintervals: int) -> None:
    demand = Demand(subintervals, 10.0)
    for number in range(12):
        demand.add(1000.0 * number, 0.0, 0.0, 10.0)
    assert demand.present()[0] == pytest.approx(np.mean(range(12 - subintervals, 12)))


def test_registers_that_add_in_single_precision_stall() -> None:
    """1 kW from 8192 kWh on: a second's 2.8e-4 kWh is less than half a step."""
    kept, stalled = (EnergyAccumulators(BehaviourProfile(accumulation=rule)) for rule in Accumulation)
    for energy in (kept, stalled):
        energy.restore([8192.0, 8192.0] + [0.0] * 8, [0.0] * 24)
        for _ in range(100):
            energy.add([1000.0, 0.0, 0.0], [0.0] * 3, [1000.0, 0.0, 0.0], 1000.0)
    assert stalled.totals()[1] == 8192.0
    assert kept.totals()[1] == pytest.approx(8192.0 + 100.0 / 3600.0, rel=1e-12)


def test_resolution_is_lost_on_the_wire_and_not_in_the_register() -> None:
    energy_kwh = 100_000.0
    meter = S4100(configuration=WYE)
    meter._metering.energy.restore([energy_kwh, energy_kwh] + [0.0] * 8, [0.0] * 24)
    load = three_phase(WYE, 277.0, (10.0,) * 3)
    read = set()
    for _ in range(20):
        meter.advance(1.0, load)
        read.add(meter.read("AI", 2, "present-value"))
    step = float(np.spacing(np.float32(energy_kwh)))
    assert all(isinstance(each, float) and each % step == 0.0 for each in read)
    assert meter.analog_input(2) - energy_kwh == pytest.approx(3 * 277.0 * 10.0 * 20.0 / 3.6e6, rel=1e-6)
    assert len(read) == len({round(each / step) for each in read if isinstance(each, float)}) < 20


@pytest.mark.parametrize("filter_", list(AntiAlias))
@pytest.mark.parametrize(("order", "frequency_hz"), [(23, 60.0), (37, 60.0), (22, 60.0), (25, 60.0), (30, 50.0)])
def test_harmonics_beyond_half_the_sample_rate_fold_back_unless_filtered(
    filter_: AntiAlias, order: int, frequency_hz: float
) -> None:
    """Each image lies where nothing else does (the others: test_sampling_phase.py); meter and prediction agree."""
    parts = [(Phasor(1, 277.0, angle), Phasor(order, 2.8, 25.0 + angle)) for angle in (0.0, -120.0, 120.0)]
    loads = [(Phasor(1, 50.0, angle), Phasor(order, 0.5, 70.0 + angle)) for angle in (-30.0, -150.0, 90.0)]
    stimulus = WYE.stimulus_from_primary(frequency_hz, parts, loads)
    profile = BehaviourProfile(anti_alias=filter_)
    apart = deviations(stimulus, WYE, profile)
    assert all(value < 2e-6 for value in apart.values()), apart
    meter = S4100(configuration=WYE, profile=profile)
    meter.advance(1.0, stimulus)
    plain = 277.0 * 50.0 * math.cos(math.radians(30.0)) / 1000.0
    is_changed = abs(meter.analog_input(55) / plain - 1.0) > 1e-5
    assert is_changed is (filter_ is AntiAlias.NONE)
