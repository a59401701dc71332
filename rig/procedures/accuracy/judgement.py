"""Make results of a stored measurement: error against the reference, uncertainty budget, limit row, decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.analyzer.base import AnalyzerRanges
from meter_model.objects.points import point as object_point
from meter_model.stimulus import Spectrum, Stimulus
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.accuracy import AccuracyNotStated, ReferenceAccuracy
from rig.metrology.certification_points import Input, JudgedQuantity
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.metrology.reference import ElementState, ReferenceNotUsable, ReferenceUncertainty
from rig.metrology.registers import step_of_advances
from rig.metrology.uncertainty import Component
from rig.procedures.accuracy.budget_lines import reference_lines
from rig.procedures.accuracy.neglected_harmonics import Distortion, neglected_harmonics
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement, mean
from rig.procedures.accuracy.result import Evidence, result_of
from rig.records.data import ResultRecord


def judge_power(
    measurement: PointMeasurement,
    judged: Sequence[Input],
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> tuple[ResultRecord, ...]:
    """Judge every quantity of ``judged`` at one measured load point; all percentages are of the reference value.

    One without a limit row is reported with error and U, NOT_JUDGED. An invalid measurement gives INVALID results that
    keep what was read; one at a point for which the analyzer's accuracy is not stated gives INCONCLUSIVE ones. Raises
    nothing for what a meter may do: a QNAN where a number is expected is a FAIL with that reason.
    """
    return tuple(result_of(evidence, rule) for evidence in evidence_of(measurement, judged, accuracy))


def evidence_of(
    measurement: PointMeasurement, inputs: Sequence[Input], accuracy: ReferenceAccuracy
) -> tuple[Evidence, ...]:
    """Return what a power comparison tells about each of ``inputs``: readings, expected values, type B lines."""
    expected = measurement.expected()
    reference = reference_at(measurement.point, measurement.references[-1:], measurement.ranges, accuracy)
    distortion = _distortion_of(measurement.references, measurement.point.phases, is_told=measurement.has_distortion)
    found = []
    for item in inputs:
        read = [sample.values.get(item.instance, math.nan) for sample in measurement.samples]
        wanted = [values[item.instance] for values in expected]
        budget, unknown = _stated(reference, item, measurement.point)
        if budget:
            budget += (*_movement(expected, item), *neglected_harmonics(item, measurement.point, distortion))
        found.append(
            Evidence(
                "power_comparison", item, read, wanted, type_b=budget, invalid=measurement.invalid, unknown=unknown
            )
        )
    return tuple(found)


def judge_energy(
    measurement: EnergyMeasurement,
    item: JudgedQuantity,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
    procedure: str = "energy_register",
) -> ResultRecord:
    """Judge one energy register against integrator or sampled power: over all gates, and where they differ, over each.

    A register that counted nothing has an error of -100 %; one that fell without a reset is FAIL. ``procedure``: by
    which the measurement was made. Raises nothing for what a meter may do.
    """
    references = (measurement.reference,) if measurement.reference is not None else ()
    reference = reference_at(measurement.point, references, measurement.ranges, accuracy)
    advances = [gate.registered_kwh for gate in measurement.gates]
    evidence = Evidence(
        procedure,
        item,
        read=advances,
        wanted=[gate.reference_kwh for gate in measurement.gates],
        invalid=measurement.invalid,
        fault=measurement.fell,
        other_repeats=measurement.power_errors_pct,
        steps=[step_of_advances(advances, gate.resolution_kwh) for gate in measurement.gates],
        starts=measurement.starts,
        hint=_gate_hint(measurement),
    )
    type_b, unknown = _stated(reference, item, measurement.point, is_sampled=measurement.is_sampled)
    if type_b:
        distortion = _distortion_of(references, measurement.point.phases, is_told=measurement.has_distortion)
        type_b += (*_of_sampling(measurement), *neglected_harmonics(item, measurement.point, distortion))
    return result_of(replace(evidence, type_b=type_b, unknown=unknown), rule)


def judge_others(measurement: EnergyMeasurement, rule: DecisionRule) -> tuple[ResultRecord, ...]:
    """Return a FAIL for each register beside the measured one that did what it may not; nothing where none did.

    A net register that was not import less export; one of the other direction that counted.
    """
    if measurement.invalid:
        return ()
    found = []
    for fault in measurement.faults:
        what = object_point("AI", fault.instance)
        found.append(
            ResultRecord(
                procedure="register_check",
                instance=fault.instance,
                quantity="active_energy" if what.unit == "kWh" else "apparent_energy",
                phase=PHASE_NAMES,
                read_value=fault.found,
                expected_value=fault.expected,
                unit=what.unit,
                outcome=str(Outcome.FAIL),
                n=1,
                decision_rule=str(rule),
                reason=f"AI{fault.instance} {what.name} {fault.what}",
            )
        )
    return tuple(found)


def _gate_hint(measurement: EnergyMeasurement) -> str:
    """Say how long a gate would have to be, where those that were run are shorter."""
    longest_s = max((gate.elapsed_s for gate in measurement.gates), default=0.0)
    if measurement.needed_s is None or measurement.needed_s <= longest_s + 2.0 or not measurement.gates:
        return ""
    step = max(gate.resolution_kwh for gate in measurement.gates)
    edges = f" and {_of_sampling(measurement)[0].name}" if measurement.is_sampled else ""
    hours = measurement.needed_s / 3600.0
    return f"; with the register's step of {step:.3g} kWh{edges} a gate of {hours:.3g} h is needed"


def _of_sampling(measurement: EnergyMeasurement) -> tuple[Component, ...]:
    """Return the budget lines of sampled power, those of the last gate; nothing for an integrator."""
    return measurement.gates[-1].sampled if measurement.gates else ()


def _stated(
    reference: ReferenceUncertainty | None, item: Input, point: LoadPoint, *, is_sampled: bool = False
) -> tuple[tuple[Component, ...], str]:
    """Return what the analyzer's accuracy adds to the budget, or nothing and why it is not known at this point."""
    if reference is None:
        return (), ""
    try:
        return reference_lines(reference, item, point, is_sampled=is_sampled), ""
    except (AccuracyNotStated, ReferenceNotUsable) as refusal:
        return (), str(refusal)


