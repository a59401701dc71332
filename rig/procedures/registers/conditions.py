"""Reference conditions of tests with hardly any current: what the voltages must be, and what a small current may be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from drivers.analyzer.base import AnalyzerReading
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Stimulus
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.accuracy import AccuracyNotStated
from rig.procedures.accuracy.readings import with_measured_powers
from rig.procedures.registers.examined import Examined
from rig.safety.conditions import Deviation, distortions

TOTAL_POWER = 11
_OF_CURRENT = "current"
OPEN_CURRENT = "open current"

SHOWN_AS_ZERO = 0.005
"""Part of its range below which an analyzer may show a current as zero (Yokogawa WT3000, IM 760301: 0.3 to 0.5 %)."""


def of_voltages(at: Examined, reading: AnalyzerReading, stimulus: Stimulus) -> tuple[Deviation, ...]:
    """Compare voltages, their angles and distortion, and frequency with the point; currents are left out."""
    assert at.bench.supervisor is not None
    assert at.bench.wiring is not None
    found = at.bench.supervisor.deviations_from_nominal(stimulus, at.limits)
    found += distortions(reading, at.bench.wiring.terminals(at.point), at.limits)
    return tuple(each for each in found if _OF_CURRENT not in each.quantity)


def no_current(at: Examined, reading: AnalyzerReading, permitted_pct: float) -> tuple[Deviation, ...]:
    """Compare each CT input with none at all, percent of the CT's rated current.

    ``permitted_pct``: what may flow, beside what the analyzer cannot tell from nothing by its stated accuracy.
    """
    assert at.bench.wiring is not None
    rated_v = at.bench.wiring.ct_secondary_v
    return tuple(
        Deviation(
            f"{OPEN_CURRENT} {name}",
            100.0 * (element.i or 0.0) / rated_v,
            permitted_pct + 100.0 * _unknown_v(at, place) / rated_v,
            "% of In",
        )
        for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True))
        if name in at.point.ct_phases
    )


def unseen_pct(at: Examined) -> float:
    """Return what current may flow unseen, percent of In: what is shown as zero, or the error of the lowest range."""
    assert at.bench.wiring is not None
    assert at.bench.supervisor is not None
    ranges = at.bench.supervisor.analyzer_ranges
    widest_v = max(ranges.current) if ranges else 0.0
    volts = max(SHOWN_AS_ZERO * widest_v, *(_unknown_v(at, place) for place in range(3)))
    return 100.0 * volts / at.bench.wiring.ct_secondary_v


def small_currents(at: Examined, stimulus: Stimulus) -> tuple[Deviation, ...]:
    """Compare the currents of the point with what they should be; each limit is wider by what the analyzer cannot tell.

    At a thousandth of its rated current a CT input gives a millivolt: the limits of ordinary load points would call
    the analyzer's own error a wrong current.
    """
    assert at.bench.supervisor is not None
    assert at.bench.wiring is not None
    rated_v = at.bench.wiring.ct_secondary_v * at.point.current_pct / 100.0
    found = at.bench.supervisor.deviations_from_nominal(stimulus, at.limits)
    widened = []
    for each in found:
        if _OF_CURRENT not in each.quantity or not at.point.current_pct:
            continue
        part = _unknown_v(at, PHASE_NAMES.index(each.quantity[-1])) / rated_v
        more = math.degrees(math.asin(min(1.0, part))) if each.unit == "deg" else 100.0 * part
        widened.append(replace(each, limit=each.limit + more))
    return tuple(widened)


def nominal_kw(at: Examined, point: LoadPoint, instance: int = TOTAL_POWER) -> float:
    """Return the magnitude of the total power that a point means, primary kW (kvar); ``instance``: AI11 or AI12."""
    assert at.bench.wiring is not None
    return abs(predict(at.bench.wiring.terminals(point), at.configuration)[instance].value)


def worst_of(found: Iterable[Deviation]) -> tuple[Deviation, ...]:
    """Return the largest deviation of each quantity."""
    worst: dict[str, Deviation] = {}
    for each in found:
        known = worst.get(each.quantity)
        if known is None or abs(each.deviation) > abs(known.deviation):
            worst[each.quantity] = each
    return tuple(worst.values())


def power_w(at: Examined, reading: AnalyzerReading, instance: int = TOTAL_POWER) -> float:
    """Return the power that AI11 (or another power, ``instance``) should read, primary watts, signed.

    Raises ReferenceInvalid where the analyzer gave no valid value.
    """
    assert at.bench.wiring is not None
    stimulus = at.bench.wiring.stimulus(reading)
    off = at.bench.wiring.powers_off(reading, stimulus)
    return 1000.0 * with_measured_powers(stimulus, *off, at.configuration)[instance]


def _unknown_v(at: Examined, place: int) -> float:
    """Volts by which the analyzer's CT input may be off at next to nothing, by its stated accuracy of range."""
    assert at.bench.supervisor is not None
    ranges = at.bench.supervisor.analyzer_ranges
    try:
        row = at.bench.accuracy.at("current", at.point.frequency_hz, None)
    except AccuracyNotStated:
        return 0.0
    return row.range_pct / 100.0 * (ranges.current[place] if ranges else 0.0) + row.fixed_v
