"""Small pictures for the pages, as SVG text: error bars against limits, a vector diagram, a trend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_WIDTH, _HEIGHT = 460, 34
_COLOURS = ("#1565c0", "#8a4b00", "#5e2d91")
"""Of phases A, B and C."""


def error_bar(result: Mapping[str, Any]) -> str:
    """Draw one result: the band of the limit, the error, and the uncertainty as a whisker; empty without numbers.

    The scale is twice the limit to each side; what is beyond is drawn at the edge as a triangle.
    """
    error, limit = _number(result.get("error_pct")), _number(result.get("limit_pct"))
    if error is None or not limit:
        return ""
    uncertainty = _number(result.get("expanded_uncertainty_pct")) or 0.0
    full = 2.0 * limit

    def at(pct: float) -> float:
        return round(_WIDTH / 2 * (1.0 + max(-1.0, min(1.0, pct / full)) * 0.97), 1)

    middle, low, high = _HEIGHT / 2, at(-limit), at(limit)
    is_inside = abs(error) <= limit
    ink = "#0b5d27" if is_inside else "#b00020"
    parts = [
        f'<rect x="0" y="4" width="{_WIDTH}" height="{_HEIGHT - 8}" rx="4" fill="#eef1f4"/>',
        f'<rect x="{low}" y="4" width="{high - low:.1f}" height="{_HEIGHT - 8}" fill="#cfe8d5"/>',
        f'<path d="M{low} 2V{_HEIGHT - 2}M{high} 2V{_HEIGHT - 2}" stroke="#41525f" stroke-width="2"/>',
        f'<path d="M{_WIDTH / 2} 6V{_HEIGHT - 6}" stroke="#9aa7b1"/>',
        f'<path d="M{at(error - uncertainty)} {middle}H{at(error + uncertainty)}" stroke="{ink}" stroke-width="3"/>',
    ]
    x = at(error)
    if abs(error) > full:
        tip = 9 if error > 0 else -9
        parts.append(f'<path d="M{x} {middle}l{-tip} -9v18z" fill="{ink}"/>')
    else:
        parts.append(f'<rect x="{x - 3:.1f}" y="5" width="6" height="{_HEIGHT - 10}" rx="2" fill="{ink}"/>')
    said = f"error {error:+.3g} %, limit ±{limit:g} %, uncertainty {uncertainty:.2g} %"
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}" '
        f'preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def vectors(reading: Mapping[str, Any] | None) -> str:
    """Draw voltages (to the rim at 100 % of the largest) and currents (at 100 % of rated) as phasors."""
    volts, amps, volts_deg, amps_deg = (
        [] if reading is None else list(reading.get(name) or ())
        for name in ("voltages_v", "currents_pct", "voltages_deg", "currents_deg")
    )
    largest = max((each for each in map(_number, volts) if each is not None), default=0.0)
    parts = [
        '<circle r="100" class="rim"/><circle r="50" class="rim"/>',
        '<path d="M-105 0H105M0 -105V105" class="rim"/>',
    ]
    said = []
    for phase, (v, v_deg) in enumerate(zip(volts, volts_deg, strict=False)):
        value, angle = _number(v), _number(v_deg)
        if value and angle is not None and largest:
            parts.append(_arrow(100.0 * value / largest, angle, _COLOURS[phase % 3], 3.5, f"U{'ABC'[phase % 3]}", ""))
            said.append(f"voltage {'ABC'[phase % 3]} {value:.4g} V at {angle:.1f} degrees")
    for phase, (i, i_deg) in enumerate(zip(amps, amps_deg, strict=False)):
        value, angle = _number(i), _number(i_deg)
        if value and value > 0.5 and angle is not None:
            length = min(100.0, 0.7 * value)
            parts.append(_arrow(length, angle, _COLOURS[phase % 3], 3.0, f"I{'ABC'[phase % 3]}", "7 4"))
            said.append(f"current {'ABC'[phase % 3]} {value:.4g} % at {angle:.1f} degrees")
    text = "Vector diagram: " + ("; ".join(said) or "the outputs are off")
    return f'<svg class="vectors" viewBox="-130 -130 260 260" role="img" aria-label="{text}">{"".join(parts)}</svg>'


def _arrow(length: float, angle_deg: float, colour: str, width: float, name: str, dashes: str) -> str:
    # Positive angles lead: counter-clockwise, from the horizontal.
    angle = math.radians(angle_deg)
    x, y = length * math.cos(angle), -length * math.sin(angle)
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    out = 14.0 if not dashes else 10.0
    tx, ty = (length + out) * math.cos(angle), -(length + out) * math.sin(angle)
    return (
        f'<path d="M0 0L{x:.1f} {y:.1f}" stroke="{colour}" stroke-width="{width}"{dash}/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        f'<text x="{tx:.1f}" y="{ty + 4:.1f}" fill="{colour}" text-anchor="middle">{name}</text>'
    )


def trend(values: Sequence[float | None], limits: Iterable[float | None], title: str) -> str:
    """Draw errors of one quantity over runs, oldest first, with its limit as two lines."""
    known = [each for each in values if each is not None]
    if len(known) < 2:
        return ""
    limit = max((each for each in limits if each), default=0.0)
    full = max(limit * 1.2, max(abs(each) for each in known) * 1.2) or 1.0
    step = 560.0 / max(1, len(values) - 1)

    def y(value: float) -> float:
        return 60.0 - 55.0 * value / full

    points = [
        (20.0 + place * step, y(value), abs(value) <= limit or not limit)
        for place, value in enumerate(values)
        if value is not None
    ]
    line = " ".join(f"{x:.1f},{height:.1f}" for x, height, _ in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{height:.1f}" r="4" fill="{"#0b5d27" if good else "#b00020"}"/>'
        for x, height, good in points
    )
    bounds = (limit, -limit) if limit else ()
    lines = "".join(f'<path d="M20 {y(each):.1f}H580" stroke="#b00020" stroke-dasharray="6 4"/>' for each in bounds)
    said = f"{title}: {len(known)} runs, from {min(known):+.3g} % to {max(known):+.3g} %"
    return (
        f'<svg class="trend" viewBox="0 0 600 120" role="img" aria-label="{said}">'
        f'<path d="M20 60H580" stroke="#9aa7b1"/>{lines}'
        f'<polyline points="{line}" fill="none" stroke="#41525f" stroke-width="1.5"/>{dots}</svg>'
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
