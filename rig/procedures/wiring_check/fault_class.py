"""The failure class of a wiring fault that is a unit's own."""

from __future__ import annotations

from rig.procedures.wiring_check.faults import FaultKind, WiringFault
from rig.products.failure_classes import FailureClass

_CLASSES = {
    FaultKind.CT_EXCHANGED: FailureClass.EXCHANGED,
    FaultKind.CT_ROTATED: FailureClass.EXCHANGED,
    FaultKind.VOLTAGE_EXCHANGED: FailureClass.EXCHANGED,
    FaultKind.VOLTAGE_ROTATED: FailureClass.EXCHANGED,
    FaultKind.PHASES_EXCHANGED: FailureClass.EXCHANGED,
    FaultKind.PHASES_ROTATED: FailureClass.EXCHANGED,
    FaultKind.CT_REVERSED: FailureClass.REVERSED,
    FaultKind.CT_MISSING: FailureClass.MISSING_PHASE,
    FaultKind.VOLTAGE_MISSING: FailureClass.MISSING_PHASE,
    FaultKind.VOLTAGE_RATIO: FailureClass.VOLTAGE,
}


def class_of_fault(fault: WiringFault) -> FailureClass:
    """Return the class of one fault.

    One factor for all CT inputs is their mode, 1 V or 1/3 V, since no single fault of a channel is in all three.
    """
    if fault.kind is FaultKind.CT_RATIO:
        return FailureClass.GAIN if fault.where else FailureClass.CT_MODE
    return _CLASSES[fault.kind]
