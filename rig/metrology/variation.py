"""The uncertainty of a variation: the difference of two errors that were found with one reference in a short time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rig.metrology.uncertainty import Budget, Component

ASSUMED_COEFFICIENT = 0.9
"""Correlation of the amplitude errors of one analyzer in two readings on one range, where nothing is stated of it."""

_SHARED = ("reference", "analyzer temperature", "analyzer drift", "conversion from")
_NOT_SHARED = ("phase", "angle")


def variation_budget(base: Budget, influenced: Budget, coefficient: float | None = None) -> Budget:
    """Return the budget of the error of ``influenced`` less that of ``base``, both in percent of reading.

    Amplitude errors of the reference are in both and cancel as far as they are correlated: two lines u1 and u2 of one
    kind become sqrt(u1² + u2² - 2 r u1 u2). ``coefficient``: r, from 0 (as after a change of range) to 1; None where
    nothing is stated of it: ``ASSUMED_COEFFICIENT``. What is left of the two, and all that they do not share (phase
    errors, repeatability, resolution, movement of the stimulus), adds up as of independent inputs.
    """
    r = ASSUMED_COEFFICIENT if coefficient is None else coefficient
    lines: list[Component] = []
    rest = list(influenced.components)
    for one in base.components:
        other = next((each for each in rest if each.kind == one.kind), None) if _is_shared(one) else None
        if other is None:
            lines.append(_named(one, "at the basis"))
            continue
        rest.remove(other)
        lines.append(_left_of(one, other, r))
    return Budget((*lines, *rest), base.coverage_probability)


def _is_shared(component: Component) -> bool:
    return component.kind.startswith(_SHARED) and not any(word in component.kind for word in _NOT_SHARED)


def _left_of(one: Component, other: Component, r: float) -> Component:
    u1, u2 = one.contribution, other.contribution
    left = math.sqrt(max(0.0, u1 * u1 + u2 * u2 - 2.0 * r * u1 * u2))
    return replace(_named(other, "what does not cancel"), stated=left * other.divisor, sensitivity=1.0)


def _named(component: Component, words: str) -> Component:
    return replace(component, name=f"{component.name}, {words}", group=f"{component.kind}, {words}")


def drift_of_the_basis(first: Sequence[float], again: Sequence[float]) -> Component:
    """Return the line for a basis that was repeated: its mean errors, percent, before and after.

    Between the two the error of the basis lay somewhere between them; their mean stands for it.
    """
    change = math.fsum(again) / len(again) - math.fsum(first) / len(first)
    return Component.rectangular("drift of the basis", abs(change) / 2.0)
