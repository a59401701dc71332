"""Plain English: product code and docs without words that hide who acts, test names that fit on a line."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("rig", "drivers", "meter_model", "fixtures", "tests_hil", "tools", "docs", "README.md")
GENERATED = "docs/reference/regression-questions.md"  # names of questions, which records have too
WORDS = ("nobody", "whatever", "whoever", "anew", "is told", "says not", "the one who")
BETWEEN = r"[\s#]+"
AS_A_WORD = re.compile(rf"\b({'|'.join(WORDS).replace(' ', BETWEEN)})\b", re.IGNORECASE)
LONGEST_NAME = 69


def tracked(*folders: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("the files of the project are known from git only")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def words_in(text: str) -> list[tuple[int, str]]:
    """Return line and word of each that hides the subject; two words may be on two lines."""
    return [(text.count("\n", 0, found.start()) + 1, found.group()) for found in AS_A_WORD.finditer(text)]


def long_names(source: str) -> list[str]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [each.name for each in functions if each.name.startswith("test_") and len(each.name) > LONGEST_NAME]


@pytest.mark.parametrize("folder", PRODUCT)
def test_product_code_and_docs_name_who_acts(folder: str) -> None:
    found = []
    for path in tracked(folder, f":!{GENERATED}"):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{line}: {word}" for line, word in words_in(text)]
    assert not found, "\n".join(found)


def test_words_are_found_in_any_case_and_over_a_line_break() -> None:
    assert words_in("# Nobody reads\nwhat the rig is\ntold, anew") == [(1, "Nobody"), (2, "is\ntold"), (3, "anew")]
    assert words_in("forget_what_nobody_reads") == []


def test_every_test_name_has_fewer_than_seventy_characters() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked("tests", "tests_hil")
        if path.suffix == ".py"
        for name in long_names(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_name_of_seventy_characters_is_too_long() -> None:
    assert long_names(f"def {'test_'.ljust(70, 'x')}(): ...\nasync def {'test_'.ljust(69, 'x')}(): ...") == [
        "test_".ljust(70, "x")
    ]
