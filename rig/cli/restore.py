"""``rig restore``: meters put back to what they were set to before a run that was killed."""

from __future__ import annotations

import json

import click

from rig.cli.shared.output import echo


@click.command()
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def restore(bench: str, as_json: bool) -> int:
    """Put back what a run changed in a meter and could not put back itself; nothing is switched on.

    Only where serial number and device instance are those that the run noted; each value is read back. Energy, demand
    and logs are never touched. Exit 0 when every meter here is as it was found, 10 when one is not.
    """
    from rig.bench import load_bench, open_bench
    from rig.exit_codes import ExitCode
    from rig.procedures.needs import require
    from rig.procedures.restoring import restore_meters

    lines: list[str] = []
    bench_file = load_bench(bench)
    require(bench_file, "meter")
    with open_bench(bench_file.for_reading(), command="rig restore") as opened:
        good = restore_meters(opened, lines.append if as_json else echo)
    if as_json:
        echo(json.dumps({"as_found": good, "said": lines}, indent=2))
    return ExitCode.PASS if good else ExitCode.RIG_ERROR
