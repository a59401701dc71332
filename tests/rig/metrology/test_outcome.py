"""The order of outcomes, and percentage error."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import RigError
from rig.metrology.errors import ErrorNotDefined, percentage_error
from rig.metrology.outcome import Outcome, worst


def test_the_bench_failing_is_worse_than_the_meter_failing():
    for bench in (Outcome.TERMINATED, Outcome.ERROR, Outcome.ABORTED):
        assert worst((Outcome.FAIL, bench, Outcome.PASS)) is bench


def test_a_failure_is_not_hidden_by_results_that_say_nothing():
    for undecided in (Outcome.INCONCLUSIVE, Outcome.INVALID):
        assert worst((undecided, Outcome.FAIL)) is Outcome.FAIL
        assert worst((undecided, Outcome.COND_FAIL)) is Outcome.COND_FAIL
        assert worst((undecided, Outcome.PASS)) is undecided


def test_not_confirmed_off_is_the_worst_of_all():
    assert worst(Outcome) is Outcome.ABORTED


def test_a_verdict_outranks_silence():
    assert worst((Outcome.NOT_JUDGED, Outcome.PASS, Outcome.SKIP)) is Outcome.PASS
    assert worst((Outcome.PASS, Outcome.COND_PASS)) is Outcome.COND_PASS
    assert worst((Outcome.COND_PASS, Outcome.COND_FAIL)) is Outcome.COND_FAIL
    assert worst((Outcome.COND_FAIL, Outcome.FAIL)) is Outcome.FAIL


def test_no_outcome_at_all_is_not_judged():
    assert worst(()) is Outcome.NOT_JUDGED


def test_every_outcome_has_its_own_rank_and_meaning():
    assert len({outcome.severity for outcome in Outcome}) == len(Outcome)
    assert len({outcome.meaning for outcome in Outcome}) == len(Outcome)


@pytest.mark.parametrize(
    ("reading", "reference", "error"),
    [(10.1, 10.0, 1.0), (9.9, 10.0, -1.0), (-10.1, -10.0, 1.0), (-9.9, -10.0, -1.0), (10.0, -10.0, -200.0)],
)
def test_too_much_magnitude_is_a_positive_error_in_import_and_export(reading, reference, error):
    assert percentage_error(reading, reference) == pytest.approx(error)


@pytest.mark.parametrize(("reading", "reference"), [(1.0, 0.0), (math.nan, 1.0), (1.0, math.inf)])
def test_an_error_that_does_not_exist_is_refused_with_its_data(reading, reference):
    with pytest.raises(ErrorNotDefined, match="KW_Total") as caught:
        percentage_error(reading, reference, quantity="KW_Total")
    assert isinstance(caught.value, RigError)
    assert caught.value.quantity == "KW_Total"


@given(st.floats(1e-3, 1e6), st.floats(-50, 50))
def test_the_error_that_was_put_in_comes_out(reference, error):
    assert percentage_error(reference * (1 + error / 100), reference) == pytest.approx(error, abs=1e-9)
