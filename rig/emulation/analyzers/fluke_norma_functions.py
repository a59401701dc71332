"""The measurement functions of the emulated Fluke Norma: how they are written, and their value and status.

Source: Norma 4000/5000 Remote Control Users Guide, June 2007 Rev. 2, "Measurement functions" and "DATA:STATus?".
Functions of the process interface, of the second system and MINimum/MAXimum (not implemented in the instrument
either) are unknown here.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rig.emulation.analyzers.arithmetic import ELEMENTS, ElementResult
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.syntax import ScpiError, short_form

NOT_A_NUMBER = 9.91e37
NORMAL, UNDER_RANGE, OVER_RANGE, UNDEFINED, NOT_AVAILABLE, CAPACITIVE = 0, 1, 2, 8, 16, 128
"""Status bits of a value."""

UNDER_RANGE_BELOW = 0.02
"""Rms below this part of the range is under-range; the manual gives no figure."""

_TOTAL = 0
_PAIRS = {12: (0, 1), 23: (1, 2), 31: (2, 0)}
_QUALIFIERS = {
    "VOLTage": ("DC", "AC", "HAR", "PHASe"),
    "CURRent": ("DC", "AC", "HAR", "PHASe"),
    "POWer": ("ACTive", "APParent", "REACtive", "FACTor"),
    "PHASe": ("",),
    "FREQuency": ("",),
    "TIME": ("INTerval", "RELative"),
}
"""Quantities and what may follow them; the first is the default node, which may be left out."""

_INTEGRALS = ("IPOSitive", "INEGative", "INTegral")
_PHASED = ("VOLTage", "CURRent", "POWer", "PHASe")
_NODE = re.compile(r"([A-Z]+)(\d*)\Z")
_FULL = {word: full for full in _QUALIFIERS for word in (full.upper(), short_form(full))}


@dataclass(frozen=True, slots=True)
class Function:
    """One measurement function; ``phase`` 1 to 3, 12, 23, 31, or 0 for the total. Words are as in the manual.

    ``integral`` is empty where the value of the averaging interval is meant.
    """

    quantity: str
    phase: int
    qualifier: str
    integral: str

    @classmethod
    def parse(cls, text: str) -> Function:
        """Read a quoted function name (capitals); raises ScpiError(-104) without quotes, -150 for an unknown one."""
        if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
            raise ScpiError(-104)
        first, *rest = text[1:-1].split(":")
        node = _NODE.match(first)
        quantity = _FULL.get(node[1]) if node else None
        if node is None or quantity is None:
            raise ScpiError(-150)
        phase = int(node[2]) if node[2] else _TOTAL
        if quantity in _PHASED:
            allowed = (_TOTAL, *range(1, ELEMENTS + 1), *(_PAIRS if quantity == "VOLTage" else ()))
        else:
            allowed = (_TOTAL,)
        if phase not in allowed:
            raise ScpiError(-150)
        known = _QUALIFIERS[quantity]
        qualifier = known[0]
        if rest and (found := _word(rest[0], known)):
            qualifier = found
            rest = rest[1:]
        integral = ""
        if rest and quantity == "POWer" and qualifier != "FACTor" and (found := _word(rest[0], _INTEGRALS)):
            integral = found
            rest = rest[1:]
        if rest:
            raise ScpiError(-150)
        return cls(quantity, phase, qualifier, integral)

    @property
    def text(self) -> str:
        """The name as a query answers it: short forms, default nodes omitted, in quotes."""
        nodes = [short_form(self.quantity) + (str(self.phase) if self.phase else "")]
        if self.qualifier != _QUALIFIERS[self.quantity][0]:
            nodes.append(short_form(self.qualifier))
        if self.integral:
            nodes.append(short_form(self.integral))
        return f'"{":".join(nodes)}"'

    @property
    def integrated(self) -> Function:
        """The function whose integral this is."""
        return Function(self.quantity, self.phase, self.qualifier, "")


def _word(text: str, known: Sequence[str]) -> str | None:
    return next((word for word in known if word and text in (word.upper(), short_form(word))), None)


@dataclass(frozen=True, slots=True)
class AveragedSet:
    """One averaging interval: its results, ``ended_s`` on the instrument's timer, ``length_s``, and the ranges (rms).

    ``sync_deg`` and ``frequency_hz``: of the signal that it is synchronised to, None without one.
    """

    results: tuple[ElementResult, ...]
    ended_s: float
    length_s: float
    ranges: tuple[tuple[float, float], ...]
    sync_deg: float | None
    frequency_hz: float | None


def value_of(function: Function, data: AveragedSet | None, integrator: Integrator | None) -> tuple[float, int]:
    """Return value and status; ``data`` None: no interval is complete yet. ``integrator`` None: it is off."""
    if function.integral:
        return _integral(function, integrator)
    if data is None:
        return NOT_A_NUMBER, UNDEFINED
    if function.quantity == "TIME":
        return (data.ended_s if function.qualifier == "RELative" else data.length_s), NORMAL
    if function.quantity == "FREQuency":
        return _undefined() if data.frequency_hz is None else (data.frequency_hz, NORMAL)
    value, capacitive = _averaged(function, data)
    if value is None:
        return _undefined()
    return value, _range_status(function, data) | (CAPACITIVE if capacitive else NORMAL)


def _undefined() -> tuple[float, int]:
    return NOT_A_NUMBER, UNDEFINED


def _integral(function: Function, integrator: Integrator | None) -> tuple[float, int]:
    if integrator is None or function.qualifier != "ACTive" or function.phase not in (_TOTAL, 1, 2, 3):
        return NOT_A_NUMBER, NOT_AVAILABLE
    indices = range(ELEMENTS) if function.phase == _TOTAL else (function.phase - 1,)
    positive = sum(integrator.positive_wh[index] for index in indices)
    negative = sum(integrator.negative_wh[index] for index in indices)
    over = any(integrator.over[index] for index in indices)
    by_kind = {"IPOSitive": positive, "INEGative": negative, "INTegral": positive + negative}
    return by_kind[function.integral], OVER_RANGE if over else NORMAL


def _range_status(function: Function, data: AveragedSet) -> int:
    if function.phase in _PAIRS:
        indices = list(_PAIRS[function.phase])
    else:
        indices = list(range(ELEMENTS)) if function.phase == _TOTAL else [function.phase - 1]
    status = NORMAL
    for index in indices:
        result, (u_range, i_range) = data.results[index], data.ranges[index]
        for used, rms, limit in (
            (function.quantity != "CURRent", result.u, u_range),
            (function.quantity != "VOLTage", result.i, i_range),
        ):
            if used and rms > math.sqrt(2.0) * limit:  # the peak range is twice the rms range
                status |= OVER_RANGE
            elif used and rms < UNDER_RANGE_BELOW * limit:
                status |= UNDER_RANGE
    return status


def _averaged(function: Function, data: AveragedSet) -> tuple[float | None, bool]:
    """Return the value, None where it is undefined; and whether a power factor is capacitive."""
    results = data.results
    if function.phase in _PAIRS:
        return _between(results, *_PAIRS[function.phase]), False
    chosen = results if function.phase == _TOTAL else (results[function.phase - 1],)
    if function.quantity in ("VOLTage", "CURRent"):
        return _of_channel(function, data, chosen), False
    p, q, s = sum(one.p for one in chosen), sum(one.q for one in chosen), sum(one.s for one in chosen)
    plain = {"ACTive": p, "APParent": s, "REACtive": abs(q)}
    if function.qualifier in plain:
        return plain[function.qualifier], False
    if s == 0.0:
        return None, False
    factor = max(-1.0, min(1.0, p / s))
    return (factor if function.quantity == "POWer" else math.degrees(math.acos(factor))), q < 0.0


def _of_channel(function: Function, data: AveragedSet, chosen: Sequence[ElementResult]) -> float | None:
    is_voltage = function.quantity == "VOLTage"
    phasors = [(one.u_harmonics if is_voltage else one.i_harmonics).get(1, 0j) for one in chosen]
    rms = [one.u if is_voltage else one.i for one in chosen]
    if function.qualifier == "HAR":
        return sum(abs(phasor) for phasor in phasors) / len(phasors)
    if function.qualifier == "PHASe":
        if len(phasors) > 1 or data.sync_deg is None or rms[0] == 0.0 or phasors[0] == 0j:
            return None
        return (math.degrees(cmath.phase(phasors[0])) - data.sync_deg + 180.0) % 360.0 - 180.0
    limits = [ranges[0 if is_voltage else 1] for ranges in data.ranges]
    if function.phase != _TOTAL:
        limits = [limits[function.phase - 1]]
    # What is over range is clipped: a number is answered even so, and only its status shows it.
    return sum(min(value, math.sqrt(2.0) * limit) for value, limit in zip(rms, limits, strict=True)) / len(rms)


def _between(results: Sequence[ElementResult], first: int, second: int) -> float:
    one, other = results[first].u_harmonics, results[second].u_harmonics
    return math.sqrt(sum(abs(one.get(order, 0j) - other.get(order, 0j)) ** 2 for order in one.keys() | other.keys()))
