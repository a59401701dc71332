"""Rules by which a control chart signals: Western Electric's four, or Nelson's eight.

Western Electric, Statistical Quality Control Handbook (1956), page 25; Nelson, Journal of Quality Technology 16 (1984)
237. A rule is reported at the value that completes its pattern.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WESTERN_ELECTRIC, NELSON = "western-electric", "nelson"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``holds``: whether the last value of a sequence completes the pattern.

    ``length``: how many values it looks at; ``least``: how many suffice, such as 2 for "two of three".
    """

    name: str
    words: str
    length: int
    holds: Callable[[Sequence[float]], bool]
    least: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that held at one place of a chart (counted from 0)."""

    place: int
    rule: Rule


def _beyond(count: int, of: int, sigmas: float) -> Callable[[Sequence[float]], bool]:
    """``count`` of the last ``of`` values are beyond ``sigmas`` on one side, the last one among them."""

    def holds(z: Sequence[float]) -> bool:
        last = z[-of:]
        return any(
            side * last[-1] > sigmas and sum(side * each > sigmas for each in last) >= count for side in (1.0, -1.0)
        )

    return holds


def _one_side(length: int) -> Callable[[Sequence[float]], bool]:
    return lambda z: all(each > 0.0 for each in z[-length:]) or all(each < 0.0 for each in z[-length:])


def _trend(z: Sequence[float]) -> bool:
    steps = [later - earlier for earlier, later in zip(z[-6:], z[-5:], strict=False)]
    return all(step > 0.0 for step in steps) or all(step < 0.0 for step in steps)


def _alternating(z: Sequence[float]) -> bool:
    steps = [later - earlier for earlier, later in zip(z[-14:], z[-13:], strict=False)]
    return all(one * other < 0.0 for one, other in itertools.pairwise(steps))


RULES: dict[str, tuple[Rule, ...]] = {
    WESTERN_ELECTRIC: (
        Rule("WE 1", "one value beyond 3 sigma", 1, _beyond(1, 1, 3.0)),
        Rule("WE 2", "two of three beyond 2 sigma on one side", 3, _beyond(2, 3, 2.0), least=2),
        Rule("WE 3", "four of five beyond 1 sigma on one side", 5, _beyond(4, 5, 1.0), least=4),
        Rule("WE 4", "eight in a row on one side of the centre", 8, _one_side(8)),
    ),
    NELSON: (
        Rule("Nelson 1", "one value beyond 3 sigma", 1, _beyond(1, 1, 3.0)),
        Rule("Nelson 2", "nine in a row on one side of the centre", 9, _one_side(9)),
        Rule("Nelson 3", "six in a row rising or falling", 6, _trend),
        Rule("Nelson 4", "fourteen in a row alternating up and down", 14, _alternating),
        Rule("Nelson 5", "two of three beyond 2 sigma on one side", 3, _beyond(2, 3, 2.0), least=2),
        Rule("Nelson 6", "four of five beyond 1 sigma on one side", 5, _beyond(4, 5, 1.0), least=4),
        Rule(
            "Nelson 7",
            "fifteen in a row within 1 sigma",
            15,
            lambda z: all(abs(each) < 1.0 for each in z[-15:]),
        ),
        Rule(
            "Nelson 8",
            "eight in a row beyond 1 sigma, on both sides",
            8,
            lambda z: all(abs(each) > 1.0 for each in z) and min(z) < 0.0 < max(z),
        ),
    ),
}

BEYOND_LIMITS = Rule("beyond limits", "a value beyond a control limit", 1, _beyond(1, 1, 3.0))
"""The only rule for charts of ranges, standard deviations and EWMA, whose values are not independent normal ones."""


def signals(z: Sequence[float], rules: Sequence[Rule]) -> tuple[Signal, ...]:
    """Return where which rule holds; ``z``: the values less the centre, in their standard deviations."""
    return tuple(
        Signal(place, rule)
        for place in range(len(z))
        for rule in rules
        if place + 1 >= (rule.least or rule.length) and rule.holds(z[max(0, place + 1 - rule.length) : place + 1])
    )
