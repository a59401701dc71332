"""A basis and the load points that are compared with it, measured close one after the other; the basis once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rig.load_point import LoadPoint
from rig.procedures.accuracy.readings import PointMeasurement


@dataclass(frozen=True)
class Series:
    """Measurements of one series. ``again``: the basis after all ``others``; by how much it moved is part of each U."""

    basis: PointMeasurement
    others: Mapping[LoadPoint, PointMeasurement]
    again: PointMeasurement


def measure_series(
    measure: Callable[[LoadPoint], PointMeasurement], basis: LoadPoint, others: Iterable[LoadPoint]
) -> Series:
    """Measure the basis, each of ``others`` once in their order, and the basis again; one basis serves them all."""
    first = measure(basis)
    found = {point: measure(point) for point in dict.fromkeys(others)}
    return Series(first, found, measure(basis))
