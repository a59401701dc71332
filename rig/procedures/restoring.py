"""Put a meter back to the settings that it had before a run: at its end, or later where it did not come to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from drivers.errors import RigError
from meter_model.configuration import FIELDS
from rig.bench.as_found import AsFound, Departure, noted_meters
from rig.errors import BenchFault
from rig.events import Events, Noted

if TYPE_CHECKING:
    from drivers.meter.client import MeterClient
    from rig.bench import Bench, Position
    from rig.records.recorder import RunRecorder

CLEARS_RECORDS = frozenset({10, 11})
"""Analog values whose writing clears demand and trend logs (manual page 21): they are never put back by the rig."""

_FIRST = (5, 2, 3, 4, 6)
"""The order in which values are written: what others depend on comes first."""


def restore_meters(bench: Bench, say: Callable[[str], None]) -> bool:
    """Put the meters of an open bench back as they were found, and report the result for each value.

    A meter is written to only where serial number and device instance are those of the note. Each value is read back.
    Returns False where something is not as it was found, or could not be put back; raises nothing for that.
    """
    here = {(one.identity.serial_number, one.identity.device_instance) for one in bench.positions}
    good = True
    for position in bench.positions:
        note = AsFound.of(position.identity)
        if not note.found:
            say(f"meter at {position.name} ({_who(note)}): nothing to put back")
            continue
        good &= _restore(position, note, say)
    for note in noted_meters():
        if (note.serial_number, note.device_instance) not in here:
            values = ", ".join(f"AV{av} {value:g}" for av, value in sorted(note.found.items()))
            where = f"bench {note.content.get('bench')}, position {note.content.get('position')}"
            say(
                f"meter {_who(note)}, seen at {where}, is not on this bench and was left alone; it was found with "
                f"{values}"
            )
            good &= not _is_alike(note, bench)
    return good


def _restore(position: Position, note: AsFound, say: Callable[[str], None]) -> bool:
    name = f"meter at {position.name} ({_who(note)})"
    departures = {each.av: each for each in note.forget(position.meter.read_configuration())}
    if not departures:
        say(f"{name}: it is as it was found")
        return True
    good = True
    for av in [*(av for av in _FIRST if av in departures), *(av for av in departures if av not in _FIRST)]:
        each = departures[av]
        if av in CLEARS_RECORDS:
            say(f"{name}: {each.text}; writing it would clear demand and trend logs, so set it by hand")
            good = False
        else:
            good &= _put_back(position, each, name, say)
    return not note.forget(position.meter.read_configuration()) and good


def _put_back(position: Position, each: Departure, name: str, say: Callable[[str], None]) -> bool:
    try:
        position.meter.write_value(each.av, each.found)
    except RigError as error:
        say(f"{name}: {each.text}, and could not be put back: {error}")
        return False
    say(f"{name}: AV{each.av} was {each.now:g}, put back to {each.found:g} and read back")
    return True


def restore_configuration(
    meter: MeterClient,
    as_found: Mapping[int, float],
    record: RunRecorder,
    events: Events,
    unit_number: int | None = None,
) -> dict[int, float]:
    """Put a meter's configuration back as it was found, verify it, record what it is now, and return that.

    Raises BenchFault where the meter is left otherwise than it was found; CLEARS_RECORDS are never written.
    """
    try:
        now = dict(meter.read_configuration())
        for av in FIELDS:
            if now[av] != as_found[av] and av not in CLEARS_RECORDS:
                meter.write_value(av, as_found[av])
        left = dict(meter.read_configuration())
    except RigError as error:
        events.publish(Noted("configuration", f"the meter's configuration could not be restored: {error}", "error"))
        raise
    record.configuration_after(left, unit_number)
    wrong = {av: left[av] for av in FIELDS if left[av] != as_found[av]}
    if wrong:
        found = ", ".join(f"AV{av} is {value:g}, was {as_found[av]:g}" for av, value in wrong.items())
        raise BenchFault(f"the meter was not left as it was found: {found}; 'rig restore' puts them back")
    return left


def _who(note: AsFound) -> str:
    return f"serial number {note.serial_number}, device {note.device_instance}"


def _is_alike(note: AsFound, bench: Bench) -> bool:
    """Whether a meter on this bench has the number or the instance of the note, but not both: it may be that one."""
    return any(
        note.serial_number == one.identity.serial_number or note.device_instance == one.identity.device_instance
        for one in bench.positions
    )
