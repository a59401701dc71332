"""Ways of pytest in which a bench cannot be used: refused in one sentence; a failed test never ends in exit 0."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from rig.errors import UsageRefused
from rig.run.pytest_ways import refuse_without_assertions
from rig.run.run import Run

ROOT = Path(__file__).resolve().parents[3]

pytest_plugins = ["pytester"]

ASKS = """
import os, pytest
from fixtures.bench import *  # noqa: F403

@pytest.fixture(scope="session")
def meter_run():
    print("OPENED")
    yield None

def test_one(meter_run):
    pass

def test_two(meter_run):
    assert os.environ.get("GOOD")
"""
FAKE_PLUGIN = """
import pytest
from _pytest.reports import TestReport

def pytest_addoption(parser):
    for option in ("--forked", "--force-flaky", "--isolate"):
        parser.addoption(option, action="store_true")
    for option in ("--reruns", "--retries"):
        parser.addoption(option, type=int, default=0)
    parser.addini("retries", "")

def pytest_configure(config):
    for mark in ("flaky", "forked"):
        config.addinivalue_line("markers", mark)
"""


@pytest.fixture
def session(pytester, monkeypatch):
    """Run pytest on a question with options; the bench that it opens is none."""
    monkeypatch.setenv("GOOD", "1")
    pytester.makepyfile(test_question=ASKS, others=FAKE_PLUGIN)
    pytester.syspathinsert()

    def run(*options, **files):
        if files:
            pytester.makepyfile(**files)
        return pytester.runpytest_inprocess("-p", "rig.pytest_plugin", "-p", "others", *options)

    return run


def test_a_session_without_such_a_way_asks_and_passes(session):
    result = session("-s")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*OPENED*"])


@pytest.mark.parametrize(
    "options",
    [
        ["--forked"],
        ["--reruns", "2"],
        ["--retries=1"],
        ["--force-flaky"],
        ["--isolate"],
        ["--pdb"],
        ["--trace"],
        ["-o", "retries=2"],
        ["-o", "addopts=--forked"],
    ],
    ids=" ".join,
)
def test_a_way_that_a_bench_does_not_allow_is_refused(session, options):
    result = session("-s", *options)
    assert result.ret == 11
    assert "OPENED" not in result.stdout.str()
    said = [line for line in result.stdout.lines if line.startswith("rig: ")]
    assert len(said) == 1
    assert "is refused: " in said[0]


def test_a_refused_way_in_the_environment_is_refused_too(session, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--reruns 3")
    result = session()
    assert result.ret == 11


@pytest.mark.parametrize(("optimize", "refused"), [(0, False), (1, True), (2, True)])
def test_a_python_that_leaves_assertions_out_asks_nothing(optimize, refused):
    with pytest.raises(UsageRefused, match="leaves assertions out") if refused else contextlib.nullcontext():
        refuse_without_assertions(optimize)


@pytest.mark.realtime
def test_several_processes_are_refused_by_the_one_that_answers(pytester, monkeypatch):
    pytester.makepyfile(test_question=ASKS)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    result = pytester.runpytest_subprocess("-p", "rig.pytest_plugin", "-n", "1", timeout=90)
    assert result.ret == 11
    assert "OPENED" not in result.stdout.str()
    assert result.stdout.str().count("rig: -n is refused: ") == 1


def test_no_process_beside_this_one_is_no_reason_to_refuse(session):
    assert session("-p", "xdist", "-n0").ret == 0


@pytest.mark.parametrize("mark", ["flaky", "forked"])
def test_a_question_with_such_a_mark_is_refused_by_name(session, mark):
    result = session(test_question=f"import pytest\n{ASKS}\ntest_two = pytest.mark.{mark}(test_two)\n")
    assert result.ret == 11
    result.stdout.fnmatch_lines([f"rig: test_two is marked {mark}: *; take the mark away"])


def test_a_debugger_is_allowed_on_a_bench_without_a_source(session, pytester):
    pytester.makefile(
        ".yaml",
        bus="schema: 1\nname: bus only\nbus: {port: /dev/null}\npositions: [{name: '1', mac: 1, meter_type: s4100}]\n",
    )
    assert session("--pdb", "--bench", "bus.yaml").ret == 0


def test_tests_that_ask_no_meter_keep_the_ways_of_pytest(session, pytester):
    result = session("--reruns", "2", "--pdb", test_question="def test_of_software(): pass\n")
    assert result.ret == 0


def test_looponfail_is_refused_as_usage(session):
    result = session("-p", "xdist", "-p", "xdist.looponfail", "--looponfail")
    assert result.ret != 0
    assert "OPENED" not in result.stdout.str()


def test_a_test_that_failed_in_another_process_never_ends_in_zero(session):
    crashing = """
import pytest
from _pytest.reports import TestReport

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    report = TestReport(item.nodeid, item.location, {}, "failed", "CRASHED with signal 11", "call")
    item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
    result = session(conftest=crashing)
    assert result.ret == 10


def test_a_pass_where_a_failure_was_expected_is_a_failure(session):
    marked = ASKS.replace("def test_one", "@pytest.mark.xfail(strict=True)\ndef test_one")
    assert session(test_question=marked).ret == 1


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--longest", ("nan", "-nan", "inf", "1e999", "0", "-1", "x", "", "1e300")),
        ("--longest-gate", ("nan", "inf", "0", "-0.5")),
        ("--max-points", ("0", "-1", "nan", "inf", "1.5", "9" * 40, "9" * 5000, "")),
        ("--operator", ("two\nlines", "\x1b[31m", "x" * 501)),
        ("--station", ("\x07",)),
        ("--suite", ("a\tb",)),
    ],
)
def test_a_value_that_no_run_can_have_is_refused_in_one_sentence(session, option, values):
    for value in values:
        result = session(f"{option}={value}")
        assert result.ret == 11, value
        (said,) = [line for line in result.errlines if line.strip()]
        assert said.startswith(f"Exit: rig: {option}: "), said
        assert "\x1b" not in said
        assert "OPENED" not in result.stdout.str()


def test_values_that_a_run_can_have_are_taken(session):
    values = ("--longest=0.5", "--longest-gate=8760", "--max-points=1", "--operator=Anna Müller", "-s")
    assert session(*values).ret == 0


@pytest.mark.parametrize("good", ["1", ""])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_while_reports_are_written_keeps_the_exit_code(session, monkeypatch, number, good):
    finish = Run.finish

    def stopped(run):
        os.kill(os.getpid(), number)
        return finish(run)

    monkeypatch.setenv("GOOD", good)
    monkeypatch.setattr(Run, "finish", stopped)
    assert session().ret == (0 if good else 1)
