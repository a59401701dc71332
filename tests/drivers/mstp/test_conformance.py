"""The conformance page says what the code can do and what the tests show: nothing more, nothing less."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.mstp.codec import receive
from drivers.mstp.codec.receive import ReceiveState
from drivers.mstp.node import master, node

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "mstp-conformance.md"
NAME = re.compile(r"[A-Z_]+\.[A-Z][A-Za-z0-9]+")
ROW = re.compile(r"^\| (?P<what>.+?) \|(?: .*\|)? `(?P<test>[\w/]+\.py::\w+)` \|$", re.MULTILINE)
MENTION = re.compile(r"`([\w/]+\.py)::(\w+)`")
DEADLINE_S = 110


def rows():
    """Transition and test of each row of the transition tables, as written."""
    return [
        (match["what"].strip("`"), match["test"])
        for match in ROW.finditer(PAGE.read_text())
        if NAME.fullmatch(match["what"].strip("`"))
    ]


def countable(module):
    """Every transition that ``module`` can count: whole names, and ``{state.value}.Name`` for each receiving state."""
    names = set()
    for part in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and NAME.fullmatch(part.value):
            names.add(part.value)
        elif isinstance(part, ast.JoinedStr) and len(part.values) == 2:
            state, suffix = part.values
            is_name = isinstance(state, ast.FormattedValue) and ast.unparse(state.value).endswith("state.value")
            if is_name and isinstance(suffix, ast.Constant):
                names |= {f"{each.value}{suffix.value!s}" for each in ReceiveState if each is not ReceiveState.IDLE}
    return names


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Run every test that a row of the transition tables names; which transitions each of them takes."""
    record = tmp_path_factory.mktemp("conformance") / "transitions.json"
    tests = sorted({f"tests/drivers/mstp/{test}" for _, test in rows()})
    bare = ["-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "--import-mode=importlib"]  # starts in no time
    named = ("tests.drivers.mstp.conftest", "tests.drivers.mstp.node.transition_recorder", "no:cacheprovider")
    plugins = [word for plugin in named for word in ("-p", plugin)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *bare, *plugins, "--transitions-to", str(record), *tests],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(record.read_text())


def test_every_transition_that_the_code_can_count_is_on_the_page():
    can = countable(receive) | countable(master) | countable(node)
    assert {"DATA.Timeout", "IDLE.LostToken", "SEND_FRAME.BusTaken", "SKIP_DATA.Abandoned"} <= can
    assert can - {name for name, _ in rows()} == set()


def test_every_transition_is_on_the_page_once():
    names = [name for name, _ in rows()]
    assert sorted(names) == sorted(set(names))
    assert len(names) > 70


def test_every_test_that_the_page_names_exists():
    named = MENTION.findall(PAGE.read_text())
    assert len(named) > len(rows())
    sources = {file: (ROOT / "tests" / "drivers" / "mstp" / file).read_text() for file, _ in named}
    assert [(file, test) for file, test in named if f"def {test}(" not in sources[file]] == []


def test_every_row_names_a_test_that_takes_its_transition(taken):
    missing = [(name, test) for name, test in rows() if name not in taken.get(f"tests/drivers/mstp/{test}", {})]
    assert missing == []


def test_the_tests_take_no_transition_that_the_page_does_not_have(taken):
    seen = {name for names in taken.values() for name in names if not name.startswith("SLAVE.")}
    assert seen - {name for name, _ in rows()} == set()
