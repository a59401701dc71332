"""The waveform that stands for what an analyzer measured: its rms values, its active power, its fundamental angle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from meter_model.stimulus import Phasor, Spectrum

STAND_IN_ORDER = 5
"""The order that stands for all harmonics: within every meter's band, and a sequence in line to line voltages too."""

ANGLE_SLACK_DEG = 0.02
"""An angle is corrected by so much to agree with the measured power: two steps of an analyzer that has 0.01 degrees."""

_MOST_DISTORTION = 0.2
_NO_DISTORTION = 1e-5
_NO_DIFFERENCE = 1e-9


@dataclass(frozen=True, slots=True)
class MeasuredElement:
    """One element as measured: rms volts, current in one unit, angles in degrees of the fundamentals.

    ``active``: active power, volts times that unit; None where it was not measured. ``voltage_thd`` and
    ``current_thd``: of the fundamental, as a fraction; None where they were not measured.
    """

    voltage_v: float
    current: float
    voltage_deg: float
    current_deg: float
    active: float | None = None
    voltage_thd: float | None = None
    current_thd: float | None = None


def equivalent(element: MeasuredElement) -> tuple[Spectrum, Spectrum]:
    """Return spectra of voltage and current that have the measured rms, power and fundamental displacement.

    Harmonics are put together in one order: in voltage and current as large as the distortion that was measured, at
    the angle at which they carry what the fundamental's power leaves. Where distortion was not measured, a power that
    the fundamentals do not explain counts as distortion. A power greater than U times I, by noise, is not explained.
    """
    voltage, current, angle_deg = element.voltage_v, element.current, element.current_deg
    apparent = voltage * current
    if element.active is None or apparent == 0.0:
        return _without_power(element)
    lead_rad = math.radians(angle_deg - element.voltage_deg)
    factor = element.active / apparent
    if element.voltage_thd is not None and element.current_thd is not None:
        parts = tuple(thd / math.hypot(1.0, thd) for thd in (element.voltage_thd, element.current_thd))
        if max(parts) > _NO_DISTORTION:
            return _distorted(element, parts[0], parts[1], factor)
    if abs(factor - math.cos(lead_rad)) < _NO_DIFFERENCE:
        return _plain(element, angle_deg)
    turned_deg = _turned_deg(factor, lead_rad)
    if turned_deg is not None:
        return _plain(element, element.voltage_deg + turned_deg)
    missing = factor - math.cos(lead_rad)
    room = 1.0 - math.cos(lead_rad) if missing > 0.0 else 1.0 + math.cos(lead_rad)
    is_measured = element.voltage_thd is not None
    if is_measured or abs(missing) >= room * _MOST_DISTORTION**2:
        return _plain(element, angle_deg)
    part = math.sqrt(abs(missing) / room)
    return _distorted(element, part, part, factor)


def _without_power(element: MeasuredElement) -> tuple[Spectrum, Spectrum]:
    """Return spectra of an element in which one of the two does not flow: each has the distortion that was measured."""
    parts = [thd / math.hypot(1.0, thd) if thd else 0.0 for thd in (element.voltage_thd, element.current_thd)]
    return _distorted(element, parts[0], parts[1], 0.0)


def _turned_deg(factor: float, lead_rad: float) -> float | None:
    """Return the displacement near the measured one that has the power factor ``factor``; None where it is not near."""
    if abs(factor) > 1.0:
        return None
    candidate = math.copysign(math.degrees(math.acos(factor)), math.sin(lead_rad))
    off_deg = (candidate - math.degrees(lead_rad) + 180.0) % 360.0 - 180.0
    return candidate if abs(off_deg) <= ANGLE_SLACK_DEG else None


def _plain(element: MeasuredElement, current_deg: float) -> tuple[Spectrum, Spectrum]:
    return (
        (Phasor(1, element.voltage_v, element.voltage_deg),),
        (Phasor(1, element.current, current_deg),),
    )


def _distorted(
    element: MeasuredElement, of_voltage: float, of_current: float, factor: float
) -> tuple[Spectrum, Spectrum]:
    """``of_voltage`` and ``of_current``: parts of the rms that the harmonics are; ``factor``: P over U times I."""
    lead_rad = math.radians(element.current_deg - element.voltage_deg)
    left = factor - math.sqrt((1.0 - of_voltage**2) * (1.0 - of_current**2)) * math.cos(lead_rad)
    both = of_voltage * of_current
    turn_deg = math.degrees(math.acos(max(-1.0, min(1.0, left / both)))) if both > 0.0 else 90.0
    at_deg = STAND_IN_ORDER * element.voltage_deg
    voltage = [Phasor(1, element.voltage_v * math.sqrt(1.0 - of_voltage**2), element.voltage_deg)]
    current = [Phasor(1, element.current * math.sqrt(1.0 - of_current**2), element.current_deg)]
    if of_voltage > 0.0:
        voltage.append(Phasor(STAND_IN_ORDER, element.voltage_v * of_voltage, wrapped(at_deg)))
    if of_current > 0.0:
        current.append(Phasor(STAND_IN_ORDER, element.current * of_current, wrapped(at_deg + turn_deg)))
    return tuple(voltage), tuple(current)


def wrapped(angle_deg: float) -> float:
    """Bring an angle into (-180, 180]."""
    return 180.0 - (180.0 - angle_deg) % 360.0
