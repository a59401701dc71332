"""BI1 to BI15: each alert by itself, at its threshold."""

from __future__ import annotations

import pytest

from meter_model.behaviour.profile import BehaviourProfile, PhaseLoss
from meter_model.configuration import Configuration
from meter_model.device.alarms import AlarmInputs, alarm_states, bitmap
from meter_model.prediction.prediction import predict
from tests.meter_model.loads import sine, three_phase


def active(
    configuration: Configuration,
    volts: tuple[float, float, float] = (277.0, 277.0, 277.0),
    amperes: tuple[float, float, float] = (50.0, 50.0, 50.0),
    angle_deg: float = 0.0,
    profile: BehaviourProfile | None = None,
) -> set[int]:
    angles = (0.0, -120.0, 120.0)
    stimulus = configuration.stimulus_from_primary(
        60.0,
        [sine(each, angle) for each, angle in zip(volts, angles, strict=True)],
        [sine(each, angle + angle_deg) for each, angle in zip(amperes, angles, strict=True)],
    )
    pattern = int(predict(stimulus, configuration, profile or BehaviourProfile())[83].value)
    return {number for number in range(1, 16) if pattern & 1 << (number - 1)}


WYE = Configuration(system_voltage_v=480.0)


def test_a_healthy_meter_has_no_alert() -> None:
    assert active(WYE) == set()


def test_voltage_is_out_of_range_20_percent_above_347_v_at_the_terminals() -> None:
    at_600 = Configuration(system_voltage_v=600.0)
    assert active(at_600, (416.0, 347.0, 347.0)) == set()
    assert 1 in active(at_600, (417.0, 347.0, 347.0))
    with_pt = Configuration(system_voltage_v=600.0, pt_ratio=2.0)
    assert not active(with_pt, (417.0, 347.0, 347.0)) & {1, 2, 3}


def test_current_is_out_of_range_20_percent_above_the_ct() -> None:
    assert active(WYE, amperes=(50.0, 119.9, 120.1)) == {6}


def test_low_power_factor_is_of_loaded_phases_below_one_half() -> None:
    assert active(WYE, angle_deg=-60.0) == set(), "0.5 is not less than 50 %"
    assert active(WYE, angle_deg=-60.1) == {12, 13, 14}
    assert active(WYE, amperes=(0.0, 50.0, 0.0), angle_deg=-75.0) == {13}


@pytest.mark.parametrize(
    ("meaning", "lost_v", "kept_v"),
    [(PhaseLoss.DROP_BELOW, 249.0, 249.5), (PhaseLoss.FRACTION_OF_SYSTEM_VOLTAGE, 27.6, 27.8)],
)
def test_phase_loss_goes_by_the_profiles_reading_of_the_threshold(
    meaning: PhaseLoss, lost_v: float, kept_v: float
) -> None:
    """AV8 = 10 %, 480 V: 249 V by the text of AV8, 27.7 V (a tenth of 277 V) by the display's setup page."""
    profile = BehaviourProfile(phase_loss=meaning)
    configuration = Configuration(system_voltage_v=480.0, imbalance_pct=99.0)
    assert 9 in active(configuration, (lost_v, 277.0, 277.0), profile=profile)
    assert 9 not in active(configuration, (kept_v, 277.0, 277.0), profile=profile)


def test_imbalance_is_a_phase_loss_beyond_25_percent() -> None:
    configuration = Configuration(system_voltage_v=480.0, phase_loss_pct=90.0)
    assert active(configuration, (277.0, 209.0, 277.0)) == set()
    assert active(configuration, (277.0, 206.0, 277.0)) == {10}


@pytest.mark.parametrize("system_type", [10, 11])
def test_imbalance_is_not_tested_on_one_phase(system_type: int) -> None:
    configuration = Configuration(system_type=system_type, system_voltage_v=277.0, phase_loss_pct=90.0)
    assert active(configuration, (277.0, 0.0, 0.0), (50.0, 0.0, 0.0)) == set()


def test_frequency_is_an_error_out_of_range() -> None:
    stimulus = three_phase(WYE, 277.0, (50.0,) * 3, 0.0, 44.0)
    assert int(predict(stimulus, WYE)[83].value) == 1 << 6


def test_the_bitmap_has_bi1_in_its_least_significant_bit() -> None:
    configuration = Configuration(system_voltage_v=480.0, imbalance_pct=99.0, phase_loss_pct=99.0)
    inputs = AlarmInputs({"A": 1000.0, "B": 277.0, "C": 277.0}, {}, {}, clock_is_set=False)
    states = alarm_states(inputs, configuration, BehaviourProfile(phase_loss=PhaseLoss.DROP_BELOW))
    assert states == (True, *(False,) * 13, True)
    assert bitmap(states) == 1 + 2**14
