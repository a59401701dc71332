"""Arguments and endings of the command line: one sentence, exit 11, 10 or 2, no traceback, for any input."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rig.cli import commands as _commands
from rig.cli.run import run
from rig.cli.shared import output as _output

ROOT = Path(__file__).resolve().parents[3]
BAD_URLS = [
    "foo://x", "postgresql://u:hunter-2@127.0.0.1:1/x", "postgresql://u:hunter-2@h:port/x", "mysql://u:hunter-2@h/x",
    "sqlite:///dev/null/x.sqlite", "://", "sqlite://h/x", "postgresql://[::1", "/dev/null/x.sqlite",
    "/proc/x.sqlite", "/",
    "x" * 300, "\x1b[31m.sqlite", "~no-such-user-7/x.sqlite",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _state(monkeypatch, tmp_path):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def refused(capsys, *words, code=11):
    assert run(words) == code
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    assert "\x1b" not in said
    return said


@pytest.mark.parametrize(
    "number", ["nan", "NaN", "-nan", "inf", "-inf", "1e999", "-1", "0", "1e300", "x", "", "1_0_", "٣x"]
)
@pytest.mark.parametrize(
    "words",
    [
        ("hold", "--for"), ("hold", "--every"), ("hold", "--frequency"), ("plan", "regress", "--longest"),
        ("regress", "--longest"), ("bus", "watch", "--for"), ("bus", "watch", "--every"), ("bus", "check", "--for"),
    ],
)  # fmt: skip
def test_number_that_is_not_finite_and_positive_is_refused(capsys, words, number):
    assert "is no number from" in refused(capsys, *words, number)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", "--voltage", "nan"], "is no number"), (["hold", "--current", "inf"], "is no number"),
        (["hold", "--angle", "nan"], "is no number"), (["runs", "--last", "0"], "range"),
        (["runs", "--last", "9" * 40], "range"), (["certify", "--max-points", "-1"], "range"),
        (["bus", "watch", "--baud", "-5"], "range"), (["nonsense"], "No such command"),
        (["plan", "--register-kwh", "nan"], "is no number"), (["plan", "--register-kwh", "1e39"], "is no number"),
        (["plan", "--nonsense"], "No such option"), (["predict"], "Missing argument"),
        (["\x1b[31m"], "No such command"), (["hold", "--operator", "a\x1b[31mb"], "U+001B"),
        (["certify", "--station", "a\nb"], "U+000A"), (["eol", "--operator", "x" * 501], "501 characters"),
        (["certify", "--operator", "\udcff"], "surrogate"), (["predict", "a\0b"], "no name"),
        (["predict", ""], "no name"), (["plan", "--bench", ""], "there is no bench"),
        (["plan", "--bench", "\x1b[31m"], "there is no bench"), (["plan", "--bench", "/dev/null/x.yaml"], "x.yaml"),
        (["plan", "--bench", "x" * 300 + ".yaml"], "too long"), (["plan", "regress", "-k", "("], "is no expression"),
        (["regress", "-k", "nothing_like_this"], "there is no question"),
        (["plan", "regress", "-k", "-x"], "there is no question"),
        (["support-bundle", "/dev/null/x.zip"], "cannot be written"),
        (["bench", "init", "/dev/null/x.yaml", "--no-bus"], "no folder"),
        (["report", "--records", "none.sqlite"], "none.sqlite"), (["standards", "nope"], "no such limit table"),
        (["certify", "--programme", "ful"], "there is no programme 'ful'"), (["certify", "--repeat", "0"], "range"),
        (["certify", "--programme", "full", "--strict"], "which --strict refuses"),
        (["plan", "--programme", "none.yaml"], "none.yaml"), (["certify", "-k", "no_such"], "nothing is called"),
    ],
)  # fmt: skip
def test_bad_argument_is_one_sentence_and_exit_11(capsys, words, said):
    assert said in refused(capsys, *words)


@pytest.mark.parametrize("url", BAD_URLS)
def test_unreadable_records_give_one_sentence_without_a_password(capsys, url):
    assert "hunter" not in refused(capsys, "runs", "--records", url)


def test_operator_that_begins_with_a_dash_is_a_name(monkeypatch):
    given = []
    monkeypatch.setattr(pytest, "main", lambda words, plugins: given.extend(words) or 5)
    assert run(["eol", "--operator", "-x", "--station", "--out"]) == 11
    assert {"--operator=-x", "--station=--out"} <= set(given)


def test_error_that_is_not_foreseen_is_one_sentence_and_a_log(capsys, monkeypatch, tmp_path):
    def fail(*_arguments, **_options):
        raise TypeError("odd \x1b[31m")

    monkeypatch.setattr(_commands.cli, "main", fail)
    said = refused(capsys, "plan", code=10)
    assert "(TypeError: odd \\x1b[31m)" in said
    [log] = (tmp_path / "state").glob("error-*.log")
    assert str(log) in said
    assert "Traceback" in log.read_text()


def test_error_in_a_thread_is_one_sentence_and_a_log(capsys, monkeypatch, tmp_path):
    import threading

    def fail(*_arguments, **_options):
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        return 0

    monkeypatch.setattr(_commands.cli, "main", fail)
    assert run(["plan"]) == 0
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "Traceback" not in said
    assert len(list((tmp_path / "state").glob("error-*.log"))) == 1


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/x", "/proc/x", "state-file"])
def test_state_folder_that_cannot_be_is_one_sentence(capsys, monkeypatch, tmp_path, place):
    (tmp_path / "state-file").touch()
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / place) if place == "state-file" else place)
    assert "state folder" in refused(capsys, "off", code=10)


def test_pipe_beside_bench_files_or_named_to_be_added_is_not_waited_for(capsys, tmp_path):
    os.mkfifo(tmp_path / "fifo.yaml")
    assert run(["support-bundle", "b.zip", "--add", "fifo.yaml"]) == 0
    assert "is no regular file" in capsys.readouterr().out
    assert "is no regular file" in refused(capsys, "bus", "check", "--file", "fifo.yaml")


def shell(script, **variables):
    """Run a shell script with RIG as the command; returns exit code and what was said on both streams."""
    done = subprocess.run(
        ["/bin/bash", "-c", script], capture_output=True, text=True, errors="replace", timeout=100, check=False,
        env={**os.environ, "RIG": f"{sys.executable} -m rig.cli", "PYTHONPATH": str(ROOT), **variables},
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("$RIG plan | head -1; exit ${PIPESTATUS[0]}", 0, ""),
        ("$RIG bench schema | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("$RIG plan > /dev/full", 10, "the output could not be written"),
        ("$RIG plan >&-", 0, ""), ("$RIG plan >&- 2>&- <&-", 0, ""), ("$RIG plan --nonsense 2>&-", 11, ""),
        ("$RIG plan --nonsense 2>/dev/full", 11, ""),
        ("mkdir gone; cd gone; rmdir ../gone; $RIG plan --bench x.yaml", 10, "has been deleted"),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii $RIG plan", 0, ""),
        ("$RIG plan --bench $'\\xff\\xfe.yaml'", 11, "\\udcff"),
        ("HOME=/nonexistent $RIG plan --bench '~/x.yaml'", 11, "no such file"),
        ("$RIG emulate --nonsense", 11, "unrecognized"), ("$RIG emulate --room nan", 11, "--room"),
        ("$RIG emulate --log /dev/null/x", 10, "cannot run"),
    ],
)  # fmt: skip
def test_streams_and_folders_that_are_gone_give_the_documented_exit_code(script, code, said):
    found, _, errors = shell(script)
    assert found == code, errors
    assert said in errors
    assert len(errors.splitlines()) <= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_interpreter_ends_keeps_the_exit_code(number):
    program = textwrap.dedent(f"""
        import os, sys
        from rig.cli import main
        class SlowToGo:
            def __del__(self, kill=os.kill, pid=os.getpid()):
                kill(pid, {int(number)})
        sys.slow = SlowToGo()
        sys.argv[1:] = ["plan", "--nonsense"]
        main()
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 11, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("module", ["rig.cli.run", "click", "rig.bench"])
def test_a_signal_during_an_import_ends_in_one_word(number, module):
    program = textwrap.dedent(f"""
        import os, signal, sys
        from importlib.abc import MetaPathFinder
        signal.signal({int(number)}, signal.SIG_DFL)  # the process that runs the tests may ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)
        class Interrupting(MetaPathFinder):
            def find_spec(self, name, path, target=None):
                if name == {module!r}:
                    os.kill(os.getpid(), {int(number)})
        sys.meta_path.insert(0, Interrupting())
        sys.argv[1:] = ["plan"]
        from rig.cli import main
        main()
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (2, "stopped")


def test_an_output_that_fails_is_dropped_and_told_at_the_end(monkeypatch):
    class Full:
        encoding = "utf-8"

        def write(self, text):
            raise OSError(28, "No space left on device")

        def fileno(self):
            raise OSError

    monkeypatch.setattr(_output, "_lost", [])
    _output.enduring(Full()).write("x")
    assert _output.lost_output().errno == 28
