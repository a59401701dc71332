"""What ``rig bench check`` says can be done: what the commands themselves would say; and whose programs it starts."""

import datetime as dt

import pytest

from drivers.instrument import Identity
from rig.bench.checking.check import check_bench
from rig.bench.config.files import load_bench
from rig.bench.launch import is_own_emulation, refuse_foreign_launch
from rig.cli.run import run
from rig.errors import UsageRefused
from rig.plans.startable import why_not_startable
from tests.rig.bench.config.test_bench_file import ENDPOINTS

DAY = dt.date(2026, 11, 30)
SAID = {
    role: Identity("x", "y", "1", "1")
    for role in ("source", "low_level_source", "analyzer", "counter", "climate_probe")
}
TWO = "positions: [{name: a, mac: 1, meter_type: s4100}, {name: b, mac: 2, meter_type: s4100}]\n"


def found(tmp_path, text="", *, faulty=(), identities=SAID, base="emulated"):
    path = tmp_path / "bench.yaml"
    path.write_text(f"schema: 1\nextends: {base}\nname: x\n{text}")
    file = load_bench(path)
    file = file.with_endpoints(ENDPOINTS) if file.is_launched else file
    return why_not_startable(file, identities, DAY, faulty)


def test_everything_starts_on_the_emulated_bench(tmp_path):
    assert set(found(tmp_path).values()) == {None}
    assert {"rig certify", "rig regress"} <= set(found(tmp_path))


@pytest.mark.parametrize(
    ("text", "command", "why"),
    [
        ("simulated: false", "rig certify", "calibration not recorded"),
        ("limits: {voltage_ln_v: 250, why: leads}", "rig certify", "250"),
        ("limits: {voltage_ln_v: 250, why: leads}", "rig hold", "250"),
        ("analyzer: null", "rig certify", "has no analyzer"), ("bus: null", "rig regress", "has no meter"),
        ("positions: []", "rig hold", "which meter"),
        ("bus: null\nanalyzer: null", "rig eol", "no analyzer and no meter"),
    ],
)  # fmt: skip
def test_command_that_would_be_refused_is_named_with_its_own_words(tmp_path, text, command, why):
    refusals = found(tmp_path, text)
    assert why in refusals[command]


def test_what_starts_without_a_calibration_is_still_named(tmp_path):
    refusals = found(tmp_path, "simulated: false")
    assert [command for command, why in refusals.items() if why] == ["rig certify"]


def test_part_that_does_not_answer_keeps_from_what_opens_it_only(tmp_path):
    refusals = found(tmp_path, faulty={"source"})
    assert (refusals["rig snapshot"], refusals["rig bus"]) == (None, None)
    assert refusals["rig certify"] == refusals["rig regress"] == "first mend: source"
    assert found(tmp_path, faulty={"meter"})["rig snapshot"] == "first mend: meter"


def test_bench_of_several_positions_says_that_one_is_to_be_named(tmp_path):
    commands = found(tmp_path, TWO)
    assert "rig eol --position NAME" in commands
    assert "rig certify" in commands, "it tests all of them"


def test_check_starts_the_benchs_program_only_when_permitted(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    path, ran = tmp_path / "bench.yaml", tmp_path / "ran"
    path.write_text(
        f'schema: 1\nextends: emulated\nname: x\nlaunch: {{argv: ["/bin/sh", "-c", "touch {ran}; exit 1"]}}\n'
    )
    assert run(["bench", "check", str(path)]) == 11
    said = capsys.readouterr().err
    assert "say --launch" in said
    assert f"touch {ran}" in said
    for words in (["plan"], ["plan", "regress"], ["bench", "list"], ["bench", "schema"]):
        run([*words, *(["--bench", str(path)] if words[0] == "plan" else [])])
    assert not ran.exists()
    assert run(["bench", "check", "--launch", str(path)]) == 10
    assert ran.exists()


@pytest.mark.parametrize(
    "argv",
    [
        '["${python}", "-c", "1"]',
        '["${python}", "-m", "rig.emulation2"]',
        '["python3", "-m", "rig.emulation"]',
        '["/bin/true"]',
    ],
)
def test_only_the_rigs_own_emulation_is_no_foreign_program(tmp_path, argv):
    path = tmp_path / "bench.yaml"
    path.write_text(f"schema: 1\nextends: emulated\nname: x\nlaunch: {{argv: {argv}}}\n")
    with pytest.raises(UsageRefused, match="--launch"):
        refuse_foreign_launch(load_bench(path))
    with pytest.raises(UsageRefused, match="--launch"):
        check_bench(load_bench(path), "test")


def test_the_emulation_is_not_taken_from_the_working_folder():
    argv = load_bench("emulated").launch_argv()
    assert is_own_emulation(argv)
    refuse_foreign_launch(load_bench("emulated"))


def test_bench_that_nothing_protects_says_which_commands_need_the_word(tmp_path):
    refusals = found(tmp_path, "switch: null")
    needing = {f"rig {suite} --unprotected" for suite in ("certify", "eol", "regress")}
    assert {command for command in refusals if "unprotected" in command} == needing
