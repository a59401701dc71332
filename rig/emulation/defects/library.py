"""The library of seeded defects: what can be wrong with a meter or the source of the emulated bench, by name.

Defects of measurement have a value (``phase-b-current-gain=+1.0%``); those of behaviour and of services are there or
not (``quadrants-swapped``, rig.emulation.defects.behaviour and apdu_defects). ``choice-purge-record=absent`` makes a
meter that reads an ambiguity of the manual in another way than the default profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, cast

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.device.meter import S4100
from meter_model.sampled.sampling import UnitErrors
from rig.emulation.defects.behaviour import BEHAVIOUR_DEFECTS, DefectiveMeter
from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.influences import INFLUENCE_DEFECTS
from rig.emulation.defects.logs import LOG_DEFECTS
from rig.emulation.defects.panel import PANEL_DEFECTS
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.emulation.defects.services import APDU_DEFECTS
from rig.emulation.defects.terminals import TERMINAL_DEFECTS

_NAME = re.compile(r"([a-z][a-z0-9-]*)(?:@(\d+))?\Z")
_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-zA-Z%]*)\Z")
_REFERENCE_HZ = 60.0
_CHANNELS = {
    f"phase-{phase}-{quantity}": f"{quantity}_{phase}" for quantity in ("voltage", "current") for phase in "abc"
}


_PICKUP = "source-pickup"
_DISTURBANCES = ("ct-input-short", "voltage-dip")


class DefectRefused(ValueError):
    """A defect's text cannot be understood; the message is one sentence that lists what can."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect: its ``value`` in its own unit (1 for one of behaviour).

    ``meter``: which one it is in (1 is the first), None for all of them. ``option``: what a choice is instead.
    """

    name: str
    value: float
    meter: int | None = None
    option: str = ""


def _units() -> dict[str, str]:
    units = {"source-gain": "%", "source-voltage-gain": "%", "source-current-gain": "%", "meter-clock": "ppm"}
    units[_PICKUP] = "%"
    units |= dict.fromkeys(_DISTURBANCES, "%")
    for stem in _CHANNELS:
        units[f"{stem}-gain"] = "%"
        units[f"{stem}-phase"] = "deg"
    return dict(sorted(units.items()))


DEFECTS = _units()
"""Every defect's name and unit.

