"""``rig quality affected`` and ``rig quality holds``: units in doubt, and units that are to be tested again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rig.cli.quality.options import Moment, show, showing
from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.quality.holds.affected import Doubtful, Suspect
    from rig.reports.quality.document import Document


@click.command()
@click.option("--golden", "golden_unit", type=LINE, default="", help="Serial number of a golden unit found out.")
@click.option("--reference", type=LINE, default="", help="Serial number of a reference found out.")
@click.option("--position", type=LINE, default="", help="A position found out; name its station with --station.")
@click.option("--station", type=LINE, default="", help="Only tests of this station.")
@click.option(
    "--unit", "units", type=LINE, multiple=True, help="Serial number of a golden unit whose tests are checks."
)
@click.option("--since", type=Moment(), default=None, help="When all was last well  [default: the last good check].")
@click.option("--hold", is_flag=True, help="Put the units on hold, in the record.")
@click.option("--reason", type=LINE, default="", help="With --hold: why, in one line.")
@click.option("--operator", type=LINE, default="", help="With --hold: who decides it; goes into the record.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@showing
def affected(records: str, hold: bool, reason: str, operator: str, **options: Any) -> int:
    """List the units in doubt when a golden unit, a reference or a position is found out.

    These are all units whose last complete test came after the last good golden unit check. With --hold each is ON
    HOLD until a later test of it passes. Exit code 1 where a unit is in doubt.
    """
    from rig.quality.holds.affected import affected as affected_units
    from rig.quality.holds.affected import holds_of
    from rig.records.store import RunStore

    suspect = _suspect(
        options.pop("golden_unit"), options.pop("reference"), options.pop("position"), options["station"]
    )
    options.pop("station")
    units, since = options.pop("units"), options.pop("since")
    opened = RunStore.open(records) if hold else RunStore.open_to_read(records)
    with opened as store:
        found = affected_units(store, suspect, units, since)
        if hold:
            store.enter_holds(holds_of(found, suspect, reason, operator, datetime.now(UTC)))
    data = {
        "suspect": suspect,
        "on_hold": hold,
        "units": [
            {"serial_number": each.test.serial_number, "product": each.test.product, "station": each.test.station,
             "position": each.test.position, "run_id": each.test.run_id, "tested_utc": each.test.started_utc,
             "outcome": each.test.outcome, "last_good_check_utc": each.since_utc}
            for each in found
        ],
    }  # fmt: skip
    show(_document(suspect, found, on_hold=hold), data, **options)
    return 1 if found else 0


@click.command()
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option("--all", "show_all", is_flag=True, help="List released ones as well.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def holds(records: str, show_all: bool, as_json: bool) -> None:
    """List the units that are ON HOLD: each until a later test of it passes."""
    from rig.quality.holds.open_holds import open_holds
    from rig.records.plain_json import to_json
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        standing = open_holds(store)
        shown = store.holds() if show_all else standing
    if as_json:
        lines = []
        for each in shown:
            whole = to_json(each)
            assert isinstance(whole, dict)
            lines.append(whole | {"on_hold": each in standing})
        echo(json.dumps(lines, indent=1))
        return
    for each in shown:
        state = "ON HOLD" if each in standing else "released"
        who = f" by {each.placed_by}" if each.placed_by else ""
        echo(
            f"{each.serial_number}  {each.product or '-'}  {state}  placed {each.placed_utc:%Y-%m-%d %H:%M} UTC{who}: "
            f"{each.reason}  ({each.cause} {each.cause_name}, run {each.run_id[:8]})"
        )
    if not shown:
        echo(f"no unit is on hold in {records}")


def _suspect(golden_unit: str, reference: str, position: str, station: str) -> Suspect:
    from rig.quality.holds.affected import Cause, Suspect

    named = {Cause.GOLDEN: golden_unit, Cause.REFERENCE: reference, Cause.POSITION: position}
    given = [(cause, name) for cause, name in named.items() if name]
    if len(given) != 1:
        raise click.UsageError("name what was found out: one of --golden, --reference and --position")
    return Suspect(*given[0], station)


def _document(suspect: Suspect, found: tuple[Doubtful, ...], *, on_hold: bool) -> Document:
    from rig.reports.quality.document import Document, Note, Section, Table

    rows = tuple(
        (
            each.test.serial_number, each.test.product, each.test.lot, each.test.station, each.test.position,
            f"{each.test.started_utc:%Y-%m-%d %H:%M}", each.test.run_id[:8], each.test.outcome,
            "never" if each.since_utc is None else f"{each.since_utc:%Y-%m-%d %H:%M}",
        )
        for each in found
    )  # fmt: skip
    heads = ("serial number", "product", "lot", "station", "position", "last test (UTC)", "run", "outcome",
             "last good check")  # fmt: skip
    count = "1 unit is" if len(found) == 1 else f"{len(found)} units are"
    said = f"{count} in doubt" + (", and ON HOLD until a later test passes" if on_hold else "")
    table = (Table(heads, rows),) if rows else ()
    section = Section("Affected units", (Note(f"{said}.", is_bad=bool(found)), *table))
    return Document("Affected units", suspect.words, (), (section,), any(each.test.simulated for each in found))
