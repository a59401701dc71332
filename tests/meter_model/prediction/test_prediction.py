"""Closed form against cases worked by hand (waves of OIML R 46, recalled), and the manual's own figures."""

from __future__ import annotations

import math

import pytest

from meter_model.behaviour.profile import (
    BehaviourProfile,
    PowerFactorSign,
    ReactivePower,
    TotalApparent,
    Type31PhaseValues,
    ZeroPowerFactor,
)
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Phasor, Spectrum, Stimulus
from tests.meter_model.loads import sine, three_phase

ANGLES = (0.0, -120.0, 120.0)


def single_phase(voltage: Spectrum, current: Spectrum, profile: BehaviourProfile) -> tuple[float, float, float]:
    configuration = Configuration(system_type=10, system_voltage_v=300.0)
    stimulus = configuration.stimulus_from_primary(60.0, [voltage, (), ()], [current, (), ()])
    found = predict(stimulus, configuration, profile)
    return found[11].value * 1000.0, found[12].value * 1000.0, found[13].value * 1000.0


@pytest.mark.parametrize(
    ("definition", "q_var"),
    [
        (ReactivePower.FUNDAMENTAL, 0.0),
        (ReactivePower.BUDEANU, 0.0),
        (ReactivePower.FRYZE, 4155.0),
        (ReactivePower.QUARTER_PERIOD_SHIFT, 0.0),
    ],
)
def test_the_fifth_harmonic_tells_the_definitions_of_reactive_power_apart(
    definition: ReactivePower, q_var: float
) -> None:
    p, q, s = single_phase(
        (Phasor(1, 277.0, 0.0), Phasor(5, 27.7, 0.0)),
        (Phasor(1, 50.0, 0.0), Phasor(5, 20.0, 0.0)),
        BehaviourProfile(reactive_power=definition),
    )
    assert p == pytest.approx(14404.0)
    assert q == pytest.approx(q_var, abs=1e-6)
    assert s == pytest.approx(14991.306, abs=1e-3)


@pytest.mark.parametrize("peaked", [False, True])
def test_quadriform_and_peaked_waves_have_the_same_power(peaked: bool) -> None:
    quadriform = {3: (180.0, 0.0), 5: (180.0, 0.0), 7: (180.0, 0.0), 11: (180.0, 0.0), 13: (180.0, 0.0)}
    angles = quadriform | ({3: (0.0, 180.0), 7: (0.0, 180.0), 11: (0.0, 180.0)} if peaked else {})
    volts, amperes = {3: 3.8, 5: 2.4, 7: 1.7, 11: 1.0, 13: 0.8}, {3: 30.0, 5: 18.0, 7: 14.0, 11: 9.0, 13: 5.0}
    p, q, s = single_phase(
        (Phasor(1, 100.0, 0.0), *(Phasor(h, volts[h], angles[h][0]) for h in volts)),
        (Phasor(1, 100.0, 0.0), *(Phasor(h, amperes[h], angles[h][1]) for h in amperes)),
        BehaviourProfile(reactive_power=ReactivePower.FRYZE),
    )
    assert p == pytest.approx(9806.0)
    assert s == pytest.approx(10749.188, abs=1e-3)
    assert q == pytest.approx(4403.113, abs=1e-3)


def u1(configuration: Configuration) -> Stimulus:
    """A resistor between A and B."""
    return configuration.stimulus_from_primary(
        60.0, [sine(127.0, angle) for angle in ANGLES], [sine(22.727272, 30.0), sine(22.727272, -150.0), ()]
    )


def u3(configuration: Configuration) -> Stimulus:
    """A imports, B exports, C imports at 60° lag."""
    return configuration.stimulus_from_primary(
        60.0,
        [sine(120.0, angle) for angle in ANGLES],
        [sine(10.0, 0.0), sine(4.0, -120.0 + 180.0), sine(10.0, 120.0 - 60.0)],
    )


@pytest.mark.parametrize("system_type", [40, 31])
def test_resistor_between_two_phases_splits_into_leading_and_lagging_half(system_type: int) -> None:
    configuration = Configuration(system_type=system_type, system_voltage_v=220.0)
    found = predict(u1(configuration), configuration)
    assert found[11].value == pytest.approx(4.9993283, rel=1e-6)
    assert found[12].value == pytest.approx(0.0, abs=1e-9)
    assert [found[n].value for n in (55, 56)] == pytest.approx([2.4996642, 2.4996642], rel=1e-6)
    assert [found[n].value for n in (58, 59)] == pytest.approx([-1.4431818, 1.4431818], rel=1e-6)
    assert found[13].value == pytest.approx(5.7727271, rel=1e-6)
    assert found[14].value == pytest.approx(0.86603, abs=1e-5)


