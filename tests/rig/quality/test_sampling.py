"""Sampling plans have the cells of public tables, keep the laws of their operating characteristics, and switch."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageRefused
from rig.quality.sampling import variables
from rig.quality.sampling.attributes import AQLS, LEVELS, Severity, code_letter, single_plan
from rig.quality.sampling.lots import LotRefused, judge_lots, sample_of
from rig.quality.yields import units_of
from tests.rig.quality.test_yield_and_pareto import unit_test

NORMAL_065_TO_15 = {
    "A": ".. .. .. .. .. 1", "B": ".. .. .. .. 1 ..", "C": ".. .. .. 1 .. ..", "D": ".. .. 1 .. .. 2",
    "E": ".. 1 .. .. 2 3", "F": "1 .. .. 2 3 4", "G": ".. .. 2 3 4 6", "H": ".. 2 3 4 6 8", "J": "2 3 4 6 8 11",
    "K": "3 4 6 8 11 15",
    "L": "4 6 8 11 15 22",
}  # fmt: skip
"""Rejection numbers of table II-A at AQL 0.65, 1.0, 1.5, 2.5, 4.0, 6.5 (NIBS, AC-TABLE.ASC, 1-A); dots: an arrow."""

TIGHTENED_065_TO_65 = {
    "B": ".. .. .. .. .. 1", "C": ".. .. .. .. 1 ..", "D": ".. .. .. 1 .. ..", "E": ".. .. 1 .. .. 2",
    "F": ".. 1 .. .. 2 3", "G": "1 .. .. 2 3 4", "H": ".. .. 2 3 4 6", "J": ".. 2 3 4 6 9",
    "K": "2 3 4 6 9 13", "L": "3 4 6 9 13 19",
}  # fmt: skip
"""The same of table II-B (NIBS, AC-TABLE.ASC, table 1-B)."""


@pytest.mark.parametrize(
    ("severity", "table"), [(Severity.NORMAL, NORMAL_065_TO_15), (Severity.TIGHTENED, TIGHTENED_065_TO_65)]
)
def test_plans_have_the_numbers_of_the_public_tables(severity, table):
    for letter, cells in table.items():
        for aql, cell in zip((0.65, 1.0, 1.5, 2.5, 4.0, 6.5), cells.split(), strict=True):
            plan = single_plan(letter, aql, severity)
            if cell == "..":
                assert plan.letter != letter
            else:
                assert (plan.letter, plan.reject, plan.accept) == (letter, int(cell), int(cell) - 1)


@pytest.mark.parametrize(
    ("lot", "letters"),
    [(2, "AAAAAAB"), (8, "AAAAAAB"), (9, "AAAAABC"), (90, "BBCCCEF"), (91, "BBCDDFG"), (500, "BCDEFHJ"),
     (501, "CCEFGJK"), (3200, "CDEGHKL"), (500_000, "DEGJMPQ"), (500_001, "DEHKNQR")],
)  # fmt: skip
def test_code_letters_are_those_of_table_i(lot, letters):
    assert "".join(code_letter(lot, level) for level in LEVELS) == letters


@given(st.integers(2, 100_000), st.sampled_from(AQLS), st.sampled_from([Severity.NORMAL, Severity.TIGHTENED]))
def test_a_lot_at_the_aql_is_accepted_most_of_the_time(lot, aql, severity):
    plan = single_plan(code_letter(lot), aql, severity)
    least = 0.85 if severity is Severity.NORMAL else 0.7
    assert plan.acceptance_probability(aql / 100.0) > least


@given(st.integers(2, 100_000), st.sampled_from(AQLS), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_a_worse_lot_is_never_accepted_more_often(lot, aql, one, other):
    plan = single_plan(code_letter(lot), aql)
    better, worse = sorted((one, other))
    assert plan.acceptance_probability(better) >= plan.acceptance_probability(worse) - 1e-12


@given(st.integers(26, 100_000), st.sampled_from(AQLS), st.floats(0.0, 0.3))
def test_tightened_inspection_accepts_no_more_often_than_normal(lot, aql, share):
    normal, tightened = (single_plan(code_letter(lot), aql, each) for each in (Severity.NORMAL, Severity.TIGHTENED))
    assert tightened.acceptance_probability(share) <= normal.acceptance_probability(share) + 1e-9


def test_a_reduced_plan_is_smaller_and_says_that_it_is_not_confirmed():
    plan = single_plan("J", 1.0, Severity.REDUCED)
    assert plan.size == 32 < single_plan("J", 1.0).size
    assert not plan.confirmed
    assert single_plan("J", 1.0).confirmed


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: single_plan("J", 0.5), "AQL of 0.5 % is not in the tables"),
        (lambda: code_letter(1), "inspect every unit"),
        (lambda: code_letter(100, "IV"), "no inspection level"),
        (lambda: single_plan("B", 1.0, Severity.REDUCED), "not offered for code letters A to C"),
        (lambda: variables.variables_plan("F", 0.65, Severity.REDUCED), "not offered"),
        (lambda: variables.variables_plan("F", 0.5), "not in the table for variables"),
    ],
)
def test_what_the_tables_do_not_have_is_refused(call, words):
    with pytest.raises(UsageRefused, match=words):
        call()


# --- variables


@pytest.mark.parametrize(
    ("lot", "letter"),
    [(8, "B"), (16, "C"), (150, "F"), (281, "H"), (400, "H"), (401, "I"), (501, "J"), (150_001, "P"), (10**6, "P")],
)
def test_code_letters_by_variables_are_those_of_table_a_2(lot, letter):
    assert variables.variables_letter(lot) == letter


@pytest.mark.parametrize(
    ("letter", "aql", "severity", "size", "k"),
    [("F", 1.0, Severity.NORMAL, 10, 1.72), ("G", 0.25, Severity.NORMAL, 15, 2.20),
     ("K", 0.65, Severity.NORMAL, 50, 2.08), ("B", 0.65, Severity.NORMAL, 5, 1.65),
     ("G", 0.10, Severity.TIGHTENED, 15, 2.53), ("G", 1.0, Severity.TIGHTENED, 15, 1.91)],
)  # fmt: skip
def test_k_has_the_published_values(letter, aql, severity, size, k):
    plan = variables.variables_plan(letter, aql, severity)
    assert (plan.size, plan.k) == (size, k)


def test_each_plan_by_variables_accepts_at_its_aql_alike():
    for letter in "BCDEFGHIJKLMNP":
        for aql in variables.AQLS:
            plan = variables.variables_plan(letter, aql)
            if plan.letter == letter:
                assert 0.87 < plan.acceptance_probability(aql / 100.0) < 0.995, (letter, aql)


def test_k_rises_with_the_sample_and_falls_with_the_aql():
    found = [[variables.variables_plan(letter, aql).k for aql in variables.AQLS] for letter in "GHIJKLMNP"]
    for row in found:
        assert row == sorted(row, reverse=True)
    for column in zip(*found, strict=True):
        assert list(column) == sorted(column)


def test_the_estimate_of_the_share_outside_is_unbiased():
    chance = random.Random(9)
    truth, total = 0.05, 0.0
    limit = 1.6448536
    for _ in range(4000):
        sample = [chance.gauss(0.0, 1.0) for _ in range(10)]
        mean = sum(sample) / 10
        sigma = math.sqrt(sum((x - mean) ** 2 for x in sample) / 9)
        total += variables.estimated_outside((limit - mean) / sigma, 10)
    assert total / 4000 == pytest.approx(truth, abs=4 * 0.05 / math.sqrt(4000))


def test_lots_by_variables_are_accepted_as_often_as_the_noncentral_t_says():
    chance = random.Random(10)
    plan = variables.variables_plan("F", 2.5)
    sigma = 1.0 / 1.5  # the limit is 1.5 sigma away: 6.7 % outside on one side
    accepted = sum(
        variables.judge([chance.gauss(0.0, sigma) for _ in range(10)], -100.0, 1.0, plan).accepted for _ in range(2000)
    )
    truth = plan.acceptance_probability(0.0668072)
    assert accepted / 2000 == pytest.approx(truth, abs=4 * math.sqrt(truth * (1 - truth) / 2000))


@pytest.mark.parametrize(("value", "accepted"), [(0.0, True), (2.0, False), (-2.0, False)])
def test_a_sample_without_spread_is_judged_by_where_it_is(value, accepted):
    plan = variables.variables_plan("B", 4.0)
    assert variables.judge([value] * plan.size, -1.0, 1.0, plan).accepted is accepted


# --- recorded lots


def lot(name, size, bad=0, start=0):
    outcomes = ["FAIL"] * bad + ["PASS"] * (size - bad)
    return name, units_of([unit_test(f"{name}-{n}", each, start + n) for n, each in enumerate(outcomes)])


def test_a_sample_is_drawn_by_the_name_of_the_lot_and_not_by_order():
    _, units = lot("L7", 100)
    assert sample_of("L7", units, 20) == sample_of("L7", units[::-1], 20)
    assert sample_of("L7", units, 20) != sample_of("L8", units, 20)
    assert len({unit.first.serial_number for unit in sample_of("L7", units, 20)}) == 20


def test_two_refused_lots_of_five_tighten_and_five_good_ones_relax():
    bad = [lot(f"B{n}", 100, 100) for n in range(2)]
    good = [lot(f"G{n}", 100) for n in range(7)]
    found = judge_lots([*bad, *good], 0.65)
    assert [each.plan.severity for each in found] == [Severity.NORMAL] * 2 + [Severity.TIGHTENED] * 5 + [
        Severity.NORMAL
    ] * 2


def test_after_five_lots_refused_on_tightened_no_lot_is_judged():
    with pytest.raises(LotRefused, match="discontinued"):
        judge_lots([lot(f"B{n}", 100, 100) for n in range(8)], 0.65)


def test_a_lot_with_too_few_tested_units_is_refused_with_numbers():
    with pytest.raises(LotRefused, match="sample of 20 units, and 5 have"):
        judge_lots([lot("L1", 5)], 0.65, sizes={"L1": 100})


def test_a_retested_unit_is_judged_by_its_last_test_unless_told_otherwise():
    tests = [unit_test(f"{n}", "FAIL", n) for n in range(4)] + [unit_test(f"{n}", "PASS", 10 + n) for n in range(4)]
    lots = [("L", units_of(tests))]
    assert judge_lots(lots, 6.5)[0].accepted
    assert not judge_lots(lots, 6.5, first_pass=True)[0].accepted
