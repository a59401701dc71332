"""A bench of several positions: a command about one meter names it, and never leaves the others out silently."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from rig.bench import load_bench, one_position, these_positions
from rig.cli import cli
from rig.errors import UsageRefused
from rig.plans import certification_plan, load_programme

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
    [["eol"], ["regress"], ["plan", "eol"], ["plan", "regress"], ["hold"], ["snapshot"]],
    ids=" ".join,
)
def test_several_positions_without_a_name_are_refused(three: Path, words: list[str]) -> None:
    done = CliRunner().invoke(cli, [*words, "--bench", str(three)])
    assert isinstance(done.exception, UsageRefused)
    assert "3 positions (1, 02, left)" in str(done.exception)
    assert "--position NAME" in str(done.exception)


def test_a_certification_takes_all_positions_or_the_named_one(three: Path) -> None:
    bench = load_bench(three)
    assert [each.name for each in these_positions(bench, None).parts.positions] == ["1", "02", "left"]
    assert [each.name for each in these_positions(bench, "02").parts.positions] == ["02"]
    plan = certification_plan(bench, max_points=1)
    assert plan.configuration[3] == bench.parts.wiring.ct.primary_a, "their CT primaries may differ"
    assert 3 not in certification_plan(bench.at_position("02"), max_points=1).configuration


def test_meters_of_several_types_are_not_tested_in_one_pass(three: Path) -> None:
    bench = load_bench(three)
    first, *others = bench.parts.positions
    mixed = (first.model_copy(update={"meter_type": "other"}), *others)
    bench = replace(bench, parts=bench.parts.model_copy(update={"positions": mixed}))
    with pytest.raises(UsageRefused, match=r"several types \(other at 1, s4100 at left\).*--position NAME"):
        these_positions(bench, None)


def test_tests_at_one_position_only_are_refused_by_name_for_several(three: Path) -> None:
    bench, full = load_bench(three), load_programme("full")
    with pytest.raises(UsageRefused, match=r"programme full has tests that are done at one position only \(.*no load"):
        certification_plan(bench, programme=full)
    assert certification_plan(bench.at_position("1"), programme=full).tests
