"""Wires between bench and one meter that are wrong: the analyzer, beside the meter, still sees what was intended."""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from meter_model.stimulus import Phasor, Spectrum, Stimulus

KINDS: dict[str, str] = {
    "ct-exchanged": "two CT inputs, such as AB",
    "ct-rotated": "three CT inputs: ABC gives A what B should have",
    "ct-reversed": "one or more CT inputs",
    "ct-missing": "one or more CT inputs",
    "ct-ratio": "a factor, or input:factor such as A:2",
    "voltage-exchanged": "two of A, B, C and N",
    "voltage-rotated": "three of A, B, C and N",
    "voltage-missing": "one or more voltage terminals",
    "pt-ratio": "a factor",
    "rotation": "two phases, voltages and CT inputs alike",
}
"""What can be wrong, and which value it takes."""

_NOTHING: tuple[Spectrum, Spectrum, Spectrum] = ((), (), ())
_PHASES = "ABC"
_TERMINALS = "ABCN"
_TEXT = re.compile(r"([a-z-]+)(?:@(\d+))?=(?:([A-N]+))?:?([0-9.]+)?\Z")


class MiswiringRefused(ValueError):
    """A wiring fault cannot be understood; the message is one sentence that lists what can."""


@dataclass(frozen=True, slots=True)
class Miswiring:
    """One fault. ``where``: the terminals; ``factor`` of a ratio; ``meter``: 1 is the first, None all of them."""

    kind: str
    where: str
    factor: float
    meter: int | None

    def __str__(self) -> str:
        at = "" if self.meter is None else f"@{self.meter}"
        value = ":".join(part for part in (self.where, f"{self.factor:g}" if "ratio" in self.kind else "") if part)
        return f"{self.kind}{at}={value}"


def parse_miswiring(text: str) -> Miswiring:
    """Read ``ct-reversed=A``, ``ct-ratio=A:2`` or ``voltage-missing@2=B``; raises MiswiringRefused."""
    found = _TEXT.fullmatch(text.strip())
    kind, number, where, factor = found.groups() if found is not None else ("", None, None, None)
    where = where or ""
    allowed = _TERMINALS if kind.startswith("voltage-") and kind != "voltage-missing" else _PHASES
    counts = {"exchanged": (2, 2), "rotation": (2, 2), "rotated": (3, 3), "ratio": (0, 1)}
    low, high = counts.get(kind.rpartition("-")[2], (1, 3))
    is_ratio = kind.endswith("-ratio")
    good = (
        kind in KINDS
        and low <= len(where) <= high
        and len(set(where)) == len(where)
        and set(where) <= set(allowed)
        and (factor is not None) == is_ratio
        and not (kind == "pt-ratio" and where)
    )
    try:
        value = float(factor) if factor else 1.0
    except ValueError:
        good, value = False, 1.0
    if not good or not 0.0 < value < 1e4:
        known = "; ".join(f"{name}=<{what}>" for name, what in KINDS.items())
        raise MiswiringRefused(f"wiring fault {text!r} is not known; known are {known}")
    return Miswiring(kind, where, value, int(number) if number else None)


class Living(Protocol):
    """What is exposed to a stimulus."""

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Live through ``dt_s`` seconds."""


class MiswiredMeter:
    """A meter behind wires that may be wrong; ``faults`` may be changed at any time, with the world held.

    ``terminals``: the voltage terminals that its system type uses now; without the neutral a terminal whose lead is off
    has the mean of the others.
    """

    def __init__(self, meter: Living, terminals: Callable[[], str], faults: Iterable[Miswiring] = ()) -> None:
        self._meter = meter
        self._terminals = terminals
        self.faults = tuple(faults)
        self.is_connected = True
        self._key: tuple[Stimulus, tuple[Miswiring, ...]] | None = None
        self._seen: Stimulus | None = None

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Let the meter live through what its wires bring it."""
        if not self.is_connected:
            stimulus = replace(stimulus, voltages=_NOTHING, ct_inputs=_NOTHING)
        if not self.faults:
            self._meter.advance(dt_s, stimulus)
            return
        # The same object while nothing changes, as the world gives it: a meter need not compute it again.
        if self._seen is None or self._key is None or self._key[0] is not stimulus or self._key[1] != self.faults:
            self._key = (stimulus, self.faults)
            self._seen = miswired(stimulus, self.faults, self._terminals())
        self._meter.advance(dt_s, self._seen)


def miswired(stimulus: Stimulus, faults: Iterable[Miswiring], terminals: str = _TERMINALS) -> Stimulus:
    """Return what arrives at a meter: first leads in another order, then those that are off, then ratios."""
    voltage_leads: dict[str, str] = {name: name for name in _TERMINALS}
    ct_leads: dict[str, str] = {name: name for name in _PHASES}
    voltage_factor, ct_factors = 1.0, dict.fromkeys(_PHASES, 1.0)
    off = ""
    for fault in faults:
        order = dict(zip(fault.where, fault.where[1:] + fault.where[:1], strict=True))
        match fault.kind:
            case "ct-exchanged" | "ct-rotated":
                ct_leads = _moved(ct_leads, order)
            case "voltage-exchanged" | "voltage-rotated":
                voltage_leads = _moved(voltage_leads, order)
            case "rotation":
                ct_leads, voltage_leads = _moved(ct_leads, order), _moved(voltage_leads, order)
            case "voltage-missing":
                off += fault.where
            case "pt-ratio":
                voltage_factor *= fault.factor
            case _:
                factor = {"ct-reversed": -1.0, "ct-missing": 0.0}.get(fault.kind, fault.factor)
                for name in fault.where or _PHASES:
                    ct_factors[name] *= factor
    source = dict(zip(_TERMINALS, (*stimulus.voltages, ()), strict=True))
    potentials = {name: _times(source[lead], 1.0) for name, lead in voltage_leads.items() if name not in off}
    others = [each for name, each in potentials.items() if name in terminals]
    floating = potentials["N"]
    if "N" not in terminals:
        floating = _times(tuple(part for each in others for part in each), 1.0 / max(1, len(others)))
    at = {name: potentials.get(name, floating) for name in _PHASES}
    a, b, c = (_times((*at[name], *_times(potentials["N"], -1.0)), voltage_factor) for name in _PHASES)
    currents = dict(zip(_PHASES, stimulus.ct_inputs, strict=True))
    x, y, z = (_times(currents[ct_leads[name]], ct_factors[name]) for name in _PHASES)
    return replace(stimulus, voltages=(a, b, c), ct_inputs=(x, y, z))


def _moved(leads: Mapping[str, str], order: Mapping[str, str]) -> dict[str, str]:
    return {name: leads[order.get(name, name)] for name in leads}


def _times(spectrum: Spectrum, factor: float) -> Spectrum:
    """Add the components of each order, and multiply them; what comes to nothing is left out."""
    by_order: dict[int, complex] = {}
    for part in spectrum:
        value = cmath.rect(part.rms, math.radians(part.phase_deg))
        by_order[part.order] = by_order.get(part.order, 0j) + factor * value
    return tuple(
        Phasor(order, abs(value), math.degrees(cmath.phase(value)))
        for order, value in by_order.items()
        if abs(value) > 1e-9
    )
