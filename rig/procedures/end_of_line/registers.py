"""Step: energy registers count what the meter's own powers say, in the right direction, quadrant and phase."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from drivers.meter.properties import Properties
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.procedures.end_of_line.advance import Advance, Registers
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, together
from rig.products.failure_classes import FailureClass

REGISTERS = (*range(1, 11), *range(31, 37))
_IMPORT, _EXPORT, _NET = 2, 3, 1
_WATCHED = (_IMPORT, _EXPORT)
_LONGEST_S = 2.5
_POLL_S = 0.05
_NOTHING = 0.002
"""Part of the energy that a register of another direction may have counted: noise of Q near zero."""


def at_an_update(line: Line, units: Sequence[TestedUnit]) -> dict[int, Registers]:
    """Read the energy registers of each unit at one of its updates: poll until AI2 or AI3 moves.

    A register that does not move within two updates is read as it stands. The update lies between the beginning of the
    read before it and the end of the one that shows it: a meter is read at some time between both, and reading many
    takes long on a busy host.
    """
    clock = line.run.bench.clock
    asked_s = clock.now_s()
    first = line.ask_each(_read, units)
    began_s = clock.now_s()
    found: dict[int, Registers] = {}
    last = {number: Registers(values, began_s, _LONGEST_S) for number, values in first.items()}
    while waiting := [each for each in units if not each.out and each.number not in found]:
        if clock.now_s() - began_s > _LONGEST_S:
            break
        line.run.let_pass(_POLL_S)
        before_s, asked_s = asked_s, clock.now_s()
        read = line.ask_each(_read, waiting)
        now_s = clock.now_s()
        for number, values in read.items():
            if any(values[each] != last[number].values[each] for each in _WATCHED):
                found[number] = Registers(values, (before_s + now_s) / 2.0, (now_s - before_s) / 2.0)
            else:
                last[number] = Registers(values, (asked_s + now_s) / 2.0, _LONGEST_S)
    return {each.number: found.get(each.number, last[each.number]) for each in units if each.number in last}


def check_energy(line: Line, point: LoadPoint) -> None:
    """Judge how the registers of each unit moved at a load point that was measured."""
    left = {unit.number for unit in line.left}
    advances = {number: each for number, each in line.advances.get(point.label, {}).items() if number in left}
    line.note_all({number: list(findings(point, advance)) for number, advance in advances.items()})


def findings(point: LoadPoint, advance: Advance) -> Iterator[Found]:
    """Judge the registers of one unit; ``point`` gives direction and quadrant."""
    is_export = point.power_factor < 0.0
    way, other = (_EXPORT, _IMPORT) if is_export else (_IMPORT, _EXPORT)
    name, first, first_other = ("export", 34, 31) if is_export else ("import", 31, 34)
    energy = abs(advance.powers[11]) * advance.hours
    phases = [
        (place, abs(advance.powers[55 + place]) * advance.hours)
        for place, phase in enumerate(PHASE_NAMES)
        if phase in point.phases and math.isfinite(advance.powers[55 + place])
    ]
    yield _counted(f"energy.{name}", way, advance, energy)
    counted = [_counted(f"AI{first + place}", first + place, advance, each) for place, each in phases]
    yield together(f"energy.{name}-phases", "each as the power of its phase", [*counted, _net(advance, energy)])
    nothing = [_nothing(first_other + place, advance, each) for place, each in phases]
    yield together(f"energy.direction-{name}", "nothing the other way", [_nothing(other, advance, energy), *nothing])
    if abs(point.sin_phi) > 0.1:
        quadrant = (2 if is_export else 1) if point.sin_phi > 0.0 else (3 if is_export else 4)
        reactive = abs(advance.powers[12]) * advance.hours
        own = _counted(f"AI{3 + quadrant}", 3 + quadrant, advance, reactive, FailureClass.DIRECTION)
        others = [_nothing(3 + each, advance, reactive) for each in range(1, 5) if each != quadrant]
        yield together(f"energy.quadrant-{name}", f"in quadrant {quadrant} alone", [own, *others])


def _net(advance: Advance, energy: float) -> Found:
    net, found = advance.of(_IMPORT) - advance.of(_EXPORT), advance.of(_NET)
    good = abs(found - net) <= _NOTHING * energy + _step(advance, _NET)
    return checked("AI1", f"{net:+.5g} kWh, AI2 less AI3", f"{found:+.5g} kWh", good, FailureClass.ENERGY)


def _counted(
    key: str, instance: int, advance: Advance, energy: float, failure_class: FailureClass = FailureClass.ENERGY
) -> Found:
    found = advance.of(instance)
    within = advance.tolerance * energy + _step(advance, instance)
    expected = f"{energy:.5g} within {within:.2g} in {3600.0 * advance.hours:.2f} s"
    return checked(key, expected, f"{found:.5g}", abs(found - energy) <= within, failure_class)


def _nothing(instance: int, advance: Advance, energy: float) -> Found:
    found, most = advance.of(instance), _NOTHING * energy + _step(advance, instance)
    return checked(f"AI{instance}", f"at most {most:.2g}", f"{found:.5g}", abs(found) <= most, FailureClass.DIRECTION)


def _step(advance: Advance, instance: int) -> float:
    """Return two float32 steps of a register's value."""
    return 2.0 * abs(advance.after.values[instance]) * 2.0**-23


def _read(unit: TestedUnit) -> dict[int, float]:
    read = Properties(unit.unit.position.meter).read_several(
        [("AI", number, ("present-value",)) for number in REGISTERS]
    )
    return {number: float(read["AI", number, "present-value"]) for number in REGISTERS}
