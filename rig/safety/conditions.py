"""Reference conditions: how far a measured stimulus is from its nominal, as data; outside is INVALID, never FAIL."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.analyzer.base import AnalyzerReading
from meter_model.stimulus import Spectrum, Stimulus
from rig.load_point import PHASE_NAMES
from rig.metrology.limits import ReferenceConditions as ReferenceLimits
from rig.safety.limits import rms

__all__ = ["IEC_REFERENCE", "Deviation", "ReferenceLimits", "climate_deviations", "deviations", "distortions", "unmet"]


IEC_REFERENCE = ReferenceLimits(
    temperature_c=23.0,
    temperature_k=2.0,
    voltage_pct=1.0,
    frequency_pct=0.3,
    unbalance_pct=1.0,
    phase_spread_deg=2.0,
    distortion_pct=2.0,
    provenance="IEC 62052-11:2003 and 62053-22 (recalled, unverified)",
)
"""Where no limit table states any."""

_CURRENT_PCT = 5.0
"""Percent of nominal, the rig's own: the standards fix load points without a tolerance."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One quantity's deviation from reference conditions; ``met`` is whether it is within ``limit`` (both signs).

    ``uncertainty``: of the deviation, expanded (k = 2), in ``unit``; None where none is stated.
    """

    quantity: str
    deviation: float
    limit: float
    unit: str
    uncertainty: float | None = None

    @property
    def is_told(self) -> bool:
        """Whether the measurement of the condition can tell: its uncertainty is no more than the limit."""
        return self.uncertainty is None or self.uncertainty <= self.limit

    @property
    def met(self) -> bool:
        """Whether the condition is met, by simple acceptance."""
        return abs(self.deviation) <= self.limit and self.is_told


def deviations(measured: Stimulus, nominal: Stimulus, limits: ReferenceLimits = IEC_REFERENCE) -> tuple[Deviation, ...]:
    """Compare what was measured at the meter's terminals with what was meant to be there.

    Phases that nominally carry no current are left out of the current conditions. A wrong phase sequence shows as an
    angle deviation of the voltages of 120 degrees.
    """
    found = [
        Deviation("frequency", _pct(measured.frequency_hz, nominal.frequency_hz), limits.frequency_pct, "% of nominal")
    ]
    found += _against_nominal("voltage", measured.voltages, nominal.voltages, limits.voltage_pct)
    found += _against_nominal("current", measured.ct_inputs, nominal.ct_inputs, _CURRENT_PCT)
    found += _unbalance("voltage", measured.voltages, nominal.voltages, limits.unbalance_pct)
    found += _unbalance("current", measured.ct_inputs, nominal.ct_inputs, limits.unbalance_pct)
    found += _angles(measured, nominal, limits.phase_spread_deg)
    return tuple(found)


def climate_deviations(
    temperature_c: float,
    limits: ReferenceLimits = IEC_REFERENCE,
    humidity_pct: float | None = None,
    pressure_hpa: float | None = None,
) -> tuple[Deviation, ...]:
    """Compare the air around the meter with the reference: degrees Celsius, percent relative humidity, hectopascals.

    Humidity and pressure where they were measured and ``limits`` state a range; deviations are from its middle.
    """
    found = [Deviation("ambient temperature", temperature_c - limits.temperature_c, limits.temperature_k, "K")]
    for quantity, value, bounds, unit in (
        ("relative humidity", humidity_pct, limits.humidity_pct, "% RH"),
        ("air pressure", pressure_hpa, limits.pressure_hpa, "hPa"),
    ):
        if value is not None and bounds is not None:
            middle = (bounds[0] + bounds[1]) / 2.0
            found.append(Deviation(quantity, value - middle, (bounds[1] - bounds[0]) / 2.0, unit))
    return tuple(found)


def distortions(
    reading: AnalyzerReading, nominal: Stimulus, limits: ReferenceLimits = IEC_REFERENCE
) -> tuple[Deviation, ...]:
    """Return the distortion of each voltage and current that is meant to be there, as far as the analyzer measured it.

    Of a waveform that is meant to be distorted, by how much it is more or less so. Nothing for an analyzer that does
    not tell: then distortion is not judged.
    """
    found = []
    for what, values, wanted in (
        ("voltage", [e.u_thd_pct for e in reading.elements], nominal.voltages),
        ("current", [e.i_thd_pct for e in reading.elements], nominal.ct_inputs),
    ):
        for name, value, spectrum in zip(PHASE_NAMES, values, wanted, strict=True):
            if value is not None and rms(spectrum) > 0:
                off = value - _distortion_pct(spectrum)
                found.append(Deviation(f"distortion of {what} {name}", off, limits.distortion_pct, "% of fundamental"))
    return tuple(found)


def unmet(found: Sequence[Deviation]) -> str:
    """Name the conditions that are not met, in words with numbers; empty when all are."""
    return "; ".join(
        f"{d.quantity} deviates by {d.deviation:+.3g} {d.unit}, more than {d.limit:g}"
        if d.is_told
        else f"{d.quantity} is known within {d.uncertainty:.3g} {d.unit} only, and its limit is {d.limit:g}"
        for d in found
        if not d.met
    )


def _against_nominal(
    what: str, measured: Sequence[Spectrum], nominal: Sequence[Spectrum], limit_pct: float
) -> list[Deviation]:
    return [
        Deviation(f"{what} {name}", _pct(rms(found), rms(wanted)), limit_pct, "% of nominal")
        for name, found, wanted in zip(PHASE_NAMES, measured, nominal, strict=True)
        if rms(wanted) > 0
    ]


def _unbalance(
    what: str, measured: Sequence[Spectrum], nominal: Sequence[Spectrum], limit_pct: float
) -> list[Deviation]:
    # Of what each phase was meant to have: phases that are meant to differ are not out of balance for that.
    fed = [(n, rms(m) / rms(w)) for n, m, w in zip(PHASE_NAMES, measured, nominal, strict=True) if rms(w) > 0]
    mean = sum(value for _, value in fed) / len(fed) if fed else 0.0
    if len(fed) < 2 or mean == 0.0:
        return []
    return [Deviation(f"balance of {what} {n}", _pct(v, mean), limit_pct, "% of the mean") for n, v in fed]


def _angles(measured: Stimulus, nominal: Stimulus, limit_deg: float) -> list[Deviation]:
    found = []
    for index, name in enumerate(PHASE_NAMES):
        voltage, wanted_voltage = _angle(measured.voltages[index]), _angle(nominal.voltages[index])
        current, wanted_current = _angle(measured.ct_inputs[index]), _angle(nominal.ct_inputs[index])
        if voltage is None or wanted_voltage is None:
            continue
        found.append(Deviation(f"angle of voltage {name}", _turn(voltage - wanted_voltage), limit_deg, "deg"))
        if current is not None and wanted_current is not None:
            displacement = _turn((current - voltage) - (wanted_current - wanted_voltage))
            found.append(Deviation(f"displacement of current {name}", displacement, limit_deg, "deg"))
    return found


def _angle(spectrum: Spectrum) -> float | None:
    fundamental = sum(cmath.rect(p.rms, math.radians(p.phase_deg)) for p in spectrum if p.order == 1)
    return math.degrees(cmath.phase(fundamental)) if fundamental else None


def _distortion_pct(spectrum: Spectrum) -> float:
    fundamental = rms([part for part in spectrum if part.order == 1])
    return 100.0 * rms([part for part in spectrum if part.order > 1]) / fundamental if fundamental else 0.0


def _pct(value: float, reference: float) -> float:
    return 100.0 * (value / reference - 1.0)


def _turn(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0
