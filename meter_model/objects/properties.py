"""Properties of the Analog Inputs, Analog Values and Binary Inputs (manual pages 21 to 29, protocol revision 4)."""

from __future__ import annotations

from meter_model.behaviour.profile import BehaviourProfile, CurrentErrorNames, PowerFactorUnits
from meter_model.objects.access import property_error
from meter_model.objects.points import POWER_FACTOR_UNITS, Point, point

PRESENT_VALUE = "present-value"
NO_FAULT = 0
"""Reliability no-fault-detected."""


def read_property(
    entry: Point, prop: str, present_value: float | int, reliability: int, profile: BehaviourProfile
) -> object:
    """Return one property of an AI, AV or BI, or raise unknown-property."""
    match prop:
        case "present-value":
            return present_value
        case "reliability":
            return reliability
        case "status-flags":
            return (False, reliability != NO_FAULT, False, False)
        case "object-identifier":
            return (entry.kind, entry.instance)
        case "object-name":
            return _name(entry, profile)
        case "object-type":
            return entry.object_type
        case "description":
            return entry.description
        case "event-state":
            return 0
        case "out-of-service":
            return False
        case "units" if entry.kind != "BI":
            is_pf = entry.quantity == "PF" and profile.pf_units is PowerFactorUnits.POWER_FACTOR
            return POWER_FACTOR_UNITS if is_pf else entry.bacnet_units
        case "polarity" if entry.kind == "BI":
            return 0
    raise property_error("unknown-property")


def _name(entry: Point, profile: BehaviourProfile) -> str:
    if entry.kind == "BI" and entry.instance in (5, 6) and profile.bi_names is CurrentErrorNames.AS_PRINTED:
        return point("BI", 4).name
    return entry.name
