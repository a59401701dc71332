"""The fixed sentences of a certificate: marks, decision rules with their risk, statements of conformity."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rig.metrology.decision import DecisionRule
from rig.reports._words import outcome_word

_COMMAND = "; 'rig "
_OF_THE_METER = "MANUAL"
NOT_VERIFIED = "limit not verified"
_NOT_COMPARED = "it has not been compared with a copy of this edition"
_NO_EDITION = "its file names no edition"
_NO_STATEMENT = ("INVALID", "INCONCLUSIVE", "ERROR", "SKIP", "TERMINATED", "ABORTED")
_BAD = ("FAIL", "COND_FAIL")

PROCEDURES = {
    "power_comparison": "Percentage error at load points",
    "energy_register": "Percentage error of the energy registers",
    "energy_running": "Percentage error of the energy registers, running",
    "dosage": "Percentage error of the energy registers, fixed energy",
    "difference": "Difference between single-phase and balanced load",
    "influence": "Variation with influence quantities",
    "repeatability": "Repeatability",
    "self_heating": "Variation with self-heating",
    "starting": "Starting current",
    "no_load": "No load",
    "demand": "Demand",
    "clock": "Clock",
    "register_check": "Check of the other registers",
}
_RESULT_OF = {
    "difference": "difference",
    "influence": "variation",
    "self_heating": "variation",
    "repeatability": "std. deviation",
    "no_load": "share of permitted",
    "clock": "rate",
}

_RULES = {
    DecisionRule.ILAC_G8_NON_BINARY: (
        "PASS where the error lies within the limit by at least U, FAIL where it lies beyond the limit by more than U. "
        "Between them: CONDITIONAL PASS inside the limit, CONDITIONAL FAIL outside it. The risk that a PASS is wrong, "
        "or that a FAIL is wrong, is at most 2.5 % for each result; that of a conditional statement is up to 50 %."
    ),
    DecisionRule.ILAC_G8_BINARY: (
        "PASS where the error lies within the limit by at least U, else FAIL. The risk that a PASS is wrong is at most "
        "2.5 % for each result; a FAIL may be a meter inside its limit."
    ),
    DecisionRule.SIMPLE: (
        "PASS where the error lies within the limit, else FAIL; U is not taken into account. The risk of a wrong "
        "statement is up to 50 % where the error is at the limit."
    ),
    DecisionRule.ISO_14253: (
        "PASS where the error lies within the limit by at least 0.83 U, FAIL where it lies beyond the limit by more; "
        "conditional between them. The risk that a PASS or a FAIL is wrong is at most 5 % for each result."
    ),
    DecisionRule.STANDARD_FIFTH: (
        "PASS where the error lies within the limit, which is reduced by U - L/5 where U exceeds a fifth of it. The "
        "risk of a wrong statement is up to 50 % where the error is at the limit."
    ),
    DecisionRule.RSS: "PASS where the error is at most the root of L² - U², else FAIL.",
    DecisionRule.Z540_METHOD_6: (
        "PASS where the error lies within the limit, reduced by the guard band of the managed probability of false "
        "acceptance, else FAIL. The probability of false acceptance over many meters is at most 2 %."
    ),
}

UNCERTAINTY = (
    "U is the expanded uncertainty, percent of the value of the measurand: the combined standard uncertainty times the "
    "coverage factor k, which for a t distribution of the effective degrees of freedom gives a coverage probability of "
    "about 95 % (JCGM 100:2008). It holds for the time and the conditions of the measurement."
)
ONLY_THE_ITEM = "The results relate only to the item that is named in this certificate."
IN_FULL = "This certificate may be reproduced in full only, unless the laboratory agrees in writing."
REAL = "measured on instruments"
SIMULATED = "SIMULATED: no instrument and no meter was there; the readings are those of software"


def rule_in_words(name: str) -> tuple[str, str]:
    """Return a decision rule's document and what it says with its risk; an unknown rule has its own words only."""
    try:
        rule = DecisionRule(name)
    except ValueError:
        return (name or "not recorded", "")
    undecided = "Where U is more than a third of the limit, and the error not certainly beyond it: INCONCLUSIVE."
    return rule.wording, f"{_RULES.get(rule, '')} {undecided}".strip()


def procedure_title(procedure: str) -> str:
    """Name a procedure as the heading of its results."""
    return PROCEDURES.get(procedure, procedure.replace("_", " ").capitalize())


def result_heading(procedure: str) -> str:
    """Name what a procedure judges, in percent."""
    return _RESULT_OF.get(procedure, "error")


def marks(document: dict[str, Any]) -> list[str]:
    """Return what every page is marked with, the weightiest first; empty for a certificate without reservation."""
    run = document["measured"]["run"]
    found = [
        ("SIMULATED", run["simulated"]),
        ("DRAFT", document["certificate"]["draft"]),
        ("EXAMPLE", document["laboratory"]["example"]),
        ("PARTIAL", run["partial"]),
        ("MEASURED ANYWAY", run["anyway"]),
        ("WIRING IN DOUBT", any(check["state"] in ("wrong", "accepted") for check in run["wiring_checks"])),
        (f"RUN {run['outcome']}", run["outcome"] in ("ERROR", "TERMINATED", "ABORTED")),
    ]
    return [mark for mark, holds in found if holds]


