"""``rig hold``: a load point on the bench with live readings, until it is stopped; then everything off and verified."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, SECONDS, VOLTS, Number
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.run.run import Run

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ONE_STOP_S = 0.1
"""Signals within so many seconds count as one: a shell and its terminal may both pass on the same Ctrl-C."""

_PHASES = ("A", "AB", "ABC", "AC", "B", "BC", "C")


@dataclass(frozen=True)
class _Wanted:
    """What was asked for, and of which bench; a value that is None is the bench's nominal one."""

    bench_name: str
    position: str | None
    voltage_v: float | None
    current_pct: float
    angle_deg: float
    phases: str | None
    frequency_hz: float | None
    for_s: float | None
    every_s: float
    records: str
    operator: str
    station: str
    as_json: bool


@click.command()
@click.option("--bench", "bench_name", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("--voltage", "voltage_v", type=VOLTS, default=None, metavar="VOLTS", help="Line to neutral  [nominal].")
@click.option(
    "--current",
    "current_pct",
    type=Number(0.0, 1e4),
    default=100.0,
    show_default=True,
    metavar="PERCENT",
    help="Of the transducer's rated current.",
)
@click.option(
    "--angle",
    "angle_deg",
    type=Number(-180.0, 180.0),
    default=0.0,
    show_default=True,
    metavar="DEGREES",
    help="Current to voltage, negative = lag; 180 is export.",
)
@click.option("--phases", type=click.Choice(_PHASES), default=None, help="With current  [default: all that have a CT].")
@click.option("--frequency", "frequency_hz", type=Number(1.0, 1e4), default=None, metavar="HZ", help="[nominal]")
@click.option(
    "--for",
    "for_s",
    type=SECONDS,
    default=None,
    metavar="SECONDS",
    help="Stop by itself, in bench time  [until Ctrl-C].",
)
@click.option("--every", "every_s", type=Number(0.2, 3600.0), default=1.0, show_default=True, metavar="SECONDS")
@click.option(
    "--records",
    default=RECORDS,
    show_default=True,
    metavar="URL|PATH",
    help="Database of runs.",
)
@click.option("--operator", type=LINE, default="", help="Who runs this; goes into the record.")
@click.option("--station", type=LINE, default="", help="Station name; goes into the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def hold(**options: Any) -> None:  # Any: the fields of _Wanted
    """Keep a load point and show live readings until Ctrl-C, SIGTERM or --for; then everything off and verified.

    The point is checked against meter, wiring and source before anything is sent. Every reading is recorded, as a run
    without verdict.
    """
    from rig.bench import load_bench, one_position
    from rig.cli.hold_view import View
    from rig.load_point import LoadPoint
    from rig.procedures.hold import check_hold
    from rig.procedures.hold import hold as hold_point
    from rig.procedures.needs import require
    from rig.run.events import Event, Noted
    from rig.run.run import Run, RunOptions

    wanted = _Wanted(**options)
    bench_file = one_position(load_bench(wanted.bench_name), wanted.position)
    require(bench_file, "source")
    nominal = bench_file.parts.nominal
    assert nominal is not None  # a bench file with a source has one
    point = LoadPoint(
        nominal.voltage_v if wanted.voltage_v is None else wanted.voltage_v,
        wanted.current_pct,
        wanted.angle_deg,
        wanted.phases or "",
        nominal.frequency_hz if wanted.frequency_hz is None else wanted.frequency_hz,
        system_type=nominal.system_type,
    )
    cannot = check_hold(bench_file, point)

    chosen = RunOptions(
        bench=wanted.bench_name,
        suite="hold",
        records=wanted.records,
        operator=wanted.operator,
        station=wanted.station,
        unprotected=True,  # a person watches
    )
    run = Run(chosen, rule=None)
    with Stop() as stop, View(point, wanted.as_json, stop.end) as view:
        run.events.subscribe(Event, view.hear)
        for line in cannot:
            view.say(f"warning: {line}")
        with closing(run), run.opened(bench_file, on_time=stop.look) as meter_run:
            moments = hold_point(
                meter_run,
                point,
                every_s=wanted.every_s,
                for_s=wanted.for_s,
                is_stopped=stop.is_set,
                on_reached=stop.end_in_order,
            )
            for moment in moments:
                view.show(moment)
            if stop.why:
                run.events.publish(Noted("hold", f"stopped: {stop.why}"))
            view.finish()
            view.say(f"{stop.why or 'the time is over'}: switching off")
            stop.raise_if_hung_up()
        view.say(f"everything is off; recorded in {wanted.records} (run {run.options.run_id[:8]})")


@contextmanager
def closing(run: Run) -> Iterator[None]:
    """Have the record closed on every way out; its own error does not replace the one that ended the run."""
    from drivers.errors import RigError

    try:
        yield
    except BaseException as error:
        run.tally.note_error(error)
        try:
            run.close()
        except RigError as worse:
            echo(f"rig: {worse}", err=True)
        raise
    run.close()


class Stop:
    """What ends a holding: signals, and an output whose reader has gone.

    Until ``end_in_order`` is called a signal interrupts (StopRequested), so that switching on does not go on; from then
    on the first only asks for the end, and a second one for the end at once.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.why = ""
        self._now_s = now_s
        self._first_s: float | None = None
        self._urgent = ""
        self._is_hung_up = False
        self._interrupts = True
        self._is_reached = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_set(self) -> bool:
        """Whether the holding is to end."""
        return bool(self.why)

    def end_in_order(self) -> None:
        """The point is reached: from now on a signal interrupts nothing."""
        self._interrupts = False
        self._is_reached = True

    def end(self, why: str) -> None:
        """Ask for the end."""
        self.why = self.why or why

    def raise_if_hung_up(self) -> None:
        """Raise StopRequested where the terminal was closed: no person asked for that end."""
        from rig.safety.signals import StopRequested

        if self._is_hung_up:
            raise StopRequested("SIGHUP")

    def look(self, goes_down: bool) -> None:
        """Raise EndAsked where the end of the holding is asked for; the bench calls this wherever time is spent.

        ``goes_down``: raise StopRequested, once, where a second signal has come: the outputs go off at once then.
        """
        from rig.safety.errors import EndAsked
        from rig.safety.signals import StopRequested

        if self._is_reached and self.why and not goes_down:
            raise EndAsked("the holding was stopped")
        if self._urgent and goes_down:
            name, self._urgent = self._urgent, ""
            raise StopRequested(f"{name}, a second time")

    def _take(self, number: int, _frame: FrameType | None) -> None:
        from rig.safety.signals import StopRequested

        name = signal.Signals(number).name
        self._is_hung_up |= name == "SIGHUP"
        now_s = self._now_s()
        if self._first_s is None:
            self._first_s = now_s
        elif now_s - self._first_s > _ONE_STOP_S and not self._interrupts:
            self._urgent = name
        self.end("stopped by the operator" if name == "SIGINT" else f"stopped by {name}")
        if self._interrupts:
            self._interrupts = False
            raise StopRequested(name)
