"""Reference conditions over a whole measurement: the worst of every reading, with the uncertainty of each condition."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading
from drivers.climate.base import ClimateReading
from meter_model.stimulus import Stimulus
from rig.bench.schema.climate import ClimateUncertainty
from rig.errors import UsageRefused
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.accuracy import Accuracy, AccuracyNotStated, ReferenceAccuracy
from rig.records.data import ConditionRecord
from rig.safety.conditions import Deviation, ReferenceLimits, climate_deviations, deviations, distortions, unmet

if TYPE_CHECKING:
    from rig.bench import Bench

_COVERAGE = 2.0


class ConditionWindow:
    """Collects the conditions at ``point`` from its first reading to its last; ``worst`` has each one once.

    Each reading of the reference counts, not only the one that was settled: a voltage that left its tolerance in the
    middle of a measurement makes it INVALID.
    """

    def __init__(self, bench: Bench, point: LoadPoint, limits: ReferenceLimits) -> None:
        assert bench.wiring is not None
        self._nominal = bench.wiring.terminals(point)
        self._point = point
        self._limits = limits
        self._accuracy = _accuracy_of(bench)
        self._found: dict[str, Deviation] = {}

    def add(self, reading: AnalyzerReading, seen: Stimulus, ranges: AnalyzerRanges | None) -> None:
        """Take what the reference measured: ``reading``, and the same at the meter's terminals."""
        found = (
            *deviations(seen, self._nominal, self._limits),
            *distortions(reading, self._nominal, self._limits),
        )
        if self._accuracy is not None:
            uncertain = _Uncertainties(self._accuracy, self._point, reading, ranges)
            found = tuple(replace(each, uncertainty=uncertain.of(each)) for each in found)
        self.take(found)

    @property
    def worst(self) -> tuple[Deviation, ...]:
        """The worst of each condition, in the order in which they were first seen."""
        return tuple(self._found.values())

    @property
    def unmet(self) -> str:
        """Name the conditions that are not met; empty when all are."""
        return unmet(self.worst)

    @property
    def records(self) -> tuple[ConditionRecord, ...]:
        """The worst of each as the record has them."""
        return records_of(self.worst)

    def take(self, found: Iterable[Deviation]) -> None:
        """Take deviations that were found elsewhere, such as those of the air."""
        for each in found:
            known = self._found.get(each.quantity)
            if known is None or abs(each.deviation) > abs(known.deviation) or known.met > each.met:
                self._found[each.quantity] = each


def records_of(found: Iterable[Deviation]) -> tuple[ConditionRecord, ...]:
    """Put deviations as the record has them, with limit and uncertainty."""
    return tuple(
        ConditionRecord(
            quantity=each.quantity,
            unit=each.unit,
            deviation=round(each.deviation, 5),
            limit=each.limit,
            uncertainty=None if each.uncertainty is None else round(each.uncertainty, 5),
            met=each.met,
        )
        for each in found
    )


def of_climate(
    reading: ClimateReading, limits: ReferenceLimits, stated: ClimateUncertainty | None
) -> tuple[Deviation, ...]:
    """Compare the air with its reference; ``stated``: expanded uncertainties of the probe, None where not known."""
    known = stated or ClimateUncertainty()
    of_quantity = {
        "ambient temperature": known.temperature_k,
        "relative humidity": known.humidity_pct,
        "air pressure": known.pressure_hpa,
    }
    found = climate_deviations(reading.temperature_c, limits, reading.humidity_pct, reading.pressure_hpa)
    return tuple(replace(each, uncertainty=of_quantity[each.quantity]) for each in found)


class _Uncertainties:
    """Expanded uncertainties (k = 2) of conditions, in their own unit, from what is stated of the analyzer."""

    def __init__(
        self, accuracy: ReferenceAccuracy, point: LoadPoint, reading: AnalyzerReading, ranges: AnalyzerRanges | None
    ) -> None:
        self._accuracy = accuracy
        self._point = point
        self._reading = reading
        self._ranges = ranges

    def of(self, condition: Deviation) -> float | None:
        """Return it; None where nothing is stated, as of a distortion."""
        what, _, phase = condition.quantity.rpartition(" ")
        if condition.quantity == "frequency":
            spec = self._spec("frequency")
            return None if spec is None else _expanded(spec, spec.reading_pct)
        if what in ("voltage", "balance of voltage"):
            return self._of_amplitude("voltage", phase)
        if what in ("current", "balance of current"):
            return self._of_amplitude("current", phase)
        if what in ("angle of voltage", "displacement of current"):
            spec = self._spec("phase")
            return None if spec is None else _expanded(spec, spec.fixed_deg)
        return None

    def _of_amplitude(self, name: str, phase: str) -> float | None:
        spec = self._spec(name)
        place = PHASE_NAMES.index(phase)
        element = self._reading.elements[place]
        value = element.u_v if name == "voltage" else element.i
        if spec is None or self._ranges is None or not value:
            return None
        full = (self._ranges.voltage if name == "voltage" else self._ranges.current)[place]
        return _expanded(spec, spec.reading_pct + (spec.range_pct * full + 100.0 * spec.fixed_v) / value)

    def _spec(self, name: str) -> Accuracy | None:
        try:
            return self._accuracy.at(name, self._point.frequency_hz, self._point.power_factor)
        except AccuracyNotStated:
            return None


def _expanded(spec: Accuracy, stated: float) -> float:
    """Of a half-width, or of an expanded uncertainty with its own k, that with k = 2."""
    return _COVERAGE * stated / (spec.k if spec.k is not None else math.sqrt(3.0))


def _accuracy_of(bench: Bench) -> ReferenceAccuracy | None:
    try:
        return bench.accuracy
    except UsageRefused:
        return None
