"""The options of the pytest plugin: their names, and which values are taken."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.log import LEVELS
from rig.errors import UsageRefused
from rig.metrology.decision import DecisionRule
from rig.option_values import COUNT, HOURS, REPEATS, count_from, line_from, number_from
from rig.records import RECORDS
from rig.records.store import RunStore
from rig.run.resuming.plan_data import options_from
from rig.run.resuming.request import Resumable, resumable
from rig.run.run import RunOptions

ValueT = TypeVar("ValueT")


def add_options(parser: pytest.Parser) -> None:
    """Add them; numbers are taken as texts, so that a wrong one is refused by ``options_of`` and not by argparse."""
    group = parser.getgroup("rig", "S4100 test rig")
    group.addoption("--bench", default="emulated", metavar="NAME|PATH", help="bench file (default: emulated)")
    group.addoption("--position", default=None, metavar="NAME", help="the one position of the bench that is tested")
    group.addoption("--out", type=Path, default=None, metavar="DIR", help="folder of this run's files")
    group.addoption("--records", default=None, metavar="URL|PATH", help="run database (default: runs/records.sqlite)")
    group.addoption("--operator", default="", help="who runs this; goes into the record")
    group.addoption("--station", default="", help="station name; goes into the record")
    group.addoption("--allow-reset", action="store_true", help="permit resets of energy and demand in the meter")
    group.addoption("--max-points", default=None, metavar="N", help="measure the first N load points only")
    group.addoption("--programme", default="intrinsic", metavar="NAME|FILE", help="what is certified: intrinsic, full")
    group.addoption("--strict-programme", action="store_true", help="refuse what the bench cannot do as a whole")
    group.addoption("--decision-rule", default="", choices=["", *map(str, DecisionRule)])
    group.addoption("--repeat", default="1", metavar="N", help="measure everything N times, one pass after another")
    group.addoption("--longest", default="1", metavar="HOURS", help="skip questions of more bench time (default: 1)")
    group.addoption(
        "--unprotected", action="store_true", help="energise with neither a source watchdog nor a contactor; recorded"
    )
    group.addoption("--accept-wiring", action="store_true", help="measure though the wiring check finds it wrong")
    group.addoption("--anyway", action="store_true", help="recorded: measured though the bench concludes little")
    group.addoption("--longest-gate", default="1", metavar="HOURS", help="longest energy gate that is run (default: 1)")
    group.addoption("--product", default="", metavar="NAME|PATH", help="product variant, for the end of line")
    group.addoption(
        "--serial-number", action="append", default=[], metavar="POSITION=SN", help="what was scanned there"
    )
    group.addoption("--mask", action="append", default=[], metavar="POSITION", help="leave a position out")
    group.addoption("--operator-by", default="none", help="who answers prompts: console, panel or none")
    group.addoption("--lot", default="", help="the lot of the units; goes into the record")
    group.addoption("--suite", default="pytest", help="kind of run for the record: certify, eol ...")
    group.addoption("--resume", default=None, help=argparse.SUPPRESS)  # of `rig certify --resume`
    group.addoption("--after-adjustment-of", default=None, help=argparse.SUPPRESS)  # of `rig certify`
    group.addoption("--run-id", default=None, help=argparse.SUPPRESS)  # of `rig certify` and the like
    group.addoption("--run-log-level", default=None, help=argparse.SUPPRESS)  # pytest's own is for all loggers


def resumed_by(option: argparse.Namespace) -> Resumable | None:
    """Return the run that ``--resume`` names, None where a new one is begun; raises UsageRefused as ``resumable``."""
    if option.resume is None:
        return None
    with RunStore.open(option.records or RECORDS) as store:
        return resumable(store, option.resume)


def options_again(option: argparse.Namespace, resumed: Resumable) -> RunOptions:
    """Return the options of an interrupted run, with the records and the log level of this command line."""
    return replace(stored_options(resumed), records=option.records, log_level=_log_level(option))


def stored_options(resumed: Resumable) -> RunOptions:
    """Return the options with which an interrupted run was begun; raises ResumeRefused where one is not known."""
    stored = dict(resumed.plan.options)
    out = stored.pop("out", None)
    return options_from(
        RunOptions,
        {**stored, "bench": resumed.plan.bench_path},
        out=Path(str(out)) if out else None,
        run_id=resumed.run.run_id,
    )


def options_of(option: argparse.Namespace) -> RunOptions:
    """Return what the command line asks for; raises UsageRefused for a value that no run can have."""

    def taken(name: str, value: Any, convert: Callable[..., ValueT], *bounds: float) -> ValueT:
        try:
            return convert(value, *bounds)
        except ValueError as refusal:
            raise UsageRefused(f"{name}: {refusal}") from None

    most = option.max_points
    return RunOptions(
        bench=option.bench,
        position=option.position,
        out=option.out,
        records=option.records,
        operator=taken("--operator", option.operator, line_from),
        station=taken("--station", option.station, line_from),
        allow_reset=option.allow_reset,
        max_points=None if most is None else taken("--max-points", most, count_from, *COUNT),
        programme=taken("--programme", option.programme, line_from),
        strict=option.strict_programme,
        rule=option.decision_rule,
        repeat=taken("--repeat", option.repeat, count_from, *REPEATS),
        select=option.keyword,
        suite=taken("--suite", option.suite, line_from),
        longest_h=taken("--longest", option.longest, number_from, *HOURS),
        unprotected=option.unprotected,
        anyway=option.anyway,
        accept_wiring=option.accept_wiring,
        log_level=_log_level(option),
        after_adjustment_of=option.after_adjustment_of,
        product=option.product,
        serial_numbers=tuple(option.serial_number),
        masked=tuple(option.mask),
        lot=taken("--lot", option.lot, line_from),
        operator_by=option.operator_by,
        longest_gate_h=taken("--longest-gate", option.longest_gate, number_from, *HOURS),
        **({"run_id": option.run_id} if option.run_id else {}),
    )


def _log_level(option: argparse.Namespace) -> str:
    """Return the level of the run's log: where not given that of pytest's own ``--log-level``, a name or a number."""
    level = str(option.run_log_level or getattr(option, "log_level", None) or "info").lower()
    if level.isdigit():
        return next((name for name, least in zip(LEVELS, (10, 20, 30), strict=False) if int(level) <= least), "error")
    return {"warn": "warning", "critical": "error", "fatal": "error", "notset": "debug"}.get(level, level)