@pytest.mark.parametrize(
    ("rule", "s_kva", "pf"),
    [
        (TotalApparent.ARITHMETIC, 2.880, 0.45833),
        (TotalApparent.VECTOR, 1.680, 0.78571),
        (TotalApparent.SIGNED, 1.920, 0.6875),
    ],
)
def test_one_exporting_phase_separates_rules_of_total_apparent_power(
    rule: TotalApparent, s_kva: float, pf: float
) -> None:
    configuration = Configuration(system_voltage_v=208.0)
    found = predict(u3(configuration), configuration, BehaviourProfile(total_apparent=rule))
    assert found[11].value == pytest.approx(1.320)
    assert [found[n].value for n in (55, 56, 57)] == pytest.approx([1.2, -0.48, 0.6])
    assert found[12].value == pytest.approx(1.0392305)
    assert found[13].value == pytest.approx(s_kva)
    assert found[14].value == pytest.approx(pf, abs=1e-5)
    assert found[11].scale == pytest.approx(2.880), "powers are compared with the phases' apparent power"


def test_a_single_phase_load_on_four_wires_has_unity_power_factor() -> None:
    configuration = Configuration(system_voltage_v=208.0)
    found = predict(three_phase(configuration, 120.0, (10.0, 0.0, 0.0)), configuration)
    assert (found[11].value, found[13].value) == pytest.approx((1.2, 1.2))
    assert found[14].value == pytest.approx(1.0)
    assert found[17].value == pytest.approx(10.0 / 3.0), "the average is of the active phases, loaded or not"


@pytest.mark.parametrize(
    ("angle_deg", "p_sign", "q_sign"), [(-30.0, 1, 1), (-150.0, -1, 1), (150.0, -1, -1), (30.0, 1, -1)]
)
def test_the_signs_of_active_and_reactive_power_name_the_quadrant(angle_deg: float, p_sign: int, q_sign: int) -> None:
    configuration = Configuration(system_voltage_v=480.0)
    found = predict(three_phase(configuration, 277.0, (50.0,) * 3, angle_deg), configuration)
    assert math.copysign(1, found[11].value) == p_sign
    assert math.copysign(1, found[12].value) == q_sign
    assert math.copysign(1, found[14].value) == p_sign
    ieee = predict(
        three_phase(configuration, 277.0, (50.0,) * 3, angle_deg),
        configuration,
        BehaviourProfile(pf_sign=PowerFactorSign.LEAD_POSITIVE),
    )
    assert math.copysign(1, ieee[14].value) == (1 if p_sign * q_sign < 0 else -1)


@pytest.mark.parametrize(("system_type", "kw"), [(40, 103.923), (31, 103.923), (12, 60.0), (11, 60.0), (10, 60.0)])
def test_maximum_power_is_the_manuals(system_type: int, kw: float) -> None:
    configuration = Configuration(system_type=system_type)
    found = predict(three_phase(configuration, 120.0, (1.0,) * 3), configuration)
    assert found[76].value == pytest.approx(kw, abs=1e-3)


def test_line_to_line_load_of_system_type_11_is_measured_between_a_and_b() -> None:
    configuration = Configuration(system_type=11, system_voltage_v=208.0)
    stimulus = configuration.stimulus_from_primary(
        60.0, [sine(120.0, 0.0), sine(120.0, -120.0), ()], [sine(10.0, 30.0), (), ()]
    )
    found = predict(stimulus, configuration)
    line_v = 120.0 * math.sqrt(3.0)
    assert found[67].value == pytest.approx(line_v)
    assert found[15].value == pytest.approx(line_v)
    assert found[16].is_qnan
    assert found[11].value == pytest.approx(line_v * 10.0 / 1000.0)
    assert found[55].value == pytest.approx(found[11].value)


def test_frequency_is_qnan_out_of_range_and_without_voltage_on_a() -> None:
    configuration = Configuration(system_voltage_v=208.0)

    def frequency(hertz: float, volts_a: float = 120.0) -> float:
        voltages = [sine(volts_a), sine(120.0, -120.0), sine(120.0, 120.0)]
        return predict(configuration.stimulus_from_primary(hertz, voltages, [(), (), ()]), configuration)[18].value

    assert [frequency(45.0), frequency(65.0)] == [45.0, 65.0]
    assert all(math.isnan(each) for each in (frequency(44.9), frequency(65.1), frequency(60.0, 0.0)))


