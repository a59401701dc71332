"""Choices that reading a meter tells: names, units, what the Device object says, where two values stand."""

from __future__ import annotations

import math

from rig.procedures.characterise.evidence import Evidence, decided
from rig.procedures.characterise.subject import Subject

_KEY = "C14"
_RESTART_BIT, _TREND_LOG_BIT = 20, 20


def read_choices(subject: Subject) -> list[Evidence]:
    """Return what names, units and bit strings say; nothing is applied."""
    names = [str(subject.read("BI", number, "object-name")) for number in (4, 5, 6)]
    units = subject.read("AI", 14, "units")
    services = tuple(subject.read("DE", 1, "protocol-services-supported"))
    types = tuple(subject.read("DE", 1, "protocol-object-types-supported"))
    has_restart = len(services) > _RESTART_BIT and bool(services[_RESTART_BIT])
    has_log = len(types) > _TREND_LOG_BIT and bool(types[_TREND_LOG_BIT])
    number = int(units)
    return [
        _told(
            "bi_names",
            "names of BI4 to BI6",
            ", ".join(names),
            {"by_phase": len(set(names)) == 3, "as_printed": len(set(names)) == 1},
        ),
        _told("pf_units", "units of AI14", str(number), {"no_units": number == 95, "power_factor": number == 15}),
        _told(
            "services_supported",
            "Protocol_Services_Supported",
            f"bit {_RESTART_BIT} is {int(has_restart)}",
            {"as_printed": not has_restart, "with_reinitialize_device": has_restart},
        ),
        _told(
            "object_types_supported",
            "Protocol_Object_Types_Supported",
            f"{len(types)} bits, bit {_TREND_LOG_BIT} is {int(has_log)}",
            {"trend_log": has_log, "as_printed": not has_log},
        ),
    ]


def places(subject: Subject) -> list[Evidence]:
    """Return where the alarm bitmap and the maximum power read, at a load whose power factor is an alarm."""
    point = subject.nominal.point(50.0, -75.0)
    subject.load(point)
    read = subject.inputs((45, 52, 76, 83))
    text = "PF 0.26 lag, so that AI83 is not 0"
    shown = {number: "QNAN" if math.isnan(value) else f"{value:.6g}" for number, value in read.items()}
    bitmap, power = read[52] == read[83], read[45] == read[76]
    return [
        _told(
            "alarm_bitmap_at",
            text,
            f"AI52 {shown[52]}, AI83 {shown[83]}",
            {"ai83": not bitmap, "ai52_too": bitmap},
        ),
        _told(
            "maximum_power_at",
            text,
            f"AI45 {shown[45]}, AI76 {shown[76]}",
            {"ai76": not power, "ai45_too": power},
        ),
    ]


def _told(choice: str, applied: str, read: str, fits: dict[str, bool]) -> Evidence:
    return decided(_KEY, choice, applied, read, {name: 0.0 if good else 1.0 for name, good in fits.items()})
