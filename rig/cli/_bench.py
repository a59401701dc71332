"""``rig bench check``: does a bench file fit, and does everything on the bench answer? Nothing is switched on."""

from __future__ import annotations

import json

import click


@click.group()
def bench() -> None:
    """Look at bench files and at what is on the bench."""


@bench.command()
@click.argument("name", default="emulated", metavar="NAME|PATH")
def check(name: str) -> None:
    """Read the bench file, open everything on it, and say who answers; outputs stay off."""
    from rig.bench import load_bench, open_bench

    bench_file = load_bench(name)
    click.echo(f"{bench_file.path}: good; has {', '.join(sorted(bench_file.capabilities)) or 'nothing'}")
    with open_bench(bench_file, command="rig bench check", report=click.echo) as opened:
        for position in opened.positions:
            click.echo(
                f"position {position.name}: {position.identity.object_name}, device "
                f"{position.identity.device_instance}, MAC {position.mac}"
            )


@bench.command("list")
def list_benches() -> None:
    """Name the bench files that come with the rig."""
    from rig.bench import bench_names

    for name in bench_names():
        click.echo(name)


@bench.command()
def schema() -> None:
    """Print the JSON schema of a bench file, for editors."""
    from rig.bench import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
