"""The page of public names: each name imports, and no list has more or less than the code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/public-names.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<module>[a-z_.]+)` \| (?P<names>.*) \|$", re.MULTILINE)
ROWS = {row["module"]: re.findall(r"`(\w+)`", row["names"]) for row in ROW.finditer(PAGE)}


def public_fixtures(module: object) -> set[str]:
    return {n for n, value in vars(module).items() if isinstance(value, FixtureFunctionDefinition) and n[0] != "_"}


def test_the_page_lists_what_other_code_is_known_to_use() -> None:
    assert set(ROWS) >= {
        "rig.pytest_plugin",
        "rig.procedures",
        "drivers.mstp",
        "drivers.mstp.link",
        "fixtures.questions",
    }
    assert "Inquiry" in ROWS["rig.procedures"]


@pytest.mark.parametrize("module_name", ROWS)
def test_each_name_imports_and_none_is_missing(module_name: str) -> None:
    module = importlib.import_module(module_name)
    assert [name for name in ROWS[module_name] if not hasattr(module, name)] == []
    if exported := getattr(module, "__all__", None):
        assert sorted(ROWS[module_name]) == sorted(exported)
    if module_name.startswith("fixtures."):
        assert set(ROWS[module_name]) == public_fixtures(module)


def test_the_fixture_modules_of_this_repository_are_all_listed() -> None:
    import conftest

    assert set(conftest.pytest_plugins) <= set(ROWS)
