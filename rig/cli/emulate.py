"""``rig emulate``: the emulated bench in the foreground, for any SCPI or BACnet client."""

from __future__ import annotations

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def emulate(options: tuple[str, ...]) -> None:
    """Run the emulated bench until interrupted; prints its endpoints (--json: one line). All options: --help."""
    # The emulation is a program of its own, reached as a process: nothing in the rig imports it.
    os.execv(sys.executable, [sys.executable, "-m", "rig.emulation", *options])  # noqa: S606 - our own interpreter
