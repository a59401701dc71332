"""Anything in a bench file or on the command line: good, or one sentence and exit 11, 10 or 2; never a traceback."""

import contextlib
import io
import os
import time
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.bench import bench_names
from rig.bench.config.files import load_bench
from rig.cli.run import run
from rig.errors import BenchFault, BenchFileError, UsageRefused

LONGEST_S = 20.0
BENCHES = [
    (resources.files("fixtures.benches") / f"{name}.yaml").read_text(encoding="utf-8") for name in sorted(bench_names())
]
NASTY = [
    "010", "8:1", "21:20:00", "1e308", "1e999", "-1", "0", "1e-300", "9" * 400, ".inf", ".nan", "0o10", "0x1F",
    "1_000", "yes", "no", "on", "true", "null", "~", "''", '"\\x1b[31m"', '"[/bold]"', "[]", "{}", "[[[[[[", "*a",
    "&a [*a]", "!!int 3", "!!python/object/apply:os.system [x]", "<<: *a", "2027-02-29", "2026-01-01", "${launch.x}",
    "${launch}", "${launch.a[0].b}", "|", ">-", "\t", "\x00", "\ud7ff", "\ufeff", "\u202e", "%YAML 1.1", "---", "...",
    "x" * 300, "127", "128", "-0.0", "1", "5", "TCPIP0::127.0.0.1::1::SOCKET", "ASRL/dev/ttyS0::INSTR",
    "GPIB0::99::INSTR", "emulated", "/dev/zero", "./bench.yaml", "..",
]  # fmt: skip
LINES = sorted({line for text in BENCHES for line in text.splitlines() if line.strip()})


@st.composite
def bench_texts(draw):
    """The text of a bench that comes with the rig, or a variant of one, with a few lines or values made different."""
    if draw(st.booleans()):
        lines = draw(st.sampled_from(BENCHES)).splitlines()
    else:
        lines = ["schema: 1", f"extends: {draw(st.sampled_from(sorted(bench_names())))}", "name: x"]
        lines += draw(st.lists(st.sampled_from(LINES), max_size=6))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        nasty = draw(st.sampled_from(NASTY) | st.text(max_size=12))
        kind = draw(st.sampled_from(["value", "key", "line", "double", "delete", "indent", "join", "cut"]))
        line = lines[place]
        head, colon, _ = line.partition(":")
        if kind == "value" and colon:
            lines[place] = f"{head}: {nasty}"
        elif kind == "key" and colon:
            lines[place] = f"{nasty}:{line.partition(':')[2]}"
        elif kind == "line":
            lines.insert(place, nasty)
        elif kind == "double":
            lines.insert(place, line)
        elif kind == "delete" and len(lines) > 1:
            del lines[place]
        elif kind == "indent":
            lines[place] = " " * draw(st.integers(0, 6)) + line.lstrip()
        elif kind == "join":
            lines[place] = line + draw(st.sampled_from([" ", ", ", ": ", "\n  "])) + nasty
        else:
            lines[place] = line[: draw(st.integers(0, len(line)))]
    return "\n".join(lines) + "\n"


def check_text(folder, text):
    """Load a bench file of this text; what is refused is one sentence, and nothing takes long."""
    path = folder / "bench.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    began_s = time.process_time()
    said = None
    try:
        load_bench(path)
    except (BenchFileError, UsageRefused) as error:
        said = str(error)
    assert time.process_time() - began_s < LONGEST_S
    assert said is None or ("\n" not in said and "\x1b" not in said and len(said) < 2000), said


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=bench_texts())
def test_any_bench_file_is_good_or_refused_in_one_sentence(tmp_path, text):
    check_text(tmp_path, text)


@pytest.mark.soak
@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(text=bench_texts())
def test_ten_thousand_bench_files_are_good_or_refused_in_one_sentence(tmp_path, text):
    check_text(tmp_path, text)


