"""``rig certify``, ``rig eol``, ``rig regress``: what is looked at before pytest begins, and how often."""

import pytest
from click.testing import CliRunner

import fixtures.bench
import rig.bench
import rig.plans
from rig.cli import cli
from rig.plans.made_plan import MadePlan


@pytest.fixture
def looked_at(monkeypatch, tmp_path):
    """How often the bench file was read and a plan was made; pytest itself does not run."""
    counts = {}

    def counted(module, name):
        original = getattr(module, name)

        def call(*args, **named):
            counts[name] = counts.get(name, 0) + 1
            return original(*args, **named)

        monkeypatch.setattr(module, name, call)

    counted(rig.bench, "load_bench")
    counted(rig.plans, "certification_plan")
    counted(rig.plans, "end_of_line_plan")
    monkeypatch.setattr(pytest, "main", lambda *_, **__: int(pytest.ExitCode.USAGE_ERROR))
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return counts


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["certify"], {"load_bench": 1, "certification_plan": 1}),
        (["certify", "--max-points", "3"], {"load_bench": 1, "certification_plan": 1}),
        (["eol"], {"load_bench": 1, "end_of_line_plan": 1}),
        (["regress"], {"load_bench": 1}),
    ],
)
def test_a_suite_reads_its_bench_and_makes_its_plan_once(looked_at, words, expected):
    CliRunner().invoke(cli, words, catch_exceptions=False)
    assert looked_at == expected


def test_a_selection_and_its_session_take_the_plan_of_the_command(monkeypatch, tmp_path):
    """Of ``certify -k`` the collection for the selection and the session itself have the same plan and bench file."""
    main, given = pytest.main, []

    def collect_only(words, plugins):
        given.append(next(each for each in plugins if isinstance(each, MadePlan)))
        return main(words, plugins) if "--collect-only" in words else int(pytest.ExitCode.USAGE_ERROR)

    def refuse(*_arguments, **_options):
        raise AssertionError("the plan was made once more")

    monkeypatch.setattr(pytest, "main", collect_only)
    monkeypatch.setattr(fixtures.bench, "certification_plan", refuse)
    monkeypatch.setattr(fixtures.bench, "load_bench", refuse)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(cli, ["certify", "-k", "277V-5pct"], catch_exceptions=False)
    first, second = given
    assert first.plan is second.plan
    assert first.bench_file is second.bench_file
