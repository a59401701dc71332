"""Waveforms by name: harmonics of voltage and current against the sine waves of a load point."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from rig.errors import BenchFileError, UsageRefused
from rig.files.yaml_file import parse_yaml, read_text, validate
from rig.files.yaml_types import Strict

HIGHEST_ORDER = 19
"""Of the rig's own waveforms: below half the meter's sample rate of 2520 per second, at 60 Hz too."""

_SHELF = "fixtures.waveforms"


@dataclass(frozen=True, slots=True)
class Part:
    """One component: ``order`` (1 = fundamental), ``percent`` of the load point's sine wave, ``phase_deg``.

    The angle is that of the component where the sine wave crosses zero upwards, negative = lag. In a waveform of
    several cycles orders count from the frequency with which it repeats.
    """

    order: int
    percent: float
    phase_deg: float = 0.0


SINE = (Part(1, 100.0),)


@dataclass(frozen=True, slots=True)
class Waveform:
    """What voltage and current of a load point are made of; ``source``: where the figures are from.

    Where the fundamental is 100 % at 0 degrees the load point states it. ``cycles``: after how many cycles of the
    fundamental it repeats; more than one means components between the harmonics, and the fundamental is that order.
    """

    name: str
    voltage: tuple[Part, ...]
    current: tuple[Part, ...]
    source: str
    cycles: int = 1

    @property
    def highest_order(self) -> int:
        """The highest order of voltage or current, counted from the fundamental and rounded up."""
        return math.ceil(max(part.order for part in (*self.voltage, *self.current)) / self.cycles)

    @property
    def power(self) -> float:
        """Active power in parts of what the sine waves in phase carry."""
        currents = {part.order: part for part in self.current}
        return math.fsum(
            each.percent * other.percent / 1e4 * math.cos(math.radians(each.phase_deg - other.phase_deg))
            for each in self.voltage
            if (other := currents.get(each.order)) is not None
        )


def fired(from_deg: float, highest_order: int = HIGHEST_ORDER) -> tuple[Part, ...]:
    """Return a sine wave that flows from ``from_deg`` (0 to below 180) to the end of each half cycle only.

    Exact Fourier coefficients of the odd orders, those above ``highest_order`` left out. The fundamental lags.
    """
    start = math.radians(from_deg)
    parts = []
    for order in range(1, highest_order + 1, 2):
        if order == 1:
            in_phase = (math.pi - start + math.sin(2.0 * start) / 2.0) / math.pi
            across = -(math.sin(start) ** 2) / math.pi
        else:
            below, above = order - 1, order + 1
            in_phase = (math.sin(above * start) / above - math.sin(below * start) / below) / math.pi
            across = (
                (math.cos(above * start) - math.cos(above * math.pi)) / above
                - (math.cos(below * start) - math.cos(below * math.pi)) / below
            ) / math.pi
        parts.append(Part(order, 100.0 * math.hypot(in_phase, across), math.degrees(math.atan2(across, in_phase))))
    return tuple(parts)


def burst(highest_order: int = 4 * HIGHEST_ORDER) -> tuple[Part, ...]:
    """Return a sine wave that flows for two cycles and not for the next two: exact coefficients, from a quarter of f.

    The fundamental is order 4. Orders above ``highest_order`` are left out.
    """
    odd = (Part(k, 800.0 / math.pi / abs(16 - k * k), 90.0 if k < 4 else -90.0) for k in range(1, highest_order + 1, 2))
    return tuple(sorted((Part(4, 50.0), *odd), key=lambda part: part.order))


def _opposed(orders: Iterable[tuple[int, float, float, float]]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return voltage and current from order, percent of each, and the angle of the current; the voltage is opposed."""
    listed = tuple(orders)
    voltage = (*SINE, *(Part(order, volts, 180.0 - angle) for order, volts, _, angle in listed))
    return voltage, (*SINE, *(Part(order, amperes, angle) for order, _, amperes, angle in listed))


_OF_R46 = ((3, 3.8, 30.0), (5, 2.4, 18.0), (7, 1.7, 14.0), (11, 1.0, 9.0), (13, 0.8, 5.0))
_R46 = "OIML R 46-1/-2:2012, waveforms of the harmonics test (recalled, unverified)"

