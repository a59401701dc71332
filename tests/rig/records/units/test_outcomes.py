"""How each unit of a run came out, and in which failure classes, from the record alone."""

from contextlib import closing

import pytest

from rig.load_point import LoadPoint
from rig.metrology.outcome import Outcome
from rig.products import FailureClass
from rig.records.data import FindingRecord, ResultRecord, RunHeader, UnitRecord
from rig.records.store import RunStore
from rig.records.units.outcomes import classes_of, unit_outcome

HEADER = RunHeader(
    kind="eol", bench_name="b", bench_file_sha256="0", software_version="0", product="S4100-480-1V", lot="L7"
)


def finding(outcome, unit=None, name="identity.serial-number", failure_class=""):
    return FindingRecord(
        name=name, expected="x", found="y", outcome=outcome, unit_number=unit, failure_class=failure_class
    )


def result(outcome, unit, failure_class=""):
    return ResultRecord(
        procedure="power_comparison", instance=55, quantity="active_power", phase="A", read_value=1.0,
        expected_value=1.0, unit="kW", outcome=outcome, unit_number=unit, failure_class=failure_class,
    )  # fmt: skip


def recorded(tmp_path, *findings, units=2, results=(), stated=None, outcome="PASS", ended=True):
    with closing(RunStore.open(tmp_path / "r.sqlite")) as store:
        run = store.begin_run(HEADER)
        for number in range(units):
            run.unit(UnitRecord(serial_number=f"00{number}", device_instance=1, scanned=f"00{number}"))
        for each in findings:
            run.finding(each)
        if results or stated:
            point = run.begin_point(LoadPoint(277.0, 100.0, 0.0))
            point.finish(stated)
            point.results(results)
        if ended:
            run.finish(outcome, 0)
        return store.run(run.run_id)


def test_product_lot_scan_and_classes_come_back_from_the_record(tmp_path):
    run = recorded(tmp_path, finding("FAIL", 1, failure_class="identity"), results=[result("FAIL", 2, "gain")])
    assert (run.header.product, run.header.lot) == ("S4100-480-1V", "L7")
    assert [each.scanned for each in run.units] == ["000", "001"]
    assert run.findings[0].failure_class == "identity"
    assert run.points[0].results[0].failure_class == "gain"


def test_one_failing_unit_leaves_the_other_its_pass(tmp_path):
    found = [finding("PASS", 1), finding("PASS", 2), finding("FAIL", 2, failure_class="firmware")]
    run = recorded(tmp_path, *found, outcome="FAIL")
    assert [unit_outcome(run, number) for number in (1, 2)] == [Outcome.PASS, Outcome.FAIL]
    assert classes_of(run, 1) == ()
    assert classes_of(run, 2) == (FailureClass.FIRMWARE,)


def test_the_class_that_explains_the_others_comes_first(tmp_path):
    run = recorded(
        tmp_path,
        finding("FAIL", 1, failure_class="clock"),
        finding("FAIL", 1, failure_class="ct_mode"),
        results=[result("FAIL", 1, "gain"), result("COND_FAIL", 1)],
        outcome="FAIL",
    )
    named = (FailureClass.CT_MODE, FailureClass.GAIN, FailureClass.CLOCK, FailureClass.OTHER)
    assert classes_of(run, 1) == named


@pytest.mark.parametrize("outcome", ["ERROR", "INVALID", "INCONCLUSIVE", "FAIL"])
def test_what_no_unit_explains_holds_for_all(tmp_path, outcome):
    run = recorded(tmp_path, finding("PASS", 1), finding("PASS", 2), outcome=outcome)
    assert {unit_outcome(run, 1), unit_outcome(run, 2)} == {Outcome(outcome)}


def test_what_one_unit_explains_does_not_hold_for_the_other(tmp_path):
    run = recorded(tmp_path, finding("PASS", 1), finding("ERROR", 2), outcome="ERROR")
    assert [unit_outcome(run, number) for number in (1, 2)] == [Outcome.PASS, Outcome.ERROR]


@pytest.mark.parametrize("outcome", ["ABORTED", "TERMINATED"])
def test_no_unit_of_a_run_that_was_stopped_passed(tmp_path, outcome):
    assert unit_outcome(recorded(tmp_path, finding("PASS", 1), outcome=outcome), 1) is Outcome(outcome)


def test_no_unit_of_a_run_without_an_end_passed(tmp_path):
    assert unit_outcome(recorded(tmp_path, finding("PASS", 1), ended=False), 1) is not Outcome.PASS


def test_a_skipped_question_leaves_a_unit_its_pass(tmp_path):
    run = recorded(tmp_path, finding("PASS", 1), finding("SKIP", 1, name="alarm"))
    assert unit_outcome(run, 1) is Outcome.PASS


def test_a_unit_about_which_nothing_was_found_is_not_judged(tmp_path):
    assert unit_outcome(recorded(tmp_path, finding("PASS", 1)), 2) is Outcome.NOT_JUDGED
