"""An analyzer's accuracy in rows: the figure is that of the row that holds at the point; beyond all rows is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rig.errors import UsageRefused
from rig.metrology.accuracy import Accuracy, AccuracyNotStated, ReferenceAccuracy
from rig.metrology.limits import Quantity
from rig.metrology.reference import ElementState, ReferenceUncertainty
from rig.metrology.uncertainty import Budget

BASIC = {
    "voltage": {"reading_pct": 0.01, "range_pct": 0.02},
    "current": {"reading_pct": 0.02, "range_pct": 0.01},
    "power": {"reading_pct": 0.02, "range_pct": 0.03},
    "phase": {"fixed_deg": 0.01},
    "frequency": {"reading_pct": 0.01},
}
ROWS = {
    "voltage": [
        {"frequency_hz": {"from": 10, "below": 45}, "reading_pct": 0.03},
        {"frequency_hz": {"from": 45, "to": 66}, "reading_pct": 0.01, "distribution": "normal", "k": 2},
        {"frequency_hz": {"from": 100, "to": 1000}, "reading_pct": 0.05, "fixed_v": 0.001},
    ],
    "power": [
        {"frequency_hz": {"from": 45, "to": 66}, "power_factor": {"from": 0.8, "to": 1}, "reading_pct": 0.02},
        {
            "frequency_hz": {"from": 45, "to": 66},
            "power_factor": {"from": 0.2, "below": 0.8},
            "reading_pct": 0.06,
            "includes_phase": True,
        },
    ],
}


def accuracy(**rows):
    return ReferenceAccuracy.model_validate(BASIC | rows)


def loaded(stated, angle_deg=0.0, frequency_hz=60.0, power_factor=1.0, voltage_v=250.0):
    elements = {phase: ElementState(voltage_v, 300.0, 0.5, 1.0, angle_deg) for phase in "ABC"}
    return ReferenceUncertainty(stated, elements, frequency_hz=frequency_hz, power_factor=power_factor)


STATED = accuracy(**ROWS)


@given(st.floats(1.0, 2000.0))
def test_row_whose_band_holds_the_frequency_is_used_and_no_other(frequency_hz):
    expected = next(
        (pct for low, high, pct in ((10, 45, 0.03), (45, 66.0, 0.01), (100, 1000, 0.05)) if low <= frequency_hz < high),
        {66.0: 0.01, 1000.0: 0.05}.get(frequency_hz),
    )
    if expected is None:
        with pytest.raises(AccuracyNotStated) as caught:
            STATED.at("voltage", frequency_hz, 1.0)
        assert (caught.value.what, caught.value.frequency_hz) == ("voltage", frequency_hz)
    else:
        assert STATED.at("voltage", frequency_hz, 1.0).reading_pct == expected


@pytest.mark.parametrize(("frequency_hz", "pct"), [(44.999, 0.03), (45.0, 0.01), (66.0, 0.01), (1000.0, 0.05)])
def test_the_ends_of_bands_belong_to_what_they_say(frequency_hz, pct):
    assert STATED.at("voltage", frequency_hz, 1.0).reading_pct == pct


def test_what_is_not_stated_is_refused_by_name_with_what_is():
    with pytest.raises(AccuracyNotStated) as caught:
        STATED.at("power", 60.0, -0.1)
    said = str(caught.value)
    assert "accuracy of power is not stated at 60 Hz, PF 0.1" in said
    assert "only for 45 to 66 Hz, PF 0.8 to 1; 45 to 66 Hz, PF 0.2 to below 0.8" in said
    assert isinstance(caught.value, UsageRefused)


def test_a_frequency_that_nobody_knows_is_in_no_band():
    with pytest.raises(AccuracyNotStated, match="unknown frequency"):
        STATED.at("voltage", None, None)
    assert accuracy().at("voltage", None, None).reading_pct == 0.01


@given(st.floats(-1.0, 1.0))
def test_the_sign_of_the_power_factor_chooses_nothing(power_factor):
    def chosen(value):
        try:
            return STATED.at("power", 60.0, value).reading_pct
        except AccuracyNotStated:
            return None

    assert chosen(power_factor) == chosen(-power_factor)


def test_a_power_factor_that_is_a_cosine_meets_the_end_of_a_band():
    rows = [
        {"power_factor": {"from": 0.5, "to": 1}, "reading_pct": 0.02},
        {"power_factor": {"from": 0, "below": 0.5}, "reading_pct": 0.1},
    ]
    assert accuracy(power=rows).at("power", 60.0, 0.49999999999999994).reading_pct == 0.02


@given(st.sampled_from(list(Quantity)), st.floats(0.0, 50.0), st.sampled_from([45.0, 50.0, 60.0, 66.0]))
def test_a_row_that_holds_gives_the_budget_that_it_would_give_alone(quantity, angle_deg, frequency_hz):
    power_factor = 1.0 if angle_deg < 30.0 else 0.9
    alone = accuracy(
        voltage={"reading_pct": 0.01, "distribution": "normal", "k": 2},
        power={"reading_pct": 0.02},
    )
    in_rows, by_itself = (loaded(each, angle_deg + 1.0, frequency_hz, power_factor) for each in (STATED, alone))
    assert in_rows.of(quantity, "A") == by_itself.of(quantity, "A")


def test_figure_found_at_its_power_factor_includes_the_angle_error():
    including = loaded(STATED, -60.0, power_factor=0.5)
    (only,) = including.active_power("A")
    assert only.stated == pytest.approx(0.06)
    assert [part.name for part in including.reactive_power("A")] == [
        "reference voltage in reactive power A",
        "reference current in reactive power A",
        "reference phase error in reactive power A",
    ]


@given(st.floats(1.0, 300.0))
def test_a_fixed_part_weighs_the_more_the_smaller_the_reading(voltage_v):
    stated = accuracy(voltage={"reading_pct": 0.01, "fixed_v": 0.005})
    (component,) = loaded(stated, voltage_v=voltage_v).voltage("A")
    assert component.stated == pytest.approx(0.01 + 100.0 * 0.005 / voltage_v)
    assert Budget((component,)).combined > 0.0


@pytest.mark.parametrize(
    ("quantity", "phase", "missing"),
    [
        (Quantity.VOLTAGE, "A", "voltage"),
        (Quantity.VOLTAGE, "AB", "voltage"),
        (Quantity.ACTIVE_POWER, "A", "power"),
        (Quantity.ACTIVE_ENERGY, "ABC", "power"),
        (Quantity.REACTIVE_ENERGY, "ABC", "voltage"),
    ],
)
def test_what_a_plan_will_need_is_asked_for_before_anything_is_measured(quantity, phase, missing):
    STATED.require(quantity, phase, 60.0, 0.9)
    with pytest.raises(AccuracyNotStated, match=f"accuracy of {missing} is not stated at 400 Hz"):
        accuracy(voltage=ROWS["voltage"][:2], power=ROWS["power"]).require(quantity, phase, 400.0, 0.9)


def test_the_angle_and_the_integrator_are_asked_for_where_they_count():
    narrow = {"frequency_hz": {"from": 49, "to": 51}}
    stated = accuracy(phase=narrow | {"fixed_deg": 0.01}, integrator=[narrow | {"reading_pct": 0.01}])
    stated.require(Quantity.VOLTAGE, "A", 60.0, 1.0)
    for quantity, phase, missing in (
        (Quantity.VOLTAGE, "AB", "phase"),
        (Quantity.ACTIVE_POWER, "A", "phase"),
    ):
        with pytest.raises(AccuracyNotStated, match=f"accuracy of {missing}"):
            stated.require(quantity, phase, 60.0, 1.0)
    including = {"reading_pct": 0.1, "includes_phase": True}
    with pytest.raises(AccuracyNotStated, match="accuracy of integrator"):
        accuracy(power=including, integrator=[narrow | {"reading_pct": 0.01}]).require(
            Quantity.ACTIVE_ENERGY, "ABC", 60.0, 1.0
        )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"voltage": []}, "at least 1 item"),
        ({"voltage": [{"reading_pct": 0.1}, {"reading_pct": 0.2}]}, "two rows of voltage"),
        (
            {
                "voltage": [
                    {"frequency_hz": {"from": 45, "to": 66}, "reading_pct": 0.1},
                    {"frequency_hz": {"from": 66, "to": 100}, "reading_pct": 0.2},
                ]
            },
            "two rows of voltage hold for 45 to 66 Hz and 66 to 100 Hz; keep them apart",
        ),
        ({"voltage": {"frequency_hz": {"from": 45}, "reading_pct": 0.1}}, "ends with either"),
        ({"voltage": {"frequency_hz": {"from": 45, "to": 66, "below": 70}, "reading_pct": 0.1}}, "ends with either"),
        ({"voltage": {"frequency_hz": {"from": 66, "to": 45}, "reading_pct": 0.1}}, "ends above where it begins"),
        ({"voltage": {"power_factor": {"from": 0, "to": 1}, "reading_pct": 0.1}}, "only power is stated by power"),
        ({"phase": {"fixed_deg": 0.1, "includes_phase": True}}, "only power is stated by power"),
        ({"power": {"reading_pct": 0.1, "fixed_v": 0.1}}, "power is stated as reading_pct and range_pct"),
        ({"voltage": [{"reading_pct": -0.1}]}, "greater than or equal to 0"),
    ],
)
def test_rows_that_contradict_themselves_or_one_another_are_refused(rows, words):
    with pytest.raises(ValidationError, match=words):
        accuracy(**rows)


def test_rows_at_one_frequency_may_differ_in_power_factor():
    assert accuracy(power=ROWS["power"]).at("power", 60.0, 0.3).includes_phase
    assert Accuracy(reading_pct=0.1).where == "all points"
