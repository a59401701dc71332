"""YAML files that people edit: parsed strictly, and every complaint names file, line and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rig.errors import BenchFileError
from rig.files.file_text import path_of, read_text
from rig.files.yaml_tree import Location, dotted, parse_yaml

__all__ = ["Location", "dotted", "line_of", "load_yaml_model", "parse_yaml", "path_of", "read_text", "validate"]

ModelT = TypeVar("ModelT", bound=BaseModel)


def load_yaml_model(
    path: Path,
    model: type[ModelT],
    *,
    check: Callable[[ModelT], tuple[Location, str] | None] | None = None,
) -> ModelT:
    """Read ``path`` into ``model``; raises BenchFileError with file and line for everything that does not fit.

    ``check`` looks at the parsed whole and may return the path of a bad key and why it is refused.
    """
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    return validate(path, data, lines, model, check=check)


def validate(
    path: Path | str,
    data: Any,  # Any: what YAML can hold
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
        location = _in_file(first)
        raise BenchFileError(path, line_of(location, lines), _sentence(first, location, model)) from None
    complaint = check(result) if check else None
    if complaint:
        location, why = complaint
        raise BenchFileError(path, line_of(location, lines), f"{dotted(location)}: {why}")
    return result


def _in_file(error: Any) -> Location:  # Any: pydantic's ErrorDetails
    """Return the keys of the file that lead to ``error``: pydantic's names for alternatives, like <rows>, are none.

    The last part of an unknown key is always a key of the file, also one that begins with "<".
    """
    location = error["loc"]
    last = len(location) - 1 if error["type"] == "extra_forbidden" else None
    return tuple(part for place, part in enumerate(location) if place == last or not str(part).startswith("<"))


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """Return the line of the deepest part of ``location`` that stands in the file."""
    for length in range(len(location), -1, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _sentence(error: Any, location: Location, model: type[BaseModel]) -> str:  # Any: pydantic's ErrorDetails
    where = dotted(location)
    if error["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key {where!r}; {advice}"
    if error["type"] == "missing":
        return f"{where!r} is missing"
    if error["type"] in _NEEDS_KEYS:
        listed = f"known keys: {', '.join(_keys_at(model, location))}"
        if error["input"] is None and not location:
            return f"the file is empty; write keys with their values; {listed}"
        return f"{where}: keys with their values are needed here, not {_kind(error['input'])}; {listed}"
    if error["type"] in _NEEDS_A_LIST:
        return f"{where}: a list is needed here, not {_kind(error['input'])}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if isinstance(error["input"], dict | list):  # a rule about several keys: do not repeat them all
        return f"{where}: {message}"
    said = _advice(error) or message
    shown = _shown(error["input"])
    return f"{where}: {said}" if shown in said else f"{where}: {said}, not {shown}"


_NEEDS_KEYS = ("model_type", "model_attributes_type", "dict_type", "dataclass_type")
_NEEDS_A_LIST = ("tuple_type", "list_type", "set_type", "frozen_set_type")


def _kind(value: object) -> str:
    """Say what stands in a file: nothing, a list, keys with values, or the value."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    return "keys with values" if isinstance(value, dict) else _shown(value)


def _advice(error: Any) -> str | None:  # Any: pydantic's ErrorDetails
    """Say what to write, where pydantic's own words do not: for yes and no, numbers with units, numbers as texts."""
    kind, given = str(error["type"]), error["input"]
    if kind.startswith("bool"):
        return "write true or false for this boolean"
    if kind == "string_type" and isinstance(given, int | float):
        return f'a text is needed; write "{_short(str(given))}" in quotation marks'
    if isinstance(given, str) and kind in ("float_type", "int_type"):
        match = _NUMBER_IN_TEXT.match(given)
        whole = "a whole number" if kind == "int_type" else "a number"
        return f"write {whole} without unit or quotation marks{f', such as {match[0]}' if match else ''}"
    return None


_NUMBER_IN_TEXT = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,8})?(?=\s|[A-Za-z%°]|$)")
_LONGEST_SHOWN = 80


def _shown(value: object) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


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


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # Any: a type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in getattr(annotation, "__args__", ()) for m in _models_in(argument)]
