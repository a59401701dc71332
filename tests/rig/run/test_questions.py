"""The questions as data: each cites the manual; the page about them and the plan are true."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rig.cli import cli
from rig.cli.run import run
from rig.errors import UsageRefused
from rig.run import questions
from rig.run.questions import Question
from tools.question_reference import DOCUMENT, document


@pytest.fixture(scope="module")
def plan() -> dict:
    done = CliRunner().invoke(cli, ["plan", "regress", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_every_question_cites_a_page_of_the_manual(plan):
    assert len(plan["questions"]) > 230
    assert [each["name"] for each in plan["questions"] if not each["pages"]] == []
    assert all(1 <= page <= 32 for each in plan["questions"] for page in each["pages"])


def test_plan_tells_what_is_not_asked_and_how_long_the_rest_takes(plan):
    longer = [each for each in plan["questions"] if each["not_asked"]]
    assert [each["name"] for each in longer] == ["test_full_logs_stop_or_wrap_as_they_are_set"]
    assert "--longest" in longer[0]["not_asked"]
    assert plan["duration_s"] == sum(each["bench_time_s"] for each in plan["questions"] if each not in longer)


def test_plan_of_a_question_that_is_not_there_is_refused(capsys):
    assert run(["plan", "regress", "-k", "no_such_question"]) == 11
    assert "there is no question 'no_such_question'" in capsys.readouterr().err


def test_the_page_about_the_questions_is_current():
    assert DOCUMENT.read_text("utf-8") == document(), "run: python tools/question_reference.py"


def test_what_a_bench_lacks_keeps_a_question_from_being_asked():
    question = Question("test_x[A]", "test_x.py", "X", "", (1,), ("--allow-reset", "meter", "source"), 7200.0)
    assert question.function == "test_x"
    assert question.obstacle({"meter"}, 3.0) == "the bench has no source"
    assert question.obstacle({"meter", "source"}, 3.0) is None
    assert question.obstacle({"meter", "source"}, 1.0) == "it takes 2.0 h of bench time; allow it with --longest"


IMPOSSIBLE = {
    "starting-PF1-0.1pct-active_energy": "the source is too coarse",
    "influence-burst-PF1-50pct-active_power": "no source gives it",
}


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ("starting", "names: starting-PF1-0.1pct-active_energy: the source is too coarse; 'rig plan x'"),
        ("Burst and PF1", "influence-burst-PF1-50pct-active_power: no source gives it"),
        ("dosage or (burst)", "names: influence-burst-PF1-50pct-active_power: no source gives it"),
        ("not starting", "nothing is called 'not starting' here; 'rig plan x' lists what there is"),
        ("dosage", "nothing is called 'dosage' here"),
    ],
)
def test_selection_that_the_bench_cannot_do_is_refused_with_the_reason(monkeypatch, select, says):
    monkeypatch.setattr(questions, "_collect", lambda *_: ([], ""))
    with pytest.raises(UsageRefused) as caught:
        questions.selected_parts(SimpleNamespace(suite="certification"), select, [], "'rig plan x'", IMPOSSIBLE)
    assert says in str(caught.value)
