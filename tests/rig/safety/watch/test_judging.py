"""The judging rule: over range at once, missing data after one repeat, angles above their level only."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.safety.errors import OutputWrong
from rig.safety.limits import rms
from rig.safety.watch.judging import Angles, Ceiling, DataJudge, Expected

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
CEILING = Ceiling(347.0, 1.2)
RANGES = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
ANGLES = Angles(RANGES, 0.01, of_voltages=True)
POINT = LoadPoint(277.0, 100.0, -60.0)
INPUTS = [(name, place) for name in ("u_v", "i") for place in range(3)]


def expected(point=POINT, settled=True):
    return Expected((WIRING.terminals(point),), settled, CEILING, 1.0)


def seen(point=POINT, **changes):
    """What an ideal analyzer gives at a point; ``changes`` by phase."""
    target = WIRING.terminals(point)
    elements = []
    for name, volts, inputs in zip("abc", target.voltages, target.ct_inputs, strict=True):
        element = ElementReading(
            rms(volts), rms(inputs), 0.0, 0.0, 0.0, 60.0,
            volts[0].phase_deg if volts else None, inputs[0].phase_deg if inputs else None,
        )  # fmt: skip
        elements.append(replace(element, **changes.get(name, {})))
    return AnalyzerReading(0.0, tuple(elements))


def spoilt(reading, **by_place):
    elements = list(reading.elements)
    for (name, place), is_over in by_place.pop("inputs").items():
        over = {"u_v": "u_over", "i": "i_over"}[name]
        elements[place] = replace(elements[place], **{name: None, over: is_over})
    return replace(reading, elements=tuple(elements))


def judged(reading, judge=None, what=None):
    return (judge or DataJudge()).judge(reading, what or expected(), ANGLES)


def test_a_whole_data_set_passes():
    assert judged(seen())


@given(
    over=st.sets(st.sampled_from(INPUTS), min_size=1),
    missing=st.sets(st.sampled_from(INPUTS)),
    settled=st.booleans(),
)
def test_any_data_set_with_an_input_over_range_is_wrong_at_once(over, missing, settled):
    reading = spoilt(seen(), inputs=dict.fromkeys(missing, False) | dict.fromkeys(over, True))
    with pytest.raises(OutputWrong, match="over the analyzer's range") as caught:
        judged(reading, what=expected(settled=settled))
    assert any(each.is_over_range for each in (*caught.value.seen.voltages, *caught.value.seen.ct_inputs))


@st.composite
def isolated(draw):
    """Data sets of which some miss something, and never two in a row."""
    sets, may_miss = [], True
    for wants in draw(st.lists(st.booleans(), max_size=40)):
        missing = draw(st.sets(st.sampled_from(INPUTS), min_size=1)) if wants and may_miss else set()
        may_miss = not missing
        sets.append(missing)
    return sets


@given(sets=isolated(), settled=st.booleans())
def test_missing_data_sets_one_at_a_time_never_trip(sets, settled):
    judge = DataJudge()
    for missing in sets:
        whole = judged(spoilt(seen(), inputs=dict.fromkeys(missing, False)), judge, expected(settled=settled))
        assert whole is not bool(missing)


@given(before=isolated(), first=st.sampled_from(INPUTS), second=st.sampled_from(INPUTS), settled=st.booleans())
def test_two_missing_data_sets_in_a_row_trip_whatever_each_of_them_misses(before, first, second, settled):
    judge, what = DataJudge(), expected(settled=settled)
    for missing in [*before, set()]:
        judged(spoilt(seen(), inputs=dict.fromkeys(missing, False)), judge, what)
    assert not judged(spoilt(seen(), inputs={first: False}), judge, what)
    with pytest.raises(OutputWrong, match="no valid data, twice in a row"):
        judged(spoilt(seen(), inputs={second: False}), judge, what)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"b": {"u_v": 300.0}}, "voltage B is 300 V where at most 287.3 V"),
        ({"b": {"u_v": 200.0}}, "voltage B is 200 V where 277 V"),
        ({"c": {"i": 1.1}}, "CT input C is 1.1 V where at most 1.055 V"),
        ({"c": {"i": 0.5}}, "CT input C is 0.5 V where 1 V"),
        ({"c": {"u_phase_deg": 100.0}}, "angle of voltage C is 100.0 degrees where 120.0 degrees"),
        ({"a": {"i_phase_deg": 120.0}}, "angle of CT input A is 120.0 degrees where -60.0 degrees"),
    ],
)
def test_what_is_settled_must_stay_in_volts_and_angle_at_every_input(changes, words):
    with pytest.raises(OutputWrong, match=words):
        judged(seen(**changes))


def test_on_its_way_only_what_is_too_high_is_wrong():
    on_its_way = expected(settled=False)
    low = seen(a={"u_v": 20.0, "i": 0.0, "i_phase_deg": 50.0}, b={"u_phase_deg": None})
    assert judged(low, what=on_its_way)
    with pytest.raises(OutputWrong, match="voltage A"):
        judged(seen(a={"u_v": 300.0}), what=on_its_way)
    with pytest.raises(OutputWrong, match="CT input A"):
        judged(seen(a={"i": 1.1}), what=on_its_way)


def test_a_ct_input_is_never_above_the_envelope_whatever_was_programmed():
    point = LoadPoint(277.0, 120.0, 0.0)
    assert judged(seen(point), what=expected(point))
    with pytest.raises(OutputWrong, match=r"at most 1\.236 V"):
        judged(seen(point, a={"i": 1.24}), what=expected(point))


def test_a_ct_input_that_is_to_have_nothing_and_has_something_is_wrong():
    point = LoadPoint(277.0, 100.0, 0.0, "A")
    with pytest.raises(OutputWrong, match=r"CT input B is 0\.2 V where at most"):
        judged(seen(point, b={"i": 0.2}), what=expected(point))


@pytest.mark.parametrize("name", ["a", "b"])
def test_missing_angle_is_missing_data_above_the_level_for_angles(name):
    judge = DataJudge()
    reading = seen(**{name: {"i_phase_deg": None}})
    assert not judged(reading, judge)
    with pytest.raises(OutputWrong, match="the angle of CT input"):
        judged(reading, judge)


def test_below_the_level_for_angles_none_is_judged_and_none_is_missing():
    low = LoadPoint(277.0, 1.0, 0.0)  # 10 mV on a range of 2 V
    for angle in (None, 77.0):
        judge = DataJudge()
        for _ in range(3):
            assert judged(seen(low, b={"i_phase_deg": angle}), judge, expected(low))


def test_no_angle_is_judged_without_phase_a_or_voltage_angles():
    no_a = LoadPoint(277.0, 100.0, 0.0, voltages_pct=(0.0, 100.0, 100.0))
    turned = seen(no_a, b={"u_phase_deg": 10.0, "i_phase_deg": 10.0}, c={"u_phase_deg": None})
    assert judged(turned, what=expected(no_a))
    no_angles = Angles(RANGES, 0.01, of_voltages=False)
    nothing = {"u_phase_deg": None, "i_phase_deg": None}
    assert DataJudge().judge(seen(b=nothing, c={"u_phase_deg": 9.0}), expected(), no_angles)


@pytest.mark.parametrize("hz", [90.0, 50.0, 61.3, 0.0])
def test_a_frequency_that_was_changed_trips_once_settled(hz):
    moved = seen(a={"frequency_hz": hz})
    with pytest.raises(OutputWrong, match=r"frequency is .* where 60 Hz was expected"):
        judged(moved)
    assert judged(moved, what=expected(settled=False))


@pytest.mark.parametrize("change", [{"frequency_hz": 60.9}, {"frequency_hz": None}])
def test_a_frequency_within_the_tolerance_or_none_is_no_fault(change):
    assert judged(seen(a=change))
