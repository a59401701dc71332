"""The questions about the meter on its bus: a good meter passes, one that is late fails the question about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.test_regression_suite import _BENCH, ask

pytestmark = [pytest.mark.realtime, pytest.mark.alone, pytest.mark.soak, pytest.mark.timeout(600)]

_METERS_PORT = 1
_POLL_FOR_MASTER, _DATA_NOT_EXPECTING_REPLY = 1, 6
_ANSWERED = "bus/test_bus_behaviour.py::test_requests_are_answered_within_treply_delay"
_RETURNED = "bus/test_bus_behaviour.py::test_bus_that_comes_back_is_used_again"
_USED = "bus/test_bus_behaviour.py::test_token_is_used_within_tusage_delay"


@pytest.mark.parametrize(
    ("faults", "failed"),
    [
        ([], set()),
        (["delay-s=0.020", "delay-frame-rate=1"], {_USED}),
        (["delay-s=0.255", "delay-frame-rate=1", f"frame-types={_DATA_NOT_EXPECTING_REPLY}"], {_ANSWERED, _RETURNED}),
        # Where no station hears its polls a token seems to be left unused, too.
        (["drop-frame-rate=1", f"frame-types={_POLL_FOR_MASTER}"], {_USED, _RETURNED}),
    ],
    ids=["good", "late-with-everything", "late-with-answers", "polls-for-nobody"],
)
def test_a_meter_that_is_no_good_citizen_fails_the_question_about_it(
    faults: list[str], failed: set[str], tmp_path: Path
) -> None:
    late = [*faults, f"talkers={_METERS_PORT}"] if faults else []
    argv = [word for fault in late for word in ("--bus-fault", fault)]
    bench = tmp_path / "late.yaml"
    bench.write_text(_BENCH.format(name="late", argv=json.dumps(argv)))
    found = ask(tmp_path, bench, [_ANSWERED, _USED, _RETURNED])
    assert {name for name, outcome in found.outcomes.items() if outcome == "failure"} == failed, found.output[-3000:]
    assert found.outcomes.keys() == {_ANSWERED, _USED, _RETURNED}
    assert found.exit_code == (1 if failed else 0)