def mark_reasons(document: dict[str, Any]) -> list[str]:
    """Say of each mark what it means."""
    run = document["measured"]["run"]
    texts = {
        "SIMULATED": f"{SIMULATED}.",
        "DRAFT": "This is a draft. It has no number and no effect.",
        "EXAMPLE": "The laboratory file is marked as an example.",
        "PARTIAL": f"The run covered a part of its programme only: {run['coverage']}.",
        "MEASURED ANYWAY": "The run was made with --anyway, on a bench that may conclude little.",
        "WIRING IN DOUBT": "The check of the wiring found something wrong, and the meter was measured all the same.",
        f"RUN {run['outcome']}": "The run did not come to its planned end.",
    }
    return [f"{mark}: {texts[mark].removeprefix(f'{mark}: ')}" for mark in marks(document)]


def interruptions(run: dict[str, Any]) -> list[str]:
    """Return a sentence for each time that a run was resumed, and one for each load point that does not count."""
    said = []
    for each in run["interruptions"]:
        checks = "; ".join(each["checks"]) or "no load point was complete that could be repeated"
        said.append(
            f"Interrupted {each['interrupted_utc']}, resumed {each['resumed_utc']} (gap {each['gap_s']:.0f} s; "
            f"{outcome_word(each['outcome_before'])} until then; {each['complete']} of {each['steps']} steps complete)."
            f" Load points repeated as checks: {checks}."
        )
    aside = run["set_aside"]
    if aside:
        named = "; ".join(f"{each['label']} ({each['purpose']}: {each['reason']})" for each in aside)
        said.append(f"Load points that do not count, with their readings in the raw data: {named}.")
    return said


def wiring_check(check: dict[str, Any]) -> str:
    """Say when the wiring was checked, what was found, and whether a known good meter has proven it."""
    proof = check["proof"].partition(_COMMAND)[0]  # how to prove it is for the operator
    return f"{check['time_utc']}: {check['state']}: {check['text']}{f' ({proof})' if proof else ''}"


def place_of(result: dict[str, Any]) -> str:
    """Name where a value was read: instance and phase of the Analog Input, or the clock, which has none."""
    return f"AI{result['instance']} {result['phase']}" if result["instance"] else "clock"


def statement_of(result: dict[str, Any]) -> str:
    """Return what is stated of one result; a limit that is not verified gives no statement of conformity."""
    outcome, limit = result["outcome"], result["limit"]
    word = outcome_word(outcome)
    if limit is None:
        return f"{word}: {result['reason']}" if outcome in _BAD and result["reason"] else word
    if limit["verified"]:
        return word
    return f"{word}, {NOT_VERIFIED}" if outcome in _NO_STATEMENT else NOT_VERIFIED


def judged_by(results: list[dict[str, Any]]) -> list[str]:
    """Name the limit tables by which results were judged, with their editions, in the order of the results."""
    return list(dict.fromkeys(_table_name(each["limit"]) for each in results if each["limit"] is not None))


def not_specified(results: list[dict[str, Any]], specification: str) -> list[str]:
    """Name the limit tables that the customer's specification does not; the meter's own manual is none of them."""
    agreed = _squeezed(specification)
    limits = (each["limit"] for each in results if each["limit"] is not None)
    used = (limit["standard"] for limit in limits if limit["provenance"] != _OF_THE_METER)
    return [name for name in dict.fromkeys(used) if _squeezed(name) not in agreed]


def _squeezed(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum() or character == ".")


def _table_name(limit: dict[str, Any]) -> str:
    return f"{limit['standard']}, edition {limit['edition']}" if limit["edition"] else str(limit["standard"])


def conformity(results: list[dict[str, Any]]) -> list[str]:
    """Return the statements of conformity (7.8.6.2): to which results, to which specification, met or not met."""
    lines: dict[str, Counter[str]] = {}
    unverified: dict[str, int] = {}
    without: list[str] = []
    for result in results:
        limit = result["limit"]
        if limit is None:
            without += [statement_of(result)] if result["outcome"] in _BAD else []
            continue
        name = _table_name(limit)
        if limit["verified"]:
            lines.setdefault(name, Counter())[result["outcome"]] += 1
        else:
            unverified[name] = unverified.get(name, 0) + 1
    said = [
        f"limits of {name}, applied to the meter with simulated sensor output: {_met(counts)}"
        for name, counts in lines.items()
    ]
    said += [f"check without a limit: {text}" for text in dict.fromkeys(without)]
    return said + [
        f"limits of {name}: no statement of conformity for {_counted(count)}; {NOT_VERIFIED} "
        f"({_NOT_COMPARED if ', edition ' in name else _NO_EDITION})"
        for name, count in unverified.items()
    ]


def _met(counts: Counter[str]) -> str:
    judged = sum(counts.values())
    bad = [word for word in _BAD if counts[word]]
    undecided = sum(counts[word] for word in _NO_STATEMENT)
    words = " or ".join(word for word in _NO_STATEMENT if counts[word])
    if bad:
        which = " and ".join(f"{counts[word]} {outcome_word(word)}" for word in bad)
        without = f"; no statement for {undecided} ({words})" if undecided else ""
        return f"NOT MET; of {_counted(judged)} {which}{without}"
    if undecided:
        rest = judged - undecided
        others = "" if not rest else "; the other meets it" if rest == 1 else "; the others meet it"
        return f"no statement for {undecided} of {_counted(judged)} ({words}){others}"
    conditional = counts["COND_PASS"]
    return f"met by {_counted(judged)}" + (f", {conditional} of them CONDITIONAL PASS" if conditional else "")


def _counted(count: int) -> str:
    return f"{count} result{'s' if count != 1 else ''}"
