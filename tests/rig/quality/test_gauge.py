"""Gauge R&R agrees with a published example of 10 parts and 3 replicates, and refuses what is no study."""

import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.quality.gauge.anova import StudyRefused, gauge_result, study_of
from rig.quality.gauge.readings import read_csv, readings_by_measurement
from rig.records.production.selection import Selection
from tests.rig.quality.production import MadeTest, enter

AIAG = Path(__file__).with_name("aiag.csv")
"""AIAG, Measurement Systems Analysis, 4th edition, table III-B 6: 10 parts, 3 appraisers, 3 trials.

As reprinted by McNeese, Three Ways to Analyze a Gage R&R Study (BPI Consulting, 2015), which publishes the numbers
below; Minitab's data set Gageaiag is the same.
"""


def test_the_published_example_has_its_published_table_of_variance():
    result = gauge_result(study_of(read_csv(AIAG)))
    part, operator, remaining = result.pooled_lines[:3]
    assert [part.dof, operator.dof, remaining.dof] == [9, 2, 78]
    assert part.sum_of_squares == pytest.approx(88.362, abs=5e-4)
    assert operator.sum_of_squares == pytest.approx(3.167, abs=5e-4)
    assert remaining.sum_of_squares == pytest.approx(3.118, abs=5e-4)
    assert part.mean_square == pytest.approx(9.818, abs=5e-4)
    assert operator.mean_square == pytest.approx(1.584, abs=5e-4)
    assert remaining.mean_square == pytest.approx(0.0400, abs=5e-5)


def test_the_published_example_has_its_published_components_and_ndc():
    result = gauge_result(study_of(read_csv(AIAG)))
    assert result.pooled
    published = {"repeatability": 0.0400, "reproducibility": 0.0515, "gauge R&R": 0.0914}
    for name, variance in published.items():
        assert result.components[name].variance == pytest.approx(variance, abs=5e-5)
    assert result.components["part to part"].variance == pytest.approx(1.086, abs=5e-4)
    assert result.components["gauge R&R"].study_pct == pytest.approx(27.86, abs=5e-3)
    assert result.ndc == 4


def test_exchanging_parts_and_replicates_would_not_go_unseen():
    readings = read_csv(AIAG)
    assert len({part for part, _, _ in readings}) != study_of(readings).replicates


studies = st.tuples(st.integers(2, 6), st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))


def made(p: int, o: int, r: int, seed: int, scale: float = 1.0) -> list[tuple[str, str, float]]:
    chance = random.Random(seed)
    of_parts = [chance.gauss(0.0, 1.0) for _ in range(p)]
    return [
        (f"p{part}", f"o{operator}", scale * (of_parts[part] + chance.gauss(0.0, 0.3)))
        for _ in range(r)
        for operator in range(o)
        for part in range(p)
    ]


@given(studies)
def test_sums_of_squares_and_degrees_of_freedom_add_up(shape):
    lines = gauge_result(study_of(made(*shape))).lines
    assert sum(line.sum_of_squares for line in lines[:4]) == pytest.approx(lines[4].sum_of_squares)
    assert sum(line.dof for line in lines[:4]) == lines[4].dof


@given(studies)
def test_components_are_never_negative_and_add_up_to_all(shape):
    found = gauge_result(study_of(made(*shape))).components
    assert all(each.variance >= 0.0 for each in found.values())
    assert found["gauge R&R"].variance + found["part to part"].variance == pytest.approx(found["total"].variance)
    assert found["gauge R&R"].contribution_pct + found["part to part"].contribution_pct == pytest.approx(100.0)


@given(studies, st.floats(0.001, 1000.0))
def test_shares_and_ndc_do_not_depend_on_the_unit(shape, scale):
    one = gauge_result(study_of(made(*shape)), tolerance=6.0)
    other = gauge_result(study_of(made(*shape, scale=scale)), tolerance=6.0 * scale)
    for name, each in one.components.items():
        assert other.components[name].study_pct == pytest.approx(each.study_pct, abs=1e-6)
        assert other.components[name].tolerance_pct == pytest.approx(each.tolerance_pct, rel=1e-6, abs=1e-6)
    assert other.ndc == one.ndc


