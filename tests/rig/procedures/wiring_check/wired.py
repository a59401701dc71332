"""What a meter reads when its wires are wrong: a meter of the prediction behind leads that a test connects."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Phasor, Stimulus
from rig.load_point import LoadPoint, three
from rig.procedures.wiring_check.diagnosis import Picture

CURRENTS_PCT = (100.0, 60.0, 36.0)
_SYSTEM_VOLTS = {10: 277.0, 11: 480.0, 12: 480.0, 31: 480.0, 40: 480.0}


def configuration(system_type: int) -> Configuration:
    return Configuration(system_type=system_type, system_voltage_v=_SYSTEM_VOLTS[system_type])


@dataclass(frozen=True)
class Leads:
    """Where each terminal's lead goes ("" = off), the signs and factors of the CT inputs, the meter's own errors."""

    voltage: Mapping[str, str] = field(default_factory=dict)
    ct: Mapping[str, str] = field(default_factory=dict)
    reversed_at: str = ""
    ct_factor: Mapping[str, float] = field(default_factory=dict)
    voltage_factor: float = 1.0
    gains: Sequence[float] = (1.0,) * 6
    turns_deg: Sequence[float] = (0.0,) * 3


def picture(
    system_type: int,
    leads: Leads,
    *,
    profile: BehaviourProfile = DEFAULT,
    phases: str = "",
) -> Picture:
    """What is at the terminals, and what a meter with such leads reads; ``phases``: with current, "" for all."""
    setup = configuration(system_type)
    point = LoadPoint(277.0, 50.0, 0.0, phases, system_type=system_type)
    angles = [math.radians(angle) for angle in point.voltage_angles_deg]
    voltages = [cmath.rect(volts, angle) for volts, angle in zip(point.phase_voltages_v, angles, strict=True)]
    currents = [
        cmath.rect(percent, angle) if name in point.phases else 0j
        for name, percent, angle in zip("ABC", CURRENTS_PCT, angles, strict=True)
    ]
    return Picture(three(voltages), three(currents), _read(setup, leads, voltages, currents, profile))


def _read(
    setup: Configuration,
    leads: Leads,
    voltages: Sequence[complex],
    currents: Sequence[complex],
    profile: BehaviourProfile,
) -> dict[int, float]:
    source = dict(zip("ABCN", (*voltages, 0j), strict=True))
    terminals = {10: "AN", 11: "AB", 12: "ABN", 31: "ABC", 40: "ABCN"}[setup.system_type]
    at = {name: leads.voltage.get(name, name) for name in terminals}
    potentials = {name: source[lead] for name, lead in at.items() if lead}
    floating = potentials["N"] if "N" in terminals else sum(potentials.values()) / max(1, len(potentials))
    potentials = {name: potentials.get(name, floating) for name in "ABC" if name in terminals} | {
        "N": potentials.get("N", 0j)
    }
    seen_v, seen_i = [], []
    for place, name in enumerate("ABC"):
        volts = (potentials[name] - potentials["N"]) if name in potentials else 0j
        seen_v.append(volts * leads.voltage_factor * leads.gains[place])
        lead = leads.ct.get(name, name)
        amperes = currents["ABC".index(lead)] if lead else 0j
        amperes *= -1.0 if name in leads.reversed_at else 1.0
        turn = cmath.rect(1.0, math.radians(leads.turns_deg[place]))
        seen_i.append(amperes * leads.ct_factor.get(name, 1.0) * leads.gains[3 + place] * turn)
    stimulus = Stimulus(
        60.0,
        three((_phasor(each),) if each else () for each in seen_v),
        three((_phasor(each / setup.amperes_per_ct_volt),) if each else () for each in seen_i),
    )
    return {instance: one.value for instance, one in predict(stimulus, setup, profile).items()}


def _phasor(value: complex) -> Phasor:
    return Phasor(1, abs(value), math.degrees(cmath.phase(value)))
