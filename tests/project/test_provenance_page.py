"""The page on provenance explains each code that a limit table or a driver's data uses."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/provenance.md").read_text(encoding="utf-8")
TAG = re.compile(r"\[([MCRI])(?:[ ,:;][^\]\n]*)?\]")


def test_each_code_of_a_limit_table_is_a_row_of_the_page() -> None:
    tables = list((ROOT / "fixtures/standards").glob("*.yaml"))
    used = {code for path in tables for code in re.findall(r"\bprovenance: *(\S+)", path.read_text(encoding="utf-8"))}
    assert len(used) >= 3
    assert {code for code in used if f"| `{code}` |" not in PAGE} == set()


def test_each_tag_of_a_data_module_is_a_row_and_has_a_legend() -> None:
    for path in (ROOT / "drivers").rglob("*_data.py"):
        text = path.read_text(encoding="utf-8")
        head = text.split('"""', 2)[1]
        for tag in set(TAG.findall(text)):
            assert f"| [{tag}] |" in PAGE, tag
            assert f"[{tag}]" in head, f"{path.name} uses [{tag}] and does not say what it is"
