"""``rig support-bundle``: all that a person elsewhere needs to help, in one file, without secrets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import AnyPath
from rig.errors import BenchFileError
from rig.records import RECORDS


@click.command("support-bundle")
@click.argument("file", type=AnyPath(), required=False, metavar="[FILE.zip]")
@click.option(
    "--bench",
    "benches",
    multiple=True,
    metavar="NAME|PATH",
    help="Bench file; may be repeated  [default: those in this folder].",
)
@click.option(
    "--records",
    default=RECORDS,
    show_default=True,
    metavar="URL|PATH",
    help="Database of runs.",
)
@click.option(
    "--last", type=click.IntRange(0, 100_000), default=5, show_default=True, help="How many runs, newest first."
)
@click.option(
    "--add",
    "further",
    multiple=True,
    type=AnyPath(),
    metavar="PATH",
    help="Add this file, such as a capture; may be repeated.",
)
def support_bundle(
    file: Path | None, benches: tuple[str, ...], records: str, last: int, further: tuple[Path, ...]
) -> None:
    """Pack versions, bench files, the guardian's journal, logs, the last runs and their captures into FILE.zip.

    Passwords, keys and names of people and hosts are taken out; what went in and what did not is listed. Nothing is
    sent anywhere, and no instrument is asked anything.
    """  # fmt: skip
    from rig.reports.support import write_bundle

    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    target = file or Path(f"rig-support-{stamp}.zip")
    content = write_bundle(
        target, benches=benches or _benches_here(), records=records, last=last, further=further
    )  # fmt: skip
    for line in content.lines():
        echo(line)
    echo(f"written: {target} ({target.stat().st_size / 1000:.0f} kB)")


def _benches_here() -> list[str]:
    """Bench files in this folder, by the first of their keys; broken ones too."""
    from rig.files.yaml_file import read_text

    found = []
    for path in sorted([*Path().glob("*.yaml"), *Path().glob("*.yml")]):
        try:
            lines = read_text(path).splitlines()
        except BenchFileError:  # a pipe, a folder, or no text: no bench file, though perhaps a broken one
            lines = ["schema:"] if path.is_file() else []
        if any(line.startswith("schema:") for line in lines):
            found.append(f"./{path}")
    return found
