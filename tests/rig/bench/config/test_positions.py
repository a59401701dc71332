"""A bench of several positions: a command about one meter names it, and never leaves the others out silently."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from rig.bench import load_bench, one_position
from rig.cli import cli
from rig.errors import UsageRefused

THREE = """\
schema: 1
extends: emulated
name: three
positions:
  - {name: "1", mac: 1, meter_type: s4100}
  - {name: "02", mac: 2, meter_type: s4100}
  - {name: left, mac: 3, meter_type: s4100}
"""


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "three.yaml"
    path.write_text(THREE)
    return path


def test_the_only_position_needs_no_name() -> None:
    assert one_position(load_bench("emulated"), None).parts.positions[0].name == "1"


@pytest.mark.parametrize(("name", "mac"), [("1", 1), ("02", 2), ("left", 3)])
def test_the_named_position_is_the_only_one_left(three: Path, name: str, mac: int) -> None:
    bench = one_position(load_bench(three), name)
    assert [(p.name, p.mac) for p in bench.parts.positions] == [(name, mac)]
    assert [str(p["name"]) for p in bench._data["positions"]] == [name]


@pytest.mark.parametrize("name", ["2", "Left", "", "all"])
def test_a_name_that_no_position_has_is_refused(three: Path, name: str) -> None:
    with pytest.raises(UsageRefused, match=r"bench three has no position .*; it has 1, 02, left"):
        one_position(load_bench(three), name)


@pytest.mark.parametrize(
    "words",
    [["certify"], ["eol"], ["regress"], ["plan"], ["plan", "eol"], ["plan", "regress"], ["hold"], ["snapshot"]],
    ids=" ".join,
)
def test_several_positions_without_a_name_are_refused(three: Path, words: list[str]) -> None:
    done = CliRunner().invoke(cli, [*words, "--bench", str(three)])
    assert isinstance(done.exception, UsageRefused)
    assert "3 positions (1, 02, left)" in str(done.exception)
    assert "--position NAME" in str(done.exception)
