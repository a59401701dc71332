"""Correct a reading of the analyzer for the transducers and dividers in front of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from drivers.analyzer.base import AnalyzerReading, ElementReading
from rig.load_point import PHASE_NAMES, LoadPoint, three
from rig.metrology.corrections.curves import Corrections, PathError

_NOTHING = PathError(0.0, 0.0, 0.0, 0.0, 2.0)


@dataclass(frozen=True, slots=True)
class PathCorrections:
    """Corrections on a bench whose transducers give ``rated_v`` volts at rated current."""

    corrections: Corrections
    rated_v: float

    def corrected(self, reading: AnalyzerReading) -> AnalyzerReading:
        """Return what the reading would be with paths of no error; what is missing stays missing.

        Angles stay relative to the first element's voltage.
        """
        errors = [self._errors(name, e) for name, e in zip(PHASE_NAMES, reading.elements, strict=True)]
        first_deg = errors[0][0].phase_error_deg
        elements = [_corrected(e, *both, first_deg) for e, both in zip(reading.elements, errors, strict=True)]
        return replace(reading, elements=three(elements))

    def energy_factor(self, point: LoadPoint) -> float:
        """Return by what an integrated active energy at a nominal point is multiplied to be corrected."""
        true = measured = 0.0
        angle = math.radians(point.angle_deg)
        for name, volts in zip(PHASE_NAMES, point.phase_voltages_v, strict=True):
            if name not in point.phases:
                continue
            voltage = self.corrections.error("voltage", name, volts) or _NOTHING
            current = self.corrections.error("current", name, point.current_pct) or _NOTHING
            turned = math.radians(current.phase_error_deg - voltage.phase_error_deg)
            true += volts * math.cos(angle)
            measured += volts * math.cos(angle + turned) * voltage.factor * current.factor
        return true / measured if measured else 1.0

    def _errors(self, phase: str, element: ElementReading) -> tuple[PathError, PathError]:
        volts, current = element.u_v or 0.0, element.i or 0.0
        return (
            self.corrections.error("voltage", phase, volts) or _NOTHING,
            self.corrections.error("current", phase, 100.0 * current / self.rated_v) or _NOTHING,
        )


def _corrected(e: ElementReading, voltage: PathError, current: PathError, first_deg: float) -> ElementReading:
    turned = math.radians(voltage.phase_error_deg - current.phase_error_deg)
    both = voltage.factor * current.factor
    p, q = e.p, e.q
    if p is not None and e.u_phase_deg is not None and e.i_phase_deg is not None and e.u_v and e.i:
        # The active power of all orders is turned by what turns the fundamentals.
        of_fundamentals = e.u_v * e.i * math.sin(math.radians(e.u_phase_deg - e.i_phase_deg))
        p = (p * math.cos(turned) + of_fundamentals * math.sin(turned)) / both
        q = None if q is None else (q * math.cos(turned) - (e.p or 0.0) * math.sin(turned)) / both
    elif p is not None:
        p, q = p / both, None if q is None else q / both
    return replace(
        e,
        u_v=None if e.u_v is None else e.u_v / voltage.factor,
        i=None if e.i is None else e.i / current.factor,
        p=p,
        q=q,
        s=None if e.s is None else e.s / both,
        u_phase_deg=None if e.u_phase_deg is None else e.u_phase_deg - voltage.phase_error_deg + first_deg,
        i_phase_deg=None if e.i_phase_deg is None else e.i_phase_deg - current.phase_error_deg + first_deg,
    )
