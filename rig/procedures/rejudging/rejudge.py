"""Judge a recorded run once more: its stored readings with other limits, another decision rule, or a correction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from rig.bench.schema.bench import WiringPart
from rig.bench.wiring import Wiring
from rig.load_point import PHASE_NAMES
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input, JudgedQuantity, judged_at, judged_energy_at
from rig.metrology.corrections.accuracy import with_paths
from rig.metrology.corrections.curves import Corrections, load_corrections
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.limits import LimitRow, LimitTable, LoadKind, Quantity
from rig.metrology.outcome import Outcome
from rig.procedures.accuracy.judgement import judge_energy, judge_others, judge_power
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.accuracy.variations.compared import Comparison, Limit, judge_variation
from rig.procedures.accuracy.variations.repeatability import judge_repeatability
from rig.procedures.rejudging.stored import ENERGY, POWER, RunCannotBeRejudged, energy_of, power_of
from rig.records.data import LimitProvenance, PointRecord, ResultRecord, RunRecord
from rig.records.issued.judgements import JudgedAgain, JudgementRecord
from rig.records.plain_json import Json
from rig.records.verdicts import worst_outcome

_REPEATABILITY = "repeatability"
_VARIATIONS = ("difference", "influence")
_SERIES = (_REPEATABILITY, *_VARIATIONS)
_AS_IN_THE_RUN = "as in the run"
_SAME_PCT = 1e-6
"""Two errors that were made from the same readings differ by less than this, percent."""


@dataclass(frozen=True)
class CorrectionFile:
    """Corrections that were read from a file ``name``, with the SHA-256 of its text."""

    corrections: Corrections
    name: str
    sha256: str

    @classmethod
    def read(cls, path: Path) -> CorrectionFile:
        """Read a file; raises BenchFileError with file and line."""
        corrections, sha256 = load_corrections(path)
        return cls(corrections, path.name, sha256)

    @property
    def as_data(self) -> dict[str, Json]:
        """What a judgement records of them: all of it."""
        data = self.corrections.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {"file": self.name, "sha256": self.sha256, "corrections": data}


_JUDGING = ("certify", "eol")
"""Kinds of runs that judge load points."""


@dataclass(frozen=True)
class Choice:
    """What is different in a later judgement; None: as in the run."""

    standard: LimitTable | None = None
    rule: DecisionRule | None = None
    correction: CorrectionFile | None = None


@dataclass(frozen=True)
class _Basis:
    """With what everything is judged; ``was`` and ``accuracy_then``: wiring and accuracy of the run itself."""

    accuracy: ReferenceAccuracy
    accuracy_then: ReferenceAccuracy
    wiring: Wiring
    was: Wiring
    rule: DecisionRule
    standard: LimitTable | None

    @property
    def is_corrected(self) -> bool:
        """Whether other corrections are applied than in the run."""
        return self.wiring.corrections != self.was.corrections


@dataclass(frozen=True)
class _Measured:
    """The power comparisons of a run by the number of their load point: as corrected ``now``, and as they ``was``."""

    now: Mapping[int, PointMeasurement]
    was: Mapping[int, PointMeasurement]


def rejudge(run: RunRecord, choice: Choice, *, software_version: str, operator: str = "") -> JudgementRecord:
    """Judge ``run`` from its stored readings; nothing is measured, and the record of the run is not touched.

    With a ``standard`` the quantities that it limits are judged, whether or not the run judged them; limits of
    variations and of repeatability depend on the plan, so that these are left out by name. Tests of registers without
    such a measurement are decided again from their stored error and U. Raises RunCannotBeRejudged where the record is
    of an earlier version or nothing of it can be judged.
    """
    if len(run.units) > 1:
        raise RunCannotBeRejudged(run.run_id, "it has several meters", "measure each alone with --position NAME")
    if run.header.kind not in _JUDGING:
        what = f"it is a run of 'rig {run.header.kind}' and has no results"
        raise RunCannotBeRejudged(run.run_id, what, "judge a run of 'rig certify' or 'rig eol'")
    basis = _basis_of(run, choice)
    found: list[JudgedAgain] = []
    left_out: list[str] = []
    compared = [point for point in run.points if _procedure(point) == POWER]
    now = {point.number: power_of(point, basis.wiring) for point in compared}
    was = {point.number: power_of(point, basis.was) for point in compared} if basis.is_corrected else now
    measured = _Measured(now, was)
    for point in run.points:
        results, without = _judged(point, measured, run.points, basis)
        before = {_key(result): result.outcome for result in point.results}
        unit = next((result.unit_number for result in point.results), 1 if len(run.units) == 1 else None)
        found += [
            JudgedAgain(point_number=point.number, result=replace(each, unit_number=unit), was=before.get(_key(each)))
            for each in results
        ]
        left_out += without
    if not found:
        raise RunCannotBeRejudged(run.run_id, "none of its load points has a measurement that these limits are about")
    return JudgementRecord(
        made_utc=datetime.now(UTC),
        software_version=software_version,
        standard=_AS_IN_THE_RUN if choice.standard is None else _title(choice.standard),
        decision_rule=str(basis.rule),
        outcome=worst_outcome(each.result.outcome for each in found) or "NOT_JUDGED",
        results=tuple(found),
        correction=None if choice.correction is None else choice.correction.as_data,
        operator=operator,
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _basis_of(run: RunRecord, choice: Choice) -> _Basis:
    stored = run.header.judged_with
    if not stored:
        what = "its record does not say the reference's accuracy and the wiring (it is of an earlier version)"
        raise RunCannotBeRejudged(run.run_id, what)
    try:
        accuracy = ReferenceAccuracy.model_validate_json(json.dumps(stored["accuracy"]))
        wiring = WiringPart.model_validate_json(json.dumps(stored["wiring"]))
        rule = choice.rule or DecisionRule(run.header.decision_rule)
        if choice.correction is not None:
            corrected = wiring.model_copy(update={"corrections": choice.correction.corrections})
        else:
            corrected = wiring
    except (KeyError, ValidationError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise RunCannotBeRejudged(
            run.run_id, f"what its record says of the reference is not understood ({said})"
        ) from error
    now, then = Wiring.from_part(corrected), Wiring.from_part(wiring)
    corrected_accuracy, accuracy_then = (with_paths(accuracy, each.corrections) for each in (now, then))
    return _Basis(corrected_accuracy, accuracy_then, now, then, rule, choice.standard)


def _judged(
    point: PointRecord, measured: _Measured, points: Sequence[PointRecord], basis: _Basis
) -> tuple[list[ResultRecord], list[str]]:
    """Return the results of a load point, and what of it is left out."""
    procedure = _procedure(point)
    results: list[ResultRecord] = []
    others = [result for result in point.results if result.procedure not in (POWER, ENERGY, "register_check", *_SERIES)]
    if procedure == POWER:
        items = _items(point, basis)
        if items:
            results += judge_power(measured.now[point.number], items, basis.accuracy, basis.rule)
        if basis.standard is None:
            results += _repeatability(point, measured.now[point.number], basis)
            again, not_again = _variations(point, measured, points, basis)
            results += again
            others += not_again
    elif procedure == ENERGY:
        taken = energy_of(point, basis.wiring, basis.was)
        for item in _energy_items(point, taken.instance, basis):
            results += [judge_energy(taken, item, basis.accuracy, basis.rule), *judge_others(taken, basis.rule)]
    if basis.is_corrected:
        without = sorted({result.procedure.replace("_", " ") for result in others})
        needs = [f"{name}: its readings are not stored in a form that can be corrected" for name in without]
        return results, needs + _without_measurement(point, procedure)
    if basis.standard is None:
        results += [_decided_again(result, basis.rule) for result in others]
        return results, _without_measurement(point, procedure)
    names = {result.procedure for result in point.results} - {POWER, ENERGY, "register_check"}
    left_out = [f"{name.replace('_', ' ')}: its limits depend on the plan" for name in sorted(names)]
    return results, left_out + _without_measurement(point, procedure)


def _decided_again(result: ResultRecord, rule: DecisionRule) -> ResultRecord:
    """Apply a rule to the stored error and U of a result; one without them stays as it was."""
    error, expanded, limit, k = result.error_pct, result.expanded_uncertainty_pct, result.limit_pct, result.k
    decidable = (str(each) for each in (Outcome.PASS, Outcome.COND_PASS, Outcome.COND_FAIL, Outcome.FAIL))
    if error is None or expanded is None or limit is None or k is None or result.outcome not in decidable:
        return result
    judgement = decide(error, expanded, limit, rule, coverage_factor=k)
    return replace(
        result,
        outcome=str(judgement.outcome),
        decision_rule=str(rule),
        guard_band_pct=judgement.limit_pct - judgement.acceptance_pct,
        conformance_probability=judgement.conformance_probability,
    )


def _without_measurement(point: PointRecord, procedure: str | None) -> list[str]:
    judged = any(result.procedure in (POWER, ENERGY) for result in point.results)
    return [f"{point.label}: no measurement is recorded"] if procedure is None and judged else []


def _procedure(point: PointRecord) -> str | None:
    return None if point.measurement is None else str(point.measurement["procedure"])


def _items(point: PointRecord, basis: _Basis) -> tuple[Input, ...]:
    if basis.standard is not None:
        return judged_at(point.load_point, [basis.standard])
    return tuple(_item(result) for result in point.results if result.procedure == POWER)


def _energy_items(point: PointRecord, instance: int, basis: _Basis) -> Iterable[JudgedQuantity]:
    if basis.standard is not None:
        return [each for each in judged_energy_at(point.load_point, [basis.standard]) if each.instance == instance]
    items = (_item(result) for result in point.results if result.procedure == ENERGY)
    return [item for item in items if isinstance(item, JudgedQuantity)]


def _item(result: ResultRecord) -> Input:
    """Return what a result was about, with its limit as it was."""
    quantity = Quantity(result.quantity)
    if result.limit_pct is None or result.limit is None:
        return Input(result.instance, quantity, result.phase)
    limit = result.limit
    row = LimitRow.model_construct(
        standard=limit.standard,
        edition=limit.edition,
        accuracy_class="",
        table=limit.table,
        provenance=limit.provenance,
        checked_by=limit.checked_by,
        checked_on=limit.checked_on,
        quantities=(quantity,),
        load=LoadKind.ANY,
        limit_pct=result.limit_pct,
    )
    return JudgedQuantity(result.instance, quantity, result.phase, row, limit.table)


def _limit(result: ResultRecord) -> Limit:
    assert result.limit_pct is not None
    return Limit(result.limit_pct, result.limit or LimitProvenance(standard=""))


def _repeatability(point: PointRecord, measured: PointMeasurement, basis: _Basis) -> list[ResultRecord]:
    return [
        judge_repeatability(measured, _bare(result), _limit(result), basis.accuracy, basis.rule)
        for result in point.results
        if result.procedure == _REPEATABILITY and result.limit_pct is not None
    ]


def _variations(
    point: PointRecord, measured: _Measured, points: Sequence[PointRecord], basis: _Basis
) -> tuple[list[ResultRecord], list[ResultRecord]]:
    """Judge what is compared with a basis: the last measurement of it before this one, and the first one after.

    Returns the results, and those of the run that these two do not give again, such as a coefficient of temperature.
    """
    found, others = [], []
    for result in point.results:
        if result.procedure not in _VARIATIONS or result.limit_pct is None:
            continue
        numbers = [each.number for each in points if each.label == result.basis and each.number in measured.now]
        before = max((number for number in numbers if number < point.number), default=None)
        after = min((number for number in numbers if number > point.number), default=None)

        taken = (before, point.number, after)
        if before is None or not _is_same(
            _varied(result, taken, measured.was, basis.accuracy_then, basis.rule), result
        ):
            others.append(result)
        else:
            found.append(_varied(result, taken, measured.now, basis.accuracy, basis.rule))
    return found, others


def _varied(
    result: ResultRecord,
    taken: tuple[int | None, int, int | None],
    by: Mapping[int, PointMeasurement],
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> ResultRecord:
    """Judge a variation between measurements ``taken``: the basis, the influenced one, the basis again."""
    before, here, after = taken
    assert before is not None, "a variation has a basis"
    again = None if after is None else by[after]
    compared = Comparison(result.procedure, result.condition, by[before], by[here], again)
    return judge_variation(compared, _bare(result), _limit(result), accuracy, rule)


def _is_same(one: ResultRecord, other: ResultRecord) -> bool:
    """Whether two results have the same error, or neither has one."""
    if one.error_pct is None or other.error_pct is None:
        return one.error_pct == other.error_pct
    return abs(one.error_pct - other.error_pct) < _SAME_PCT


def _bare(result: ResultRecord) -> Input:
    return Input(result.instance, Quantity(result.quantity), result.phase or PHASE_NAMES)


def _key(result: ResultRecord) -> tuple[str, int, str]:
    return (result.procedure, result.instance, result.condition)


def _title(table: LimitTable) -> str:
    edition = f", edition {table.edition}" if table.edition else ""
    return f"{table.name}{edition}"
