"""Functions of the product stay short, and take few parameters."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("rig", "drivers", "meter_model", "fixtures", "tools")
MOST_LINES = 80
MOST_PARAMETERS = 10


def functions(folder):
    """Yield (place, lines, parameters apart from self and cls) of every function in a folder."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                assert node.end_lineno is not None
                yield place, node.end_lineno - node.lineno + 1, len([n for n in names if n not in ("self", "cls")])


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_function_has_too_many_lines_or_parameters(folder):
    found = list(functions(folder))
    assert found
    assert [(place, lines) for place, lines, _ in found if lines > MOST_LINES] == []
    assert [(place, number) for place, _, number in found if number > MOST_PARAMETERS] == []
