"""Whether a unit may be tested once more, by the retest policy of its product and its tests so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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


def refuse_retest(
    store: RunStore, serial_number: str, product: str, policy: RetestPart, since: datetime | None = None
) -> None:
    """Raise RetestRefused where ``policy`` does not permit another test of the unit; for a new unit do nothing.

    Tests that were stopped, or that the bench spoiled, do not count; nor do those before ``since``: a unit that was
    put on hold then has to be tested.
    """
    tests = store.unit_tests(Selection(product=product, serial_number=serial_number, since_utc=since))
    complete = [test for test in tests if test.is_complete]
    why = why_not(complete, policy)
    if why:
        raise RetestRefused(serial_number, why)


def why_not(complete: Sequence[UnitTest], policy: RetestPart) -> str:
    """Say why a unit with these complete tests, the oldest first, may not be tested again; empty where it may.

    The tests since it last passed count: to test a good unit once more is no way to a better result.
    """
    passed = [place for place, test in enumerate(complete) if test.passed]
    failed = complete[passed[-1] + 1 :] if passed else complete
    if not failed:
        return ""
    last = failed[-1]
    when = f"on {last.started_utc:%Y-%m-%d %H:%M} UTC (run {last.run_id[:8]})"
    if len(failed) >= policy.most_attempts:
        return (
            f"it failed {_times(len(failed))} since it was last good, and its product permits "
            f"{policy.most_attempts} tests; the last one {when}: {_words(last.pareto_class)}"
        )
    permitted = [str(each) for each in policy.after]
    if last.pareto_class not in permitted:
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
