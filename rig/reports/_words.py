"""Wording of the reports: names, numbers, times and the fixed sentences; the same words everywhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from rig.metrology.analysis.contributions import largest
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.records.data import InstrumentRecord, LimitProvenance, PointRecord, ResultRecord, RunRecord
from rig.reports.coverage import is_partial

UNVERIFIED = "limit table unverified"
NOT_RECORDED = "calibration not recorded"
ONLY_THE_ITEM = "The results relate only to the item tested."
DASH = "–"

OUTCOME_COLOURS = {
    "PASS": "#1a7f37",
    "COND_PASS": "#8a6100",
    "COND_FAIL": "#bc4c00",
    "FAIL": "#b42318",
    "INVALID": "#6639ba",
    "INCONCLUSIVE": "#6639ba",
    "ERROR": "#8b1a4a",
    "TERMINATED": "#57606a",
    "ABORTED": "#8b1a4a",
    "NOT_JUDGED": "#57606a",
    "SKIP": "#57606a",
}
"""One colour for each outcome; a colour never says more than the word beside it."""

_OUTCOME_WORDS = {
    "COND_PASS": "CONDITIONAL PASS",
    "COND_FAIL": "CONDITIONAL FAIL",
    "NOT_JUDGED": "NOT JUDGED",
    "SKIP": "SKIPPED",
}

_RUN_MEANINGS = {
    "PASS": "Every judged quantity is inside its limit by at least the guard band.",
    "COND_PASS": "Every judged quantity is inside its limit, at least one of them within the guard band of it.",
    "COND_FAIL": "At least one quantity is outside its limit, though within the guard band of it.",
    "FAIL": "At least one quantity is outside its limit by more than the decision rule allows for.",
    "INVALID": "The conditions did not allow a judgement of every load point. Nothing that was judged failed.",
    "INCONCLUSIVE": "The uncertainty is too large to conclude on every quantity. Nothing that was judged failed.",
    "ERROR": "The bench failed, so the meter could not be judged completely.",
    "TERMINATED": "The run was stopped before its end; the outputs were confirmed off.",
    "ABORTED": "The run never came to its end, and nothing confirms here that the outputs are off.",
    "NOT_JUDGED": "Nothing was judged in this run.",
    "SKIP": "Nothing was measured in this run.",
}

_ANSWERS_MEAN = {
    "PASS": "Every question that was asked was answered as expected.",
    "FAIL": "At least one question was answered otherwise than expected.",
    "INVALID": "The conditions did not allow a judgement of every answer. No answer that was judged failed.",
    "INCONCLUSIVE": "Not every answer allows a conclusion. No answer that was judged failed.",
}

_FAILED = ("FAIL", "COND_FAIL")
_UNDECIDED = ("INVALID", "INCONCLUSIVE")
_NOTHING_JUDGED = {
    "INVALID": "The conditions did not allow any judgement. This says nothing against the meter.",
    "INCONCLUSIVE": "The uncertainty is too large to conclude on anything. This says nothing against the meter.",
}

_KINDS = {
    "certify": "Accuracy certification run",
    "eol": "End-of-line test",
    "golden": "Golden unit check",
    "regress": "Firmware regression run",
    "hold": "Load point held",
}


def title_of(run: RunRecord) -> str:
    """Name the kind of run; a partial certification is not called a certification."""
    if run.header.kind == "certify" and is_partial(run):
        return "Accuracy at some load points; not a certification"
    return _KINDS.get(run.header.kind, f"Test run ({run.header.kind})")


def outcome_word(outcome: str) -> str:
    """Spell an outcome out."""
    return _OUTCOME_WORDS.get(outcome, outcome)


def run_meaning(outcome: str, quantities: Mapping[str, int], questions: Mapping[str, int] | None = None) -> str:
    """Say what a run's outcome tells, and what the other results say that the outcome alone does not.

    ``quantities``: verdicts on quantities by outcome; ``questions``: findings by outcome. What the outcome comes from
    is what is spoken of.
    """
    counts = Counter(quantities) + Counter(questions)
    sentences = _meanings(outcome, quantities, questions or {})
    failed = sum(counts.get(word, 0) for word in _FAILED)
    undecided = sum(counts.get(word, 0) for word in _UNDECIDED)
    if failed and outcome not in _FAILED:
        sentences.append(f"{_of_results(failed)} FAIL.")
    if undecided and outcome not in _UNDECIDED:
        sentences.append(f"{_of_results(undecided)} INVALID or INCONCLUSIVE: nothing is concluded from them.")
    elif undecided and undecided == sum(counts.values()):
        sentences = [_NOTHING_JUDGED[outcome]]
    return " ".join(sentences)


def _meanings(outcome: str, quantities: Mapping[str, int], questions: Mapping[str, int]) -> list[str]:
    """Return the sentence about quantities, the one about questions, or both: of those that have this outcome."""
    if outcome not in _ANSWERS_MEAN or not questions.get(outcome):
        return [_RUN_MEANINGS[outcome]]
    return [*([_RUN_MEANINGS[outcome]] if quantities.get(outcome) else []), _ANSWERS_MEAN[outcome]]


def _of_results(count: int) -> str:
    return f"{count} results are" if count > 1 else "1 result is"


def outcome_meaning(outcome: str) -> str:
    """Say in one sentence what a result's outcome tells."""
    return Outcome(outcome).meaning


