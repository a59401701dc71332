"""Options that the commands of quality share: which units, how it is shown, and where documents go."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, AnyPath
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.records.production.selection import Selection
    from rig.reports.quality.document import Document

Command = TypeVar("Command", bound=Callable[..., Any])

_LAST_UNITS = {"d": "days", "h": "hours", "w": "weeks"}


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A time: ISO 8601, in UTC where it names no zone, or how long ago, such as ``8h``, ``7d``, ``4w``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time, aware."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if text[-1:] in _LAST_UNITS and text[:-1].isdecimal():
                return datetime.now(UTC) - timedelta(**{_LAST_UNITS[text[-1]]: int(text[:-1])})
            time = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(f"{text[:40]!r} is no time; write 2026-12-01, 2026-12-01T06:00 or 8h, 7d, 4w ago", param, ctx)
        return time if time.tzinfo else time.replace(tzinfo=UTC)


class Zone(click.ParamType):  # type: ignore[type-arg]
    """A time zone of the IANA list."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Return the zone."""
        try:
            return value if isinstance(value, tzinfo) else ZoneInfo(str(value))
        except (KeyError, ValueError, OSError):
            self.fail(f"{str(value)[:40]!r} is no time zone; write UTC or a name such as America/New_York", param, ctx)


class Hours(click.ParamType):  # type: ignore[type-arg]
    """Hours at which shifts begin, such as ``6,14,22``."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the hours, rising."""
        if isinstance(value, tuple):
            return value
        words = str(value).split(",")
        if not all(word.strip().isdecimal() and int(word) < 24 for word in words):
            self.fail(f"{str(value)[:40]!r} are no hours; write whole hours from 0 to 23, such as 6,14,22", param, ctx)
        return tuple(sorted({int(word) for word in words}))


def selecting(command: Command) -> Command:
    """Give a command the options that say which units are meant."""
    for option in (
        click.option("--until", type=Moment(), default=None, help="Tests that began before this time."),
        click.option("--since", type=Moment(), default=None, help="Tests from this time on: ISO 8601, or 8h, 7d, 4w."),
        click.option("--lot", type=LINE, default=""),
        click.option("--position", type=LINE, default=""),
        click.option("--station", type=LINE, default=""),
        click.option("--product", type=LINE, default=""),
        click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH"),
    ):
        command = option(command)
    return command


def showing(command: Command) -> Command:
    """Give a command the options that say where its document goes."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--pdf", type=AnyPath(), default=None, help="Write it as PDF as well."),
        click.option("--html", type=AnyPath(), default=None, help="Write it as one HTML file as well, with plots."),
    ):
        command = option(command)
    return command


def by_shifts(command: Command) -> Command:
    """Give a command the options that say when shifts begin."""
    for option in (
        click.option("--shifts", type=Hours(), default="6,14,22", show_default=True, help="Hours at which they begin."),
        click.option("--time-zone", type=Zone(), default="UTC", show_default=True, help="Of shifts and days."),
    ):
        command = option(command)
    return command


def selection(options: dict[str, Any], kind: str = "eol") -> Selection:
    """Make the selection of the options of ``selecting``, which are taken out of ``options``."""
    from rig.records.production.selection import Selection

    names = {name: options.pop(name) for name in ("product", "station", "position", "lot")}
    return Selection(kind=kind, since_utc=options.pop("since"), until_utc=options.pop("until"), **names)


def show(document: Document, data: object, *, as_json: bool, html: Path | None, pdf: Path | None) -> None:
    """Print a document, or ``data`` as JSON, and write the files that are asked for."""
    from rig.records.plain_json import to_json
    from rig.reports.quality.document import text_lines
    from rig.reports.quality.render import write_html, write_pdf

    if html is not None:
        write_html(document, html)
    if pdf is not None:
        write_pdf(document, pdf)
    if as_json:
        whole = to_json(data)
        assert isinstance(whole, dict)
        echo(json.dumps({"simulated": document.simulated} | whole, indent=1))
        return
    for line in text_lines(document):
        echo(line)
    for path in (html, pdf):
        if path is not None:
            echo(path)
