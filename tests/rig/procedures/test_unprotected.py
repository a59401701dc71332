"""A bench with neither source watchdog nor contactor: unattended runs need a word, which is recorded and reported."""

import pytest
from click.testing import CliRunner

from rig.bench import load_bench
from rig.bench.protection import NOT_PROTECTED, has_contactor, is_protected, protection_text
from rig.cli import cli
from rig.errors import BenchFileError, UsageRefused
from rig.procedures.needs import require_protection

BARE = "schema: 1\nextends: emulated\nname: bare\nswitch: {contactor: null}\nlaunch: {argv: [/no/such/program]}\n"
WATCHED = BARE + (
    "source: {driver: itech_it7800}\nwiring: {current_divider: {ratio: 5.0}}\n"
    "nominal: {voltage_v: 120, system_voltage_v: 208}\n"
    "low_level_source: {driver: rigol_dg5000, resource: 'TCPIP::x::1::SOCKET'}\n"
)


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))

    def put(text):
        path = tmp_path / "bench.yaml"
        path.write_text(text)
        return str(path)

    return put


@pytest.mark.parametrize("command", ["certify", "eol", "regress"])
def test_unattended_commands_refuse_a_bare_bench_before_any_io(write, tmp_path, command):
    result = CliRunner().invoke(cli, [command, "--bench", write(BARE)])
    assert isinstance(result.exception, UsageRefused)
    said = str(result.exception)
    assert said.startswith("bench bare is not protected: if the rig and its guardian are both gone")
    assert said.endswith("fit one (switch: contactor), or say --unprotected, which is recorded")
    assert "\n" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench.yaml"], "nothing was begun"


def test_what_protects_is_known_from_the_bench_file(write):
    bare, watched = load_bench(write(BARE)).parts, load_bench(write(WATCHED)).parts
    emulated = load_bench("emulated").parts
    assert (is_protected(bare), is_protected(watched), is_protected(emulated)) == (False, True, True)
    assert has_contactor(emulated)
    assert protection_text(bare, None) == NOT_PROTECTED
    assert "watchdog switches its output off after 10 s" in protection_text(watched, 10.0)
    assert "3 s after the guardian's last pulse" in protection_text(emulated, None)
    no_source = load_bench(write(BARE + "source: null\n")).parts
    assert is_protected(no_source), "there is nothing to protect from"


def test_the_word_lets_a_bare_bench_pass(write):
    require_protection(load_bench(write(BARE)), unprotected=True)


@pytest.mark.parametrize(
    ("part", "line", "said"),
    [
        ("{channel: 219, pulse_channel: 219}", 5, "give each its own number"),
        ("{channel: 219}", 5, "pulse_channel"),
        ("{channel: 219, pulse_channel: 220, hold_s: 0.5}", 5, "1"),
        ("{channel: 219, pulse_channel: 899}", 5, "channel"),
    ],
)
def test_a_contactor_that_cannot_be_held_is_refused_with_its_line(write, part, line, said):
    text = f"schema: 1\nextends: emulated\nname: x\nswitch:\n  contactor: {part}\n"
    if part == "{channel: 219}":
        text = text.replace("{channel: 219}", "{channel: 219, pulse_channel: null}")
    with pytest.raises(BenchFileError) as caught:
        load_bench(write(text))
    assert caught.value.line == line
    assert said in str(caught.value)


def test_a_switch_unit_that_has_one_user_cannot_hold_a_contactor(write):
    text = "schema: 1\nextends: emulated\nname: x\nswitch:\n  resource: GPIB0::9::INSTR\n"
    with pytest.raises(BenchFileError, match="the guardian needs a connection of its own") as caught:
        load_bench(write(text))
    assert caught.value.line == 5