Gains: percent added to the channel's gain. Phases: degrees at 60 Hz, positive when the meter sees that channel lead.
``meter-clock``: positive when its clock is fast. ``source-...``: the output is off its set-point; ``source-pickup``:
each CT input has so many percent of its rated signal of its phase's voltage, with the currents off too.
``ct-input-short``, ``voltage-dip``: the meter takes so many percent of the CT signals, or of the voltages, away from
the whole bench while it is connected: all other meters and the analyzer see that.
"""

WITHOUT_VALUE: dict[str, type[DefectiveMeter]] = {
    **BEHAVIOUR_DEFECTS,
    **CREEP_DEFECTS,
    **INFLUENCE_DEFECTS,
    **LOG_DEFECTS,
    **REGISTER_DEFECTS,
    **TERMINAL_DEFECTS,
}
"""Defects of behaviour that are there or not; ``APDU_DEFECTS`` and ``PANEL_DEFECTS`` are so too."""

_CHOICE = "choice-"
CHOICES: dict[str, tuple[str, ...]] = {
    _CHOICE + entry.name.replace("_", "-"): tuple(map(str, type(entry.default)))
    for entry in fields(BehaviourProfile)
    if isinstance(entry.default, StrEnum)
}
"""The choices of the behaviour profile that a meter may have made otherwise, and their options."""


def parse_defect(text: str) -> Defect:
    """Read ``NAME=VALUE`` or ``NAME@METER=VALUE`` (``phase-b-current-gain=+1.0%``); raises DefectRefused.

    A defect of behaviour or of services has no value: ``NAME`` or ``NAME@METER``; a choice has one of its options.
    """
    name_text, _, value_text = text.partition("=")
    name_match, value_match = _NAME.match(name_text.strip()), _VALUE.match(value_text.strip())
    name, number = name_match.groups() if name_match is not None else ("", None)
    meter = int(number) if number else None
    if not value_text and name in (*WITHOUT_VALUE, *APDU_DEFECTS, *PANEL_DEFECTS):
        return Defect(name, 1.0, meter)
    if value_text in CHOICES.get(name, ()):
        return Defect(name, 1.0, meter, value_text)
    if name not in DEFECTS:
        options = (f"{name}={'|'.join(each)}" for name, each in CHOICES.items())
        valued = (f"{name}=<{unit}>" for name, unit in DEFECTS.items())
        known = ", ".join([*valued, *WITHOUT_VALUE, *APDU_DEFECTS, *PANEL_DEFECTS, *options])
        raise DefectRefused(f"defect {text!r} is not known; known are {known}")
    unit = DEFECTS[name]
    if value_match is None or value_match[2] not in ("", unit):
        raise DefectRefused(f"defect {text!r} needs a value in {unit}, such as {name}=+1.0{unit}")
    if meter is not None and name.startswith("source"):
        raise DefectRefused(f"defect {text!r} names a meter, but {name} is in the source")
    return Defect(name, float(value_match[1]), meter)


def with_defects(errors: UnitErrors, defects: Iterable[Defect], meter: int) -> UnitErrors:
    """Return the errors of meter number ``meter`` (1 is the first) with its share of the defects."""
    for defect in defects:
        if defect.name not in DEFECTS or defect.name.startswith("source") or defect.meter not in (None, meter):
            continue
        if defect.name in _DISTURBANCES:
            continue
        if defect.name == "meter-clock":
            errors = replace(errors, clock_ppm=errors.clock_ppm + defect.value)
            continue
        stem, _, kind = defect.name.rpartition("-")
        if kind == "gain":
            errors = errors.add_gain(_CHANNELS[stem], defect.value)
        else:
            errors = _with_lead(errors, _CHANNELS[stem], defect.value)
    return errors


def behaviour_of(defects: Iterable[Defect], meter: int) -> list[str]:
    """Name the defects of behaviour that meter number ``meter`` has."""
    return [each.name for each in defects if each.name in WITHOUT_VALUE and each.meter in (None, meter)]


def services_of(defects: Iterable[Defect], meter: int) -> list[str]:
    """Name the defects of services that meter number ``meter`` has."""
    return [each.name for each in defects if each.name in APDU_DEFECTS and each.meter in (None, meter)]


def panel_defects_of(defects: Iterable[Defect], meter: int) -> list[str]:
    """Name the defects of the front panel that meter number ``meter`` has."""
    return [each.name for each in defects if each.name in PANEL_DEFECTS and each.meter in (None, meter)]


def profile_of(defects: Iterable[Defect], meter: int) -> BehaviourProfile:
    """Return the choices of meter number ``meter``: the defaults, but for those that it makes otherwise."""
    change: dict[str, Any] = {}
    for each in defects:
        if each.name in CHOICES and each.meter in (None, meter):
            field = each.name.removeprefix(_CHOICE).replace("-", "_")
            change[field] = type(getattr(DEFAULT, field))(each.option)
    return replace(DEFAULT, **change)


def with_behaviour_defects(meter: S4100, names: Iterable[str]) -> S4100:
    """Return ``meter`` inside a wrapper for each defect named; a good meter is returned as it is."""
    for name in names:
        meter = cast("S4100", WITHOUT_VALUE[name](meter))
    return meter


def _with_lead(errors: UnitErrors, channel: str, lead_deg: float) -> UnitErrors:
    order = ("voltage_a", "voltage_b", "voltage_c", "current_a", "current_b", "current_c")
    delays = list(errors.delay_s)
    delays[order.index(channel)] -= lead_deg / 360.0 / _REFERENCE_HZ
    a, b, c, d, e, f = delays
    return replace(errors, delay_s=(a, b, c, d, e, f))


def pickup_pct(defects: Iterable[Defect]) -> float:
    """Return how much signal the CT inputs have without a current, percent of rated."""
    return sum(each.value for each in defects if each.name == _PICKUP)


def disturbance_of(defects: Iterable[Defect], meter: int) -> tuple[float, float]:
    """Return what is left of the whole bench's voltages, and of its CT signals, while this meter is connected."""
    left = dict.fromkeys(_DISTURBANCES, 1.0)
    for each in defects:
        if each.name in left and each.meter in (None, meter):
            left[each.name] *= max(0.0, 1.0 - each.value / 100.0)
    return left["voltage-dip"], left["ct-input-short"]


def apply_to_source(defects: Iterable[Defect], add_gain: Callable[[str, float], None]) -> None:
    """Hand the source's share to ``add_gain(kind, fraction)``; kind is "voltage", "current" or "both"."""
    kinds = {"source-gain": "both", "source-voltage-gain": "voltage", "source-current-gain": "current"}
    for defect in defects:
        if defect.name in kinds:
            add_gain(kinds[defect.name], defect.value / 100.0)
