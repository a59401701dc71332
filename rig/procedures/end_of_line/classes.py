"""Which failure class explains a unit's readings: from a diagnosis of its channels, or from the errors of one."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rig.load_point import PHASE_NAMES
from rig.metrology.limits import Quantity
from rig.metrology.outcome import Outcome
from rig.procedures.wiring_check.fault_class import class_of_fault
from rig.procedures.wiring_check.faults import Diagnosis
from rig.products.failure_classes import FailureClass
from rig.records.data import ResultRecord

_FIRST_V, _FIRST_I, _FIRST_P = 70, 73, 55


def class_of_diagnosis(diagnosis: Diagnosis) -> FailureClass | None:
    """Return the class of what a diagnosis found; None where the channels are right.

    Of several faults the class that comes first in the list; OTHER where nothing that was looked for fits.
    """
    if diagnosis.is_right:
        return None
    if not diagnosis.alternatives:
        return FailureClass.OTHER
    found = {class_of_fault(fault) for fault in diagnosis.alternatives[0]}
    return next(each for each in FailureClass if each in found)


def class_of_result(result: ResultRecord, errors_pct: Mapping[int, float]) -> FailureClass | None:
    """Return the class of a result that failed, from the errors of the same unit at the same point; else None.

    ``errors_pct``: percentage error by Analog Input instance. The error of a phase's power is that of its voltage, that
    of its current, and what is left: an angle between them.
    """
    if result.outcome not in (Outcome.FAIL, Outcome.COND_FAIL):
        return None
    if result.error_pct is None and result.quantity in (Quantity.VOLTAGE, Quantity.CURRENT):
        return FailureClass.MISSING_PHASE
    if result.quantity == Quantity.VOLTAGE:
        return _class_of_voltage(result, errors_pct)
    if result.quantity == Quantity.CURRENT:
        return FailureClass.GAIN
    if result.quantity not in (Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER):
        return FailureClass.OTHER
    if len(result.phase) == 1:
        return _class_of_power(PHASE_NAMES.index(result.phase), errors_pct)
    places = [place for place in range(3) if math.isfinite(errors_pct.get(_FIRST_P + place, math.nan))]
    if not places:
        return FailureClass.OTHER
    worst = max(places, key=lambda place: abs(errors_pct[_FIRST_P + place]))
    return _class_of_power(worst, errors_pct)


def _class_of_voltage(result: ResultRecord, errors_pct: Mapping[int, float]) -> FailureClass:
    """A line to line voltage that is off though both its phase voltages are right has an angle between them."""
    if len(result.phase) == 2 and result.error_pct is not None:
        of_phases = [errors_pct.get(_FIRST_V + PHASE_NAMES.index(name), math.nan) for name in result.phase]
        if all(abs(each) < abs(result.error_pct) / 2.0 for each in of_phases):
            return FailureClass.PHASE
    return FailureClass.VOLTAGE


def _class_of_power(place: int, errors_pct: Mapping[int, float]) -> FailureClass:
    volts, amperes, power = (errors_pct.get(first + place, math.nan) for first in (_FIRST_V, _FIRST_I, _FIRST_P))
    if not all(map(math.isfinite, (volts, amperes, power))):
        return FailureClass.OTHER
    angle = power - volts - amperes
    if abs(angle) >= max(abs(volts), abs(amperes)):
        return FailureClass.PHASE
    return FailureClass.VOLTAGE if abs(volts) > abs(amperes) else FailureClass.GAIN
