"""From nothing to a load point: what is found on the emulated bench becomes a bench file that works."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rig.bench import load_bench
from rig.cli import main


@pytest.fixture
def rig(monkeypatch, capsys, tmp_path):
    """Run a command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rig", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def emulated():
    """An emulated bench that knows nothing of the rig; gives its endpoints."""
    words = [sys.executable, "-m", "rig.emulation", "--json", "--max-master", "3"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@pytest.mark.realtime
def test_a_new_bench_is_found_written_filled_in_read_and_energised(rig, emulated, tmp_path):
    file = tmp_path / "lab.yaml"
    named = [word for role in ("source", "analyzer") for word in ("--resource", emulated[role])]
    done = rig("bench", "init", file, *named, "--port", emulated["bus"], "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["parts"] == ["source", "analyzer", "bus", "meter"]
    assert [one["fits"][0]["driver"] for one in found["instruments"]] == ["fluke_6105a", "yokogawa_wt"]
    (meter,) = found["ports"][0]["meters"]
    assert (meter["mac"], meter["serial_number"]) == (1, emulated["meters"][0]["serial_number"])
    assert "asking Who-Is" in done.err
    parts = load_bench(file).parts
    assert (parts.bus.port, parts.bus.baud, parts.bus.mac) == (emulated["bus"], 76800, 0)

    # As a person does: the divider that is really there. And bench time that passes fast, for this test's sake.
    text = file.read_text().replace("current_divider: {ratio: 1.0", "current_divider: {ratio: 8.0")
    clock = f'clock:\n  kind: endpoint\n  endpoint: "{emulated["clock"]}"\n'
    file.write_text(text.replace("clock:\n  kind: wall\n", clock).replace("max_master: 127", "max_master: 3"))

    done = rig("snapshot", "--bench", file, "--json")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["objects"]) > 100

    done = rig("hold", "--bench", file, "--current", 50, "--for", 4, "--json")
    assert done.code == 0, done.err
    moment = json.loads(done.out.splitlines()[-1])
    power = next(one for one in moment["quantities"] if one["name"] == "KW_Total")
    assert power["meter"] == pytest.approx(power["reference"], rel=2e-3)
    assert power["reference"] == pytest.approx(18.0, rel=1e-2)
    assert "everything is off" in done.err


def test_a_file_that_is_there_is_never_overwritten_unasked(rig, tmp_path):
    file = tmp_path / "bench.yaml"
    file.write_text("precious")
    done = rig("bench", "init", file, "--no-bus")
    assert (done.code, file.read_text()) == (11, "precious")
    assert "--force" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("bench.txt", "--no-bus"), 11, "ends in .yaml"),
        (("no/such/folder/bench.yaml", "--no-bus"), 11, "make it first"),
        (("bench.yaml", "--no-bus", "--resource", "TCPIP0::127.0.0.1::1::SOCKET"), 10, "nothing was found"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_and_nothing_is_written(rig, tmp_path, arguments, code, words):
    done = rig("bench", "init", *arguments)
    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err
    assert not list(tmp_path.glob("**/bench.*"))


def test_an_instrument_that_does_not_answer_is_listed_as_such(rig):
    done = rig("bench", "init", "bench.yaml", "--no-bus", "--resource", "TCPIP0::127.0.0.1::1::SOCKET")
    assert "TCPIP0::127.0.0.1::1::SOCKET" in done.out
    assert "no identity: cannot be opened" in done.out


@pytest.mark.parametrize("command", ["certify", "eol"])
def test_a_bench_that_cannot_judge_is_refused_before_anything_is_opened_with_what_works(rig, tmp_path, command):
    text = "schema: 1\nextends: emulated\nname: part\nbus: null\nanalyzer: null\nlaunch: {argv: [/no/such/program]}\n"
    (tmp_path / "part.yaml").write_text(text)
    done = rig(command, "--bench", "part.yaml")
    assert done.code == 11
    assert "has no analyzer and no meter" in done.err
    assert "what works on it: rig bench check, rig hold, rig off" in done.err


@pytest.mark.realtime
def test_a_dead_source_and_analyzer_keep_nobody_from_reading_the_meter(rig, tmp_path):
    nobody = "'TCPIP0::127.0.0.1::1::SOCKET'"
    text = "schema: 1\nextends: emulated\nname: dead-source\nlaunch: {extra_argv: [--max-master, '3']}\n"
    text += f"bus: {{max_master: 3}}\nsource: {{resource: {nobody}}}\nanalyzer: {{resource: {nobody}}}\n"
    (tmp_path / "part.yaml").write_text(text)
    done = rig("snapshot", "--bench", "part.yaml", "--json")
    assert done.code == 0, done.err