@given(studies, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(shape, chance):
    readings = made(*shape)
    mixed = list(readings)
    chance.shuffle(mixed)
    one, other = gauge_result(study_of(readings)), gauge_result(study_of(mixed))
    for name, each in one.components.items():
        assert other.components[name].variance == pytest.approx(each.variance, rel=1e-9, abs=1e-12)


def test_components_of_a_large_study_are_the_known_ones():
    chance = random.Random(17)
    p, o, r = 60, 30, 4
    of_part, of_operator = ([chance.gauss(0.0, s) for _ in range(n)] for n, s in ((p, 1.0), (o, 0.5)))
    both = {(i, j): chance.gauss(0.0, 0.4) for i in range(p) for j in range(o)}
    readings = [
        (f"{i}", f"{j}", of_part[i] + of_operator[j] + both[i, j] + chance.gauss(0.0, 0.2))
        for i in range(p) for j in range(o) for _ in range(r)
    ]  # fmt: skip
    found = gauge_result(study_of(readings)).components
    assert found["repeatability"].sigma == pytest.approx(0.2, rel=0.03)
    assert found["part by operator"].sigma == pytest.approx(0.4, rel=0.06)
    assert found["operator"].sigma == pytest.approx(0.5, rel=4.0 / math.sqrt(2 * (o - 1)))
    assert found["part to part"].sigma == pytest.approx(1.0, rel=4.0 / math.sqrt(2 * (p - 1)))


def test_a_gauge_without_any_spread_has_no_number_of_categories():
    readings = [(part, operator, float(part)) for part in "12" for operator in "ab" for _ in range(2)]
    result = gauge_result(study_of(readings), tolerance=1.0)
    assert result.ndc is None
    assert result.components["gauge R&R"].tolerance_pct == 0.0


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ([("1", "a", 1.0), ("1", "a", 2.0)], "at least 2 parts and 2 operators"),
        ([(p, o, 1.0) for p in "12" for o in "ab"], "once only"),
        ([(p, o, 1.0) for p in "12" for o in "ab" for _ in range(2)][:-1], "b measured part 2 1 times"),
        ([(p, o, 1.0) for p in "12" for o in "ab" for _ in range(2)] + [("1", "c", 1.0)], "not balanced"),
        ([("1", "a", math.nan), ("1", "b", 1.0), ("2", "a", 1.0), ("2", "b", 1.0)], "is no number"),
    ],
)
def test_what_is_no_crossed_balanced_study_is_refused_in_one_sentence(readings, words):
    with pytest.raises(StudyRefused, match=words):
        study_of(readings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("part;value\n1;2\n", "line 1: 0 columns"),
        ("part,operator,value\n1,a\n", "line 2: 2 cells"),
        ("part,operator,value\n1,a,2\n1,a,x\n", "line 3: 'x' is no number"),
        ("part,operator,value\n1,,2\n", "line 2: the part or the operator is empty"),
        ("part,sample,operator,value\n", "line 1: 2 columns"),
    ],
)
def test_a_csv_file_that_is_no_study_says_where(tmp_path: Path, text: str, words: str):
    path = tmp_path / "study.csv"
    path.write_text(text)
    with pytest.raises(StudyRefused, match=words):
        read_csv(path)


def test_parts_with_leading_zeros_are_different_parts(tmp_path: Path):
    path = tmp_path / "study.csv"
    path.write_text("Part;Appraiser;Reading\n007;a;1\n7;a;2\n1E5;a;3\n100000;a;4\n")
    assert [part for part, _, _ in read_csv(path)] == ["007", "7", "1E5", "100000"]


def test_a_study_of_recorded_tests_leaves_spoiled_ones_out(tmp_path: Path):
    chance = random.Random(2)
    tests = [
        MadeTest(part, "PASS", errors=[float(part) / 10 + chance.gauss(0, 0.01)], operator=operator, lot="MSA")
        for part in ("01", "1", "3")
        for operator in ("Ann", "Bob")
        for _ in range(2)
    ]
    tests.append(MadeTest("01", "ERROR", errors=[9.0], operator="Ann", lot="MSA"))
    with enter(tmp_path / "r.db", tests) as store:
        chosen = Selection(lot="MSA")
        (found,) = readings_by_measurement(store.values(chosen), store.unit_tests(chosen), "operator").values()
    readings, tolerance = found
    assert tolerance == pytest.approx(1.0)
    assert study_of(readings).replicates == 2
    assert study_of(readings).parts == ("01", "1", "3")
