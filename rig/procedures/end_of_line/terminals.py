"""Steps: the alarm contact opens with phase loss and closes at nominal load; pulses at the pulse input are counted.

The switch unit is wired to the terminals of one position (rig.bench.auxiliary); at others both are skipped.
"""

from __future__ import annotations

from drivers.meter.properties import Properties
from drivers.switch.base import SwitchUnit
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, skipped
from rig.products.failure_classes import FailureClass

_CLOSED_S = (0.05, 0.05, 0.6)
"""A pulse is counted from 20 ms on (manual page 2), and a long one once, also when it opens."""

_OPEN_S = 0.05
PULSES = len(_CLOSED_S)
_PULSE_COUNT = 29
_PHASE_LOSS = (9, 10, 11)


class Terminals:
    """Alarm contact and pulse input of the units of a run.

    ``position``: to whose terminals the switch unit is wired. ``missing``: by part, why the bench has it not.
    """

    def __init__(self, line: Line, position: str, missing: dict[str, str]) -> None:
        self._line = line
        self._position = position
        self._missing = missing
        self._counted: dict[int, float] = {}

    def before_load(self) -> None:
        """Without voltage: the contact is open, BI9 to BI11 being active (manual pages 2 and 29); give the pulses."""
        found: dict[int, list[Found]] = {}
        for unit in self._line.left:
            if (switch := self._switch("alarm_contact", unit)) is not None:
                alarms = self._line.ask_each(_phase_losses, [unit]).get(unit.number, ())
                said = "open" if not switch.alarm_contact_is_closed() else "closed"
                active = ", ".join(f"BI{each}" for each in alarms) or "none of BI9 to BI11"
                good = said == "open" and tuple(alarms) == _PHASE_LOSS
                expected = "open, BI9, BI10, BI11 active"
                text = f"{said}, {active} active"
                key = "alarm-contact.without-voltage"
                found.setdefault(unit.number, []).append(checked(key, expected, text, good, FailureClass.ALARM_CONTACT))
            if (switch := self._switch("pulse_input", unit)) is not None:
                self._counted |= self._line.ask_each(_pulse_count, [unit])
                self._give_pulses(switch)
        self._line.note_all(found)

    def at_load(self) -> None:
        """At nominal load: the contact is closed, and the pulses that were given have been counted."""
        found: dict[int, list[Found]] = {}
        for unit in self._line.left:
            of_unit = found.setdefault(unit.number, [])
            switch = self._switch("alarm_contact", unit)
            if switch is None:
                of_unit.append(skipped("alarm-contact.at-load", self._why_not("alarm_contact")))
            else:
                said = "closed" if switch.alarm_contact_is_closed() else "open"
                good = said == "closed"
                of_unit.append(checked("alarm-contact.at-load", "closed", said, good, FailureClass.ALARM_CONTACT))
            if self._switch("pulse_input", unit) is None:
                of_unit.append(skipped("pulse-input.counts", self._why_not("pulse_input")))
                continue
            now = self._line.ask_each(_pulse_count, [unit]).get(unit.number)
            before = self._counted.get(unit.number)
            if now is not None and before is not None:
                key, grown = "pulse-input.counts", now - before
                of_unit.append(
                    checked(key, f"{PULSES} more", f"{grown:g} more", grown == PULSES, FailureClass.PULSE_INPUT)
                )
        self._line.note_all(found)

    def _switch(self, part: str, unit: TestedUnit) -> SwitchUnit | None:
        if part in self._missing or unit.position != self._position:
            return None
        return self._line.run.bench.switch

    def _why_not(self, part: str) -> str:
        elsewhere = f"the switch unit is wired to position {self._position}"
        return self._missing.get(part, elsewhere)

    def _give_pulses(self, switch: SwitchUnit) -> None:
        try:
            for closed_s in _CLOSED_S:
                switch.set_pulse_contact(True)
                self._line.run.let_pass(closed_s)
                switch.set_pulse_contact(False)
                self._line.run.let_pass(_OPEN_S)
        finally:
            switch.set_pulse_contact(False)


def _phase_losses(unit: TestedUnit) -> tuple[int, ...]:
    read = Properties(unit.unit.position.meter).read_several(
        [("BI", number, ("present-value",)) for number in _PHASE_LOSS]
    )
    return tuple(number for number in _PHASE_LOSS if read["BI", number, "present-value"])


def _pulse_count(unit: TestedUnit) -> float:
    return unit.unit.position.meter.read_inputs([_PULSE_COUNT])[_PULSE_COUNT]
