"""From nothing to a load point: what is found on the emulated bench becomes a bench file that works."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from rig.bench import load_bench
from rig.cli import main

NOBODY = "TCPIP0::127.0.0.1::1::SOCKET"


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


@pytest.fixture(scope="module")
def emulated():
    """An emulated bench that knows nothing of the rig; gives its endpoints."""
    words = [sys.executable, "-m", "rig.emulation", "--json", "--max-master", "3"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@pytest.fixture(scope="module")
def found(emulated, tmp_path_factory):
    """What ``rig bench init`` finds there, and the text that it writes; run as people do, once for this module."""
    file = tmp_path_factory.mktemp("found") / "lab.yaml"
    named = [word for role in ("source", "analyzer", "switch") for word in ("--resource", emulated[role])]
    words = [sys.executable, "-m", "rig.cli", "bench", "init", str(file), *named, "--port", emulated["bus"], "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return SimpleNamespace(
        text=file.read_text(),
        parts=load_bench(file).parts,
        told=done.stderr,
        parts_written=answer.pop("parts"),
        **answer,
    )


@pytest.fixture
def lab(found, emulated, tmp_path):
    """The file that was written, filled in as a person does; bench time passes fast in it, for the tests' sake."""
    text = found.text.replace("current_divider: {ratio: 1.0", "current_divider: {ratio: 8.0")
    clock = f'clock:\n  kind: endpoint\n  endpoint: "{emulated["clock"]}"\n'
    text = text.replace("clock:\n  kind: wall\n", clock).replace("max_master: 127", "max_master: 3")

    def write(**changed):
        new = text
        for old, by in changed.items():
            assert old in emulated or old in new
            new = new.replace(emulated.get(old, old), by)
        path = tmp_path / "lab.yaml"
        path.write_text(new)
        return path

    return write


@pytest.mark.realtime
def test_what_is_there_is_found_matched_to_drivers_and_written(found, emulated):
    assert found.parts_written == ["source", "analyzer", "switch", "bus", "meter"]
    drivers = [one["fits"][0]["driver"] for one in found.instruments]
    assert drivers == ["fluke_6105a", "yokogawa_wt", "keysight_34970a"]
    (meter,) = found.ports[0]["meters"]
    assert (meter["mac"], meter["serial_number"]) == (1, emulated["meters"][0]["serial_number"])
    assert "asking Who-Is" in found.told
    bus = found.parts.bus
    assert (bus.port, bus.baud, bus.mac) == (emulated["bus"], 76800, 0)


@pytest.mark.realtime
def test_a_load_point_is_held_on_the_bench_that_was_found(rig, lab):
    done = rig("hold", "--bench", lab(), "--current", 50, "--for", 4, "--json")
    assert done.code == 0, done.err
    moment = json.loads(done.out.splitlines()[-1])
    power = next(one for one in moment["quantities"] if one["name"] == "KW_Total")
    assert power["meter"] == pytest.approx(power["reference"], rel=2e-3)
    assert power["reference"] == pytest.approx(18.0, rel=1e-2)
    assert "everything is off" in done.err


@pytest.mark.realtime
def test_a_dead_source_and_analyzer_keep_nobody_from_reading_the_meter(rig, lab):
    done = rig("snapshot", "--bench", lab(source=NOBODY, analyzer=NOBODY), "--json")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["objects"]) > 100


def checked(done):
    answer = json.loads(done.out)
    return {part["part"]: (part["level"], json.dumps(part)) for part in answer["parts"]}


@pytest.mark.realtime
def test_a_good_bench_is_checked_and_nothing_is_switched(rig, lab, emulated):
    log = Path(emulated["log"])
    before = len(log.read_text().splitlines())
    done = rig("bench", "check", lab(), "--json")
    assert done.code == 0, done.out
    parts = checked(done)
    assert {level for level, _ in parts.values()} <= {"ok", "note"}
    assert "FLUKE 6105A" in parts["source"][1]
    assert "output off" in parts["source"][1]
    assert "sees less than 2 V" in parts["analyzer"][1]
    assert "settings are those of the wiring" in parts["meter at 1"][1]
    able = "rig snapshot, rig bus, rig hold, rig eol --unprotected, rig regress --unprotected"
    assert f"can: {able}" in parts["abilities"][1]
    assert (
        "cannot: rig certify --unprotected (no certification with this bench: analyzer: calibration not"
        in parts["abilities"][1]
    )
    since = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    assert not [event for event in since if event.get("on") or event["event"] == "relay"]


@pytest.mark.soak
@pytest.mark.realtime
def test_wrong_driver_wiring_and_position_are_named_together(rig, lab, emulated):
    position = '- {name: "1", mac: 1, meter_type: s4100}'
    wrong = {
        "primary_a: 100": "primary_a: 400",
        position: f'{position}\n  - {{name: "2", mac: 2, meter_type: s4100}}',
        "max_master: 3": "max_master: 3\n  apdu_timeout_s: 0.5",
        "source": NOBODY,
        "nominal:": f'counter: {{driver: keysight_53220a, inputs: {{}}, resource: "{emulated["switch"]}"}}\nnominal:',
    }
    done = rig("bench", "check", lab(**wrong), "--json")
    assert done.code == 10
    parts = checked(done)
    assert parts["source"][0] == "fault"
    assert "fits switch: {driver: keysight_34970a}" in parts["counter"][1]
    assert "set AV3, or 'wiring: ct: primary_a'" in parts["meter at 1"][1]
    assert "no meter answers at MAC 2" in parts["meter at 2"][1]
    assert parts["bus"][0] == "ok"


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
def test_impossible_request_gets_one_sentence_and_nothing_is_written(rig, tmp_path, arguments, code, words):
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
def test_bench_that_cannot_judge_is_refused_before_io_with_what_works(rig, tmp_path, command):
    text = "schema: 1\nextends: emulated\nname: part\nbus: null\nanalyzer: null\nlaunch: {argv: [/no/such/program]}\n"
    (tmp_path / "part.yaml").write_text(text)
    done = rig(command, "--bench", "part.yaml")
    assert done.code == 11
    assert "has no analyzer and no meter" in done.err
    assert "what works on it: rig bench check, rig hold, rig off" in done.err
