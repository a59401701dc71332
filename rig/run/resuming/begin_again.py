"""The record of a run that is resumed: its bench is compared with the one before."""

from __future__ import annotations

import datetime as dt

from rig.bench import Bench
from rig.procedures.protection import note_protection
from rig.records.recorder import RunRecorder
from rig.records.store import RunStore
from rig.run.begin import name_run, record_meters
from rig.run.instruments import note_bench, record_instruments
from rig.run.resuming.as_before import as_found, compare
from rig.run.resuming.plan_data import SETTINGS
from rig.run.resuming.request import Resumable


def begin_again(
    asked: Resumable, store: RunStore, record: RunRecorder, bench: Bench, today: dt.date, *, unprotected: bool
) -> tuple[list[dict[int, float]], list[dict[int, float]]]:
    """Compare bench and meters with the record; returns the settings of each as the run found them, and as they are.

    What a run that was interrupted in its beginning has not recorded is recorded first: nothing was on yet.
    """
    name_run(record, bench)
    note_protection(bench, unprotected=unprotected)
    run = asked.run
    if len({each.unit_number for each in run.registers_before}) < len(bench.positions):
        record_instruments(record, bench, today, {each.role for each in run.instruments})
        record_meters(record, bench, run)
        run = store.run(run.run_id)
    else:
        note_bench(bench, today)
    settings = asked.plan.plan.get(SETTINGS)
    now = compare(run, settings if isinstance(settings, dict) else {}, bench, today)
    return [as_found(run, number) for number in range(1, len(bench.positions) + 1)], now
