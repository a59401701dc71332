"""A load point: the nominal electrical condition at which a meter is asked how well it measures."""

from __future__ import annotations

import math
from dataclasses import dataclass

PHASE_NAMES = "ABC"


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Nominal values on the primary side; hashable, so that tests can share one measurement.

    ``voltage_v``: volts line to neutral on all three phases, balanced, sequence A-B-C. ``current_pct``: percent of
    the CT's rated primary current, on the phases named in ``phases`` (the others carry none). ``angle_deg``: angle of
    each current relative to its own phase's voltage, degrees, negative = lag (import at PF 0.5 lag is -60, export at
    PF 1 is 180). ``frequency_hz``.
    """

    voltage_v: float
    current_pct: float
    angle_deg: float
    phases: str = "ABC"
    frequency_hz: float = 60.0

    @property
    def power_factor(self) -> float:
        """Cos φ, negative for export."""
        return math.cos(math.radians(self.angle_deg))

    @property
    def sin_phi(self) -> float:
        """Sin φ with lagging (inductive) positive."""
        return -math.sin(math.radians(self.angle_deg))

    @property
    def is_balanced(self) -> bool:
        """Whether all three phases are loaded alike."""
        return self.phases == PHASE_NAMES

    @property
    def label(self) -> str:
        """Short name for ids and tables, such as ``277V-5pct-PF0.5lag-ABC``; usable with pytest -k."""
        return f"{self.voltage_v:.0f}V-{self.current_pct:g}pct-{self.load_name}-{self.phases}"

    @property
    def load_name(self) -> str:
        """The load without voltage, current and phases: ``PF0.5lag``, ``sin0.25lead``, ``PF1exp``."""
        power_factor, sin_phi = self.power_factor, self.sin_phi
        export = "exp" if power_factor < -1e-9 else ""
        if abs(sin_phi) < 1e-9:
            return f"PF1{export}"
        side = "lag" if sin_phi > 0 else "lead"
        for name, value in (("PF", abs(power_factor)), ("sin", abs(sin_phi))):
            if value > 1e-9 and abs(value - round(value, 2)) < 1e-9:
                return f"{name}{round(value, 2):g}{side}{export}"
        return f"{self.angle_deg:g}deg{export}"
