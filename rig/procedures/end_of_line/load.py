"""Step: one load point for all units: channels diagnosed, quantities judged, and how far the registers moved."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rig.events import Noted
from rig.golden.proof import proof_of
from rig.golden.state import note_unit_wiring
from rig.load_point import LoadPoint
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.outcome import Outcome
from rig.procedures.accuracy.power_comparison import Reader, measure_in_turn
from rig.procedures.accuracy.readings import PointMeasurement, mean
from rig.procedures.end_of_line.advance import Advance, Registers
from rig.procedures.end_of_line.classes import class_of_diagnosis, class_of_result
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, raise_for
from rig.procedures.end_of_line.registers import at_an_update
from rig.procedures.events import PointMeasured
from rig.procedures.registers.examined import Examined
from rig.procedures.units import judge_each
from rig.procedures.wiring_check.check import record_of_look
from rig.procedures.wiring_check.diagnosis import diagnose
from rig.procedures.wiring_check.look import Look, picture_of
from rig.procedures.wiring_check.of_units import picture_text
from rig.products.failure_classes import FailureClass
from rig.records.data import ResultRecord
from rig.safety.conditions import ReferenceLimits

UPDATES = 3
"""Readings of each meter: the fewest that tell their scatter (rig.procedures.accuracy.result)."""

_OF_THE_UNIT = (FailureClass.VOLTAGE, FailureClass.GAIN, FailureClass.CT_MODE)

_SEEN_S = 1.0
"""After this the registers count at the new load."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load point, what is judged there, and the reference conditions that must hold."""

    point: LoadPoint
    judged: Sequence[JudgedQuantity]
    limits: ReferenceLimits


def measure(line: Line, load: Load) -> tuple[ResultRecord, ...]:
    """Bring the bench to a load point, measure the units that are left, judge and record; returns the results.

    A unit that fails stays in the sequence. One that does not answer any more is out. Nothing is raised for what a
    unit does; ``raise_failures`` does that. ``line.advances`` has how registers moved.
    """
    point, judged = load.point, load.judged
    advances = line.advances[point.label] = {}
    spoiled: list[str] = []

    def work(at: Examined) -> tuple[ResultRecord, ...]:
        units = line.left
        before = at_an_update(line, units)
        readers = [
            Reader(
                each.unit.position,
                each.unit.configuration,
                each.number,
                has_own_bus=line.has_own_bus(each),
                path=each.unit.position.path,
            )
            for each in units
        ]
        measurement = measure_in_turn(
            line.run.bench, readers, point, at.record, updates=UPDATES, limits=load.limits, is_applied=True
        )
        line.run.events.publish(PointMeasured(measurement))
        spoiled.append(measurement.invalid)
        for unit, each in zip(units, measurement.of_each, strict=True):
            if each.dead:
                line.lost(unit, each.dead)
        after = at_an_update(line, [each for each in units if not each.out])
        alive = [each for each in measurement.of_each if not each.dead]
        advances.update(_advances(before, after, alive))
        if not alive:
            return ()
        results: list[ResultRecord] = []
        for each in alive:
            diagnose_channels(line, _unit_of(line, each), each)
            line.run.tell_progress()  # judging many units on a busy host takes as long as a hang may last
            results += judge_each(replace(each, others=()), judged, line.run.bench.accuracy, line.run.rule)
            line.run.tell_progress()
        return tuple(classified(each, results, _unit_of(line, each).wiring) for each in results if _counts(line, each))

    def once() -> tuple[ResultRecord, ...]:
        spoiled.clear()
        _leave_out_what_disturbs(line)
        line.run.apply(point)
        line.run.let_pass(_SEEN_S)
        return line.run.examine(point, work, load.limits)

    isolation = line.run.isolation
    if isolation is None:
        return once()
    results = isolation.repeated(line.run, point, load.limits, once, lambda _: "".join(spoiled[:1]))
    _leave_out_what_disturbs(line)
    return results


