"""``rig bench check``: each part of a bench in a table, then what is to be done, then one line that sums it up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rig.bench import BenchFile
from rig.bench.checking.check import check_bench
from rig.bench.checking.findings import CheckedPart, Level, worst_level
from rig.cli.shared.output import echo, make_console, picked
from rig.exit_codes import ExitCode
from rig.plans.startable import why_not_startable

_STYLES = {
    Level.DANGER: "bold white on red",
    Level.FAULT: "bold red",
    Level.WARNING: "yellow",
    Level.NOTE: "",
    Level.OK: "green",
}
_TO_DO = (Level.DANGER, Level.FAULT, Level.WARNING, Level.NOTE)
_CODES = {Level.DANGER: ExitCode.NOT_SAFE, Level.FAULT: ExitCode.RIG_ERROR}


def check_and_show(file: BenchFile, as_json: bool, may_launch: bool) -> int:
    """Check a bench, show what was found, and return the exit code; raises as ``check_bench``."""
    console = make_console()
    if not as_json:
        has = ", ".join(sorted(file.capabilities)) or "nothing"
        console.print(
            f"bench {file.name} ({file.path}): the file is good; it has {has}", highlight=False, soft_wrap=True
        )
    shown = None if as_json else lambda part: echo(f"  {part.part} ...", err=True)
    told = shown if console.is_terminal and shown else lambda _part: None
    parts = check_bench(file, "rig bench check", told, what_starts=why_not_startable, may_launch=may_launch)
    worst = worst_level(part.level for part in parts)
    if as_json:
        echo(json.dumps(_as_object(file, parts, worst), indent=2))
    else:
        _show(console, parts)
    return _CODES.get(worst, ExitCode.PASS)


def _show(console: Console, parts: Sequence[CheckedPart]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("part", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    for part in parts:
        lines = Text()
        for said in (part.identity, part.where):
            if said:
                lines.append(f"{said}\n", style="bold" if said == part.identity else "")
        for finding in part.findings:
            lines.append(f"{finding.what}\n", style=_STYLES[finding.level] if finding.level is not Level.OK else "")
        lines.rstrip()
        table.add_row(
            part.part, Text(part.level.upper() if part.level is not Level.OK else "ok", _STYLES[part.level]), lines
        )
    console.print(table)
    _show_advice(console, parts)
    counts = Counter(finding.level for part in parts for finding in part.findings)
    told = [
        f"{counts[level]} {level}{'' if counts[level] == 1 else 's'}"
        for level in (*_CODES, Level.WARNING)
        if counts[level]
    ]
    summary = ", ".join(told) or "nothing is wrong"
    console.print()
    console.print(f"{summary}; nothing was switched on", style="bold", highlight=False)


def _show_advice(console: Console, parts: Sequence[CheckedPart]) -> None:
    rows = [
        (level, part.part, finding.advice)
        for level in _TO_DO
        for part in parts
        for finding in part.findings
        if finding.level is level and finding.advice
    ]
    if not rows:
        return
    console.print()
    console.print("what to do:", highlight=False)
    for level, name, advice in rows:
        console.print(Text(f"  {level} {name}: ", _STYLES[level]) + Text(advice), soft_wrap=True)


def _as_object(file: BenchFile, parts: Sequence[CheckedPart], worst: Level) -> dict[str, Any]:
    return {
        "bench": file.name,
        "file": str(file.path),
        "has": sorted(file.capabilities),
        "worst": worst,
        "parts": [
            picked(part, "part", "where", "identity", "level", or_null="where identity")
            | {"findings": [picked(each, "level", "what", "advice", or_null="advice") for each in part.findings]}
            for part in parts
        ],
    }
