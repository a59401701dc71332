"""Exceptions from the static checks: few, each at its line."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MARK = "no" + "qa"


def tracked_python_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("the files of the project are known from git only")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_fewer_than_forty_lines_are_exempt_from_a_rule() -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if f"# {MARK}" in line or f": {MARK}" in line
    ]
    assert len(lines) < 40, "\n".join(lines)


def test_pre_commit_and_ci_run_each_static_check() -> None:
    (line,) = (line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if line[:7] == "check: ")
    checks = line.removeprefix("check: ").partition("##")[0].split()
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == [f"make {check}" for check in checks]
    assert {"lint", "types", "contracts", "dead"} <= set(checks)
    run = re.findall(r"^(?:nice -n 19 )?make ([a-z-]+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    assert run == ["check", "coverage", "test-pairs", "test-alone"]


SET_ONCE = {("rig/safety/watch/watching.py", "on_passing"), ("rig/emulation/bench.py", "on_powered")}
"""Callbacks that are set by what is made later than their owner: once, and by nothing else."""


def callbacks_set_from_outside(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            continue
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if node.attr.startswith("on_") and not is_own:
            yield str(path.relative_to(ROOT)), node.attr


def test_no_callback_is_rebound_after_construction() -> None:
    product = [
        path for path in tracked_python_files() if path.relative_to(ROOT).parts[0] in ("rig", "drivers", "fixtures")
    ]
    assert {each for path in product for each in callbacks_set_from_outside(path)} == SET_ONCE
