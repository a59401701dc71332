"""How many objects fit one ReadPropertyMultiple, and the smallest set of requests for a whole meter.

Octets of an APDU without segmentation, by ASHRAE 135 clauses 20 and 21: a result is 3 + for each object 7 + for each
property 9 (a real) or 6 (an enumeration below 256).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MAX_APDU_OCTETS = 480
THIS_DEVICE = 4_194_303
"""A Device object answers to this instance as well as to its own (a wildcard)."""

TYPES = {"AI": 0, "AV": 2, "BI": 3, "DE": 8, "TL": 20}
KINDS = {number: kind for kind, number in TYPES.items()}
"""The kinds of objects by their type numbers."""

PRESENT_VALUE, RELIABILITY = "present-value", "reliability"

_ACK_HEADER = 3
_OBJECT_OCTETS = 7
_REAL_OCTETS, _ENUMERATED_OCTETS = 9, 6

CANARIES = (11, 8, 12)
"""KW_Total, whose noise moves with every update; Net_KVAh, which moves when power stands still; KVAR_Total."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object of a request and the properties wanted of it."""

    kind: str
    instance: int
    properties: tuple[str, ...] = (PRESENT_VALUE,)

    @property
    def result_octets(self) -> int:
        """Octets it takes in the answer at most (an error takes less)."""
        present = _ENUMERATED_OCTETS if self.kind == "BI" else _REAL_OCTETS
        sizes = {PRESENT_VALUE: present, RELIABILITY: _ENUMERATED_OCTETS}
        return _OBJECT_OCTETS + sum(sizes[name] for name in self.properties)


@dataclass(slots=True)
class PlannedPart:
    """One request of a snapshot: ``wanted`` in order; ``canaries`` are AI instances read again at its end."""

    wanted: list[Wanted] = field(default_factory=list)
    canaries: tuple[int, ...] = ()

    @property
    def result_octets(self) -> int:
        """Octets of the whole answer."""
        again = [Wanted("AI", instance) for instance in self.canaries]
        return _ACK_HEADER + sum(entry.result_octets for entry in [*self.wanted, *again])


def packed(wanted: Iterable[Wanted]) -> list[list[Wanted]]:
    """Split into requests, in order, none of which has an answer beyond 480 octets."""
    parts: list[PlannedPart] = [PlannedPart()]
    for entry in wanted:
        if parts[-1].result_octets + entry.result_octets > MAX_APDU_OCTETS:
            parts.append(PlannedPart())
        parts[-1].wanted.append(entry)
    return [part.wanted for part in parts if part.wanted]


def plan_snapshot(wanted: Sequence[Wanted]) -> list[PlannedPart]:
    """Plan the smallest number of requests for ``wanted``, with as many of the canaries as fit.

    They are read in the first part and again in the last, which shows whether an update fell in between. Each costs the
    wire 25 octets, 0.7 % of a snapshot of the whole meter: hence at the ends only and no more than it takes.
    """
    octets = sum(entry.result_octets for entry in wanted)
    room = MAX_APDU_OCTETS - _ACK_HEADER
    present = {entry.instance for entry in wanted if entry.kind == "AI"}
    canaries = tuple(instance for instance in CANARIES if instance in present)
    count = max(1, -(-octets // room))
    while True:
        for kept in range(len(canaries), -1, -1):
            plan = _filled(wanted, count, canaries[:kept])
            if plan is not None:
                return plan
        count += 1


def _filled(wanted: Sequence[Wanted], count: int, canaries: tuple[int, ...]) -> list[PlannedPart] | None:
    """Fill ``count`` parts, the largest objects first where they fit first; None when something is left over."""
    first = [entry for entry in wanted if entry.kind == "AI" and entry.instance in canaries]
    rest = sorted((entry for entry in wanted if entry not in first), key=lambda entry: -entry.result_octets)
    parts = [PlannedPart(list(first)), *(PlannedPart() for _ in range(count - 1))]
    if count > 1:
        parts[-1].canaries = canaries
    for entry in rest:
        for part in parts:
            if part.result_octets + entry.result_octets <= MAX_APDU_OCTETS:
                part.wanted.append(entry)
                break
        else:
            return None
    return None if any(part.result_octets > MAX_APDU_OCTETS for part in parts) else parts
