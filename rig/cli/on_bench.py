"""A recorded run of one command on an open bench: its events on the console, all off on every way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rig.cli.shared.output import make_console

if TYPE_CHECKING:
    from rig.bench import BenchFile
    from rig.procedures.meter_run import MeterRun


@contextmanager
def run_on_bench(
    bench_file: BenchFile,
    kind: str,
    *,
    records: str,
    operator: str = "",
    unprotected: bool = False,
    allow_reset: bool = False,
) -> Iterator[MeterRun]:
    """Open the bench, record a run of ``kind`` and yield its meter; a signal ends it, and everything is off then.

    Raises UsageRefused before any I/O where the bench lacks source, analyzer or meter, or is not protected.
    """
    from rig.cli.hold import Stop, closing
    from rig.procedures.needs import JUDGING, require, require_protection
    from rig.run.events import LOG_ONLY, Event
    from rig.run.run import Run, RunOptions

    require(bench_file, *JUDGING)
    require_protection(bench_file, unprotected=unprotected)
    options = RunOptions(
        bench=str(bench_file.path),
        suite=kind,
        records=records,
        operator=operator,
        unprotected=unprotected,
        allow_reset=allow_reset,
    )
    run = Run(options, rule=None)
    console = make_console()

    def show(event: Event) -> None:
        if not isinstance(event, LOG_ONLY) and str(event):
            console.print(str(event), markup=False, highlight=False, soft_wrap=True)

    run.events.subscribe(Event, show)
    with Stop() as stop, closing(run), run.opened(bench_file, on_time=stop.look) as meter_run:
        yield meter_run