def _leave_out_what_disturbs(line: Line) -> None:
    """Take units out of the sequence that were found to disturb all others; that is recorded already."""
    for each in line.left:
        if each.unit.dead:
            line.take_out(each, each.unit.dead)


def diagnose_channels(line: Line, unit: TestedUnit, measurement: PointMeasurement) -> None:
    """Compare the phasors of meter and reference; a fault is the unit's where a golden unit has proven the position.

    Elsewhere, or where the unit before looked the same, which locks the position, nothing is known of the unit: the
    finding is INVALID, and the unit is out. A ratio that is wrong is the unit's in any case: no lead does that.
    """
    if measurement.invalid or unit.out or unit.wiring is not None:
        return
    instances = measurement.samples[0].values
    read = {number: mean([sample.values[number] for sample in measurement.samples]) for number in instances}
    picture = picture_of(measurement.references[-1], measurement.configuration, read)
    diagnosis = diagnose([picture], measurement.configuration.system)
    proof = proof_of(line.bench_file, unit.position)
    seen = record_of_look(Look(((measurement.point, picture),), diagnosis), proof, accept=False)
    line.run.record.wiring_check(replace(seen, unit_number=unit.number))
    key = f"wiring.at-{measurement.point.load_name}"
    expected = "each input on its own phase, with the right sign and ratio"
    position = note_unit_wiring(line.bench_file, unit.position, unit.scanned, picture_text(diagnosis))
    if position.locked_why:
        line.run.events.publish(Noted("position locked", position.locked_why, "error"))
    if diagnosis.is_right:
        line.note(unit, Found(key, expected, diagnosis.text, Outcome.PASS))
        return
    found = class_of_diagnosis(diagnosis)
    if found not in _OF_THE_UNIT and not position.is_proven:
        why = f"{diagnosis.text}; {position.why_not_ready}"
        line.note(unit, Found(key, expected, why, Outcome.INVALID, FailureClass.WIRING))
        line.take_out(unit, why)
        return
    unit.wiring = found
    line.note(unit, Found(key, expected, diagnosis.text, Outcome.FAIL, found))


def classified(
    result: ResultRecord, results: Sequence[ResultRecord], wiring: FailureClass | None = None
) -> ResultRecord:
    """Return a result with its failure class: ``wiring``, that of the unit's channels, where those are wrong."""
    errors = {
        each.instance: math.nan if each.error_pct is None else each.error_pct
        for each in results
        if each.unit_number == result.unit_number
    }
    found = class_of_result(result, errors)
    if found is not None and wiring is not None:
        found = wiring
    return replace(result, failure_class=found or "")


def raise_failures(line: Line, results: Sequence[ResultRecord]) -> None:
    """Raise StepFailed or StepUndecided for the results of a point that are not passed."""
    bad = []
    for each in results:
        outcome = Outcome(each.outcome)
        error = "no number" if each.error_pct is None else f"{each.error_pct:+.3f} %"
        limit = "" if each.limit_pct is None else f"within {each.limit_pct - (each.guard_band_pct or 0.0):.3f} %"
        found = Found(f"AI{each.instance} {each.quantity} {each.phase}", limit, each.reason or error, outcome)
        if found.is_bad:
            bad.append((_unit_of(line, each), found))
    for unit, found in bad:
        unit.failed.append(found)
    if bad:
        raise_for(bad)


def _counts(line: Line, result: ResultRecord) -> bool:
    return not _unit_of(line, result).out


def _unit_of(line: Line, each: PointMeasurement | ResultRecord) -> TestedUnit:
    return next(unit for unit in line.units if unit.number == each.unit_number)


def _advances(
    before: Mapping[int, Registers], after: Mapping[int, Registers], measured: Sequence[PointMeasurement]
) -> dict[int, Advance]:
    found = {}
    for each in measured:
        number = each.unit_number
        if number is None or number not in before or number not in after or not each.samples:
            continue
        powers = {
            instance: mean([sample.values[instance] for sample in each.samples])
            for instance in itertools.chain((11, 12, 13), range(55, 64))
        }
        found[number] = Advance(before[number], after[number], powers)
    return found
