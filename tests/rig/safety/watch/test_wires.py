"""Which wires the phasors of a data set point to: exchanged, reversed, off, or one factor for all."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerReading, ElementReading
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.safety.errors import OutputWrong
from rig.safety.phasors import SeenPhasors, wires_to_look_at
from tests.rig.safety.recorded_bench import RecordedBench, refused

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
ORDERS = list(itertools.permutations(range(3)))
SIGNS = list(itertools.product((1, -1), repeat=3))


def pictured(order, signs, point=LoadPoint(277.0, 100.0, -30.0), factor=1.0, noise_deg=0.0):
    target = WIRING.terminals(point)
    elements = []
    for place in range(3):
        inputs = target.ct_inputs[order[place]]
        angle = inputs[0].phase_deg + (180.0 if signs[place] < 0 else 0.0) + noise_deg if inputs else None
        volts = target.voltages[place][0]
        level = inputs[0].rms * factor if inputs else 0.0
        elements.append(ElementReading(volts.rms, level, 0.0, 0.0, 0.0, 60.0, volts.phase_deg, angle))
    return wires_to_look_at(SeenPhasors.of(AnalyzerReading(0.0, tuple(elements)), target))


@pytest.mark.parametrize(
    ("order", "signs", "words"),
    [
        ((0, 2, 1), (1, 1, 1), "the leads of CT inputs B and C look exchanged"),
        ((1, 0, 2), (1, 1, 1), "the leads of CT inputs A and B look exchanged"),
        ((2, 1, 0), (1, 1, 1), "the leads of CT inputs A and C look exchanged"),
        ((0, 1, 2), (-1, 1, 1), "the lead of CT input A looks reversed"),
        ((0, 1, 2), (1, -1, -1), "the leads of CT inputs B and C look reversed"),
        ((0, 2, 1), (-1, 1, 1), "the leads of CT inputs B and C look exchanged; the lead of CT input A looks reversed"),
        ((1, 2, 0), (1, 1, 1), "CT inputs A, B, C carry what B, C, A should"),
    ],
)
def test_exchanged_and_reversed_leads_are_named(order, signs, words):
    assert pictured(order, signs).startswith(words)


def test_right_wires_are_not_blamed():
    assert pictured((0, 1, 2), (1, 1, 1)) is None


@given(
    order=st.sampled_from(ORDERS),
    signs=st.sampled_from(SIGNS),
    factor=st.floats(0.05, 20.0),
    noise_deg=st.floats(-5.0, 5.0),
    angle_deg=st.floats(-180.0, 180.0),
)
def test_each_way_to_connect_three_leads_has_a_picture_of_its_own(order, signs, factor, noise_deg, angle_deg):
    assume(order != (0, 1, 2) or signs != (1, 1, 1))
    said = pictured(order, signs, LoadPoint(277.0, 100.0, angle_deg), factor, noise_deg)
    assert said is not None
    moved = ["ABC"[k] for k in range(3) if order[k] != k]
    if len(moved) == 2:
        assert f"CT inputs {moved[0]} and {moved[1]} look exchanged" in said
    turned = [name for name, sign in zip("ABC", signs, strict=True) if sign < 0]
    if turned:
        assert f"of CT input{'s' if len(turned) > 1 else ''} {' and '.join(turned)} look" in said
    assert ("reversed" in said) is bool(turned)


def test_one_factor_for_all_points_to_the_ratio():
    assert "every CT input has 8 times what was meant: look at the ratio" in pictured((0, 1, 2), (1, 1, 1), factor=8.0)


def test_a_lead_that_is_off_is_named():
    target = WIRING.terminals(LoadPoint(277.0, 100.0, 0.0))
    elements = [
        ElementReading(277.0, 0.001 if k == 1 else 1.0, 0.0, 0.0, 0.0, 60.0, a, None if k == 1 else a)
        for k, a in enumerate((0.0, -120.0, 120.0))
    ]
    seen = SeenPhasors.of(AnalyzerReading(0.0, tuple(elements)), target)
    assert wires_to_look_at(seen) == "nothing arrives at CT input B: look at the lead"


@pytest.mark.parametrize("change", [{"rms_v": None, "is_over_range": True}, {"phase_deg": None}, {"phase_deg": 33.0}])
def test_what_fits_nothing_names_nothing(change):
    target = WIRING.terminals(LoadPoint(277.0, 100.0, 0.0))
    element = ElementReading(277.0, 1.0, 0.0, 0.0, 0.0, 60.0, 0.0, 0.0)
    seen = SeenPhasors.of(AnalyzerReading(0.0, (element,) * 3), target)
    first, *rest = seen.ct_inputs
    changed = type(first)(**({"rms_v": first.rms_v, "phase_deg": first.phase_deg, "is_over_range": False} | change))
    assert wires_to_look_at(type(seen)(seen.voltages, (changed, *rest), 60.0, target)) is None


@pytest.mark.parametrize(
    ("wires", "words"),
    [
        ([(0, 1), (2, 1), (1, 1)], "the leads of CT inputs B and C look exchanged"),
        ([(0, -1), (1, 1), (2, 1)], "the lead of CT input A looks reversed"),
    ],
)
def test_failing_step_names_the_wires_and_keeps_phasors_at_a_tenth(wires, words):
    bench = RecordedBench()
    bench.analyzer.wires = wires
    error = refused(bench, OutputWrong)
    assert words in str(error)
    assert error.step == "current channels"
    assert [each.rms_v for each in error.seen.ct_inputs] == pytest.approx([0.1] * 3)
    assert bench.highest_ct_v == pytest.approx(0.1), "the full level was never there"
    assert bench.is_off
