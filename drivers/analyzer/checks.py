"""Shared by all analyzer drivers: the smallest range that holds a signal, and the rig's angles and signs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drivers.analyzer.base import ElementReading
from drivers.errors import SettingOutOfRange

ROUNDING = 1e-9
"""A range holds its own nominal value, however that was calculated."""

NOTHING_VALID = ElementReading(None, None, None, None, None, None, None, None)
"""An element without any valid data."""


def smallest_range(name: str, rms: float, ranges: Sequence[float], headroom: float) -> float:
    """Return the smallest of ``ranges`` (rms volts, rising) that holds ``rms`` times ``headroom``.

    Raises SettingOutOfRange where none does, and for what is no number of 0 or more.
    """
    for candidate in ranges:
        if 0.0 <= rms * headroom <= candidate * (1.0 + ROUNDING):
            return candidate
    raise SettingOutOfRange(name, rms, 0.0, ranges[-1] / headroom, "V")


def wrapped(angle_deg: float) -> float:
    """Bring an angle in degrees into [-180, 180)."""
    return (angle_deg + 180.0) % 360.0 - 180.0


def between(angle_deg: float | None, reference_deg: float | None) -> float | None:
    """Return an angle relative to another, degrees; None where one of them is not known."""
    return None if angle_deg is None or reference_deg is None else wrapped(angle_deg - reference_deg)


def magnitude(value: float | None) -> float | None:
    """Return a value without its sign; None stays."""
    return None if value is None else abs(value)


def signed_q(q: float | None, u_phase_deg: float | None, i_phase_deg: float | None) -> float | None:
    """Return reactive power with the rig's sign, lagging positive, from its magnitude and the angles (negative = lag).

    None where there is some and the angles do not say which way: a number of unknown sign is no number.
    """
    if q is None or q == 0.0:
        return q
    lead_deg = between(i_phase_deg, u_phase_deg)
    return None if lead_deg is None else math.copysign(abs(q), -math.sin(math.radians(lead_deg)))
