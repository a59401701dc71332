"""The uncertainty of a variation: the difference of two errors that were found with one reference in a short time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rig.metrology.uncertainty import AT_THE_BASIS, Budget, Component

ASSUMED_COEFFICIENT = 0.9
"""Correlation of the errors of one analyzer in two readings on one range, where nothing is stated of it.

It leaves 0.45 of the standard uncertainty of one reading: as if a third of each error were its own."""

_SHARED = ("reference ", "analyzer temperature", "analyzer drift", "conversion from", "correction of")


def variation_budget(base: Budget, influenced: Budget, coefficient: float | None = None) -> Budget:
    """Return the budget of the error of ``influenced`` less that of ``base``, both in percent of reading.

    Each kind is one line for ``influenced`` and one, against it, for ``base``. Those of the reference have one source
    and cancel as far as they are correlated: u1 and u2 leave sqrt(u1² + u2² - 2 r u1 u2). ``coefficient``: r, from 0
    (as after a change of range) to 1; None where nothing is stated of it: ``ASSUMED_COEFFICIENT``, and the source says
    so. What the two do not share (repeatability, resolution, movement of the stimulus) is independent.
    """
    r = ASSUMED_COEFFICIENT if coefficient is None else coefficient
    remark = f" (not stated: {r:g} assumed)" if coefficient is None else ""
    first, second = base.by_kind, influenced.by_kind
    shared = {each.kind for each in first} & {each.kind for each in second}
    shared = {kind for kind in shared if kind.startswith(_SHARED)}

    def line(of: Component, sign: float, words: str) -> Component:
        is_shared = of.kind in shared and r > 0.0
        return replace(
            of,
            name=f"{of.name}{words}",
            group=of.kind,
            sensitivity=sign * of.sensitivity,
            source=f"{of.kind} in two readings{remark}" if is_shared else "",
            correlation=r if is_shared else 0.0,
        )

    lines = [line(each, 1.0, "") for each in second]
    lines += [line(each, -1.0, AT_THE_BASIS) for each in first]
    return Budget(tuple(lines), influenced.coverage_probability)


def drift_of_the_basis(first: Sequence[float], again: Sequence[float]) -> Component:
    """Return the line for a basis that was repeated: its mean errors, percent, before and after.

    Between the two the error of the basis lay somewhere between them; their mean stands for it.
    """
    change = math.fsum(again) / len(again) - math.fsum(first) / len(first)
    return Component.rectangular("drift of the basis", abs(change) / 2.0)
