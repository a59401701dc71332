"""``rig standards``: the limit tables and their rows, what is not checked, where public sources disagree. No I/O."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from rig.cli.shared.output import echo

if TYPE_CHECKING:
    from rig.cli.standards.rows import ShownRow
    from rig.metrology.limits import LimitTable


@click.command()
@click.argument("name", required=False, metavar="[NAME|PATH]")
@click.option("--unverified", is_flag=True, help="Only rows that no person has compared with a bought copy.")
@click.option("--disagreements", is_flag=True, help="Only where two public sources disagree.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a limit file, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def standards(name: str | None, unverified: bool, disagreements: bool, schema: bool, as_json: bool) -> None:
    """List the limit tables of standards, or the rows of one: limits, where each is from, whether it was checked."""
    from rig.cli.standards.rows import shown_rows
    from rig.errors import UsageRefused
    from rig.metrology.limit_files import available_limit_tables, json_schema, load_limit_table

    if schema and (name is not None or unverified or disagreements):
        raise UsageRefused("--schema prints the schema of every limit file", "give it alone")
    if unverified and disagreements:
        raise UsageRefused("--unverified lists rows and --disagreements lists sources", "give one of the two")
    if schema:
        echo(json.dumps(json_schema(), indent=2))
        return
    names = (name,) if name is not None else available_limit_tables()
    tables = [load_limit_table(each) for each in names]
    rows = {table.name: [r for r in shown_rows(table) if not (unverified and r.checked_by)] for table in tables}
    if as_json:
        answer = [_as_data(table, rows[table.name], disagreements) for table in tables]
        echo(json.dumps({"tables": answer}, indent=2))
    elif disagreements:
        _show_disagreements(tables)
    elif name is None and not unverified:
        _show_tables(tables)
    else:
        for table in tables:
            _show_rows(table, rows[table.name], only_unverified=unverified)


def _as_data(table: LimitTable, rows: list[ShownRow], only_disagreements: bool) -> dict[str, Any]:
    head = {key: getattr(table, key) for key in ("name", "standard", "edition", "accuracy_class", "wording", "status")}
    found = [] if only_disagreements else [_row_as_data(row) for row in rows]
    return {
        **head,
        **({} if only_disagreements else {"rows": found}),
        "disagreements": [each.model_dump() for each in table.disagreements],
    }


def _row_as_data(row: ShownRow) -> dict[str, Any]:
    data = asdict(row)
    return {**data, "provenance_in_words": data.pop("in_words")}


def _show_tables(tables: list[LimitTable]) -> None:
    width = max(len(table.name) for table in tables)
    for table in tables:
        every = (*table.rows, *table.programme_rows)
        unchecked = sum(not row.verified for row in every)
        parts = [f"{len(table.rows)} of errors"] + [
            f"{len(rows)} of {what}"
            for what, rows in (
                ("differences", table.differences),
                ("influences", table.influences),
                ("repeatability", table.repeatability),
                ("starting", table.starting),
                ("no load", table.no_load),
            )
            if rows
        ]
        checked = "all checked" if not unchecked else f"{unchecked} of {len(every)} not checked"
        count = len(table.disagreements)
        disputed = f"; {count} disagreement{'s' if count > 1 else ''}" if count else ""
        echo(f"{table.name:<{width}}  rows: {', '.join(parts)}; {checked}{disputed}")
    echo("'rig standards NAME' lists the rows of one; --unverified and --disagreements, for one or for all")


def _show_rows(table: LimitTable, rows: list[ShownRow], *, only_unverified: bool) -> None:
    echo(f"{table.name}: {_title(table)}: {table.status}")
    if not rows:
        echo("  every row was checked" if only_unverified else "  no rows")
        return
    title = None
    for row in rows:
        if row.table != title:
            title = row.table
            echo(f"  {title}")
        current = "any current" if row.current == "any" else f"{row.current} % of In"
        where = (
            "no current" if row.load == "none" else f"{row.load}, {current}{f', {row.factor}' if row.factor else ''}"
        )
        checked = f"checked by {row.checked_by} on {row.checked_on}" if row.checked_by else "not checked"
        echo(f"    {row.kind}: {', '.join(row.quantities)}: {where}: {row.limit}")
        echo(f"        {row.provenance}: {row.in_words}; {checked}")


def _show_disagreements(tables: list[LimitTable]) -> None:
    shown = [(table, each) for table in tables for each in table.disagreements]
    for table, each in shown:
        echo(f"{table.name}: {each.about}")
        for claim in (each.one, each.other):
            echo(f"    {claim.says}  [{claim.source}]")
        echo(f"    the rows follow {each.followed}")
    if not shown:
        echo("no disagreement of public sources is recorded")


def _title(table: LimitTable) -> str:
    edition = f":{table.edition}" if table.edition else ""
    return f"{table.standard}{edition}" + (f" class {table.accuracy_class}" if table.accuracy_class else "")