BUILT_IN = {
    each.name: each
    for each in (
        Waveform(
            "fifth_harmonic",
            (*SINE, Part(5, 10.0)),
            (*SINE, Part(5, 40.0)),
            "IEC 62053-22:2003 8.2: U5 10 %, I5 40 %, in phase at the positive zero crossing (recalled, unverified)",
        ),
        Waveform(
            "phase_fired", SINE, fired(90.0), "IEC 62053-21:2003 annex A, fired at 90 degrees (recalled, unverified)"
        ),
        Waveform("quadriform", *_opposed((*each, 0.0) for each in _OF_R46), source=_R46),
        Waveform("peaked", *_opposed((*each, 0.0 if each[0] in (5, 13) else 180.0) for each in _OF_R46), source=_R46),
        Waveform(
            "burst",
            (Part(4, 100.0),),
            burst(),
            "IEC 62053-22:2003 annex A: two cycles on, two off (recalled, unverified)",
            cycles=4,
        ),
    )
}
"""The rig's own waveforms by name. No source of the rig can inject ``burst``: see ``why_not``."""


class _PartData(Strict):
    order: Annotated[int, Field(ge=1, le=100, strict=True)]
    percent: Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)]
    phase_deg: Annotated[float, Field(ge=-360.0, le=360.0, allow_inf_nan=False)] = 0.0


class _WaveformData(Strict):
    source: Annotated[str, Field(min_length=1)]
    voltage: Annotated[tuple[_PartData, ...], Field(min_length=1, strict=False)] = (_PartData(order=1, percent=100.0),)
    current: Annotated[tuple[_PartData, ...], Field(min_length=1, strict=False)] = (_PartData(order=1, percent=100.0),)

    @model_validator(mode="after")
    def _orders_are_distinct(self) -> Self:
        for what, parts in (("voltage", self.voltage), ("current", self.current)):
            orders = [part.order for part in parts]
            if len(set(orders)) != len(orders):
                raise ValueError(f"{what} states an order twice")
            if next((part.percent for part in parts if part.order == 1), 0.0) <= 0.0:
                raise ValueError(f"{what} has no fundamental: give order 1 more than 0 percent")
        return self


@cache
def waveform(name: str) -> Waveform:
    """Return a waveform by name: one of the rig's own, of ``fixtures/waveforms``, or the path of such a YAML file.

    The empty name is the sine wave. Raises UsageRefused for an unknown name, BenchFileError for a file that cannot be
    read.
    """
    if not name:
        return Waveform("", SINE, SINE, "")
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return _load(path)
    entry = resources.files(_SHELF) / f"{name}.yaml"
    if len(path.parts) == 1 and entry.is_file():
        with resources.as_file(entry) as found:
            return _load(found)
    known = ", ".join(available_waveforms())
    raise UsageRefused(f"there is no waveform {name!r}; known: {known}, or give the path of a YAML file")


def available_waveforms() -> tuple[str, ...]:
    """Return the names of all waveforms that the rig has, those of ``fixtures/waveforms`` last."""
    shelf = resources.files(_SHELF)
    files = sorted(entry.name[:-5] for entry in shelf.iterdir() if entry.name.endswith(".yaml"))
    return (*BUILT_IN, *files)


def why_not(one: Waveform, highest_order: int) -> str:
    """Say why a source that gives harmonics up to ``highest_order`` cannot inject a waveform; empty where it can."""
    if one.cycles > 1:
        return (
            f"the waveform {one.name!r} repeats after {one.cycles} cycles only: it has components between the "
            "harmonics, and no source driver of the rig gives any"
        )
    if one.highest_order > highest_order:
        gives = "sine waves only" if highest_order == 1 else f"harmonics up to order {highest_order} only"
        return f"the waveform {one.name!r} has harmonics up to order {one.highest_order}, and the source gives {gives}"
    return ""


def _load(path: Path) -> Waveform:
    data, lines = parse_yaml(path, read_text(path))
    parsed = validate(path, data, lines, _WaveformData)
    voltage, current = (
        tuple(Part(part.order, part.percent, part.phase_deg) for part in parts)
        for parts in (parsed.voltage, parsed.current)
    )
    if not path.stem.replace("_", "").replace("-", "").isalnum():
        raise BenchFileError(str(path), None, "a waveform's file is named with letters, digits, - and _ only")
    return Waveform(path.stem, voltage, current, parsed.source)
