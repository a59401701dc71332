"""The temperature coefficient: load points measured in a climate chamber at several temperatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.accuracy.variations.compared import Comparison, Limit, Span, judge_variation
from rig.records.data import ResultRecord

SPAN_HALF_WIDTH_K = 0.5
"""What the difference of two temperatures of the air may be off, kelvins: by the probe and its place in the air."""

_LEAST_SPAN_K = 5.0


@dataclass(frozen=True)
class AtTemperatures:
    """Measurements by temperature, degrees Celsius, and load point; ``again``: at the reference one, at the end."""

    reference_c: float
    measured: Mapping[float, Mapping[LoadPoint, PointMeasurement]]
    again: Mapping[LoadPoint, PointMeasurement]


def measure_at_temperatures(
    soak: Callable[[float], object],
    measure: Callable[[LoadPoint, float], PointMeasurement],
    points: Iterable[LoadPoint],
    reference_c: float,
    temperatures_c: Iterable[float],
) -> AtTemperatures:
    """Soak at each temperature in turn, and measure every point there; the reference temperature first and last.

    ``soak`` brings the meter to a temperature and returns once it has been there long enough. ``measure`` is given the
    temperature that the air is meant to have.
    """
    distinct = tuple(dict.fromkeys(points))
    found: dict[float, Mapping[LoadPoint, PointMeasurement]] = {}
    for temperature_c in (reference_c, *sorted(set(temperatures_c) - {reference_c})):
        soak(temperature_c)
        found[temperature_c] = {point: measure(point, temperature_c) for point in distinct}
    soak(reference_c)
    return AtTemperatures(reference_c, found, {point: measure(point, reference_c) for point in distinct})


def judge_coefficient(
    at: AtTemperatures,
    point: LoadPoint,
    temperature_c: float,
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> ResultRecord:
    """Judge the mean temperature coefficient, percent per kelvin, between the reference and another temperature.

    Variation of the error divided by the difference of the temperatures that the probe measured, or of the nominal
    ones where it measured none. INVALID as of a variation: air that is not where it was meant to be is a condition
    that is not met. Raises ValueError for temperatures less than 5 K apart.
    """
    basis, other = at.measured[at.reference_c][point], at.measured[temperature_c][point]
    size = _temperature(other, temperature_c) - _temperature(basis, at.reference_c)
    if abs(size) < _LEAST_SPAN_K and not (basis.invalid or other.invalid):
        raise ValueError(f"{temperature_c:g} and {at.reference_c:g} °C are too near for a temperature coefficient")
    condition = f"temperature {at.reference_c:g} to {temperature_c:g} °C"
    span = Span(size or 1.0, SPAN_HALF_WIDTH_K)
    return judge_variation(
        Comparison("influence", condition, basis, other, at.again[point], span), item, limit, accuracy, rule
    )


def _temperature(measured: PointMeasurement, nominal_c: float) -> float:
    return nominal_c if measured.temperature_c is None else measured.temperature_c