@pytest.mark.parametrize(
    ("choice", "value"), [(ZeroPowerFactor.ONE, 1.0), (ZeroPowerFactor.ZERO, 0.0), (ZeroPowerFactor.QNAN, math.nan)]
)
def test_power_factor_without_load_is_the_profiles_choice(choice: ZeroPowerFactor, value: float) -> None:
    configuration = Configuration(system_voltage_v=480.0)
    found = predict(
        three_phase(configuration, 277.0, (0.0,) * 3), configuration, BehaviourProfile(zero_power_pf=choice)
    )
    assert [found[n].value for n in (14, 64, 65, 66)] == pytest.approx([value] * 4, nan_ok=True)


def test_delta_phase_values_follow_the_profile_and_totals_do_not_change() -> None:
    configuration = Configuration(system_type=31, system_voltage_v=480.0)
    stimulus = three_phase(configuration, 277.0, (50.0,) * 3, -30.0)
    shown = predict(stimulus, configuration)
    hidden = predict(stimulus, configuration, BehaviourProfile(type_31_phase_values=Type31PhaseValues.QNAN))
    assert not any(shown[n].is_qnan for n in range(55, 67))
    assert all(hidden[n].is_qnan for n in range(55, 67))
    assert [hidden[n].value for n in (11, 12, 13, 14)] == [shown[n].value for n in (11, 12, 13, 14)]
    assert not any(hidden[n].is_qnan for n in (73, 74, 75))


def test_a_delta_measures_the_same_power_whatever_its_voltages_refer_to() -> None:
    configuration = Configuration(system_type=31, system_voltage_v=480.0)
    currents = [sine(50.0, -30.0), sine(50.0, -150.0), sine(50.0, 90.0)]
    against_neutral = [sine(277.0, angle) for angle in ANGLES]
    line_v = 277.0 * math.sqrt(3.0)
    against_b = [sine(line_v, 30.0), (), sine(line_v, 90.0)]
    one = predict(configuration.stimulus_from_primary(60.0, against_neutral, currents), configuration)
    other = predict(configuration.stimulus_from_primary(60.0, against_b, currents), configuration)
    for instance in (11, 12, 13, 15, 55, 58, 67, 68, 69):
        assert one[instance].value == pytest.approx(other[instance].value, rel=1e-12), instance


def test_tolerances_are_those_of_the_manuals_first_page() -> None:
    configuration = Configuration(system_voltage_v=480.0)

    def tolerance_pct(instance: int, amperes: float, celsius: float = 25.0) -> float | None:
        stimulus = three_phase(configuration, 277.0, (amperes,) * 3)
        warm = Stimulus(60.0, stimulus.voltages, stimulus.ct_inputs, celsius)
        tolerance = predict(warm, configuration)[instance].tolerance
        return None if tolerance is None else tolerance.pct_of_reading

    assert tolerance_pct(73, 2.0) == pytest.approx(0.2)
    assert tolerance_pct(73, 50.0) == pytest.approx(0.1)
    assert tolerance_pct(73, 0.5) is None
    assert tolerance_pct(73, 110.0) is None
    assert tolerance_pct(70, 50.0, -30.0) == pytest.approx(0.375)
    assert tolerance_pct(67, 50.0, 70.0) == pytest.approx(0.325)
    assert (tolerance_pct(11, 50.0), tolerance_pct(12, 50.0), tolerance_pct(18, 50.0)) == (0.2, 2.0, None)


def test_registers_of_a_cleared_meter_are_zero_where_they_exist() -> None:
    configuration = Configuration(system_type=12, system_voltage_v=240.0)
    found = predict(three_phase(configuration, 120.0, (10.0,) * 3), configuration)
    assert all(found[n].value == 0.0 for n in (*range(1, 11), *range(19, 28), 29, 30, 31, 32, 78))
    assert all(found[n].is_qnan for n in (33, 36, 39, 54, 28, 77, 79, 80))
    assert (found[81].value, found[82].value) == (1.0, 11.0)


def test_healthy_meters_alarm_bitmap_is_zero_and_an_unset_clock_is_bit_15() -> None:
    configuration = Configuration(system_voltage_v=480.0)
    stimulus = three_phase(configuration, 277.0, (50.0,) * 3)
    assert predict(stimulus, configuration)[83].value == 0.0
    assert predict(stimulus, configuration, clock_is_set=False)[83].value == 2.0**14


def test_direct_voltage_is_refused() -> None:
    with pytest.raises(ValueError, match="DC is not modelled"):
        Phasor(0, 1.0, 0.0)
