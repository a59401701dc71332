"""Settings of a meter before a run changed it: noted in the state folder before each write, until they are put back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drivers.meter.readings import Identity
from meter_model.configuration import FIELDS
from rig.bench.meters import Position
from rig.errors import BenchFault
from rig.safety.state import read_json, state_folder, write_json

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_HOW = "'rig restore' puts it back"


@dataclass(frozen=True, slots=True)
class Departure:
    """An analog value of a meter that is not as it was found: AV ``av`` was ``found`` and is ``now``."""

    av: int
    found: float
    now: float

    @property
    def text(self) -> str:
        """Say so."""
        return f"AV{self.av} is {self.now:g} where {self.found:g} was found"


class AsFound:
    """The note about one meter, known by serial number and device instance together: all meters ship as MAC 1.

    ``found`` has analog values by number, as they were before the first write that has not been put back. Each change
    of the note is on the disk when the call returns.
    """

    def __init__(self, serial_number: str, device_instance: int) -> None:
        self.serial_number = serial_number
        self.device_instance = device_instance
        self._whose = {"serial_number": serial_number, "device_instance": device_instance}
        name = _UNSAFE.sub("_", serial_number)[:40] or "_"
        self.path = state_folder() / f"meter-{name}-{device_instance}.as-found.json"

    @classmethod
    def of(cls, identity: Identity) -> AsFound:
        """Return the note about the meter that says it is ``identity``; there may be nothing in it."""
        return cls(identity.serial_number, identity.device_instance)

    @property
    def content(self) -> dict[str, Any]:
        """The whole note: bench, position, time and run beside the values; empty where there is none."""
        content = read_json(self.path) or {}
        return content if content.items() >= self._whose.items() else {}

    @property
    def found(self) -> dict[int, float]:
        """The values that were found, by number of the analog value."""
        values = self.content.get("found", {})
        return {int(name.removeprefix("AV")): float(value) for name, value in values.items()}

    def note(self, av: int, found: float, *, bench: str, position: str, run: str | None) -> None:
        """Note before a write what AV ``av`` was; a value that was noted before is kept. Raises BenchFault."""
        noted = self.found
        if av in noted:
            return
        content = self.content or {
            **self._whose,
            "bench": bench,
            "position": position,
            "run": run,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._write({**content, "found": _named({**noted, av: found})})

    def forget(self, values: Mapping[int, float]) -> tuple[Departure, ...]:
        """Take out of the note what is as it was found; returns what is not. ``values``: as the meter reads now."""
        noted = self.found
        left = {av: found for av, found in noted.items() if av not in values or values[av] != found}
        if left.keys() != noted.keys():
            if left:
                self._write({**self.content, "found": _named(left)})
            else:
                self.path.unlink(missing_ok=True)
        return tuple(Departure(av, found, values[av]) for av, found in sorted(left.items()) if av in values)

    def _write(self, content: Mapping[str, Any]) -> None:
        try:
            write_json(self.path, content, to_disk=True)
        except OSError as error:
            raise BenchFault(
                f"what the meter was set to cannot be noted in {self.path.parent} ({error.strerror}), so nothing is "
                "written to it; free some disk, or set RIG_STATE_DIR"
            ) from None


def noted_meters() -> list[AsFound]:
    """Return the notes about all meters that were not left as they were found."""
    found = []
    for path in sorted(state_folder().glob("meter-*.as-found.json")):
        content = read_json(path) or {}
        try:
            one = AsFound(str(content["serial_number"]), int(content["device_instance"]))
        except (KeyError, TypeError, ValueError):
            continue
        if one.found:
            found.append(one)
    return found


def look_at(position: Position) -> tuple[Departure, ...]:
    """Return what an earlier run changed in this meter and did not put back; the meter is read if there is a note.

    A value that has been set right meanwhile is taken out of the note.
    """
    note = AsFound.of(position.identity)
    return note.forget(position.meter.read_configuration()) if note.found else ()


def said_of(position: Position, departures: tuple[Departure, ...]) -> tuple[str, ...]:
    """Say of each departure of a meter what it is and what puts it back."""
    meter = f"meter at {position.name} ({position.identity.serial_number})"
    return tuple(f"{meter}: {each.text}; {_HOW}" for each in departures)


def _named(values: Mapping[int, float]) -> dict[str, float]:
    return {f"AV{av}": values[av] for av in sorted(values) if av in FIELDS}
