"""Numbers of a certificate as text: the uncertainty with two significant digits, the result to the same place."""

from __future__ import annotations

import math

DASH = "–"
MINUS = "−"
_MOST_DECIMALS = 6
_NOTHING = 1e-12
"""What rounding leaves of zero."""


def decimals_for(uncertainty: float | None) -> int:
    """Return how many decimals two significant digits of an uncertainty need (JCGM 100:2008, 7.2.6); 4 without one."""
    if uncertainty is None or not math.isfinite(uncertainty) or uncertainty <= 0.0:
        return 4
    digits = 1 - math.floor(math.log10(uncertainty))
    if round(uncertainty, digits) >= 10.0 ** (2 - digits):  # 0.0996 becomes 0.100
        digits -= 1
    return min(max(digits, 0), _MOST_DECIMALS)


def fixed(value: float | None, decimals: int, *, sign: bool = False) -> str:
    """Write a number with so many decimals; a zero has no minus, a missing one is a dash."""
    if value is None:
        return DASH
    if not math.isfinite(value):
        return ("∞" if value > 0 else f"{MINUS}∞") if math.isinf(value) else DASH
    text = f"{value:.{decimals}f}"
    if float(text) == 0.0:
        text = text.removeprefix("-")
    elif sign and value > 0:
        text = f"+{text}"
    return text.replace("-", MINUS)


def short(value: float | str | None, digits: int = 6) -> str:
    """Write a number with so many significant digits, without superfluous zeros; JSON's infinity is a sign."""
    if value is None:
        return DASH
    if isinstance(value, str):
        return {"Infinity": "∞", "-Infinity": f"{MINUS}∞"}.get(value, value)
    if abs(value) < _NOTHING:
        return "0"
    return f"{value:.{digits}g}".replace("-", MINUS)


def measured_value(value: float | None, relative_pct: float | None) -> str:
    """Write a measured value to the place that its relative uncertainty (percent of it) gives."""
    if value is None or not math.isfinite(value):
        return DASH
    uncertainty = None if relative_pct is None else abs(value) * relative_pct / 100.0
    return fixed(value, decimals_for(uncertainty)) if uncertainty else short(value)


def span(low: float, high: float, digits: int = 4) -> str:
    """Write "1 to 120", or the one number that both are."""
    one, other = short(low, digits), short(high, digits)
    return one if one == other else f"{one} to {other}"
