"""A run that somebody at the bench has stopped: nothing more is asked, TERMINATED, exit 2."""

import subprocess
import sys
from pathlib import Path

from rig.errors import SafeStateNotConfirmed
from rig.exit_codes import ExitCode
from rig.metrology.outcome import Outcome
from rig.run.run import Run, RunOptions
from rig.safety.errors import SafetyInputOpen

OPENED = SafetyInputOpen("the interlock open", "the interlock closed")
ROOT = Path(__file__).resolve().parents[3]

SUITE = """
from rig.safety.errors import SafetyInputOpen


def test_one():
    raise SafetyInputOpen("the interlock open", "the interlock closed")


def test_two():
    print("ASKED ON")
"""


def session():
    return Run(RunOptions(bench="b", suite="x")).tally


def test_it_is_terminated_and_not_failed():
    run = session()
    run.outcomes.append(Outcome.FAIL)
    run.note_error(OPENED)
    assert (run.exit_code(), run.outcome()) == (ExitCode.STOPPED, Outcome.TERMINATED)
    assert "the interlock open where the interlock closed was wanted" in run.stopped_by


def test_it_is_aborted_where_nobody_can_confirm_that_all_is_off():
    run = session()
    run.note_error(OPENED)
    run.note_error(SafeStateNotConfirmed("x"))
    assert (run.exit_code(), run.outcome()) == (ExitCode.NOT_SAFE, Outcome.ABORTED)


def test_nothing_more_is_asked_in_the_session(tmp_path):
    folder = tmp_path / "tests_hil"
    folder.mkdir()
    (folder / "test_questions.py").write_text(SUITE)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "rig.pytest_plugin", "-s", "--import-mode=importlib", "--rootdir",
            str(tmp_path), str(folder),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "ASKED ON" not in done.stdout


def test_printed_text_never_calls_software_an_emergency_stop():
    texts = [path for folder in ("cli", "reports", "station") for path in (ROOT / "rig" / folder).rglob("*.*")]
    for path in (each for each in texts if each.suffix in (".py", ".html", ".js")):
        for line in path.read_text().splitlines():
            words = line.lower()
            if "emergency" in words or "e-stop" in words:
                assert "never" in words or "not " in words, f"{path.name}: {line.strip()}"
