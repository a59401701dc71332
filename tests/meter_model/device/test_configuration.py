"""AV2 to AV11: what the meter takes, refuses, and how the values hang together."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.behaviour.profile import choices
from meter_model.configuration import Configuration, ValueRefused, check_command
from tests.meter_model.loads import sine

ACCEPTED = {
    2: (10, 11, 12, 31, 40),
    3: (5, 100, 32000),
    4: (1, 3),
    5: (0.01, 0.009999999776482582, 1, 320),
    6: (82, 208, 480, 660),
    7: (0, 1),
    8: (1, 10, 99),
    9: (1, 25, 99),
    10: (1, 6),
    11: (0, 1000, 90000, 3276700),
}
REFUSED = {
    2: (0, 13, 41),
    3: (4.9, 32001, -100),
    4: (2, 1.5),
    5: (0.009, 321),
    6: (81, 661, 32000),
    7: (2, 0.5),
    8: (0, 100),
    9: (0, 100),
    10: (0, 7, 2.5),
    11: (100, 900, 1050, 3276800),
}


@pytest.mark.parametrize(("av", "value"), [(av, value) for av, values in ACCEPTED.items() for value in values])
def test_a_value_in_range_is_taken_and_read_back(av: int, value: float) -> None:
    assert Configuration().write(av, value).value(av) == value


@pytest.mark.parametrize(("av", "value"), [(av, value) for av, values in REFUSED.items() for value in values])
def test_a_value_out_of_range_is_refused_with_its_reason(av: int, value: float) -> None:
    with pytest.raises(ValueRefused) as refusal:
        Configuration().write(av, value)
    assert (refusal.value.av, refusal.value.value) == (av, value)
    assert refusal.value.reason in str(refusal.value)


@given(av=st.integers(0, 13), value=st.floats(allow_nan=True, allow_infinity=True))
def test_a_write_either_is_refused_or_changes_this_value_alone(av: int, value: float) -> None:
    before = Configuration()
    try:
        after = before.write(av, value)
    except ValueRefused:
        return
    assert math.isclose(after.value(av), value)
    assert all(after.value(other) == before.value(other) for other in range(1, 12) if other != av)


def test_the_system_voltage_goes_by_the_pt_ratio_that_is_set_first() -> None:
    with pytest.raises(ValueRefused):
        Configuration().write(6, 13_800.0)
    assert Configuration().write(5, 115.0).write(6, 13_800.0).system_voltage_v == 13_800.0


def test_construction_refuses_what_a_write_would_refuse() -> None:
    with pytest.raises(ValueRefused):
        Configuration(system_type=30)
    with pytest.raises(ValueRefused):
        Configuration(ct_primary_a=1.0)


def test_factory_defaults_give_the_manuals_maximum_power() -> None:
    assert Configuration().max_power_kw == pytest.approx(103.92, abs=0.005)


def test_commands_are_the_four_of_the_manual() -> None:
    assert [check_command(each) for each in (30078.0, 21211.0, 21212.0, 16498.0)] == [30078, 21211, 21212, 16498]
    with pytest.raises(ValueRefused):
        check_command(30079.0)


@pytest.mark.parametrize(("ct_secondary", "ct_volts"), [(1, 0.5), (3, 0.5 / 3.0)])
def test_primary_quantities_reach_the_terminals_through_pt_and_ct(ct_secondary: int, ct_volts: float) -> None:
    configuration = Configuration(ct_primary_a=400.0, ct_secondary=ct_secondary, pt_ratio=2.0)
    stimulus = configuration.stimulus_from_primary(50.0, [sine(480.0), (), ()], [sine(200.0, -30.0), (), ()], 40.0)
    assert stimulus.voltages[0][0].rms == pytest.approx(240.0)
    assert stimulus.ct_inputs[0][0].rms == pytest.approx(ct_volts)
    assert (stimulus.ct_inputs[0][0].phase_deg, stimulus.frequency_hz, stimulus.temperature_c) == (-30.0, 50.0, 40.0)
    assert stimulus.ct_inputs[0][0].rms * configuration.amperes_per_ct_volt == pytest.approx(200.0)


def test_every_choice_of_behaviour_has_a_reason_a_page_and_a_default() -> None:
    found = choices()
    assert len({each.name for each in found}) == len(found) >= 12
    for each in found:
        assert each.reason, each.name
        assert each.pages, each.name
        assert not each.options or each.default in each.options
