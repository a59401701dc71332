"""How long a run will still take: planned bench seconds of its steps, scaled by what those of each kind have taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one step: its ``kind``, and its planned bench seconds."""

    kind: str
    duration_s: float


class TimeLeft:
    """Wall seconds that the steps which are not done will take, learned from those that are.

    On a real bench a bench second is a second. On the emulated one it is far less, and by kind: an hour of self-heating
    takes no longer than a load point. So each kind has a rate of its own, wall seconds a bench second, once a step of
    it is done; until then the rate of all. ``rate``: what is assumed before any step is done, None for nothing.
    """

    def __init__(self, steps: Mapping[str, Expected], rate: float | None = None) -> None:
        self._left = dict(steps)
        self._assumed = rate
        self._taken: dict[str, tuple[float, float]] = {}

    def done(self, step: str, wall_s: float) -> None:
        """Note that a step took so long; one that is not expected, or was done before, does not count."""
        expected = self._left.pop(step, None)
        if expected is None:
            return
        wall, bench = self._taken.get(expected.kind, (0.0, 0.0))
        self._taken[expected.kind] = wall + wall_s, bench + expected.duration_s

    def left_s(self) -> float | None:
        """Return the wall seconds from the end of the last step that was done; None where nothing is known yet."""
        usual = _rate(self._taken.values()) if self._taken else self._assumed
        if usual is None:
            return None
        rates = {kind: _rate([taken]) for kind, taken in self._taken.items()}
        return sum(each.duration_s * (rates.get(each.kind) or usual) for each in self._left.values())


def _rate(taken: Iterable[tuple[float, float]]) -> float:
    walls, benches = zip(*taken, strict=True)
    bench_s = sum(benches)
    return sum(walls) / bench_s if bench_s > 0.0 else 0.0
