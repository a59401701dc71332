"""Whether a measurement was made within the reference conditions; if not it is INVALID, never a FAIL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rig.load_point import LoadPoint
from rig.metrology.limits import ReferenceConditions


@dataclass(frozen=True, slots=True)
class MeasuredConditions:
    """What the reference measured over one load point; means over the window.

    ``voltages_v`` line to neutral by phase; ``currents`` of the loaded phases in any one unit; ``angles_deg`` of the
    loaded phases' currents relative to their own voltages, negative = lag; ``temperature_c`` and ``distortion_pct``
    None where the bench does not measure them (then they are not checked: the report says so).
    """

    frequency_hz: float
    voltages_v: Mapping[str, float]
    currents: Mapping[str, float]
    angles_deg: Mapping[str, float]
    temperature_c: float | None = None
    distortion_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One condition that was not met: ``value`` deviates by more than ``allowed``, both in ``unit``."""

    what: str
    value: float
    allowed: float
    unit: str

    @property
    def text(self) -> str:
        """One clause for the report."""
        return f"{self.what} deviates by {self.value:.3g} {self.unit}, {self.allowed:g} {self.unit} allowed"


def deviations(
    conditions: ReferenceConditions, point: LoadPoint, measured: MeasuredConditions
) -> tuple[Deviation, ...]:
    """Return every reference condition that ``measured`` does not meet at the nominal ``point``; () is good.

    Balance of the currents and equality of their displacements are asked for where all three phases are loaded.
    Source: reference/metrology.md 1.6.
    """
    checks = [
        Deviation(
            "frequency",
            _off_pct(measured.frequency_hz, point.frequency_hz),
            conditions.frequency_pct,
            "%",
        )
    ]
    mean_voltage = sum(measured.voltages_v.values()) / len(measured.voltages_v)
    for phase, volts in measured.voltages_v.items():
        checks.append(Deviation(f"voltage {phase}", _off_pct(volts, point.voltage_v), conditions.voltage_pct, "%"))
        checks.append(
            Deviation(f"balance of voltage {phase}", _off_pct(volts, mean_voltage), conditions.unbalance_pct, "%")
        )
    if point.is_balanced:
        mean_current = sum(measured.currents.values()) / len(measured.currents)
        for phase, current in measured.currents.items():
            checks.append(
                Deviation(f"balance of current {phase}", _off_pct(current, mean_current), conditions.unbalance_pct, "%")
            )
        reference = next(iter(measured.angles_deg.values()))
        relative = [(angle - reference + 180.0) % 360.0 - 180.0 for angle in measured.angles_deg.values()]
        spread = max(relative) - min(relative)
        checks.append(Deviation("displacement between phases", spread, conditions.phase_spread_deg, "deg"))
    if measured.temperature_c is not None:
        kelvin = abs(measured.temperature_c - conditions.temperature_c)
        checks.append(Deviation("temperature", kelvin, conditions.temperature_k, "K"))
    if measured.distortion_pct is not None:
        checks.append(Deviation("distortion", measured.distortion_pct, conditions.distortion_pct, "%"))
    return tuple(check for check in checks if not check.value <= check.allowed)  # NaN is not within anything


def _off_pct(value: float, nominal: float) -> float:
    return 100.0 * abs(value / nominal - 1.0)
