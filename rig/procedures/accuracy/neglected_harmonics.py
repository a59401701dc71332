"""Budget line for harmonics that the reference cannot measure as the meter counts them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.bench.equivalent_waveform import ANGLE_SLACK_DEG
from rig.load_point import LoadPoint
from rig.metrology.certification_points import Input
from rig.metrology.limits import Quantity
from rig.metrology.uncertainty import Component
from rig.procedures.accuracy.budget_lines import BETWEEN_LINES_TYPE
from rig.safety.conditions import IEC_REFERENCE

_WITHOUT_NEUTRAL_TYPE = 31
_ACTIVE = (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY)
_NOT_TOLD = IEC_REFERENCE.distortion_pct / 100.0


@dataclass(frozen=True, slots=True)
class Distortion:
    """Distortion of the voltages and of the currents of the loaded phases, the largest of each, as a fraction.

    ``is_told``: whether the analyzer measured it. What it did not tell may be all that reference conditions allow.
    """

    voltage: float = 0.0
    current: float = 0.0
    is_told: bool = True

    @property
    def largest(self) -> tuple[float, float]:
        """What distortion of voltage and of current may be."""
        least = 0.0 if self.is_told else _NOT_TOLD
        return max(self.voltage, least), max(self.current, least)


def neglected_harmonics(item: Input, point: LoadPoint, distortion: Distortion) -> tuple[Component, ...]:
    """Return the line of ``item`` at ``point`` in percent of its value; nothing where harmonics are in the reference.

    A voltage between lines: harmonics of zero sequence are in the voltages to neutral and not in it. Active power and
    energy of a meter without neutral (system types 11 and 31): the analyzer's elements measure the harmonics' power
    against neutral; the meter counts at most the product of the two distortions, of S, more or less. Reactive power:
    the fundamental one is judged, and without a measured distortion U times I has the harmonics in it, and the angle
    has given way to the harmonics' active power.
    """
    volts, amperes = distortion.largest
    angle_rad = math.radians(point.angle_deg)
    if item.quantity is Quantity.VOLTAGE and len(item.phase) == 2:
        half_width = volts**2 / 2.0
    elif item.quantity in _ACTIVE and point.system_type in (BETWEEN_LINES_TYPE, _WITHOUT_NEUTRAL_TYPE):
        half_width = volts * amperes / max(abs(math.cos(angle_rad)), volts * amperes) if volts * amperes else 0.0
    elif item.quantity is Quantity.REACTIVE_POWER and not distortion.is_told:
        turned = math.radians(ANGLE_SLACK_DEG) / max(abs(math.tan(angle_rad)), math.radians(ANGLE_SLACK_DEG))
        half_width = (volts**2 + amperes**2) / 2.0 + turned
    else:
        return ()
    return (Component.rectangular("neglected harmonics", 100.0 * half_width),)
