"""``rig off``: switch every source off and verify it, without lock, run or driver."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from rig.cli.shared.output import echo, picked

if TYPE_CHECKING:
    from rig.bench.off import OffReport


@click.command()
@click.option(
    "--bench",
    default=None,
    metavar="NAME|PATH",
    help="One bench only, by its file or by its name  [default: every bench that is open or was left on].",
)
@click.option("--force", is_flag=True, help="Send to an instrument of another model at the address too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def off(bench: str | None, force: bool, as_json: bool) -> int:
    """Switch sources off, now, and verify it: exit 0 when confirmed, 13 when not.

    Without --bench: the sources of every bench that is open or was left on, even if its file has gone. A source is
    identified first; one of another model than the bench was opened with gets no command. The analyzer is asked
    whether there is voltage left; then the contactor is opened, where there is one.
    """
    from rig.bench.off import switch_benches_off
    from rig.exit_codes import ExitCode

    report = switch_benches_off(bench, force=force)
    if as_json:
        echo(json.dumps(_as_json(report), indent=2))
    else:
        for line in _as_text(report, bench):
            echo(line)
    if not report.confirmed:
        echo("Treat the outputs as live and switch the source off by its own switch.", err=True)
    return ExitCode.PASS if report.confirmed else ExitCode.NOT_SAFE


def _as_json(report: OffReport) -> dict[str, object]:
    return {
        "confirmed": report.confirmed,
        "benches": list(report.benches),
        "sources": [
            {"source": result.resource} | picked(result, "confirmed", "sent", "answered_by", "details")
            for result in report.results
        ],
        "analyzers": [
            {"analyzer": said.resource, "dead": said.is_dead, "details": said.text} for said in report.analyzers
        ],
        "contactors": [
            {"switch": said.resource, "open": said.is_open, "details": said.text} for said in report.contactors
        ],
        "notes": list(report.notes),
        "not_known": list(report.not_known),
    }


def _as_text(report: OffReport, bench: str | None) -> Iterable[str]:
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"NOT KNOWN how to switch off: {said}" for said in report.not_known)
    if not report.results and not report.not_known:
        folders = ", ".join(map(str, report.looked_in))
        yield (
            "nothing to switch off is known here; if a source may be on: rig off --bench FILE"
            if bench is None and not folders
            else f"nothing to switch off: no bench is open or was left on (looked in {folders})"
            if bench is None
            else "nothing to switch off: this bench has no source now (an emulated one exists only while it is open)"
        )
    elif bench is None and report.results:
        yield f"switched off: {', '.join(report.benches)}"
    for result in report.results:
        yield f"{result.resource}: {result.verdict}: {result.details}"
    yield from (f"{said.resource}: {said.text}" for said in report.analyzers)
    yield from (f"{said.resource}: {said.text}" for said in report.contactors)
    for name in report.benches:
        if (last := _last_entry(name)) is not None:
            yield f"bench {name}: {last}" if bench is None else last


def _last_entry(bench: str) -> str | None:
    """What the guardian of this bench did last, None where it never had to do anything."""
    from rig.errors import BenchFault
    from rig.safety.guardian.journal import read_journal

    try:
        entries = [entry for entry in read_journal() if entry.get("bench") == bench]
    except BenchFault:  # no state folder: the sources of the bench file have been switched off even so
        return None
    if not entries:
        return None
    last = entries[-1]
    return (
        f"the guardian's last entry: {last.get('time')}: {last.get('reason')}: "
        f"{'off, confirmed' if last.get('confirmed') is True else 'NOT CONFIRMED OFF'}"
    )
