"""What ``rig hold`` shows: a table that is drawn again on a terminal, else a line for each look, or JSON lines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any, Self

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rig.cli.shared.output import discard, make_console, note_failure
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.printable import printable
from rig.procedures.hold import Followed, Moment
from rig.run.events import LOG_ONLY, EnergiseStep, Event, SwitchedOff

_PLAIN = (("U", (70, 71, 72), "V"), ("I", (73, 74, 75), "A"), ("P", (11,), "kW"), ("f", (18,), "Hz"))


class View:
    """Shows moments as they come; when the reader of the output has gone, call ``gone`` once and print no more."""

    def __init__(self, point: LoadPoint, as_json: bool, gone: Callable[[str], None]) -> None:
        self._point = point
        self._as_json = as_json
        self._gone = gone
        self._console = make_console(is_enduring=False)
        self._live: Live | None = None
        self._last: Moment | None = None
        if self._console.is_terminal and not as_json:
            self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="visible")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Leave the last table standing without the words that the output is on; from now on lines follow it."""
        live, self._live = self._live, None
        if live is None or self._last is None or not live.is_started:
            return
        last = picture(self._point, self._last, is_held=False)
        self._write(lambda: live.update(last, refresh=True))
        self._write(live.stop)

    def say(self, line: str) -> None:
        """Print a line for people: above the table where there is one, on standard error beside JSON."""
        if self._live is not None and self._live.is_started:
            self._write(lambda: self._console.print(line, markup=False, highlight=False, soft_wrap=True))
        else:
            self._write(lambda: click.echo(printable(line), err=self._as_json))

    def hear(self, event: Event) -> None:
        """Print what happens on the bench, if it is for people."""
        if isinstance(event, SwitchedOff):
            self.finish()
        if (isinstance(event, EnergiseStep) or not isinstance(event, LOG_ONLY)) and (line := str(event)):
            self.say(line)

    def show(self, moment: Moment) -> None:
        """Show what was seen."""
        self._last = moment
        if self._as_json:
            self._write(lambda: click.echo(json.dumps(as_object(self._point, moment))))
        elif self._live is None:
            self._write(lambda: click.echo(printable(plain_line(moment))))
        else:
            live = self._live
            if not live.is_started:
                live.start()
            self._write(lambda: live.update(picture(self._point, moment), refresh=True))

    def _write(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._live = None
            # The reader has gone: discard everything printed from now on, at the end of the process too.
            for stream in (sys.stdout, sys.stderr) if self._as_json else (sys.stdout,):
                discard(stream)
            self._gone(note_failure(error))


def picture(point: LoadPoint, moment: Moment, *, is_held: bool = True) -> Group:
    """Draw one moment: a title, a table of quantities, the angles, and what is not as it should be."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("nominal", "reference", "deviation", "meter", "meter's error"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in moment.followed:
        table.add_row(
            f"{one.name} ({one.unit})",
            _number(one.nominal),
            _number(one.reference),
            _percent(one.deviation_pct),
            _number(one.read),
            _percent(one.error_pct),
        )
    angles = "   ".join(f"{name} {_degrees(angle)}" for name, angle in zip(PHASE_NAMES, moment.angles_deg, strict=True))
    return Group(
        Text(f"{point.label}   {_clock(moment.elapsed_s)}   {'OUTPUT ON' if is_held else 'last seen'}", style="bold"),
        table,
        Text(f"current to voltage, degrees: {angles}"),
        *(Text(note, style="yellow") for note in moment.notes),
        *([Text("Ctrl-C switches off, in order", style="dim")] if is_held else []),
    )


def plain_line(moment: Moment) -> str:
    """Write one moment as one line: the reference's values, and the meter's error where it is read."""
    by_instance = {one.instance: one for one in moment.followed}
    words = [f"{moment.elapsed_s:8.1f} s"]
    for name, instances, unit in _PLAIN:
        seen = [by_instance[instance] for instance in instances]
        values = [one.reference if one.reference is not None else one.read for one in seen]
        if seen[0].reference is None and seen[0].read is not None:
            name = f"{name} (meter)"
        if all(value is None for value in values):  # not measured: show what was asked for
            values = [one.nominal for one in seen]
            name = f"{name} set to"
        words.append(f"{name} {' / '.join(map(_number, values))} {unit}")
    total = by_instance[11]
    if total.read is not None:
        words.append(f"meter P {_number(total.read)} kW ({_percent(total.error_pct)})")
    return "  ".join(words) + "".join(f"\n           {note}" for note in moment.notes)


def as_object(point: LoadPoint, moment: Moment) -> dict[str, Any]:
    """Return one moment as a JSON object; what there is not, and QNAN, is null."""
    return {
        "point": point.label,
        "elapsed_s": round(moment.elapsed_s, 3),
        "quantities": [_quantity(one) for one in moment.followed],
        "angles_deg": dict(zip(PHASE_NAMES, moment.angles_deg, strict=True)),
        "deviations": [
            {"quantity": d.quantity, "deviation": round(d.deviation, 6), "limit": d.limit, "unit": d.unit, "met": d.met}
            for d in moment.deviations
        ],
        "notes": list(moment.notes),
    }


def _quantity(one: Followed) -> dict[str, Any]:
    numbers = {"nominal": one.nominal, "reference": one.reference, "meter": one.read}
    shown = {name: value if value is not None and math.isfinite(value) else None for name, value in numbers.items()}
    return {
        "object": f"AI{one.instance}",
        "name": one.name,
        "unit": one.unit,
        **shown,
        "deviation_pct": one.deviation_pct,
        "error_pct": one.error_pct,
    }


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if math.isfinite(value) else "QNAN"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f} %"


def _degrees(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _clock(elapsed_s: float) -> str:
    minutes, seconds = divmod(elapsed_s, 60.0)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:04.1f}"
