"""The wiring of all meters of a bench, looked at under one load; and whose fault it is: unit's or position's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.errors import UsageRefused, WiringWrong
from rig.events import Events, Noted
from rig.golden.state import RIGHT, PositionState, note_unit_wiring, position_state
from rig.procedures.units import Unit, alive, leave_out
from rig.procedures.wiring_check.check import conclude
from rig.procedures.wiring_check.fault_class import class_of_fault
from rig.procedures.wiring_check.faults import Diagnosis
from rig.procedures.wiring_check.look import Look, look_at_each
from rig.products.failure_classes import FailureClass
from rig.records.data import WiringCheckRecord

if TYPE_CHECKING:
    from rig.bench import Bench
    from rig.records.recorder import RunRecorder

At = Callable[[int], AbstractContextManager[Unit]]
"""Has what is recorded meanwhile be about the meter of this number (``MeterRun.at``)."""

Checked = tuple[Unit, Look, WiringCheckRecord, WiringWrong | None]


@dataclass(frozen=True, slots=True)
class UnitWiring:
    """How one unit looks at its position.

    ``state``: right; unit (it is the unit's own: a golden unit has proven the position); bench (the position is not
    proven, or is locked: no verdict on the unit); unknown (nothing could be compared). ``failure_class``: of what is
    wrong, empty where nothing is; ``wiring`` where it is not the unit's.
    """

    unit: Unit
    state: str
    text: str
    picture: str
    failure_class: FailureClass | None
    position: PositionState


def check_each(
    bench: Bench, units: Sequence[Unit], record: RunRecorder, events: Events, at: At, *, accept: bool = False
) -> list[Checked]:
    """Look at every meter that answers under one load, record and publish each; one that fails is left out.

    Raises RigError where the bench itself fails, or the only meter does.
    """
    nominal = bench.file.parts.nominal
    if nominal is None or bench.supervisor is None or bench.analyzer is None:
        raise UsageRefused(f"bench {bench.name} has no source, analyzer and meter to compare")
    living = alive(units)
    looks = look_at_each(bench, [(unit.position, unit.configuration) for unit in living], nominal)
    done: list[Checked] = []
    for unit, seen in zip(living, looks, strict=True):
        if isinstance(seen, RigError):
            leave_out(unit, units, seen, events)
            continue
        with at(unit.number):
            done.append((unit, seen, *conclude(bench.file, unit.position, seen, record, events, accept=accept)))
    return done


def wiring_of_units(
    bench: Bench, units: Sequence[Unit], record: RunRecorder, events: Events, at: At
) -> dict[int, UnitWiring]:
    """Look at every meter, and say of each, by its number, whether it is right and whose fault it is where it is not.

    At a position that a golden unit has proven an exchange or a reversal is the unit's; where the unit before looked
    the same, the position is locked. Nothing ends the run: see ``UnitWiring.state``.
    """
    found = {}
    for unit, seen, checked, _ in check_each(bench, units, record, events, at):
        wiring = _of_unit(bench, unit, seen, checked)
        if wiring.position.locked_why:
            events.publish(Noted("position locked", wiring.position.locked_why, "error"))
        found[unit.number] = wiring
    return found


def picture_text(diagnosis: Diagnosis) -> str:
    """Return the faults that fit in a form that is the same for the same faults, however large a ratio is."""
    if diagnosis.is_right:
        return RIGHT
    sets = sorted(
        " and ".join(sorted(f"{fault.kind} {fault.where}".strip() for fault in each)) for each in diagnosis.alternatives
    )
    return " or ".join(sets) or "no wiring that was looked for"


def failure_class_of(diagnosis: Diagnosis) -> FailureClass:
    """Return the class of what is wrong: of the first set of faults that fits, the first fault."""
    if not diagnosis.alternatives or not diagnosis.alternatives[0]:
        return FailureClass.WIRING
    return class_of_fault(diagnosis.alternatives[0][0])


def _of_unit(bench: Bench, unit: Unit, seen: Look, checked: WiringCheckRecord) -> UnitWiring:
    name, serial_number = unit.position.name, unit.position.identity.serial_number
    if seen.diagnosis is None:
        return UnitWiring(unit, "unknown", checked.text, "", None, position_state(bench.file, name))
    picture = picture_text(seen.diagnosis)
    position = note_unit_wiring(bench.file, name, serial_number, picture)
    if seen.diagnosis.is_right:
        return UnitWiring(unit, "right", checked.text, picture, None, position)
    if position.is_proven:
        return UnitWiring(unit, "unit", checked.text, picture, failure_class_of(seen.diagnosis), position)
    text = f"{checked.text}; {position.why_not_ready}"
    return UnitWiring(unit, "bench", text, picture, FailureClass.WIRING, position)
