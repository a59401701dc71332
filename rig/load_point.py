"""A load point: the nominal electrical condition at which a meter is asked how well it measures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.errors import UsageRefused

PHASE_NAMES = "ABC"

ByPhase = tuple[float, float, float]
"""One number for each of the phases A, B, C."""

FULL: ByPhase = (100.0, 100.0, 100.0)
NOT_SHIFTED: ByPhase = (0.0, 0.0, 0.0)

_SEQUENCE_DEG = (0.0, -120.0, 120.0)


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Nominal values on the primary side; hashable, so that tests can share one measurement.

    ``voltage_v``: volts line to neutral, balanced, sequence A-B-C unless the next two say otherwise. ``voltages_pct``:
    what each phase has of it, percent, 0 = the phase is missing. ``voltage_shift_deg``: how far each phase's voltage
    is turned from its place in the sequence, degrees, negative = lag. ``current_pct``: percent of the CT's rated
    primary current, on the phases named in ``phases`` (the others carry none). ``angle_deg``: angle of each current
    relative to its own phase's voltage (where that would be, if it is missing), degrees, negative = lag (import at
    PF 0.5 lag is -60, export at PF 1 is 180). ``frequency_hz``. Raises UsageRefused for what is negative or no number:
    it would be taken for a phase without voltage or current.
    """

    voltage_v: float
    current_pct: float
    angle_deg: float
    phases: str = "ABC"
    frequency_hz: float = 60.0
    voltages_pct: ByPhase = FULL
    voltage_shift_deg: ByPhase = NOT_SHIFTED

    def __post_init__(self) -> None:
        for what, value, unit in (
            ("voltage", self.voltage_v, "V"),
            ("current", self.current_pct, "%"),
            ("frequency", self.frequency_hz, "Hz"),
        ):
            if not (math.isfinite(value) and value >= 0.0):
                raise UsageRefused(f"the {what} of a load point cannot be {value:g} {unit}; give a number of 0 or more")
        if not math.isfinite(self.angle_deg):
            raise UsageRefused(f"the angle of a load point cannot be {self.angle_deg:g} degrees; give a number")
        for name, percent, shift_deg in zip(PHASE_NAMES, self.voltages_pct, self.voltage_shift_deg, strict=True):
            if not (math.isfinite(percent) and percent >= 0.0 and math.isfinite(shift_deg)):
                raise UsageRefused(
                    f"voltage {name} cannot have {percent:g} % turned by {shift_deg:g} degrees; "
                    "give a percentage of 0 or more and an angle"
                )

    @property
    def phase_voltages_v(self) -> ByPhase:
        """Volts line to neutral of A, B and C; 0 where the phase is missing."""
        a, b, c = (self.voltage_v * (percent / 100.0) for percent in self.voltages_pct)
        return a, b, c

    @property
    def voltage_angles_deg(self) -> ByPhase:
        """Angles of the voltages of A, B and C relative to that of A (or where it would be), in (-180, 180]."""
        first = self.voltage_shift_deg[0]
        a, b, c = (
            180.0 - (180.0 - (place + shift - first)) % 360.0
            for place, shift in zip(_SEQUENCE_DEG, self.voltage_shift_deg, strict=True)
        )
        return a, b, c

    @property
    def has_balanced_voltages(self) -> bool:
        """Whether the three voltages are equal and 120 degrees apart."""
        return len(set(self.voltages_pct)) == len(set(self.voltage_shift_deg)) == 1

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
        """Whether all three phases are loaded alike, at voltages that are alike."""
        return self.phases == PHASE_NAMES and self.has_balanced_voltages

    @property
    def label(self) -> str:
        """Short name for ids and tables, such as ``277V-5pct-PF0.5lag-ABC``; usable with pytest -k.

        Voltages of their own follow, such as ``-UA50pct``, ``-UB0pct`` (missing), ``-UC+10deg``.
        """
        words = [f"{self.voltage_v:.0f}V", f"{self.current_pct:g}pct", self.load_name, self.phases]
        for name, percent, shift_deg in zip(PHASE_NAMES, self.voltages_pct, self.voltage_shift_deg, strict=True):
            if percent != FULL[0]:
                words.append(f"U{name}{percent:g}pct")
            if shift_deg != NOT_SHIFTED[0]:
                words.append(f"U{name}{shift_deg:+g}deg")
        return "-".join(words)

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
