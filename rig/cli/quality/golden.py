"""``rig quality golden``: whether a station's golden unit is in control, which decides whether it may test."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import HOURS, LINE
from rig.records import RECORDS

_SHOWN = 10


@click.command()
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option("--station", type=LINE, default="", help="The station's name.")
@click.option(
    "--unit", "units", type=LINE, multiple=True, help="Serial number of a golden unit; may be given several times."
)
@click.option("--position", "positions", type=LINE, multiple=True, help="A position that has to be checked.")
@click.option("--valid-h", type=HOURS, default=12.0, show_default=True, help="Hours for which a check holds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def golden(
    records: str, station: str, units: tuple[str, ...], positions: tuple[str, ...], valid_h: float, as_json: bool
) -> int:
    """Tell whether a station may test: its last golden unit check in control, and young enough.

    Exit code 0: in control, 1: locked or due. Only a later check that passes unlocks a station.
    """
    from rig.quality.golden.state import golden_checks, state_of
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        checks = golden_checks(store, station, units)
    state = state_of(station, checks, datetime.now(UTC), positions=positions, valid_h=valid_h)
    if as_json:
        said = {
            "station": station, "state": str(state.word), "may_test": state.may_test, "why": state.why,
            "checks": [
                {"run_id": each.test.run_id, "time_utc": each.test.started_utc.isoformat(),
                 "serial_number": each.test.serial_number, "position": each.test.position,
                 "in_control": each.in_control, "readings": len(each.drifts), "out": [one.text for one in each.out]}
                for each in checks
            ],
        }  # fmt: skip
        echo(json.dumps(said, indent=1))
        return 0 if state.may_test else 1
    echo(f"{state.word}{f': {state.why}' if state.why else ''}")
    for check in checks[-_SHOWN:]:
        test = check.test
        result = "in control" if check.in_control else check.why
        echo(
            f"  {test.started_utc:%Y-%m-%d %H:%M} UTC  {test.run_id[:8]}  golden unit {test.serial_number}  "
            f"position {test.position or '-'}  {len(check.drifts)} readings with a history: {result}"
        )
    return 0 if state.may_test else 1
