"""The uncertainty of a variation: the difference of two errors that were found with one reference in a short time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rig.metrology.uncertainty import AT_THE_BASIS, Budget, Component, combined_of

ASSUMED_COEFFICIENT = 0.9
"""Correlation of the errors of one analyzer in two readings on one range, where nothing is stated of it.

It leaves 0.45 of the standard uncertainty of one reading: as if a third of each error were its own."""

_SHARED = ("reference ", "analyzer temperature", "analyzer drift", "conversion from", "correction of")


def variation_budget(base: Budget, influenced: Budget, coefficient: float | None = None) -> Budget:
    """Return the budget of the error of ``influenced`` less that of ``base``, both in percent of reading.

    Each kind is one line for ``influenced`` and one, against it, for ``base``. Those of the reference have one source
    and cancel as far as they are correlated: u1 and u2 leave sqrt(u1² + u2² - 2 r u1 u2). ``coefficient``: r of one
    element, from 0 (as after a change of range) to 1; None where nothing is stated of it: ``ASSUMED_COEFFICIENT``, and
    the source says so. Where the two readings are of different elements, as of a total and of one phase, r is smaller
    by as much as the elements are independent of each other. What the two do not share (repeatability, resolution,
    movement of the stimulus) is independent.
    """
    r = ASSUMED_COEFFICIENT if coefficient is None else coefficient
    remark = f" (not stated: {r:g} assumed)" if coefficient is None else ""
    first, second = _by_kind(base), _by_kind(influenced)
    shared = {
        kind: r * _common(first[kind], second[kind])
        for kind in first
        if kind in second and kind.startswith(_SHARED) and r > 0.0
    }

    def line(of: Component, sign: float, words: str) -> Component:
        together = shared.get(of.kind, 0.0)
        return replace(
            of,
            name=f"{of.name}{words}",
            group=of.kind,
            sensitivity=sign * of.sensitivity,
            source=f"{of.kind} in two readings{remark}" if together else "",
            correlation=together,
        )

    lines = [line(each, 1.0, "") for each in influenced.by_kind]
    lines += [line(each, -1.0, AT_THE_BASIS) for each in base.by_kind]
    return Budget(tuple(lines), influenced.coverage_probability)


def _by_kind(budget: Budget) -> dict[str, list[Component]]:
    kinds: dict[str, list[Component]] = {}
    for component in budget.components:
        kinds.setdefault(component.kind, []).append(component)
    return kinds


def _common(first: list[Component], second: list[Component]) -> float:
    """Return the correlation coefficient of two sums of lines of one kind, were each element's error the same in both.

    Lines of one element are then fully correlated, those of two elements as their source says.
    """

    def between(one: Component, other: Component) -> float:
        return 1.0 if one.name == other.name else one.correlation if one.source == other.source else 0.0

    together = math.fsum(
        one.sensitivity
        * one.standard_uncertainty
        * other.sensitivity
        * other.standard_uncertainty
        * between(one, other)
        for one in first
        for other in second
    )
    size = combined_of(first) * combined_of(second)
    if size == 0.0:
        return 0.0
    # The line that stands for all of a kind has the sign of their sum.
    sums = [math.fsum(each.sensitivity * each.standard_uncertainty for each in part) for part in (first, second)]
    return round(together / size * math.copysign(1.0, sums[0]) * math.copysign(1.0, sums[1]), 12)


def drift_of_the_basis(first: Sequence[float], again: Sequence[float]) -> Component:
    """Return the line for a basis that was repeated: its mean errors, percent, before and after.

    Between the two the error of the basis lay somewhere between them; their mean stands for it.
    """
    change = math.fsum(again) / len(again) - math.fsum(first) / len(first)
    return Component.rectangular("drift of the basis", abs(change) / 2.0)
