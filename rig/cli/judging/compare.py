"""``rig compare``: recorded runs of the same load points side by side, with E_n numbers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import AnyPath
from rig.records import RECORDS


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [...]")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option("--with", "others", default=None, metavar="URL|PATH", help="Database of the runs after the first.")
@click.option("--only-different", is_flag=True, help="Print only what has an E_n above 1.")
@click.option("--plot", type=AnyPath(), default=None, help="Draw it as well: a file .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(
    runs: tuple[str, ...], records: str, others: str | None, only_different: bool, plot: Path | None, as_json: bool
) -> int:
    """Compare RUNs (ids, or their first letters) with the first of them: the same load points side by side.

    The exit code is 1 where an E_n number is above 1.
    """
    from rig.records.store import RunStore
    from rig.reports.comparing import comparison as comparing
    from rig.reports.comparing.lines import comparison_lines

    found = []
    for place, name in enumerate(runs):
        with RunStore.open_to_read(others if others is not None and place else records) as store:
            found.append(store.run(name))
    compared = comparing.compare(found)
    if plot is not None:
        from rig.reports.comparing.plot import write_plot

        write_plot(compared, plot)
    if as_json:
        echo(json.dumps(comparing.as_json(compared), indent=1))
    else:
        for line in comparison_lines(compared, only_different=only_different):
            echo(line)
        if plot is not None:
            echo(plot)
    return 1 if compared.different else 0
