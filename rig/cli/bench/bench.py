"""``rig bench``: write a bench file from what is found, check a bench part by part, list and describe bench files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, AnyPath
from rig.records import RECORDS


@click.group()
def bench() -> None:
    """Look at bench files and at what is on the bench."""


@bench.command()
@click.argument("name", default="emulated", metavar="NAME|PATH")
@click.option("--launch", is_flag=True, help="Start the program that the bench file names: a bench file is a program.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def check(name: str, launch: bool, as_json: bool) -> int:
    """Look at every part of a bench and say what answers, what is missing, and what to do; nothing is switched.

    Exit 0 when nothing is wrong, 10 when something is, 13 when an output is on and no run uses the bench.
    """
    from rig.bench import load_bench
    from rig.cli.bench.check import check_and_show

    return check_and_show(load_bench(name), as_json, launch)


@bench.command()
@click.argument("file", type=AnyPath(), default=Path("bench.yaml"))
@click.option(
    "--resource", "resources", multiple=True, metavar="NAME", help="Ask this VISA resource too; may be repeated."
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="PATH",
    help="Look at this serial port only, and ask on it even if it is silent; may be repeated.",
)
@click.option("--no-bus", is_flag=True, help="Leave the serial ports alone.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one JSON object.")
def init(
    file: Path, resources: tuple[str, ...], ports: tuple[str, ...], no_bus: bool, force: bool, as_json: bool
) -> None:
    """Find instruments, bus and meters, and write a bench file of them  [default FILE: bench.yaml].

    Instruments are asked *IDN? and nothing else; serial ports are listened to, and the rig talks only where it hears
    MS/TP or --port says so. Nothing is switched on.
    """  # fmt: skip
    from rig.cli.bench.init import init_bench

    init_bench(file, resources, ports, not no_bus, force, as_json)


@bench.command()
@click.argument("name", default="emulated", metavar="NAME|PATH")
@click.option(
    "--good-meter", "serial_number", required=True, type=LINE, metavar="SERIAL", help="The meter that is there."
)
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--operator", type=LINE, default="", help="Who runs this; goes into the record.")
@click.option("--unprotected", is_flag=True, help="Energise though neither a source watchdog nor a contactor is there.")
def prove(name: str, serial_number: str, position: str | None, records: str, operator: str, unprotected: bool) -> int:
    """Prove the wiring of a position with a meter that is known to be good: ten seconds of a load, then all off.

    From then on a wiring check that finds something wrong suspects the meter, until the bench file is changed or
    'rig bench rewired' says that a wire was touched.
    """
    from rig.bench import load_bench, one_position
    from rig.cli.bench.prove import prove_wiring

    return prove_wiring(
        one_position(load_bench(name), position), serial_number, records, operator, unprotected=unprotected
    )


@bench.command()
@click.argument("name", default="emulated", metavar="NAME|PATH")
def rewired(name: str) -> None:
    """Say that wires of a bench were touched: what a good meter has proven of them holds no longer."""
    from rig.bench import load_bench
    from rig.cli.bench.prove import forget_wiring

    forget_wiring(load_bench(name))


@bench.command("measure-position")
@click.argument("name", metavar="NAME|PATH")
@click.option("--position", required=True, metavar="NAME", help="Where the golden unit is.")
@click.option("--good-meter", "serial_number", required=True, type=LINE, metavar="SERIAL", help="The golden unit.")
@click.option("--fitted", type=click.Choice(["one", "all"]), required=True, help="Whether other meters are fitted too.")
@click.option("--golden", "golden_file", type=AnyPath(), required=True, metavar="FILE", help="Its own errors.")
@click.option("--write", type=AnyPath(), required=True, metavar="FILE", help="File of position corrections.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--operator", type=LINE, default="", help="Who runs this; goes into the record.")
@click.option("--unprotected", is_flag=True, help="Energise though neither a source watchdog nor a contactor is there.")
def measure_position_(name: str, **chosen: Any) -> int:  # Any: the arguments of measure_position
    """Measure with a golden unit how the signal at a position differs from what the analyzer sees.

    Once with one meter fitted and once with all, at each position; 'position_corrections' of the bench file names FILE.
    """
    from rig.bench import load_bench
    from rig.cli.bench.measure_position import measure_position

    return measure_position(load_bench(name), **chosen)


@bench.command("mask")
@click.argument("name", metavar="NAME|PATH")
@click.argument("position")
@click.option("--why", type=LINE, required=True, metavar="TEXT", help="Why it is left out; every run says so.")
def mask_position(name: str, position: str, why: str) -> None:
    """Leave POSITION out of all runs from now on, until it is unmasked."""
    from rig.bench import load_bench
    from rig.bench.positions.masks import mask

    echo(mask(load_bench(name), position, why).text)


@bench.command("unmask")
@click.argument("name", metavar="NAME|PATH")
@click.argument("position")
def unmask_position(name: str, position: str) -> None:
    """Take POSITION in again."""
    from rig.bench import load_bench
    from rig.bench.positions.masks import unmask

    was = unmask(load_bench(name), position)
    echo(f"position {position} is tested again" if was else f"position {position} was not masked")


@bench.command()
@click.argument("name", default="emulated", metavar="NAME|PATH")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def positions(name: str, as_json: bool) -> None:
    """Show each position of a bench: its port, who has proven its wiring, whether it is locked or masked."""
    from rig.bench import load_bench
    from rig.cli.bench.positions import show_positions

    show_positions(load_bench(name), as_json)


@bench.command("list")
def list_benches() -> None:
    """Name the bench files that come with the rig."""
    from rig.bench import bench_names

    for name in bench_names():
        echo(name)


@bench.command()
def schema() -> None:
    """Print the JSON schema of a bench file, for editors."""
    from rig.bench import json_schema

    echo(json.dumps(json_schema(), indent=2))
