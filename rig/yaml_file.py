"""YAML files that people edit: parsed strictly, and every complaint names file, line and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rig.errors import BenchFileError

ModelT = TypeVar("ModelT", bound=BaseModel)
Location = tuple[str | int, ...]


def load_yaml_model(
    path: Path,
    model: type[ModelT],
    *,
    check: Callable[[ModelT], tuple[Location, str] | None] | None = None,
) -> ModelT:
    """Read ``path`` into ``model``; raises BenchFileError with file and line for whatever does not fit.

    ``check`` looks at the parsed whole and may return the path of a bad key and why it is refused.
    """
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    return validate(path, data, lines, model, check=check)


def read_text(path: Path) -> str:
    """Return the file's text; raises BenchFileError when it cannot be read as UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BenchFileError(path, None, "there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchFileError(path, None, f"cannot be read: {error}") from None


def parse_yaml(path: Path | str, text: str) -> tuple[Any, dict[Location, int]]:
    """Parse YAML text; returns the data and the line (from 1) on which each key or item stands."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BenchFileError(path, line, f"is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise BenchFileError(path, None, f"is not YAML: {error}") from None
    lines: dict[Location, int] = {}
    if node is not None:
        _note_lines(path, node, (), lines)
    return data, lines


def _note_lines(path: Path | str, node: yaml.Node, where: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*where, key.value)
            line = key.start_mark.line + 1
            if here in lines:
                # YAML keeps the last one without a word; the first would be ignored silently.
                raise BenchFileError(path, line, f"{_dotted(here)!r} stands twice (first in line {lines[here]})")
            lines[here] = line
            _note_lines(path, value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(path, item, (*where, index), lines)


def validate(
    path: Path | str,
    data: Any,  # noqa: ANN401 - whatever YAML can hold
    lines: dict[Location, int],
    model: type[ModelT],
    *,
    check: Callable[[ModelT], tuple[Location, str] | None] | None = None,
    context: object = None,
) -> ModelT:
    """Validate parsed YAML against ``model``; the first complaint becomes a BenchFileError with its line.

    ``context`` is handed to the model's own validators as pydantic's validation context.
    """
    try:
        result = model.model_validate(data, context=context)
    except ValidationError as error:
        every = error.errors(include_url=False)
        # A misspelt key is a missing one too; the misspelling tells the reader more.
        first = next((one for one in every if one["type"] == "extra_forbidden"), every[0])
        # Words like <rows> are pydantic's names for the alternatives of a key, not keys of the file.
        location = tuple(part for part in first["loc"] if not str(part).startswith("<"))
        raise BenchFileError(path, line_of(location, lines), _sentence(first, location, model)) from None
    complaint = check(result) if check else None
    if complaint:
        location, why = complaint
        raise BenchFileError(path, line_of(location, lines), f"{_dotted(location)}: {why}")
    return result


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """Return the line of the deepest part of ``location`` that stands in the file."""
    for length in range(len(location), -1, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _sentence(error: Any, location: Location, model: type[BaseModel]) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    where = _dotted(location)
    if error["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key {where!r}; {advice}"
    if error["type"] == "missing":
        return f"{where!r} is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    if isinstance(error["input"], dict | list):  # a rule about several keys: repeating them all helps nobody
        return f"{where}: {message}"
    return f"{where}: {message}, not {error['input']!r}"


def _keys_at(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that ``model`` knows at ``location``, as far as its annotations tell."""
    current: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue
        current = next((m for m in _models_in(field.annotation)), current)
    return sorted(field.alias or name for name, field in getattr(current, "model_fields", {}).items())


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - a type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models_in(argument)]


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"
