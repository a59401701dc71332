"""The progress of a suite counts each question once, and the tests of one load point as one step."""

import io
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from rig.cli.shared.console import ConsoleReporter
from rig.cli.shared.time_left import Expected
from rig.events import Events


@pytest.fixture
def reporter(monkeypatch):
    points = {"c::t[277V-5pct]": "277V-5pct", "c::u[277V-5pct]": "277V-5pct", "c::t[277V-1pct]": "277V-1pct"}

    def point(item):
        return SimpleNamespace(label=points[item.nodeid]) if item.nodeid in points else None

    monkeypatch.setattr("rig.pytest_plugin.load_point_of", point)
    monkeypatch.setattr("rig.pytest_plugin.run_session", lambda _: SimpleNamespace(events=Events()))
    with ConsoleReporter(Console(file=io.StringIO()), "regress", "questions") as made:
        yield made


def item(nodeid):
    """Stand in for a test with this node id."""
    name = nodeid.rpartition("::")[2]
    parameters = name.partition("[")[2].rstrip("]")
    return SimpleNamespace(
        nodeid=nodeid, name=name, **({"callspec": SimpleNamespace(id=parameters)} if parameters else {})
    )


@pytest.mark.parametrize(
    ("nodeids", "count"),
    [
        (["q::signs[Q1]", "q::signs[Q2]", "q::registers[Q1]", "q::registers[Q2]", "q::net"], 5),
        (["a::test_same", "b::test_same"], 2),
        (["c::t[277V-5pct]", "c::u[277V-5pct]", "c::t[277V-1pct]", "c::energy[AI2-277V-5pct]"], 3),
    ],
)
def test_each_question_counts_once_and_a_load_point_once(reporter, nodeids, count):
    items = [item(each) for each in nodeids]
    reporter.pytest_collection_finish(SimpleNamespace(items=items, config=None))
    for each in nodeids:
        reporter.pytest_runtest_logstart(each)
        reporter.pytest_runtest_logreport(SimpleNamespace(failed=False, when="teardown", nodeid=each))
    (task,) = reporter._progress.tasks
    assert (task.total, task.completed) == (count, count)
    assert task.description.endswith(nodeids[-1].partition("[")[2].rstrip("]") or nodeids[-1].rpartition("::")[2])


def test_time_left_is_that_of_the_planned_steps_of_every_pass(monkeypatch):
    point = SimpleNamespace(label="277V-5pct")
    monkeypatch.setattr("rig.pytest_plugin.load_point_of", lambda item: point if "5pct" in item.nodeid else None)
    monkeypatch.setattr("rig.pytest_plugin.run_session", lambda _: SimpleNamespace(events=Events()))
    items = [
        SimpleNamespace(nodeid=f"c::t[5pct-{n}]", name="t", callspec=SimpleNamespace(id="x", params=params))
        for n in (1, 2)
        for params in [{"measured": "P", "repetition": n}]
    ] + [SimpleNamespace(nodeid="c::h[K]", name="h", callspec=SimpleNamespace(id="K", params={"planned": "K"}))]
    expected = {"P": Expected("load point", 10.0), "K": Expected("self_heating", 100.0)}
    with ConsoleReporter(Console(file=io.StringIO()), "certify", "steps", expected, rate=1.0) as made:
        made.pytest_collection_finish(SimpleNamespace(items=items, config=None))
        (task,) = made._progress.tasks
        assert task.total == 3
        assert task.fields["ends_at_s"] - time.monotonic() == pytest.approx(120.0, abs=5.0)
