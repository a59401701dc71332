"""Whether a unit may be tested once more, by the retest policy of its product and its tests so far."""

from __future__ import annotations

from collections.abc import Sequence

from rig.errors import UsageRefused
from rig.products.failure_classes import FailureClass
from rig.products.product import RetestPart
from rig.records.production.selection import Selection
from rig.records.production.units import UnitTest
from rig.records.store import RunStore


class RetestRefused(UsageRefused):
    """The retest policy does not permit another test of a unit (exit 11); ``serial_number`` is the unit's."""

    def __init__(self, serial_number: str, why: str) -> None:
        super().__init__(f"unit {serial_number} is not tested again: {why}")
        self.serial_number = serial_number


def refuse_retest(store: RunStore, serial_number: str, product: str, policy: RetestPart) -> None:
    """Raise RetestRefused where ``policy`` does not permit another test of the unit; for a new unit do nothing.

    Tests that were stopped, or that the bench spoiled, do not count. Those before the unit was last put on hold do not
    count either: a unit on hold has to be tested.
    """
    tests = store.unit_tests(Selection(product=product, serial_number=serial_number))
    complete = [test for test in tests if test.is_complete]
    why = why_not(complete, policy)
    if why:
        raise RetestRefused(serial_number, why)


def why_not(complete: Sequence[UnitTest], policy: RetestPart) -> str:
    """Say why a unit with these complete tests, the oldest first, may not be tested again; empty where it may."""
    if not complete:
        return ""
    last = complete[-1]
    when = f"on {last.started_utc:%Y-%m-%d %H:%M} UTC (run {last.run_id[:8]})"
    if len(complete) >= policy.most_attempts:
        result = "passed" if last.passed else f"failed ({_words(last.pareto_class)})"
        return (
            f"it was tested {_times(len(complete))}, the most that its product permits is "
            f"{policy.most_attempts}; it {result} {when}"
        )
    permitted = [str(each) for each in policy.after]
    if not last.passed and last.pareto_class not in permitted:
        after = ", ".join(_words(each) for each in permitted) or "no failure"
        return (
            f"it failed {when} with: {_words(last.pareto_class)}; its product permits a retest after {after} only: "
            f"{FailureClass(last.pareto_class).next_step}"
        )
    return ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _words(failure_class: str) -> str:
    return FailureClass(failure_class).words
