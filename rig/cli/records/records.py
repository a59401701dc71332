"""``rig records``: send what is recorded to a server, and say how far that has come."""

from __future__ import annotations

import json

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import Number
from rig.records import RECORDS

_RECORDS = click.option("--records", default=RECORDS, show_default=True, metavar="PATH", help="File of the runs.")


@click.group()
def records() -> None:
    """Send what is recorded to a server, and say how far that has come."""


@records.command()
@click.option(
    "--to",
    required=True,
    envvar="RIG_RECORDS_SERVER",
    show_envvar=True,
    metavar="URL",
    help="Such as postgresql://station7@server/records; the password from ~/.pgpass or PGPASSWORD.",
)
@_RECORDS
@click.option("--keep-on", is_flag=True, help="Go on until interrupted, and wait for a server that is not there.")
@click.option(
    "--every", "every_s", type=Number(0.1, 3600.0), default=2.0, show_default=True, help="With --keep-on, seconds."
)
@click.option("--again", is_flag=True, help="Send everything once more, as after a backup of the server was restored.")
def send(to: str, records: str, keep_on: bool, every_s: float, again: bool) -> None:
    """Copy what is recorded to a PostgreSQL server, each row once, however often this is interrupted."""
    from rig.records.outbox.sending_on import SendingOn, refused_text, sender_of

    begin = sender_of(records, to)
    if again or not keep_on:
        with begin() as sender:
            if again:
                sender.send_again()
            sent = sender.send()
        echo(f"{sent.entries} rows sent to {sender.where}")
        if sent.refused:
            echo(refused_text(sent, sender.where))
            if not keep_on:
                raise SystemExit(10)
    if keep_on:
        sending = SendingOn(begin, every_s, echo)
        try:
            while True:
                sending.turn()
        finally:
            sending.close()


@records.command()
@_RECORDS
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of lines.")
def status(records: str, as_json: bool) -> None:
    """Say how many rows wait to be sent to each server, from the file of runs alone."""
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        rows, destinations = store.destinations()
    if as_json:
        found = [
            {"server": d.identity, "last_utc": d.last_utc.isoformat(), "waiting": d.waiting, "refused": d.refused}
            for d in destinations
        ]
        echo(json.dumps({"rows": rows, "destinations": found}, indent=2))
        return
    for each in destinations:
        refused = f", {each.refused} refused" if each.refused else ""
        last = f"last sent {each.last_utc:%Y-%m-%d %H:%M:%S} UTC"
        echo(f"server {each.identity[-12:]}: {each.waiting} of {rows} rows wait{refused}; {last}")
    if not destinations:
        echo(f"{rows} rows, and none was sent to a server yet")
