"""``rig off`` where the state folder of a bench that is on has been deleted or damaged: the guardian still knows."""

import json
import os
import shutil
import signal

import pytest
from click.testing import CliRunner

from rig.cli import cli
from rig.safety import off as safety_off
from rig.safety.guardian.held_note import held_note
from rig.safety.guardian.link import GuardianLink
from rig.safety.locks import kernel_lock
from rig.safety.off import note_open_bench
from rig.safety.state import RECIPES, Opening
from tests.waiting import comes_true

pytestmark = pytest.mark.realtime

KNOWN = "FLUKE,6105A,123456,1.0"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """The guardian of this module's bench, not armed; it takes no silence for a hang."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_STATE_DIR", str(tmp_path_factory.mktemp("guarded") / "state"))
        opening = Opening.begin("lab")
    link = GuardianLink.start(opening, hang_s=600.0)
    yield opening, link
    link.disarm()
    link.close()


@pytest.fixture
def on(guarded, fake_source, monkeypatch):
    """That bench with its source on, by its opening."""
    opening, link = guarded
    monkeypatch.setenv("RIG_STATE_DIR", str(opening.folder))
    fake_source.identification = KNOWN.encode()
    opening.folder.mkdir(exist_ok=True)
    recipes = [fake_source.recipe_for(KNOWN, "6105A")]
    note_open_bench(opening, recipes, guardian_pid=link.pid)
    link.arm(recipes)
    yield opening
    link.disarm()
    opening.remove(RECIPES)


def off(*options):
    return CliRunner().invoke(cli, ["off", *options], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("lost", ["folder", "file", "damaged", "folder of a stopped guardian"])
def test_a_bench_that_is_on_is_switched_off_though_its_note_is_lost(on, guarded, fake_source, lost):
    if lost.startswith("folder"):
        shutil.rmtree(on.folder)
    elif lost == "file":
        on.file(RECIPES).unlink()
    else:
        on.file(RECIPES).write_text("{")
    if "stopped" in lost:
        os.kill(guarded[1].pid, signal.SIGSTOP)
    try:
        result = off()
    finally:
        os.kill(guarded[1].pid, signal.SIGCONT)
    assert (result.return_value, fake_source.is_on) == (0, False), result.output
    assert "switched off: lab" in result.output


def test_state_folder_that_cannot_be_made_is_unsafe_names_the_guardian(on, guarded, fake_source):
    shutil.rmtree(on.folder)
    on.folder.write_text("no folder")
    try:
        result = off("--json")
    finally:
        on.folder.unlink()
    assert (result.return_value, fake_source.is_on) == (13, True)
    (said,) = json.loads(result.stdout)["not_known"]
    assert f"bench 'lab', which is open (guardian: process {guarded[1].pid})" in said


def test_open_bench_that_is_off_needs_no_switching_once_its_note_is_lost(on, guarded, fake_source):
    guarded[1].disarm()
    shutil.rmtree(on.folder)
    on.folder.mkdir()
    result = off()
    assert (result.return_value, fake_source.is_on) == (0, True)
    assert "nothing to switch off" in result.output


@pytest.mark.parametrize(("simulated", "code"), [(False, 13), (True, 0)])
def test_a_bench_that_is_on_in_another_state_folder_is_named(on, guarded, tmp_path, monkeypatch, simulated, code):
    _, link = guarded
    recipes = [recipe_of_nothing()]
    note_open_bench(on, recipes, guardian_pid=link.pid, simulated=simulated)
    link.arm(recipes)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "another"))
    result = off()
    assert result.return_value == code
    assert (f"process {link.pid}" in result.output) is (code == 13)
    assert ("nothing to switch off" in result.output) is (code == 0)


def recipe_of_nothing():
    from drivers.source.base import SafeOff

    return SafeOff("TCPIP0::127.0.0.1::9::SOCKET", ("OUTP OFF",), "OUTP?", ("0",))


def test_the_note_of_a_guardian_ends_with_it(fake_source):
    link = GuardianLink.start(Opening.begin("lab"), hang_s=600.0)
    try:
        assert held_note(link.pid) == {}
        link.arm([fake_source.recipe])
        assert held_note(link.pid)["bench"] == "lab"
        link.disarm()
        assert held_note(link.pid) == {}
    finally:
        link.close()
    assert comes_true(lambda: held_note(link.pid) is None, 10.0)
    assert held_note(os.getpid()) is None


@pytest.mark.parametrize(
    ("pid", "marked", "code"),
    [(2**22 + 1, False, 13), (2**22 + 1, True, 0), (os.getpid(), False, 0)],
    ids=["gone", "gone and emulated", "here"],
)
def test_a_bench_whose_process_cannot_be_seen_is_named(tmp_path, monkeypatch, pid, marked, code):
    key = "tcp/192.0.2.1:5025"
    names = [f"s4100-rig-bench/{kernel_lock._digest(kernel_lock.PREFIX + key)[:16]}/{pid}/lab%201"]
    names += [f"s4100-emulated/at/{key}"] if marked else []
    listed = tmp_path / "unix"
    listed.write_text("".join(f"0000: 00000002 00000000 00010000 0001 01 7 @{name}\n" for name in names))
    monkeypatch.setattr("rig.simulation_mark._SOCKETS", listed)
    monkeypatch.setattr(safety_off, "noted_benches", kernel_lock.noted_benches)
    monkeypatch.setattr("rig.safety.state._home_by_number", lambda: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RIG_STATE_DIR")
    result = off()
    assert result.return_value == code, result.output
    assert (f"bench 'lab 1', which is in use by process {pid}" in result.output) is (code == 13)
