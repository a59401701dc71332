"""Positions that are left out: kept between runs, said with their reason, refused where nothing is left."""

import pytest
from click.testing import CliRunner

from rig.bench import load_bench, present_positions
from rig.bench.positions.masks import mask, masked, unmask, without_masked
from rig.cli import cli
from rig.errors import BenchFault, UsageRefused


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("RIG_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def file():
    return load_bench("emulated-eol-8")


def names(bench):
    return [position.name for position in bench.parts.positions]


def test_a_masked_position_is_left_out_until_it_is_unmasked(file):
    mask(file, "3", "its CT lead is broken")
    mask(file, "5", "no adapter")
    assert names(present_positions(file, None)) == ["1", "2", "4", "6", "7", "8"]
    assert len(present_positions(file, None).parts.buses) == 6, "its port is not opened"
    assert names(present_positions(file, "3")) == ["3"], "one that is named is tested"
    assert "its CT lead is broken" in masked(file)["3"].text
    assert unmask(file, "3").why == "its CT lead is broken"
    assert unmask(file, "3") is None
    assert names(without_masked(file, also=("1",))) == ["2", "3", "4", "6", "7", "8"]


def test_the_last_one_left_keeps_its_own_port(file):
    left = without_masked(file, also=("1", "2", "3", "4", "5", "6", "8"))
    assert names(left) == ["7"]
    assert [bus.port for bus in left.parts.buses] == ["${launch.buses[6]}"]


def test_a_bench_of_masked_positions_alone_is_refused_with_the_reasons(file):
    mask(file, "1", "smells")
    with pytest.raises(UsageRefused, match=r"no position left that is not masked: position 1 .* smells"):
        without_masked(file, also=tuple("2345678"))


@pytest.mark.parametrize("name", ["9", "", "one"])
def test_a_name_that_no_position_has_is_refused(file, name):
    for ask in (lambda: mask(file, name, "x"), lambda: unmask(file, name), lambda: without_masked(file, (name,))):
        with pytest.raises(UsageRefused, match=r"has no position .*; it has 1, 2, 3"):
            ask()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"1": 7}'])
def test_masks_that_cannot_be_read_stop_the_run(file, state, damage):
    mask(file, "1", "x")
    (path,) = state.glob("masks-*.json")
    path.write_text(damage)
    with pytest.raises(BenchFault, match="mask them again"):
        without_masked(file)


def test_masks_are_set_shown_and_taken_off_by_commands(file):
    run = CliRunner().invoke
    assert run(cli, ["bench", "mask", "emulated-eol-8", "4", "--why", "loose lead"]).exit_code == 0
    shown = run(cli, ["bench", "positions", "emulated-eol-8"]).output
    assert "loose lead" in shown
    assert run(cli, ["bench", "unmask", "emulated-eol-8", "4"]).output == "position 4 is tested again\n"
    assert run(cli, ["bench", "unmask", "emulated-eol-8", "4"]).output == "position 4 was not masked\n"
    assert "loose lead" not in run(cli, ["bench", "positions", "emulated-eol-8", "--json"]).output
