"""A load point: the nominal electrical condition at which a meter is asked how well it measures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar

from meter_model.system_type import SYSTEM_TYPES
from rig.errors import UsageRefused

PHASE_NAMES = "ABC"

T = TypeVar("T")
ByPhase = tuple[float, float, float]
"""One number for each of the phases A, B, C."""

FULL: ByPhase = (100.0, 100.0, 100.0)
NOT_SHIFTED: ByPhase = (0.0, 0.0, 0.0)

_USUAL_HZ, _USUAL_TYPE = 60.0, 40  # a label does not repeat them
_THREE_PHASES_DEG = (0.0, -120.0, 120.0)
_TWO_LINES_DEG = (0.0, 180.0, 120.0)
_LINES_OF_TYPE = {10: "A", 11: "AB", 12: "AB"}
"""Voltage terminals that are fed; all three in the system types that are not here. Two lines are in opposition."""


def three(items: Iterable[T]) -> tuple[T, T, T]:
    """Return what there is of phases A, B and C; raises ValueError for another number."""
    a, b, c = items
    return a, b, c


@dataclass(frozen=True, slots=True)
class Load:
    """A load by ``value`` of a ``function``, PF or sin; ``side`` of the current: lag, lead, or empty for neither.

    Where no function is a round number ``function`` is empty and ``value`` is the angle, degrees.
    """

    function: str
    value: float
    side: str
    is_export: bool

    @property
    def name(self) -> str:
        """Short name, such as ``PF0.5lagexp``."""
        return f"{self.function}{self.value:g}{self.side}{'exp' if self.is_export else ''}"


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Nominal values on the primary side; hashable, so that tests can share one measurement.

    ``voltage_v``: volts line to neutral, balanced, sequence A-B-C unless the next two say otherwise. ``voltages_pct``:
    what each phase has of it, percent, 0 = the phase is missing. ``voltage_shift_deg``: how far each phase's voltage
    is turned from its place in the sequence, degrees, negative = lag. ``current_pct``: percent of the CT's rated
    primary current, on the phases named in ``phases`` (the others carry none); ``currents_pct``: what each phase has of
    that, percent, and ``current_shift_deg``: by how much each is turned besides, degrees; equal unless they say
    otherwise. ``angle_deg``: angle of each current
    relative to its own phase's voltage (where that would be, if it is missing), degrees, negative = lag (import at
    PF 0.5 lag is -60, export at PF 1 is 180). ``frequency_hz``. ``system_type``: 10, 11, 12, 31 or 40 (manual page 8);
    lines that it does not have carry no voltage, the two of types 11 and 12 are 180 degrees apart, and ``phases`` are
    those with a CT, all of them by default. Without a neutral (types 11, 31) ``voltage_v`` is against the source's.
    ``waveform``: name of the waveform (rig.waveforms), or its file, to which these sine waves are made; empty: sine.
    Raises UsageRefused for what is negative or no number: it would be taken for a phase without voltage or current.
    """

    voltage_v: float
    current_pct: float
    angle_deg: float
    phases: str = ""
    frequency_hz: float = 60.0
    voltages_pct: ByPhase = FULL
    voltage_shift_deg: ByPhase = NOT_SHIFTED
    system_type: int = 40
    waveform: str = ""
    currents_pct: ByPhase = FULL
    current_shift_deg: ByPhase = NOT_SHIFTED

    def __post_init__(self) -> None:
        if self.system_type not in SYSTEM_TYPES:
            known = ", ".join(map(str, SYSTEM_TYPES))
            raise UsageRefused(f"there is no system type {self.system_type}; the meter has {known}")
        object.__setattr__(self, "phases", self.phases or self.ct_phases)
        if strangers := sorted(set(self.phases) - set(self.ct_phases)):
            raise UsageRefused(
                f"phase {strangers[0]} carries no current in system type {self.system_type}; it has {self.ct_phases}"
            )
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
        for name, percent, shift_deg in zip(PHASE_NAMES, self.currents_pct, self.current_shift_deg, strict=True):
            if not (math.isfinite(percent) and percent >= 0.0 and math.isfinite(shift_deg)):
                raise UsageRefused(
                    f"current {name} cannot have {percent:g} % turned by {shift_deg:g} degrees; "
                    "give a percentage of 0 or more and an angle"
                )

    @property
    def ct_phases(self) -> str:
        """The phases that have a CT in this system type."""
        return SYSTEM_TYPES[self.system_type].phases

    @property
    def lines(self) -> str:
        """The phases whose voltage terminals are fed in this system type."""
        return _LINES_OF_TYPE.get(self.system_type, PHASE_NAMES)

    @property
    def phase_voltages_v(self) -> ByPhase:
        """Volts line to neutral of A, B and C; 0 where the phase is missing."""
        return three(
            self.voltage_v * (percent / 100.0) if name in self.lines else 0.0
            for name, percent in zip(PHASE_NAMES, self.voltages_pct, strict=True)
        )

    @property
    def voltage_angles_deg(self) -> ByPhase:
        """Angles of the voltages of A, B and C relative to that of A (or where it would be), in (-180, 180]."""
        first = self.voltage_shift_deg[0]
        places_deg = _THREE_PHASES_DEG if self.lines == PHASE_NAMES else _TWO_LINES_DEG
        return three(
            180.0 - (180.0 - (place + shift - first)) % 360.0
            for place, shift in zip(places_deg, self.voltage_shift_deg, strict=True)
        )

    @property
    def has_balanced_voltages(self) -> bool:
        """Whether the voltages of all lines are equal and as far apart as the system type has them."""
        count = len(self.lines)
        return len(set(self.voltages_pct[:count])) == len(set(self.voltage_shift_deg[:count])) == 1

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
        """Whether all phases that have a CT are loaded alike, at voltages that are alike."""
        currents = zip(PHASE_NAMES, self.currents_pct, self.current_shift_deg, strict=True)
        own = {(percent, shift_deg) for name, percent, shift_deg in currents if name in self.phases}
        return self.phases == self.ct_phases and self.has_balanced_voltages and len(own) == 1

    @property
    def label(self) -> str:
        """Short name for ids and tables, such as ``277V-5pct-PF0.5lag-ABC``; usable with pytest -k.

        Voltages and currents of their own follow, such as ``-UA50pct``, ``-UB0pct`` (missing), ``-UC+10deg``,
        ``-IB60pct``; then a frequency other than 60 Hz (``-50Hz``), a system type other than 40 (``-type12``), and the
        waveform.
        """
        words = [f"{self.voltage_v:.0f}V", f"{self.current_pct:g}pct", self.load_name, self.phases]
        for name, percent, shift_deg in zip(PHASE_NAMES, self.voltages_pct, self.voltage_shift_deg, strict=True):
            if percent != FULL[0]:
                words.append(f"U{name}{percent:g}pct")
            if shift_deg != NOT_SHIFTED[0]:
                words.append(f"U{name}{shift_deg:+g}deg")
        for name, percent, shift_deg in zip(PHASE_NAMES, self.currents_pct, self.current_shift_deg, strict=True):
            if percent != FULL[0]:
                words.append(f"I{name}{percent:g}pct")
            if shift_deg != NOT_SHIFTED[0]:
                words.append(f"I{name}{shift_deg:+g}deg")
        if self.frequency_hz != _USUAL_HZ:
            words.append(f"{self.frequency_hz:g}Hz")
        if self.system_type != _USUAL_TYPE:
            words.append(f"type{self.system_type}")
        if self.waveform:
            words.append(PurePath(self.waveform).stem)
        return "-".join(words)

    @property
    def load_name(self) -> str:
        """The load without voltage, current and phases: ``PF0.5lag``, ``sin0.25lead``, ``PF1exp``."""
        return self.load.name

    @property
    def load(self) -> Load:
        """The load without voltage, current and phases, by the function of its angle that is a round number."""
        power_factor, sin_phi = self.power_factor, self.sin_phi
        is_export = power_factor < -1e-9
        if abs(sin_phi) < 1e-9:
            return Load("PF", 1.0, "", is_export)
        side = "lag" if sin_phi > 0 else "lead"
        for function, value in (("PF", abs(power_factor)), ("sin", abs(sin_phi))):
            if value > 1e-9 and abs(value - round(value, 2)) < 1e-9:
                return Load(function, round(value, 2), side, is_export)
        return Load("", self.angle_deg, "deg", is_export)