def _movement(expected: Sequence[Mapping[int, float]], item: Input) -> tuple[Component, ...]:
    """How far the reference moved between the readings around one meter reading: the true value lay in between."""
    middle = mean([values[item.instance] for values in expected])
    if not math.isfinite(middle) or middle == 0.0:
        return ()
    spread = max(abs(values[item.instance] - middle) for values in expected)
    half_width = 100.0 * spread / abs(middle) / math.sqrt(len(expected))
    return (Component.rectangular("movement of the stimulus", half_width),)


def _distortion_of(references: Sequence[Stimulus], phases: str, *, is_told: bool) -> Distortion:
    """Return the distortion of the last reading; a current counts where it is meant to flow."""
    if not references:
        return Distortion(is_told=is_told)
    last = references[-1]
    loaded = [spectrum for name, spectrum in zip(PHASE_NAMES, last.ct_inputs, strict=True) if name in phases]
    volts, amperes = (max(map(_distortion, spectra), default=0.0) for spectra in (last.voltages, loaded))
    return Distortion(volts, amperes, is_told)


def _distortion(spectrum: Spectrum) -> float:
    fundamental = math.hypot(*(part.rms for part in spectrum if part.order == 1))
    return math.hypot(*(part.rms for part in spectrum if part.order != 1)) / fundamental if fundamental else 0.0


def reference_at(
    point: LoadPoint, references: Sequence[Stimulus], ranges: AnalyzerRanges | None, accuracy: ReferenceAccuracy
) -> ReferenceUncertainty | None:
    """What the analyzer's accuracy means at this point; the state of its elements is taken from a reading."""
    if not references or ranges is None:
        return None
    stimulus = references[-1]
    elements = {}
    for index, name in enumerate(PHASE_NAMES):
        voltage = _fundamental(stimulus.voltages[index])
        current = _fundamental(stimulus.ct_inputs[index]) if name in point.phases else (0.0, voltage[1])
        elements[name] = ElementState(
            voltage_v=voltage[0],
            voltage_range_v=ranges.voltage[index],
            current=current[0],
            current_range=ranges.current[index],
            angle_deg=current[1] - voltage[1],
        )
    return ReferenceUncertainty(accuracy, elements, frequency_hz=point.frequency_hz, power_factor=point.power_factor)


def _fundamental(spectrum: Spectrum) -> tuple[float, float]:
    return next(((part.rms, part.phase_deg) for part in spectrum if part.order == 1), (0.0, 0.0))