def quantity_name(quantity: str) -> str:
    """``active_power`` in words."""
    return quantity.replace("_", " ")


def procedure_name(procedure: str) -> str:
    """``power_comparison`` in words."""
    return procedure.replace("_", " ")


def compared(result: ResultRecord) -> str:
    """Say what was changed for a result and with which load point it is compared; empty where nothing was."""
    return joined((result.condition, f"compared with {result.basis}" if result.basis else ""))


def rule_wording(rule: str) -> str:
    """Word a decision rule; an unknown name is printed unchanged."""
    try:
        return DecisionRule(rule).wording
    except ValueError:
        return rule or "no decision rule recorded"


def largest_contribution(result: ResultRecord) -> str:
    """Name the largest contribution to a result's uncertainty and what would reduce it; empty without a budget."""
    found = largest(result.components)
    return found.sentence if found else ""


def limit_statement(limit: LimitProvenance) -> str:
    """Say what was applied; never that the meter complies with a standard written for meters with their sensors."""
    return f"limits of {limit.standard} applied to the meter with simulated sensor output"


def limit_status(limit: LimitProvenance) -> str:
    """Say whether the row was compared with a bought copy."""
    if not limit.is_verified:
        return UNVERIFIED
    return f"checked by {limit.checked_by}" + (f", {limit.checked_on}" if limit.checked_on else "")


def edition_of(limit: LimitProvenance) -> str:
    """Name standard and edition together."""
    return f"{limit.standard}, edition {limit.edition}" if limit.edition else limit.standard


def calibration(instrument: InstrumentRecord) -> str:
    """Say what is known of an instrument's calibration, or that nothing is."""
    if not instrument.calibration_is_recorded:
        return NOT_RECORDED
    due = f", due {instrument.calibration_due}" if instrument.calibration_due else ", no due date"
    bad = "" if is_calibrated(instrument) else f": {instrument.calibration_status}"
    return f"{instrument.calibration_certificate} of {instrument.calibration_date}{due}{bad}"


def serial_number(told: str) -> str:
    """Return a serial number; an instrument that has none answers 0 or nothing."""
    return told if told.strip(" 0") else "not told"


def is_calibrated(instrument: InstrumentRecord) -> bool:
    """Whether a calibration is recorded without objection; earlier records have no objections."""
    return instrument.calibration_is_recorded and instrument.calibration_status in (None, "valid")


def climate(point: PointRecord) -> str:
    """Say what the air was at a load point; empty where it was not measured."""
    words = [] if point.temperature_c is None else [f"{point.temperature_c:.1f} °C"]
    words += [] if point.humidity_pct is None else [f"{point.humidity_pct:.0f} % RH"]
    words += [] if point.pressure_hpa is None else [f"{point.pressure_hpa:.0f} hPa"]
    return ", ".join(words)


def climate_range(run: RunRecord) -> str:
    """Say between what the air was over the run; empty where it was not measured."""
    temperatures = [point.temperature_c for point in run.points if point.temperature_c is not None]
    humidities = [point.humidity_pct for point in run.points if point.humidity_pct is not None]
    words = [f"{min(temperatures):.1f} to {max(temperatures):.1f} °C"] if temperatures else []
    words += [f"{min(humidities):.0f} to {max(humidities):.0f} % RH"] if humidities else []
    return ", ".join([*words, f"measured at {len(temperatures)} of {len(run.points)} load points"]) if words else ""


def load_name(point: PointRecord) -> str:
    """Take the middle of a load point's label: ``PF0.5lag``."""
    return point.load_point.load_name


def load_title(point: PointRecord) -> str:
    """Spell a load out, such as ``PF 0.5 lag, export``; one of another angle has its short name."""
    load = point.load_point.load
    if not load.function:
        return load.name
    words = f"{'sin φ' if load.function == 'sin' else load.function} {load.value:g} {load.side}".rstrip()
    return f"{words}, export" if load.is_export else words


def number(value: float | None, digits: int = 6) -> str:
    """Write a plain number; QNAN and "not computed" are a dash."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{digits}g}"


def percent(value: float | None, *, sign: bool = False, digits: int = 4) -> str:
    """Write a percentage without its sign; fixed digits so that columns compare."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return number(value)
    text = f"{value:{'+' if sign else ''}.{digits}f}"
    return text.replace("-", "+", 1) if sign and float(text) == 0.0 else text


def time_text(time: datetime | None) -> str:
    """Write a time to the second, in UTC."""
    return "never" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def with_unit(name: str, value: object) -> str:
    """Put ``voltage_pct`` and 0.004 as ``voltage 0.004 %``."""
    for ending, unit in _ENDINGS.items():
        if name.endswith(ending):
            stem = name.removesuffix(ending).replace("_", " ")
            shown = f"{value:.4g}" if isinstance(value, int | float) else str(value)
            return f"{stem} {shown} {unit}"
    return f"{name.replace('_', ' ')} {value}"


def joined(words: Iterable[str]) -> str:
    """Put words into a row without repetition, in their order."""
    return ", ".join(dict.fromkeys(word for word in words if word))


_ENDINGS = {"_pct": "%", "_c": "°C", "_hz": "Hz", "_deg": "°", "_v": "V", "_s": "s"}
