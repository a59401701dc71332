"""What a station is: its name, bench and positions, its folder, and the commands that it starts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

RUN = (sys.executable, "-m", "rig.cli", "eol")
OFF = (sys.executable, "-m", "rig.cli", "off", "--json")


@dataclass(frozen=True)
class StationSettings:
    """How a station is set up. ``folder``: for its state and the folders of its runs.

    ``positions``: names of the bench's positions, in the order in which they are scanned. ``product``: variant that is
    tested, empty where ``rig eol`` is to take what the bench file says. ``run_command`` and ``off_command``: what is
    started; options are added to the first. ``lot``: goes into the record. ``masked``: positions that are not used.
    """

    folder: Path
    bench: str = "emulated"
    name: str = "station"
    product: str = ""
    positions: tuple[str, ...] = ("1",)
    masked: tuple[str, ...] = ()
    records: str = ""
    lot: str = ""
    unprotected: bool = False
    run_command: tuple[str, ...] = RUN
    off_command: tuple[str, ...] = OFF

    @property
    def used(self) -> tuple[str, ...]:
        """The positions that are not masked."""
        return tuple(each for each in self.positions if each not in self.masked)
