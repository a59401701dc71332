"""Tusage_delay and Treply_delay of every station out of the hub's stamps, as histograms (ASHRAE 135 clause 9.5.3).

A delay is counted from when the hub handed the last octet over, not from when that octet ended on the wire: what lies
between is the hub's own lateness, and none of the station's doing.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.emulation.bus.process import StampedFrame

USAGE_LIMIT_S, REPLY_LIMIT_S = 0.015, 0.250
USAGE_EDGES_S = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.010, 0.015, 0.020, 0.035)
REPLY_EDGES_S = (0.002, 0.005, 0.010, 0.020, 0.050, 0.100, 0.200, 0.250, 0.300)
TOKEN, POLL, POLL_REPLY, TEST_REQUEST, TEST_RESPONSE, REQUEST, ANSWER, POSTPONED = range(8)
BROADCAST = 255

_USED_BY: dict[int, tuple[int, ...]] = {TOKEN: tuple(range(256)), POLL: (POLL_REPLY,)}
_ANSWERED_BY: dict[int, tuple[int, ...]] = {REQUEST: (ANSWER, POSTPONED), TEST_REQUEST: (TEST_RESPONSE,)}


@dataclass
class Histogram:
    """Delays in seconds by bin: ``counts[n]`` are those up to ``edges_s[n]``, the last those beyond all edges.

    ``above`` counts those above ``limit_s``; ``missed`` are not in the bins: whoever was meant said nothing at all
    before somebody else spoke.
    """

    edges_s: tuple[float, ...]
    limit_s: float
    counts: list[int] = field(init=False)
    above: int = 0
    missed: int = 0
    worst_s: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.edges_s) + 1)

    @property
    def total(self) -> int:
        """How many delays there were."""
        return sum(self.counts)

    def add(self, delay_s: float) -> None:
        """Count one delay."""
        self.counts[bisect.bisect_left(self.edges_s, delay_s)] += 1
        self.above += delay_s > self.limit_s
        self.worst_s = max(self.worst_s, delay_s)


@dataclass
class BusDelays:
    """What the frames of a bus tell, taken in bit by bit: histograms by MAC, and how the bus went on after trouble.

    ``hub_late_s`` is the hub's lateness: its sum and its worst over ``frames`` frames. ``troubles`` counts what was
    late or missed; ``slowest_recovery_s`` is the longest time from such a moment to the next token, ``open_trouble_s``
    the moment of one after which no token was seen yet. ``longest_silence_s`` is between any two frames.
    """

    usage: dict[int, Histogram] = field(default_factory=dict)
    reply: dict[int, Histogram] = field(default_factory=dict)
    frames: int = 0
    hub_late_sum_s: float = 0.0
    hub_late_worst_s: float = 0.0
    troubles: int = 0
    slowest_recovery_s: float = 0.0
    open_trouble_s: float | None = None
    longest_silence_s: float = 0.0
    _last: StampedFrame | None = None

    def take(self, frames: Sequence[StampedFrame]) -> None:
        """Take in further frames, in order, none left out; damaged ones end a silence and are nobody's delay."""
        known = [] if self._last is None else [self._last]
        for one, other in itertools.pairwise([*known, *frames]):
            self._note(one, other)
            self._last = other
        if self._last is None:
            self._last = frames[0] if frames else None

    def _note(self, one: StampedFrame, other: StampedFrame) -> None:
        self.frames += 1
        late_s = one.delivered_s - one.last_s
        self.hub_late_sum_s += late_s
        self.hub_late_worst_s = max(self.hub_late_worst_s, late_s)
        self.longest_silence_s = max(self.longest_silence_s, other.first_s - one.last_s)
        if one.valid and not one.garbled and one.destination != BROADCAST:
            if one.kind in _USED_BY:
                self._judge(self.usage, USAGE_EDGES_S, USAGE_LIMIT_S, one, other, _USED_BY[one.kind])
            elif one.kind in _ANSWERED_BY:
                self._judge(self.reply, REPLY_EDGES_S, REPLY_LIMIT_S, one, other, _ANSWERED_BY[one.kind])
        if other.kind == TOKEN and other.valid and self.open_trouble_s is not None:
            self.slowest_recovery_s = max(self.slowest_recovery_s, other.first_s - self.open_trouble_s)
            self.open_trouble_s = None

    def _judge(
        self,
        histograms: dict[int, Histogram],
        edges_s: tuple[float, ...],
        limit_s: float,
        one: StampedFrame,
        other: StampedFrame,
        kinds: tuple[int, ...],
    ) -> None:
        delay_s = other.first_s - one.delivered_s
        is_used = other.source == one.destination and other.kind in kinds and not other.garbled
        if one.kind == POLL and not is_used:
            return  # nobody lives at that address
        histogram = histograms.setdefault(one.destination, Histogram(edges_s, limit_s))
        if is_used:
            histogram.add(delay_s)
        else:
            histogram.missed += 1
        if (not is_used or delay_s > limit_s) and self.open_trouble_s is None:
            self.troubles += 1
            self.open_trouble_s = one.last_s


def lines(histograms: dict[int, Histogram], what: str) -> list[str]:
    """Print histograms side by side, a column for each MAC."""
    macs = sorted(histograms)
    if not macs:
        return [f"{what}: none"]
    first = histograms[macs[0]]
    labels = [f"up to {edge * 1e3:g} ms" for edge in first.edges_s] + [f"beyond {first.edges_s[-1] * 1e3:g} ms"]
    rows = [(label, [histograms[mac].counts[place] for mac in macs]) for place, label in enumerate(labels)]
    rows += [
        ("all", [histograms[mac].total for mac in macs]),
        (f"above {first.limit_s * 1e3:g} ms", [histograms[mac].above for mac in macs]),
        ("not at all", [histograms[mac].missed for mac in macs]),
        ("worst, ms", [round(histograms[mac].worst_s * 1e3, 2) for mac in macs]),
    ]
    head = f"{what:24}" + "".join(f"{f'MAC {mac}':>12}" for mac in macs)
    return [head, *(f"{label:24}" + "".join(f"{value:>12}" for value in values) for label, values in rows)]


if __name__ == "__main__":
    raise SystemExit("this is a library; the benchmark is: python -m benchmarks.bus_timing_under_load")
