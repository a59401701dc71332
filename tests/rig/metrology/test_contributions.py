"""What a budget's lines come from, which cause is the largest, and what would reduce it."""

import math

import pytest

from rig.metrology.accuracy import Accuracy, Drift, ReferenceAccuracy, Resolution, Temperature
from rig.metrology.analysis.contributions import Cause, cause_of, contributions, largest
from rig.metrology.limits import Quantity
from rig.metrology.reference import ElementState, ReferenceUncertainty
from rig.metrology.sampled_energy import Moment, PowerSet, sampled_energy
from rig.metrology.uncertainty import Component, register_quantisation
from rig.procedures.accuracy.result import recorded
from rig.records.data import BudgetComponent

ACCURACY = ReferenceAccuracy(
    voltage=Accuracy(reading_pct=0.01),
    current=Accuracy(reading_pct=0.02),
    power=Accuracy(reading_pct=0.03),
    phase=Accuracy(fixed_deg=0.001),
    integrator=Accuracy(reading_pct=0.01),
    frequency=Accuracy(reading_pct=0.01),
    temperature=Temperature(pct_per_k=0.002, within_k=2.0),
    drift=Drift(reading_pct=0.01),
    resolution=Resolution(digits=6, phase_deg=0.001),
)


def line(name, u, **more):
    return BudgetComponent(name=name, standard_uncertainty_pct=u, **more)


def reference():
    return ReferenceUncertainty(ACCURACY, {p: ElementState(250, 300, 0.5, 1.0, -60.0) for p in "ABC"})


@pytest.mark.parametrize("quantity", list(Quantity))
def test_each_line_of_the_reference_has_a_cause(quantity):
    phase = "A" if quantity is Quantity.CURRENT else "AB" if quantity is Quantity.VOLTAGE else "ABC"
    causes = {cause_of(each.name) for each in reference().of(quantity, phase)}
    assert {Cause.REFERENCE, Cause.DRIFT, Cause.TEMPERATURE, Cause.RESOLUTION} <= causes
    assert Cause.OTHER not in causes


def test_the_lines_of_sampled_energy_are_timing_and_stability():
    sets = [PowerSet(float(n), 100.0 + n % 2) for n in range(60)]
    found = sampled_energy(sets, Moment(1.0, 1.1), Moment(50.0, 50.1)).components
    assert {cause_of(each.name) for each in found} == {Cause.TIMING, Cause.STABILITY}


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("repeatability", Cause.TYPE_A),
        ("repeatability, at the basis", Cause.TYPE_A),
        ("movement of the stimulus", Cause.STABILITY),
        ("reference energy integrator (not stated: 0.02 % of reading assumed)", Cause.TIMING),
        (register_quantisation(0.001, 1.0).name, Cause.RESOLUTION),
        ("neglected harmonics", Cause.HARMONICS),
        ("analyzer drift since calibration (not stated)", Cause.DRIFT),
        ("something else", Cause.OTHER),
    ],
)
def test_a_line_is_known_by_its_words(name, cause):
    assert cause_of(name) is cause


def test_three_phases_of_one_cause_count_together_as_the_largest():
    lines = [
        *(line(f"reference power {p}", 0.01, source="analyzer power", correlation=1.0) for p in "ABC"),
        line("repeatability", 0.02, degrees_of_freedom=4.0),
    ]
    first, second = contributions(lines)
    assert (first.name, first.standard_pct) == ("reference power", pytest.approx(0.03))
    assert (second.cause, second.share) == (Cause.TYPE_A, pytest.approx(0.0004 / 0.0013))
    assert "certificate" in first.sentence
    assert "u = 0.03 %" in first.sentence


def test_a_budget_of_nothing_has_no_largest_contribution():
    assert largest([]) is None
    assert largest([line("analyzer drift since calibration (not stated)", 0.0)]) is None


def test_every_cause_has_a_remedy_of_its_own_in_one_sentence():
    remedies = [cause.remedy for cause in Cause]
    assert len(set(remedies)) == len(remedies)
    assert all(each.endswith(".") and "\n" not in each for each in remedies)


def test_a_recorded_line_combines_as_the_component_it_was_made_from():
    components = reference().active_power("ABC")
    lines = [recorded(each) for each in components]
    amplitude = math.fsum(each.contribution for each in components[:3])
    assert contributions(lines)[0].standard_pct == pytest.approx(amplitude)
    assert lines[0].source == "analyzer power"
    assert isinstance(components[0], Component)
