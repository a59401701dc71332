"""``rig off``: finds what is open or was left on, with or without the bench's file, and reports what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from rig.bench import off as bench_off
from rig.bench.off import switch_benches_off
from rig.cli import cli
from rig.cli.run import run
from rig.errors import BenchFileError, UsageRefused
from rig.safety import off as safety_off
from rig.safety.off import forget_open_bench, note_open_bench
from rig.safety.state import HOLDER, OFF_ELSEWHERE, RECIPES, Opening, marked_process, places_of_state, state_folder

pytestmark = pytest.mark.realtime

KNOWN = "FLUKE,6105A,123456,1.0"
BENCH = "schema: 1\nextends: emulated\nname: lab\nlaunch: null\nsource: {{resource: '{}'}}\nanalyzer: null\n"


@pytest.fixture
def fluke(fake_source):
    fake_source.identification = KNOWN.encode()
    return fake_source


def left_on(source, bench="lab", path=None, **more):
    """The opening of a rig and a guardian that were both killed with the source on."""
    opening = Opening.begin(bench)
    note_open_bench(opening, [source.recipe_for(KNOWN, "6105A")], bench_file=path)
    dead = {"pid": 2**22 + 1, "pid_since": "earlier", **more}
    opening.write(HOLDER, dead)
    opening.write(RECIPES, {**opening.note(RECIPES), **dead})
    return opening


def off(*options):
    return CliRunner().invoke(cli, ["off", *options], catch_exceptions=False, standalone_mode=False)


def test_every_bench_left_on_is_switched_off_without_a_name_and_forgotten(fluke, second_source):
    left_on(fluke)
    second_source.identification = KNOWN.encode()
    left_on(second_source, "other", launched_pid=os.getpid(), launched_pid_since=None)
    report = json.loads(off("--json").stdout)
    assert (report["confirmed"], sorted(report["benches"])) == (True, ["lab", "other"])  # of one second: in any order
    assert not fluke.is_on
    assert not second_source.is_on
    assert "nothing to switch off: no bench is open or was left on" in off().output


def test_a_source_whose_launched_process_is_gone_is_nothing_to_switch_off(fluke):
    left_on(fluke, launched_pid=2**22 + 1, launched_pid_since="earlier")
    assert switch_benches_off().results == ()


def test_unconfirmed_source_stays_left_on_and_the_exit_code_says_so(fluke):
    opening = left_on(fluke)
    fluke.identification = b"FLUKE,6105A,9,1.0"
    result = off()
    assert result.return_value == 13
    assert "SENT, NOT CONFIRMED OFF" in result.output
    assert opening.file(RECIPES).exists()


@pytest.mark.parametrize("damage", ["gone", "tab", "not a mapping"])
@pytest.mark.parametrize("named_by", ["name", "path"])
def test_a_bench_whose_file_is_of_no_use_is_switched_off_by_what_it_left(fluke, tmp_path, damage, named_by):
    path = tmp_path / "lab.yaml"
    left_on(fluke, path=path)
    if damage != "gone":
        path.write_text("name: lab\n\tbus: null\n" if damage == "tab" else "- lab\n")
    report = switch_benches_off("lab" if named_by == "name" else path)
    assert report.confirmed
    assert not fluke.is_on
    assert any("of no use" in note for note in report.notes)


@pytest.mark.parametrize("mistake", ["wirring: {}", "limits: {voltage_ln_v: 4800000}", "bus: 7", "positions: none"])
def test_a_mistake_elsewhere_in_the_file_does_not_keep_the_source_on(fluke, tmp_path, mistake):
    path = tmp_path / "lab.yaml"
    path.write_text(BENCH.format(fluke.recipe.resource) + mistake + "\n")
    report = switch_benches_off(path)
    assert report.confirmed
    assert not fluke.is_on
    assert KNOWN in report.results[0].details


def test_a_bench_of_which_nothing_is_known_is_refused_and_not_called_off(tmp_path):
    with pytest.raises(UsageRefused, match="no bench 'lab'"):
        switch_benches_off("lab")
    with pytest.raises(BenchFileError):
        switch_benches_off(tmp_path / "lab.yaml")


UNREACHABLE = {
    "mistyped driver": BENCH.replace("resource: '{}'", "driver: fluke_6015a, resource: '{}'"),
    "mistyped resource": BENCH.replace("resource: '{}'", "resourc: '{}'").replace("extends: emulated\n", ""),
    "mistyped source": BENCH.replace("\nsource:", "\nsuorce:"),
    "extends itself": "schema: 1\nextends: lab.yaml\nname: lab\n",
    "extends what is gone": "schema: 1\nextends: gone.yaml\nname: lab\nsource: null\n",
}


@pytest.mark.parametrize("text", UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_source_that_the_file_does_not_name_well_is_never_called_off(fluke, tmp_path, text):
    path = tmp_path / "lab.yaml"
    path.write_text(text.format(fluke.recipe.resource))
    result = off("--bench", str(path))
    assert (result.return_value, fluke.is_on) == (13, True)
    assert "NOT KNOWN how to switch off" in result.output
    assert "nothing to switch off" not in result.output
    left_on(fluke, path=path)  # an opening knows it
    assert off("--bench", str(path)).return_value == 0
    assert not fluke.is_on


DAMAGE = {
    "empty": b"",
    "garbage": bytes(range(256)),
    "no recipes": b'{"bench": "lab"}',
    "recipes of another version": b'{"bench": "lab", "recipes": [{"address": 5}]}',
    "recipes that are none": b'{"bench": "lab", "recipes": ["x", 7]}',
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_note_of_an_open_bench_is_never_nothing_to_switch_off(fluke, tmp_path, content):
    opening = left_on(fluke)
    opening.file(RECIPES).write_bytes(content)
    result = off()
    assert (result.return_value, fluke.is_on) == (13, True)
    assert f"bench lab: {opening.file(RECIPES)} is damaged" in result.output
    forget_open_bench(left_on(fluke, "another"))  # another bench on this computer closes all the same
    path = tmp_path / "lab.yaml"
    path.write_text(BENCH.format(fluke.recipe.resource))
    assert off("--bench", str(path)).return_value == 0
    assert not fluke.is_on
    assert off().return_value == 0  # and then it is forgotten


def test_output_that_cannot_be_written_does_not_change_offs_exit_code(fluke, monkeypatch):
    left_on(fluke)
    fluke.identification = b"FLUKE,6105A,9,1.0"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(["off"]) == 13


def test_source_in_the_file_is_switched_off_once_without_an_open_run(fluke, tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(BENCH.format(fluke.recipe.resource))
    assert len(switch_benches_off(path).results) == 1
    left_on(fluke)
    assert len(switch_benches_off(path).results) == 1


def test_named_bench_is_switched_off_without_a_state_folder(fluke, tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", "/dev/null/x")
    path = tmp_path / "lab.yaml"
    path.write_text(BENCH.format(fluke.recipe.resource))
    assert off("--bench", str(path)).return_value == 0
    assert not fluke.is_on


def test_a_bench_that_was_closed_has_nothing_to_switch_off(fluke):
    opening = left_on(fluke)
    forget_open_bench(opening)
    assert switch_benches_off().results == ()


def test_a_guardian_that_still_tries_is_left_word(fluke):
    opening = left_on(fluke, **marked_process("guardian_pid", os.getpid()))
    assert switch_benches_off().confirmed
    assert opening.file(OFF_ELSEWHERE).exists()
    assert opening.file(RECIPES).exists(), "the guardian takes it away itself"


@pytest.mark.parametrize(("volts", "code"), [(0.1, 0), (120.0, 13), (None, 13)])
def test_volts_that_the_analyzer_sees_are_never_success(fluke, monkeypatch, volts, code):
    reading = SimpleNamespace(elements=[SimpleNamespace(u_v=volts, i=0.0)] * 3)
    asked = SimpleNamespace(read=lambda: reading, identify=lambda: None, configure=lambda: None, close=lambda: None)
    monkeypatch.setattr("rig.safety.switching_off.terminals.CONFIRM_S", 0.0)
    monkeypatch.setattr(bench_off, "ANALYZERS", {"seer": lambda *_args, **_options: asked})
    monkeypatch.setattr(bench_off, "link_to_analyzer", lambda _part: None)
    opening = left_on(fluke)
    analyzer = {"driver": "seer", "resource": "TCPIP0::127.0.0.1::9::SOCKET"}
    opening.write(RECIPES, {**opening.note(RECIPES), "analyzer": analyzer})
    result = off()
    assert result.return_value == code
    assert ("less than 2 V" if code == 0 else "STILL SEES") in result.output
    assert opening.file(RECIPES).exists() is (code == 13)


def test_an_analyzer_that_cannot_be_asked_takes_nothing_back(fluke):
    opening = left_on(fluke)
    analyzer = {"driver": "yokogawa_wt", "resource": "TCPIP0::127.0.0.1::1::SOCKET"}
    opening.write(RECIPES, {**opening.note(RECIPES), "analyzer": analyzer})
    report = switch_benches_off()
    assert report.confirmed
    assert "could not be asked" in report.analyzers[0].text


@pytest.mark.parametrize("home", [None, "/proc/x"])
def test_without_a_usable_home_the_state_is_where_the_system_says(monkeypatch, tmp_path, home):
    monkeypatch.delenv("RIG_STATE_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("rig.safety.state._home_by_number", lambda: str(tmp_path))
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    assert state_folder() == tmp_path / ".local" / "state" / "s4100-rig"
    monkeypatch.setattr("rig.safety.state._home_by_number", lambda: None)
    assert places_of_state()[-1].name == f"s4100-rig-state-{os.getuid()}"


def test_state_folders_of_guardians_that_run_are_looked_in(monkeypatch, tmp_path, fluke):
    opening = left_on(fluke)
    process = tmp_path / "proc" / "7"
    process.mkdir(parents=True)
    words = ["python", "-m", "rig.safety.guardian.process", "--bench", "lab", "--state", str(opening.folder), ""]
    (process / "cmdline").write_text("\0".join(words))
    monkeypatch.setattr(safety_off, "_PROC", tmp_path / "proc")
    monkeypatch.setattr("rig.safety.state._home_by_number", lambda: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RIG_STATE_DIR")
    with monkeypatch.context() as another_user:
        another_user.setattr(safety_off.os, "access", lambda path, _mode: path != opening.folder)
        report = switch_benches_off()
        assert (report.confirmed, fluke.is_on) == (False, True)
        assert "bench 'lab', which another user has open (guardian: process 7)" in report.not_known[0]
    assert switch_benches_off().confirmed
    opening.write(RECIPES, {"recipes": [], **left_on_note(opening, simulated=True)})
    report = switch_benches_off()
    assert report.results == (), "an emulated bench of another place is left alone"
    assert report.notes == ("emulated and open with another state folder, so left alone: lab",)


def left_on_note(opening, **more):
    recipe = {"resource": "TCPIP0::127.0.0.1::1::SOCKET", "commands": [], "verify_query": "", "off_answers": []}
    return {"recipes": [{**recipe, "visa_library": "@py"}], **more}


def test_switching_off_loads_no_numpy(state_folder):
    source = (
        "import sys; sys.argv = ['rig', 'off', '--bench', sys.argv[1]]\n"
        "from rig.cli import main\n"
        "try: main()\nexcept SystemExit: print('numpy' in sys.modules)"
    )
    path = state_folder.parent / "lab.yaml"
    path.write_text(BENCH.format("TCPIP0::127.0.0.1::1::SOCKET"))
    done = subprocess.run([sys.executable, "-c", source, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False", done.stdout + done.stderr
