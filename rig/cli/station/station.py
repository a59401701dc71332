"""``rig station``: what is set up at a station."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import AnyPath


@click.command()
@click.option("--folder", type=AnyPath(), default=Path("station"), show_default=True, help="That of 'rig serve'.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from a line of standard input.")
def password(folder: Path, from_stdin: bool) -> int:
    """Set the engineer's password; a scrypt hash of it is kept."""
    from rig.station.password import PASSWORD_FILE, set_password

    given = sys.stdin.readline().rstrip("\r\n") if from_stdin else _asked()
    set_password(folder, given)
    echo(f"the engineer's password is set ({folder / PASSWORD_FILE})")
    return 0


def _asked() -> str:
    return str(click.prompt("New password", hide_input=True, confirmation_prompt=True, type=str))


@click.group()
def station() -> None:
    """Set up a test station; ``rig serve`` serves its page."""


station.add_command(password)
