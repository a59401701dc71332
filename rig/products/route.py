"""The route check: whether a unit passed its dielectric test, from a file or over HTTP; there is no way round it."""

from __future__ import annotations

import csv
import io
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

from rig.errors import UsageRefused
from rig.printable import printable_line
from rig.products.product import RoutePart

_PASSED = frozenset({"pass", "passed", "ok"})
_NUMBER, _RESULT, _TIME = "serial_number", "result", "time"
_LARGEST_OCTETS = 50_000_000
_LONGEST_SHOWN = 120


class RouteRefused(UsageRefused):
    """A unit has no pass of the dielectric test, or that cannot be known (exit 11); nothing is energised."""

    def __init__(self, serial_number: str, why: str, advice: str) -> None:
        super().__init__(f"serial number {serial_number} is not tested: {why}", advice)
        self.serial_number = serial_number


def evidence_of(route: RoutePart, serial_number: str) -> str:
    """Return what says that the unit passed its dielectric test, in words.

    A file is CSV with the columns ``serial_number``, ``result`` and perhaps ``time``, or JSON: a list of objects with
    these keys. The last entry of a unit counts. An URL answers with one such object. Texts are compared as they stand.
    Raises RouteRefused where the test was not passed, and where no answer can be had.
    """
    where, entries = _entries(route, serial_number)
    own = [each for each in entries if str(each.get(_NUMBER, "")) == serial_number]
    if not own:
        raise RouteRefused(
            serial_number,
            f"{where} has no dielectric test of it",
            "bring the unit back to the dielectric test",
        )
    result = str(own[-1].get(_RESULT, "")).strip()
    time = printable_line(str(own[-1].get(_TIME) or ""))
    at = f" at {time}" if time else ""
    if result.lower() not in _PASSED:
        raise RouteRefused(
            serial_number,
            f"its dielectric test{at} says {_short(result)!r}",
            "do not connect it: bring the unit back to the dielectric test",
        )
    return f"dielectric test passed{at} ({where})"


def _entries(route: RoutePart, serial_number: str) -> tuple[str, list[Mapping[str, Any]]]:
    if route.file is not None:
        path = Path(route.file)
        return path.name, _of_file(path, serial_number)
    assert route.url is not None
    host = urllib.parse.urlsplit(route.url).hostname or "the route server"
    return host, _of_url(route.url, serial_number, route.timeout_s)


def _of_file(path: Path, serial_number: str) -> list[Mapping[str, Any]]:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_OCTETS:
            raise _unknown(serial_number, f"there is no file {path} to look in, or it is larger than 50 MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unknown(serial_number, f"{path} cannot be read ({error})") from None
    if path.suffix.lower() == ".json":
        return _of_json(text, path.name, serial_number)
    rows = csv.DictReader(io.StringIO(text))
    if not {_NUMBER, _RESULT} <= set(rows.fieldnames or ()):
        raise _unknown(serial_number, f"{path.name} has no columns {_NUMBER} and {_RESULT}")
    try:
        return list(rows)
    except csv.Error as error:
        raise _unknown(serial_number, f"{path.name} is no CSV file ({error})") from None


def _of_json(text: str, where: str, serial_number: str) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(text)
    except ValueError:
        raise _unknown(serial_number, f"{where} does not answer in JSON") from None
    entries = data if isinstance(data, list) else [data]
    if not _are_texts(entries):
        raise _unknown(serial_number, f"{where} does not give objects with {_NUMBER} and {_RESULT} as texts")
    return entries


def _are_texts(entries: Iterable[Any]) -> bool:
    """Whether each entry is an object with both texts: a serial number that JSON has as a number has lost its form."""
    return all(
        isinstance(each, dict) and isinstance(each.get(_NUMBER), str) and isinstance(each.get(_RESULT), str)
        for each in entries
    )


def _of_url(url: str, serial_number: str, timeout_s: float) -> list[Mapping[str, Any]]:
    parts = urllib.parse.urlsplit(url.replace("{serial}", urllib.parse.quote(serial_number, safe="")))
    host = parts.hostname or "the route server"
    try:
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        with closing(kind(host, parts.port, timeout=timeout_s)) as connection:
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            status, reason = answer.status, answer.reason
            text = answer.read(_LARGEST_OCTETS).decode("utf-8")
    except (OSError, ValueError, HTTPException) as error:
        raise _unknown(serial_number, f"{host} does not answer ({_short(str(error))})") from None
    if status == HTTPStatus.NOT_FOUND:
        return []
    if status != HTTPStatus.OK:
        raise _unknown(serial_number, f"{host} answers {status} {_short(reason)}")
    return _of_json(text, host, serial_number)


def _unknown(serial_number: str, why: str) -> RouteRefused:
    return RouteRefused(
        serial_number, f"whether it passed the dielectric test is not known: {why}", "call the line's engineer"
    )


def _short(text: str) -> str:
    line = printable_line(text)
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…"
