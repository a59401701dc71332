"""The retest policy: how often a unit may be tested in all, and after which failure classes at all."""

from pathlib import Path

import pytest

from rig.products.failure_classes import FailureClass
from rig.products.product import RetestPart
from rig.quality.retest import RetestRefused, refuse_retest
from tests.rig.quality.production import MadeTest, enter

POLICY = RetestPart(most_attempts=2, after=(FailureClass.COMMUNICATION, FailureClass.WIRING))


def refusal(tmp_path: Path, tests: list[MadeTest], policy: RetestPart = POLICY, serial: str = "01") -> str:
    with enter(tmp_path / "r.db", [MadeTest("other", "FAIL", ("gain",)), *tests]) as store:
        try:
            refuse_retest(store, serial, "S4100", policy)
        except RetestRefused as refused:
            return str(refused)
    return ""


@pytest.mark.parametrize(
    "tests",
    [
        [],
        [MadeTest("1", "FAIL", ("gain",))],
        [MadeTest("01", "FAIL", ("gain",), product="another")],
        [MadeTest("01", "FAIL", ("communication",))],
        [MadeTest("01", "ERROR"), MadeTest("01", "INVALID", minutes=1), MadeTest("01", "ERROR", minutes=2)],
        [MadeTest("01", "FAIL", ("wiring", "exchanged"))],
        [MadeTest("01", "PASS", minutes=n) for n in range(5)],
    ],
    ids=["new", "another serial", "another product", "permitted class", "bench faults", "explained class", "passed"],
)
def test_a_test_that_the_policy_permits_is_not_refused(tmp_path, tests):
    assert refusal(tmp_path, tests) == ""


def test_a_class_that_may_not_be_retested_is_refused_in_one_sentence(tmp_path):
    text = refusal(tmp_path, [MadeTest("01", "FAIL", ("gain",))])
    assert text.startswith("unit 01 is not tested again: it failed")
    assert "gain of a channel" in text
    assert "no communication, connection to the bench only" in text
    assert "\n" not in text


def test_more_tests_than_the_product_permits_are_refused(tmp_path):
    tests = [MadeTest("01", "FAIL", ("communication",)), MadeTest("01", "FAIL", ("communication",), minutes=5)]
    assert "it failed 2 times since it was last good, and its product permits 2 tests" in refusal(tmp_path, tests)


def test_tests_that_the_bench_spoiled_use_no_attempt_up(tmp_path):
    tests = [MadeTest("01", "FAIL", ("communication",)), *(MadeTest("01", "ERROR", minutes=m) for m in range(1, 5))]
    assert refusal(tmp_path, tests) == ""
