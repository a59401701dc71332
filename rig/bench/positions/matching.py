"""Match serial number, position and port before anything is written: what was scanned is what answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from drivers.meter.bus import MeterBus
from drivers.meter.readings import Identity
from rig.errors import UsageRefused


class Found(Protocol):
    """A position with the meter that answers there."""

    @property
    def name(self) -> str:
        """The position's name."""

    @property
    def identity(self) -> Identity:
        """What the meter said."""

    @property
    def bus(self) -> MeterBus:
        """The bus on which it answers."""


class UnitMismatch(UsageRefused):
    """The meter at ``position`` is not the one ``scanned`` for it; ``found``: the serial number that answers there."""

    def __init__(self, position: str, scanned: str, found: str, port: str, elsewhere: str) -> None:
        if not found:
            what = f"position {position}: unit {scanned} was scanned for it, and no meter answers there"
        else:
            what = (
                f"position {position}: unit {scanned} was scanned for it, and unit {found} answers on its port {port}"
            )
        if elsewhere:
            what += f"; {scanned} answers at position {elsewhere}"
        super().__init__(
            f"{what}; nothing was written to any meter", "put each unit where it was scanned, or scan again"
        )
        self.position, self.scanned, self.found = position, scanned, found


def mismatches(positions: tuple[Found, ...], scanned: Mapping[str, str]) -> list[UnitMismatch]:
    """Return what does not match, of the positions that were scanned (serial number by position).

    Serial numbers are texts: a leading zero counts. One that answers twice matches nowhere.
    """
    at = {each.name: each for each in positions}
    by_serial: dict[str, list[str]] = {}
    for each in positions:
        by_serial.setdefault(each.identity.serial_number, []).append(each.name)
    found = []
    for position, serial_number in scanned.items():
        one = at.get(position)
        others = [name for name in by_serial.get(serial_number, ()) if name != position]
        said = one.identity.serial_number if one is not None else ""
        if said != serial_number or others:
            port = one.bus.settings.device if one is not None else ""
            found.append(UnitMismatch(position, serial_number, said, port, " and ".join(others)))
    return found


def refuse_mismatch(positions: tuple[Found, ...], scanned: Mapping[str, str]) -> None:
    """Raise the first UnitMismatch, and UsageRefused where one serial number was scanned for two positions."""
    seen: dict[str, str] = {}
    for position, serial_number in scanned.items():
        if serial_number in seen:
            raise UsageRefused(
                f"unit {serial_number} was scanned for positions {seen[serial_number]} and {position}; scan each again"
            )
        seen[serial_number] = position
    for mismatch in mismatches(positions, scanned):
        raise mismatch
