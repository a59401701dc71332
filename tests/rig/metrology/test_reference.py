"""What the reference analyzer's specification is worth at a load point, and the reference conditions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rig.metrology.accuracy import Accuracy, AccuracyNotStated, ReferenceAccuracy
from rig.metrology.limits import Quantity
from rig.metrology.reference import ElementState, ReferenceNotUsable, ReferenceUncertainty
from rig.metrology.uncertainty import Budget

LIMITS_OF_ERROR = ReferenceAccuracy(
    voltage=Accuracy(reading_pct=0.01, range_pct=0.02),
    current=Accuracy(reading_pct=0.02, range_pct=0.01),
    power=Accuracy(reading_pct=0.02, range_pct=0.03),
    phase=Accuracy(fixed_deg=0.01),
    integrator=Accuracy(reading_pct=0.005),
)
EXPANDED = ReferenceAccuracy.model_validate(
    {
        name: row | {"distribution": "normal", "k": 2.0}
        for name, row in LIMITS_OF_ERROR.model_dump(exclude_unset=True).items()
    }
)
ROOT3 = math.sqrt(3)


def loaded(angle=0.0, phases="ABC", accuracy=LIMITS_OF_ERROR, current=0.5):
    return ReferenceUncertainty(
        accuracy, {p: ElementState(250, 300, current if p in phases else 0.0, 1.0, angle) for p in "ABC"}
    )


def u(components):
    return Budget(components).combined


def test_of_reading_and_of_range_add_up_for_voltage_and_current():
    assert u(loaded().voltage("A")) == pytest.approx((0.01 + 0.02 * 300 / 250) / ROOT3)
    assert u(loaded().current("B")) == pytest.approx((0.02 + 0.01 / 0.5) / ROOT3)


def test_expanded_figures_are_divided_by_their_coverage_factor():
    assert u(loaded(accuracy=EXPANDED).voltage("A")) == pytest.approx((0.01 + 0.02 * 300 / 250) / 2)


def test_power_at_unity_has_no_phase_part():
    amplitude = 0.02 + 0.03 * 300 / 125
    assert u(loaded().active_power("A")) == pytest.approx(amplitude / ROOT3)


def test_phase_error_enters_p_as_the_tangent_and_q_as_the_cotangent():
    # 0.01 degrees at PF 0.5 is 0.030 %: tan(60 degrees) times the angle in radians
    active = {c.name: c.stated for c in loaded(-60).active_power("A")}
    reactive = {c.name: c.stated for c in loaded(-60).reactive_power("A")}
    assert active["reference phase error in power A"] == pytest.approx(0.0302, abs=5e-5)
    assert reactive["reference phase error in reactive power A"] == pytest.approx(0.0302 / 3, abs=5e-5)


@pytest.mark.parametrize("angle", [0, -60, 36.87, 180])
def test_a_balanced_total_is_as_good_as_one_of_its_elements(angle):
    reference = loaded(angle)
    assert u(reference.active_power("ABC")) == pytest.approx(u(reference.active_power("A")))


@pytest.mark.parametrize("phase", "ABC")
def test_the_total_of_one_loaded_phase_is_that_phase(phase):
    reference = loaded(-60, phase)
    assert u(reference.active_power("ABC")) == pytest.approx(u(reference.active_power(phase)))


def test_energy_adds_the_integrator():
    reference = loaded(-60)
    assert u(reference.active_energy("ABC")) == pytest.approx(
        math.hypot(u(reference.active_power("ABC")), 0.005 / ROOT3)
    )
    assert u(reference.reactive_energy("A")) == pytest.approx(
        math.hypot(u(reference.reactive_power("A")), 0.005 / ROOT3)
    )


def test_line_to_line_voltage_agrees_with_phasors_drawn_at_random():
    # Amplitude errors common to both elements, phase error between them: Monte Carlo on the phasors themselves.
    rng = np.random.default_rng(3)
    accuracy = EXPANDED.model_copy(update={"phase": Accuracy(fixed_deg=0.05, distribution="normal", k=2)})
    gain = rng.normal(0, (0.01 + 0.02 * 300 / 250) / 2 / 100, 200_000)
    phase = np.radians(rng.normal(0, 0.05 / 2, 200_000))
    line = np.abs(250 * (1 + gain) * (1 - np.exp(1j * (phase - 2 * math.pi / 3))))
    spread_pct = 100 * line.std() / (250 * ROOT3)
    assert u(loaded(accuracy=accuracy).voltage("AB")) == pytest.approx(spread_pct, rel=0.01)


def test_power_agrees_with_phasors_drawn_at_random():
    rng = np.random.default_rng(4)
    amplitude = (0.02 + 0.03 * 300 * 1.0 / (250 * 0.5 * 0.5)) / 2 / 100
    draws = np.cos(np.radians(-60 + rng.normal(0, 0.01 / 2, 400_000))) * (1 + rng.normal(0, amplitude, 400_000))
    spread_pct = 100 * draws.std() / 0.5
    assert u(loaded(-60, accuracy=EXPANDED).active_power("A")) == pytest.approx(spread_pct, rel=0.01)


WITH_FREQUENCY = ReferenceAccuracy.model_validate(
    LIMITS_OF_ERROR.model_dump(exclude_unset=True) | {"frequency": {"reading_pct": 0.01}}
)
"""What every quantity has figures of."""


@pytest.mark.parametrize("quantity", list(Quantity))
def test_each_limited_quantity_has_its_components_by_name(quantity):
    by_name = {
        Quantity.ACTIVE_POWER: "active_power",
        Quantity.REACTIVE_POWER: "reactive_power",
        Quantity.ACTIVE_ENERGY: "active_energy",
        Quantity.REACTIVE_ENERGY: "reactive_energy",
        Quantity.VOLTAGE: "voltage",
        Quantity.CURRENT: "current",
        Quantity.APPARENT_POWER: "apparent_power",
        Quantity.POWER_FACTOR: "power_factor_of",
        Quantity.FREQUENCY: "frequency",
    }
    reference = loaded(-45, accuracy=WITH_FREQUENCY)
    found = reference.of(quantity, "B")
    assert found[:-3] == getattr(reference, by_name[quantity])("B")
    assert [component.name for component in found[-3:]] == [
        "analyzer temperature (not stated)",
        "analyzer drift since calibration (not stated)",
        "analyzer resolution (not stated)",
    ]
    assert all(component.contribution == 0.0 for component in found[-3:])


STATED = {
    "temperature": {"pct_per_k": 0.002, "within_k": 3.0},
    "drift": {"reading_pct": 0.01},
    "resolution": {"digits": 5, "phase_deg": 0.01},
}


@pytest.mark.parametrize("quantity", list(Quantity))
def test_temperature_drift_and_resolution_are_lines_of_every_budget(quantity):
    accuracy = ReferenceAccuracy.model_validate(WITH_FREQUENCY.model_dump(exclude_unset=True) | STATED)
    warm, drift, resolution = loaded(-45, accuracy=accuracy).of(quantity, "A")[-3:]
    of_two = (Quantity.REACTIVE_POWER, Quantity.REACTIVE_ENERGY, Quantity.APPARENT_POWER)
    readings = 3 if quantity is Quantity.POWER_FACTOR else 2 if quantity in of_two else 1
    assert (warm.name, warm.stated) == ("analyzer temperature", pytest.approx(0.006 * readings**0.5))
    assert (drift.name, drift.stated) == ("analyzer drift since calibration", pytest.approx(0.01 * readings**0.5))
    assert resolution.name == "analyzer resolution"
    assert 0.0 < resolution.stated < 0.02


@pytest.mark.parametrize(
    ("value", "pct"), [(277.0, 0.005 / 2.77), (1.0, 0.005), (0.99999, 0.0005), (0.01, 0.005), (1.2, 0.005 / 1.2)]
)
def test_half_a_digit_is_most_where_a_number_begins_with_one(value, pct):
    accuracy = ReferenceAccuracy.model_validate(LIMITS_OF_ERROR.model_dump(exclude_unset=True) | STATED)
    assert accuracy.resolution.half_step_pct(value) == pytest.approx(pct, rel=1e-4)


def test_the_resolution_of_an_angle_counts_for_q_and_line_voltages_only():
    fine = {"digits": 12, "phase_deg": 0.01}
    accuracy = ReferenceAccuracy.model_validate(LIMITS_OF_ERROR.model_dump(exclude_unset=True) | {"resolution": fine})
    half = 100 * math.radians(0.005)
    reference = loaded(-math.degrees(math.asin(0.25)), accuracy=accuracy)
    assert reference.of(Quantity.ACTIVE_POWER, "ABC")[-1].stated == pytest.approx(0.0, abs=1e-8)
    assert reference.of(Quantity.REACTIVE_POWER, "ABC")[-1].stated == pytest.approx(half * 15**0.5, rel=1e-6)
    assert reference.of(Quantity.VOLTAGE, "AB")[-1].stated == pytest.approx(half / 2 / ROOT3, rel=1e-6)


def test_independent_elements_add_as_squares_and_correlated_ones_linearly():
    data = LIMITS_OF_ERROR.model_dump(exclude_unset=True)
    alike, apart = (
        loaded(-60, accuracy=ReferenceAccuracy.model_validate(data | {"between_elements": how}))
        for how in ("correlated", "independent")
    )
    for quantity, phase, ratio in (
        (Quantity.ACTIVE_POWER, "ABC", ROOT3),
        (Quantity.REACTIVE_POWER, "ABC", ROOT3),
        (Quantity.VOLTAGE, "A", 1.0),
        (Quantity.CURRENT, "B", 1.0),
    ):
        assert u(alike.of(quantity, phase)) == pytest.approx(ratio * u(apart.of(quantity, phase)))
    line = [Budget(each.of(Quantity.VOLTAGE, "AB")).by_kind[0] for each in (apart, alike)]
    assert [each.name for each in line] == ["reference voltage AB"] * 2
    assert line[0].stated == pytest.approx(line[1].stated / 2**0.5)


def test_a_coefficient_lies_between_independent_and_correlated_elements():
    data = LIMITS_OF_ERROR.model_dump(exclude_unset=True)
    found = [
        u(loaded(0.0, accuracy=ReferenceAccuracy.model_validate(data | {"between_elements": r})).active_power("ABC"))
        for r in ("independent", 0.5, "correlated")
    ]
    # Three equal parts a: a² (3 + 6 r)
    assert found[1] / found[2] == pytest.approx((3 + 3) ** 0.5 / 3)
    assert found[0] / found[2] == pytest.approx(3**0.5 / 3)


def test_each_element_of_a_total_is_a_line_of_one_source():
    power = loaded(-60).active_power("ABC")
    assert [c.name for c in power] == [
        *(f"reference power {p}" for p in "ABC"),
        *(f"reference phase error in power {p}" for p in "ABC"),
    ]
    assert {(c.source, c.correlation) for c in power} == {("analyzer power", 1.0), ("analyzer phase", 1.0)}


def with_quantities(r):
    return ReferenceAccuracy.model_validate(LIMITS_OF_ERROR.model_dump(exclude_unset=True) | {"between_quantities": r})


def test_apparent_power_has_voltage_and_current_as_independent_parts():
    parts = loaded(-60).voltage("A")[0].contribution, loaded(-60).current("A")[0].contribution
    assert u(loaded(-60).apparent_power("A")) == pytest.approx(math.hypot(*parts))
    assert u(loaded(-60, accuracy=with_quantities(1.0)).apparent_power("A")) == pytest.approx(sum(parts))
    assert u(loaded(-60).apparent_power("ABC")) == pytest.approx(math.hypot(*parts))


@pytest.mark.parametrize("phases", ["A", "ABC"])
@pytest.mark.parametrize("r", [0.0, 0.5, 1.0])
def test_a_power_factors_amplitudes_cancel_as_far_as_they_are_correlated(phases, r):
    reference = loaded(-60, accuracy=with_quantities(r))
    power = (0.02 + 0.03 * 300 / (250 * 0.5 * 0.5)) / ROOT3
    volts, amperes = loaded().voltage("A")[0].contribution, loaded().current("A")[0].contribution
    phase = 100 * math.radians(0.01) * ROOT3 / ROOT3  # tan 60 degrees, rectangular
    signed = (power, -volts, -amperes)
    amplitudes = (1 - r) * sum(x**2 for x in signed) + r * sum(signed) ** 2
    assert u(reference.power_factor_of(phases)) == pytest.approx(math.sqrt(amplitudes + phase**2))


def test_a_power_factor_agrees_with_readings_drawn_at_random():
    rng = np.random.default_rng(8)
    n = 400_000
    common, r = rng.normal(size=n), 0.7

    def error(expanded_pct):
        own = rng.normal(size=n)
        return 1 + expanded_pct / 200 * (math.sqrt(r) * common + math.sqrt(1 - r) * own)

    volts, amperes = 0.01 + 0.02 * 300 / 250, 0.02 + 0.01 / 0.5
    turned = np.cos(np.radians(-60 + rng.normal(0, 0.01 / 2, n))) / 0.5
    drawn = error(0.02 + 0.03 * 300 / (250 * 0.25)) * turned / error(volts) / error(amperes)
    accuracy = EXPANDED.model_copy(update={"between_quantities": r})
    assert u(loaded(-60, accuracy=accuracy).power_factor_of("A")) == pytest.approx(100 * drawn.std(), rel=0.01)


def test_a_frequency_without_a_stated_accuracy_is_not_made_up():
    with pytest.raises(AccuracyNotStated, match="frequency"):
        loaded().frequency()
    stated = LIMITS_OF_ERROR.model_copy(update={"frequency": Accuracy(reading_pct=0.06)})
    assert u(loaded(accuracy=stated).frequency()) == pytest.approx(0.06 / ROOT3)


@pytest.mark.parametrize("quantity", ["apparent_power", "power_factor"])
def test_quantities_of_several_readings_have_drift_and_resolution_of_each(quantity):
    accuracy = ReferenceAccuracy.model_validate(LIMITS_OF_ERROR.model_dump(exclude_unset=True) | STATED)
    _, drift, resolution = loaded(-45, accuracy=accuracy).of(quantity, "ABC")[-3:]
    readings = {"apparent_power": 2, "power_factor": 3}[quantity]
    assert drift.stated == pytest.approx(0.01 * readings**0.5)
    assert 0.0 < resolution.stated < 0.02


@pytest.mark.parametrize(
    ("quantity", "angle", "phases", "phase"),
    [
        (Quantity.REACTIVE_POWER, 0, "ABC", "ABC"),
        (Quantity.ACTIVE_POWER, -90, "ABC", "A"),
        (Quantity.ACTIVE_POWER, 0, "A", "B"),
        (Quantity.CURRENT, 0, "A", "C"),
    ],
)
def test_a_reference_of_zero_is_refused(quantity, angle, phases, phase):
    with pytest.raises(ReferenceNotUsable, match="zero"):
        loaded(angle, phases).of(quantity, phase)


@given(st.floats(0.01, 1.0), st.floats(1.01, 100), st.floats(-89, 89))
def test_a_smaller_reading_on_the_same_range_is_less_certain(current, factor, angle):
    small, large = loaded(angle, current=current / factor), loaded(angle, current=current)
    assert u(small.active_power("ABC")) > u(large.active_power("ABC"))
    assert u(small.current("A")) > u(large.current("A"))


@pytest.mark.parametrize(
    ("part", "row"),
    [
        ("voltage", {"reading_pct": -1}),
        ("voltage", {"fixed_deg": 0.1}),
        ("voltage", {}),
        ("voltage", {"reading_pct": 0.1, "distribution": "guess"}),
        ("voltage", {"reading_pct": 0.1, "distribution": "normal"}),
        ("voltage", {"reading_pct": 0.1, "k": 2}),
        ("voltage", {"reading_pct": 0.1, "distribution": "normal", "k": 0}),
        ("voltage", {"reading_pct": "0.1"}),
        ("phase", {"reading_pct": 0.1}),
        ("phase", {}),
        ("integrator", {"range_pct": 0.1}),
        ("voltage", {"reading_pct": 0, "range_pct": 0}),
        ("current", {"reading_pct": 0.0, "distribution": "normal", "k": 2}),
        (
            "power",
            [
                {"reading_pct": 0.1, "frequency_hz": {"from": 45, "to": 50}},
                {"reading_pct": 0, "frequency_hz": {"from": 55, "to": 60}},
            ],
        ),
        ("phase", {"fixed_deg": 0}),
        ("integrator", {"reading_pct": 0}),
        ("drift", {"reading_pct": 0}),
        ("resolution", {"digits": 5}),
        ("temperature", {"pct_per_k": 0.1}),
        ("between_elements", "perhaps"),
        ("between_elements", 1.1),
        ("between_quantities", -0.5),
        ("between_conditions", "correlated"),
        ("frequency", {"range_pct": 0.1}),
        ("voltag", {"reading_pct": 0.1}),
    ],
)
def test_an_impossible_specification_is_refused(part, row):
    good = LIMITS_OF_ERROR.model_dump(exclude_unset=True)
    assert ReferenceAccuracy.model_validate(good) == LIMITS_OF_ERROR
    with pytest.raises(ValidationError):
        ReferenceAccuracy.model_validate(good | {part: row})


def test_unstated_integrator_is_assumed_and_the_budget_says_so():
    silent = LIMITS_OF_ERROR.model_copy(update={"integrator": None})
    *power, assumed = loaded(accuracy=silent).active_energy("A")
    assert tuple(power) == loaded().active_power("A")
    assert assumed.stated == 0.02
    assert "not stated: 0.02 % of reading assumed" in assumed.name
