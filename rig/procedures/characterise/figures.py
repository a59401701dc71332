"""C6, C7 and C10: figures of a meter that are no choice of the profile: latency, updates, frequency range."""

from __future__ import annotations

import itertools
import math
import statistics
import struct
from dataclasses import dataclass, replace

from rig.errors import LimitExceeded, UsageRefused
from rig.procedures.characterise.subject import Subject

_CURRENT, _IMPORT, _FREQUENCY = 73, 2, 18
_STEP_S, _WATCHED_S = 4.0, 8.0
_ARRIVED = 0.01
_FREQUENCIES_HZ = (44.0, 45.0, 65.0, 66.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: ``what`` in words, ``found`` in words with units; why not, where it could not be."""

    key: str
    what: str
    found: str

    @property
    def text(self) -> str:
        """Say it in one line."""
        return f"{self.what}: {self.found}"


def figures(subject: Subject) -> list[Figure]:
    """Measure them; what the bench refuses is said."""
    return [latency(subject), updates(subject), frequency_range(subject)]


def latency(subject: Subject) -> Figure:
    """C6: a step of current, and how long the meter shows the old one."""
    what = "latency of AI73 after a step from 20 % to 100 % of current"
    low, high = subject.nominal.point(20.0), subject.nominal.point(100.0)
    subject.load(low)
    subject.apply(high)
    polled = subject.poll(_CURRENT, _STEP_S)
    final = polled[-1][1]
    arrived = [at_s for at_s, value in polled if abs(value - final) <= _ARRIVED * abs(final)]
    spacing_ms = 1000.0 * polled[-1][0] / max(1, len(polled) - 1)
    if not arrived or not final:
        return Figure("C6", what, f"not seen within {_STEP_S:g} s")
    return Figure("C6", what, f"{arrived[0]:.2f} s, read every {spacing_ms:.0f} ms")


def updates(subject: Subject) -> Figure:
    """C7: how often AI2 moves under a constant load, by how much, and in which step it can count there."""
    what = "updates of AI2 at 100 % of current"
    subject.load(subject.nominal.point(100.0))
    polled = subject.poll(_IMPORT, _WATCHED_S)
    edges = [(at_s, value - before) for (_, before), (at_s, value) in itertools.pairwise(polled) if value != before]
    if len(edges) < 3:
        return Figure("C7", what, f"{len(edges)} in {_WATCHED_S:g} s: too few to tell")
    spaces = [after[0] - before[0] for before, after in itertools.pairwise(edges)]
    step = _float32_step(polled[-1][1])
    moved = statistics.median(each for _, each in edges)
    found = (
        f"every {statistics.median(spaces):.2f} s (from {min(spaces):.2f} to {max(spaces):.2f} s), by {moved:.4g} kWh; "
        f"a float32 at {polled[-1][1]:.6g} kWh has steps of {step:.3g} kWh"
    )
    return Figure("C7", what, found)


def frequency_range(subject: Subject) -> Figure:
    """C10: where AI18 has a value, inside and outside of 45 to 65 Hz."""
    what = "AI18 at and beyond the ends of its range"
    point = subject.nominal.point(10.0)
    said = []
    try:
        with subject.beyond():
            for frequency_hz in _FREQUENCIES_HZ:
                subject.load(replace(point, frequency_hz=frequency_hz))
                read = subject.inputs((_FREQUENCY, 83))
                value = "QNAN" if math.isnan(read[_FREQUENCY]) else f"{read[_FREQUENCY]:.2f} Hz"
                alarm = "BI7 active" if int(read[83]) >> 6 & 1 else "BI7 inactive"
                said.append(f"{frequency_hz:g} Hz: {value}, {alarm}")
    except (LimitExceeded, UsageRefused) as refused:
        said.append(f"not asked, {refused}")
    return Figure("C10", what, "; ".join(said))


def _float32_step(value: float) -> float:
    packed = struct.unpack(">I", struct.pack(">f", abs(value)))[0]
    here, after = (float(struct.unpack(">f", struct.pack(">I", bits))[0]) for bits in (packed, packed + 1))
    return after - here