COMMANDS = [
    ["bench", "check"], ["bench", "init"], ["bench", "list"], ["bench", "schema"], ["bus", "watch"],
    ["bus", "capture"], ["bus", "check"], ["certify"], ["eol"], ["regress"], ["hold"], ["off"], ["plan"],
    ["plan", "certify"], ["plan", "eol"], ["predict"], ["report"], ["runs"], ["snapshot"], ["support-bundle"], [],
    ["bench"], ["bus"], ["nonsense"],
]  # fmt: skip
OPTIONS = [
    "--bench", "--out", "--records", "--operator", "--station", "--json", "--for", "--every", "--longest",
    "--max-points", "--last", "--voltage", "--current", "--angle", "--phases", "--frequency", "--position",
    "--device", "--baud", "--mac", "--file", "--frames", "--listen-only", "--resource", "--port", "--no-bus",
    "--force", "--launch", "--add", "--allow-reset", "--help", "--version", "--", "-", "-x", "--no-such", "-k",
    "--for=", "--bench=", "--unprotected",
]  # fmt: skip
VALUES = [
    "emulated", "example-real-bench", "bench.yaml", "good.yaml", "folder", "fifo.yaml", "/dev/null", "/dev/zero",
    "/dev/full", "/proc/self/mem", "none/none", "..", "~", "~no-such-user", "nan", "inf", "-inf", "1e308", "-1", "0",
    "1", "9" * 30, "1.5", "sqlite://", "sqlite:///x/y", "postgresql://u:p@127.0.0.1:1/x", "foo://", "://", "last",
    "A", "ABC", "COM1", "/dev/ttyS99", "\x1b[31m", "[/bold]", "\udcff", "a\x00b", "x" * 400, "a\nb", "(", "not",
    "=1+1", "%s%n", "{}", "$(id)", "@x", "\u202e",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(OPTIONS) | st.sampled_from(VALUES) | st.text(max_size=8), max_size=6)


def _no_io(*_arguments, **_options):
    raise BenchFault("no instrument is asked in this test")


@pytest.fixture
def without_instruments(monkeypatch, tmp_path):
    """A folder with files of all kinds, in which nothing reaches an instrument, a port or another process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "good.yaml").write_text("schema: 1\nextends: emulated\nname: good\n")
    (tmp_path / "bench.yaml").write_text("schema: 1\nname: [\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo.yaml")
    for name in ("rig.bench.open_bench", "rig.bench.bench.open_bench", "rig.bench.checking.check.LaunchedProcess",
                 "rig.bench.checking.check._driver", "rig.bench.checking.check.check_bus",
                 "rig.safety.guardian.link.GuardianLink.start", "rig.cli.bench.init.find_instruments",
                 "rig.cli.bench.init.find_bus", "rig.bench.switch_bench_off",
                 "rig.bench.discovery.listening.open_listening_port", "rig.cli.bus.check.open_listening_port",
                 "rig.cli.bus.check.BusListener", "rig.cli.bus.listened_bus.BusListener",
                 "rig.bench.off.switch_bench_off",
                 "rig.bench.launch.LaunchedProcess.__init__", "rig.run.questions.questions_of"):  # fmt: skip
        monkeypatch.setattr(name, _no_io, raising=False)
    monkeypatch.setattr(pytest, "main", lambda *_arguments, **_options: 5)
    return tmp_path


def check_words(words):
    """Run a command line; it ends with a documented exit code and tells what it has to tell in one sentence."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = run(words)
    said = errors.getvalue()
    assert code in (0, 2, 10, 11, 12, 13), (code, said)
    assert "Traceback" not in said + out.getvalue()
    assert "does not know" not in said, said
    assert "\x1b" not in said + out.getvalue()
    assert code != 11 or words in ([], ["bench"], ["bus"]) or len(said.strip().splitlines()) <= 1, said


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(command=st.sampled_from(COMMANDS), words=WORDS)
def test_any_command_line_ends_in_one_sentence(without_instruments, command, words):
    check_words([*command, *words])


@pytest.mark.soak
@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(command=st.sampled_from(COMMANDS), words=WORDS)
def test_ten_thousand_command_lines_end_in_one_sentence(without_instruments, command, words):
    check_words([*command, *words])


def test_the_folder_of_this_test_is_not_the_repository(without_instruments):
    assert Path.cwd() == without_instruments
