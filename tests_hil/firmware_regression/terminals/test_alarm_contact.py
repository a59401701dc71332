"""Is the alarm contact closed without an alarm, and does it open on what opens it?"""

from __future__ import annotations

import math

import allure

from drivers.switch.base import SwitchUnit
from meter_model.behaviour.operation_choices import AlarmContact
from meter_model.behaviour.profile import PhaseLoss
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Alarm contact")]

_PHASE_LOSS = frozenset({9, 10, 11})
_LOW_POWER_FACTOR = frozenset({12, 13, 14})
_ALERTS = frozenset(range(1, 15))


def _words(closed: bool) -> str:
    return "closed" if closed else "open"


def _check(asked: Inquiry, switch: SwitchUnit, when: str, expected: bool) -> None:
    asked.check(f"alarm contact {when}", _words(expected), _words(switch.alarm_contact_is_closed()))


def test_contact_opens_on_phase_loss_and_closes_again(loaded: Inquiry, alarm_contact: SwitchUnit) -> None:
    """Normally closed (manual page 2); opened by what BI9 to BI11 tell, which are not latched (page 29).

    The voltage stays; the threshold is moved past it.
    """
    point = loaded.load(0.0, 50.0)
    loaded.check("alerts at nominal voltage", [], sorted(loaded.alarms() & _ALERTS))
    _check(loaded, alarm_contact, "without an alert", True)
    percent = 10.0 if loaded.profile.phase_loss is PhaseLoss.DROP_BELOW else 90.0
    nominal_v = round(point.voltage_v * math.sqrt(3.0) / 0.88, 1)
    with loaded.configured({6: nominal_v, 8: percent}):
        loaded.updates(2)
        loaded.check("alerts below the threshold", sorted(_PHASE_LOSS), sorted(loaded.alarms() & _ALERTS))
        _check(loaded, alarm_contact, "with a phase lost", False)
    loaded.updates(2)
    _check(loaded, alarm_contact, "after it", True)


def test_contact_follows_other_alerts_as_the_meter_was_reviewed(loaded: Inquiry, alarm_contact: SwitchUnit) -> None:
    """What opens the contact besides phase loss the manual does not say (page 2): low power factor, BI12 to BI14."""
    loaded.load(-75.0, 50.0)
    loaded.check("alerts at PF 0.26", sorted(_LOW_POWER_FACTOR), sorted(loaded.alarms() & _ALERTS))
    is_closed = loaded.profile.alarm_contact is AlarmContact.PHASE_LOSS
    _check(loaded, alarm_contact, "with a low power factor", is_closed)
    loaded.load(0.0, 50.0)
    _check(loaded, alarm_contact, "after it", True)
