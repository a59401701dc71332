"""``rig certificate list``: the certificates that were issued, with what replaced them."""

from __future__ import annotations

import json

import click

from rig.cli.shared.output import echo
from rig.records import RECORDS


@click.command("list")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of lines.")
def list_command(records: str, as_json: bool) -> None:
    """List the certificates issued, in order."""
    from rig.records.plain_json import to_json
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        entered = store.certificates()
    replaced = {each.amends: each.number for each in entered if each.amends}
    if as_json:
        plain = [to_json(each) for each in entered]
        for one in plain:
            assert isinstance(one, dict)
            del one["parties"]
        echo(json.dumps(plain, indent=2))
        return
    for each in entered:
        words = [f"amends {each.amends}: {each.reason}"] if each.amends else []
        words += [f"replaced by {replaced[each.number]}"] if each.number in replaced else []
        echo(
            f"{each.number}  {each.issued_on}  run {each.run_id[:8]}  {each.serial_number}  {'; '.join(words)}".rstrip()
        )
    if not entered:
        echo(f"no certificates in {records}")
