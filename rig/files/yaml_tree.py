"""Parse YAML text to data with the line of each part, within limits on size, depth and aliases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rig.errors import BenchFileError
from rig.files.yaml_scalars import value_of
from rig.printable import name_of, unfit_character

Location = tuple[str | int, ...]

DEEPEST = 32
"""Lists and mappings within each other; a bench file has 6."""

MOST_NODES = 20_000
"""Keys, values, lists and mappings, aliases counted with all that they stand for; a bench file has about 400."""

_LONGEST_TEXT = 20_000
_LONGEST_KEY = 100
_PLAIN_WORDS = {
    "found character '\\t' that cannot start any token": "a tab stands where spaces are needed; indent with spaces",
}


@dataclass(slots=True)
class _Node:
    """A value with its place: ``size`` and ``height`` count what an alias to it stands for."""

    line: int
    value: Any = None
    items: list[_Node] = field(default_factory=list)
    keys: list[_Node] | None = None
    is_list: bool = False
    size: int = 1
    height: int = 0
    is_open: bool = False
    pending: _Node | None = None
    """In a mapping: the key whose value comes next."""


class _Builder:
    """Builds the tree from parser events, without recursion; ``path`` is for complaints."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._anchors: dict[str, _Node] = {}
        self._open: list[_Node] = []
        self._root: _Node | None = None
        self._documents = 0
        self._total = 0

    def build(self, text: str) -> _Node | None:
        for event in _events(self._path, text):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                self._start_document(event, line)
            elif isinstance(event, yaml.AliasEvent):
                self._add(self._aliased(event.anchor, line), line)
            elif isinstance(event, yaml.ScalarEvent):
                self._refuse_tag(event, line)
                node = _Node(line, self._scalar(event, line))
                self._name(event.anchor, node)
                self._add(node, line)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        return self._root

    def _start_document(self, event: Any, line: int) -> None:  # Any: PyYAML's events have no types
        self._documents += 1
        if self._documents > 1:
            raise self._refusal(line, "a second document begins here; keep one in a file")
        if event.version is not None and event.version != (1, 2):
            version = ".".join(map(str, event.version))
            raise self._refusal(line, f"asks for YAML {version}, and YAML 1.2 is what is read; take the line away")
        if event.tags:
            raise self._refusal(line, "declares tags, and tags are not read; take the line away")

    def _start(self, event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        if self._open and self._expects_key():
            raise self._refusal(line, "a list or mapping stands where a key is expected; keys are words")
        if len(self._open) >= DEEPEST:
            raise self._refusal(line, f"more than {DEEPEST} lists and mappings stand within each other")
        is_list = isinstance(event, yaml.SequenceStartEvent)
        node = _Node(line, is_list=is_list, keys=None if is_list else [], is_open=True)
        self._name(event.anchor, node)
        self._count(1, line)
        self._open.append(node)

    def _end(self) -> None:
        node = self._open.pop()
        node.is_open = False
        self._put(node)

    def _add(self, node: _Node, line: int) -> None:
        """Put a scalar, or what an alias stands for, where it belongs."""
        self._count(node.size, line)
        self._put(node)

    def _put(self, node: _Node) -> None:
        if not self._open:
            self._root = node
            return
        above = self._open[-1]
        if above.keys is not None and above.pending is None:
            self._check_key(node)
            above.pending = node
            return
        if above.keys is not None:
            assert above.pending is not None
            above.keys.append(above.pending)
            above.pending = None
        above.items.append(node)
        above.size += node.size
        above.height = max(above.height, node.height + 1)
        if len(self._open) + node.height > DEEPEST:
            raise self._refusal(node.line, f"more than {DEEPEST} lists and mappings stand within each other")

    def _check_key(self, node: _Node) -> None:
        key = node.value
        if node.is_list or node.keys is not None or not isinstance(key, str):
            shown = f"{key!r} is no word" if not (node.is_list or node.keys is not None) else "it is no word"
            raise self._refusal(node.line, f"a key is a word, and {shown}; write it in quotation marks")
        if key == "<<":
            advice = "use 'extends', or repeat the keys"
            raise self._refusal(node.line, f"merge keys (<<) are not part of YAML 1.2; {advice}")
        if len(key) > _LONGEST_KEY or "\n" in key or "\t" in key:
            raise self._refusal(node.line, f"a key has at most {_LONGEST_KEY} characters in one line")

    def _expects_key(self) -> bool:
        above = self._open[-1]
        return above.keys is not None and above.pending is None

    def _count(self, number: int, line: int) -> None:
        self._total += number
        if self._total > MOST_NODES:
            raise self._refusal(
                line, f"has more than {MOST_NODES} values, counting what aliases stand for; write less of them"
            )

    def _aliased(self, name: str | None, line: int) -> _Node:
        node = self._anchors.get(name or "")
        shown = (name or "")[:40]
        if node is None:
            raise self._refusal(line, f"alias *{shown} has no anchor &{shown} above it")
        if node.is_open:
            raise self._refusal(line, f"alias *{shown} stands within what it is an alias of, which has no end")
        return node

    def _name(self, anchor: str | None, node: _Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            raise self._refusal(line, f"tags are not read, such as {event.tag[:60]!r}; take it away")

    def _scalar(self, event: Any, line: int) -> Any:
        text = event.value
        if len(text) > _LONGEST_TEXT:
            raise self._refusal(line, f"a text of {len(text)} characters is too long; write at most {_LONGEST_TEXT}")
        bad = unfit_character(text)
        if bad is not None:
            raise self._refusal(line, f"a text holds {name_of(bad)}, which is not allowed; take it away")
        if event.style is not None:
            return text
        try:
            return value_of(text)
        except ValueError as error:
            raise self._refusal(line, str(error)) from None

    def _refusal(self, line: int, message: str) -> BenchFileError:
        return BenchFileError(self._path, line, message)


def _events(path: Path | str, text: str) -> Iterator[Any]:
    """Yield the parser's events; the loader's own resolver and constructor are not used."""
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = str(error.problem or error.context)
        raise BenchFileError(
            path, mark.line + 1 if mark else None, _PLAIN_WORDS.get(said, f"is not YAML: {said}")
        ) from None
    except yaml.YAMLError as error:
        raise BenchFileError(path, None, f"is not YAML: {' '.join(str(error).split())}") from None
    except (ValueError, OverflowError) as error:  # an escape such as "\UFFFFFFFF" is no character
        raise BenchFileError(path, loader.line + 1, f"is not YAML: {error}") from None
    finally:
        loader.dispose()


def parse_yaml(path: Path | str, text: str) -> tuple[Any, dict[Location, int]]:
    """Parse YAML text; returns the data and the line (from 1) on which each key or item stands.

    YAML 1.2, core schema, one document. Raises BenchFileError with the line for what is not, for tags, merge keys,
    keys that are no words or stand twice, control characters, and more than the limits of size and depth.
    """
    bad = unfit_character(text)
    if bad is not None:
        line = text.count("\n", 0, text.index(bad)) + 1
        raise BenchFileError(path, line, f"holds {name_of(bad)}, which is not allowed; take it away")
    root = _Builder(path).build(text)
    lines: dict[Location, int] = {}
    if root is None:
        return None, lines
    return _data(path, root, (), lines), lines


def _data(path: Path | str, node: _Node, where: Location, lines: dict[Location, int]) -> Any:
    lines.setdefault(where, node.line)
    if node.is_list:
        return [_data(path, item, (*where, index), lines) for index, item in enumerate(node.items)]
    if node.keys is None:
        return node.value
    result: dict[str, Any] = {}
    for key, value in zip(node.keys, node.items, strict=True):
        here = (*where, key.value)
        if key.value in result:
            # YAML keeps the last one silently; the first would be ignored.
            raise BenchFileError(path, key.line, f"{dotted(here)!r} stands twice (first in line {lines[here]})")
        lines[here] = key.line
        result[key.value] = _data(path, value, here, lines)
    return result


def dotted(location: Location) -> str:
    """Write a location as people do: ``positions[0].mac``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"
