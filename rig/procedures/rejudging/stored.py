"""A measurement as data, so that it can be judged once more: what is needed beside the stored readings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from drivers.errors import RigError
from meter_model.configuration import Configuration, ValueRefused
from rig.bench import BenchFile
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.load_point import three
from rig.metrology.uncertainty import Component, Distribution
from rig.procedures.accuracy.readings import (
    EnergyMeasurement,
    GateMeasurement,
    MeterSample,
    PointMeasurement,
    RegisterFault,
    configuration_of,
)
from rig.records.data import PointRecord
from rig.records.plain_json import Json, numbers_from_json

POWER, ENERGY = "power_comparison", "energy_register"
_FIRST_AV, _LAST_AV = 2, 11


class RunCannotBeRejudged(UsageRefused):
    """A run lacks what a judgement needs (exit 11); ``what`` is missing."""

    def __init__(self, run_id: str, what: str, advice: str = "measure the meter again with this version") -> None:
        super().__init__(f"run {run_id[:8]} cannot be judged once more: {what}", advice)
        self.what = what


def data_of(measurement: PointMeasurement | EnergyMeasurement) -> tuple[str, dict[str, object]]:
    """Return the procedure, and what is to be recorded of a measurement beside its readings."""
    ranges = None if measurement.ranges is None else asdict(measurement.ranges)
    common: dict[str, object] = {
        "ranges": ranges,
        "invalid": measurement.invalid,
        "has_distortion": measurement.has_distortion,
    }
    if isinstance(measurement, PointMeasurement):
        return POWER, common | {"configuration": _values_of(measurement.configuration)}
    return ENERGY, common | {
        "instance": measurement.instance,
        "gates": [asdict(gate) for gate in measurement.gates],
        "power_errors_pct": measurement.power_errors_pct,
        "fell": measurement.fell,
        "faults": [asdict(fault) for fault in measurement.faults],
        "needed_s": measurement.needed_s,
        "has_reference": measurement.reference is not None,
    }


def judged_with(bench: BenchFile) -> dict[str, Json]:
    """Return what a run records of its bench so that it can be judged once more; empty where nothing is judged.

    So it is too where positions have corrections: they are not applied once more yet.
    """
    analyzer, wiring = bench.parts.analyzer, bench.parts.wiring
    if analyzer is None or wiring is None or bench.parts.position_corrections is not None:
        return {}
    parts = {"accuracy": analyzer.reference_accuracy, "wiring": wiring}
    return {
        name: part.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        for name, part in parts.items()
    }


def power_of(point: PointRecord, wiring: Wiring) -> PointMeasurement:
    """Return the measurement of a recorded load point from its readings; raises RigError where they do not fit."""
    stored = _stored(point)
    readings = [reading_of(each.raw) for each in point.reference_readings]
    samples = [
        MeterSample(each.values, each.requested_monotonic_s, each.answered_monotonic_s) for each in point.meter_readings
    ]
    invalid = str(stored["invalid"])
    if not invalid and len(readings) != len(samples) + 1:
        raise UsageRefused(
            f"load point {point.label} has {len(readings)} reference readings for {len(samples)} samples"
        )
    if invalid:  # a reading that was missing is what made it invalid
        return PointMeasurement(point.load_point, (), (), _ranges(stored), _configuration(stored), invalid)
    references = tuple(wiring.stimulus(each) for each in readings)
    return PointMeasurement(
        point.load_point,
        tuple(samples),
        references,
        _ranges(stored),
        _configuration(stored),
        invalid,
        powers_off=tuple(wiring.powers_off(*each) for each in zip(readings, references, strict=True)),
        has_distortion=bool(stored["has_distortion"]),
    )


def energy_of(point: PointRecord, wiring: Wiring, was: Wiring) -> EnergyMeasurement:
    """Return the measurement of an energy register at a recorded load point.

    Its gates have the reference as it was corrected then (``was``); now it is corrected as ``wiring`` says.
    """
    stored = _stored(point)
    first = next((each for each in point.reference_readings if "elements" in each.raw), None)
    has_reference = bool(stored["has_reference"]) and first is not None
    factor = wiring.energy_factor(point.load_point) / was.energy_factor(point.load_point)
    gates = tuple(
        GateMeasurement(
            **_numbers(gate)
            | {
                "reference_kwh": gate["reference_kwh"] * factor,
                "sampled": tuple(_component(line) for line in gate["sampled"]),
            }
        )
        for gate in stored["gates"]
    )
    return EnergyMeasurement(
        point.load_point,
        int(stored["instance"]),
        gates,
        _ranges(stored),
        wiring.stimulus(reading_of(first.raw)) if has_reference and first is not None else None,
        str(stored["invalid"]),
        power_errors_pct=tuple(stored["power_errors_pct"]),
        fell=str(stored["fell"]),
        faults=tuple(RegisterFault(**_numbers(fault)) for fault in stored["faults"]),
        needed_s=_numbers(stored)["needed_s"],
        has_distortion=bool(stored["has_distortion"]),
    )


def reading_of(raw: Mapping[str, Any]) -> AnalyzerReading:
    """Return an analyzer's reading as it was recorded; raises UsageRefused where it is none."""
    try:
        elements = [ElementReading(**_numbers(element)) for element in raw["elements"]]
        return AnalyzerReading(float(raw["monotonic_s"]), three(elements))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageRefused(f"a stored reading of the reference cannot be read back ({error})") from error


def _stored(point: PointRecord) -> Mapping[str, Any]:
    assert point.measurement is not None, "asked for a point that has a measurement"
    return point.measurement


def _ranges(stored: Mapping[str, Any]) -> AnalyzerRanges | None:
    ranges = stored["ranges"]
    return None if ranges is None else AnalyzerRanges(three(ranges["voltage"]), three(ranges["current"]))


def _values_of(configuration: Configuration) -> dict[int, float]:
    return {av: configuration.value(av) for av in range(_FIRST_AV, _LAST_AV + 1)}


def _configuration(stored: Mapping[str, Any]) -> Configuration:
    try:
        return configuration_of({int(av): float(value) for av, value in stored["configuration"].items()})
    except (RigError, ValueRefused, KeyError) as error:
        raise UsageRefused(f"the meter's stored configuration cannot be read back ({error})") from error


def _component(line: Mapping[str, Any]) -> Component:
    fields = _numbers(line)
    return Component(**(fields | {"distribution": Distribution(line["distribution"])}))


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    return numbers_from_json(fields)
