"""From a certificate's document (the JSON that is attached) to what the template prints: texts, rows, drawings."""

from __future__ import annotations

from typing import Any

from rig.reports._words import serial_number
from rig.reports.certificate import wording
from rig.reports.certificate.drawings import curves, vectors
from rig.reports.certificate.numbers import DASH, short, span
from rig.reports.certificate.tables import budgets, condition_rows, limit_rows, points_without_result, result_sections

Pairs = list[list[str]]

_SYSTEM_TYPES = {
    10: "single phase, A to neutral",
    11: "single phase, A to B",
    12: "single phase, A and B to neutral",
    31: "three phases, no neutral",
    40: "three phases and neutral",
}
_NOT_MEASURED = "not measured in this run"
_ROLES = {"climate_probe": "climate probe"}


def view_of(document: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    """Return what the template prints; ``hashes``: SHA-256 of each attachment by file name."""
    measured, laboratory, customer = document["measured"], document["laboratory"], document["customer"]
    run, certificate = measured["run"], document["certificate"]
    marks = wording.marks(document)
    rule, rule_words = wording.rule_in_words(run["decision_rule"])
    return {
        "title": laboratory["title"],
        "number": certificate["number"],
        "mark": " · ".join(marks),
        "marks": marks,
        "realness": wording.SIMULATED.partition(":")[0] if run["simulated"] else wording.REAL,
        "mark_reasons": wording.mark_reasons(document),
        "amends": _amends(certificate),
        "laboratory": [laboratory["name"], *_address(laboratory), f"Accreditation: {laboratory['accreditation']}"],
        "customer": [customer["name"], *_address(customer)],
        "item": _item(document),
        "dates": _dates(document),
        "method": [*_method(laboratory, customer), *_measurement(run)],
        "environment": _environment(measured["environment"]),
        "conditions": condition_rows(measured),
        "settings": _settings(measured),
        "instruments": _instruments(measured),
        "traceability": laboratory["traceability"],
        "conformity": wording.conformity(measured["results"]),
        "specification": customer["agreed"]["specification"],
        "judged_by": "; ".join(wording.judged_by(measured["results"])) or "no limits",
        "rule": rule,
        "rule_words": rule_words,
        "rule_agreed": customer["agreed"]["decision_rule"],
        "uncertainty": wording.UNCERTAINTY,
        "notes": _notes(customer),
        "signers": [[person["name"], person["role"]] for person in laboratory["authorised_by"]],
        "issued_on": certificate["issued_on"],
        "sections": result_sections(measured),
        "without_result": points_without_result(measured),
        "findings": [
            [each["name"], each["expected"] or DASH, each["found"], each["outcome"]] for each in measured["findings"]
        ],
        "limits": limit_rows(measured),
        "curves": curves(measured),
        "vectors": vectors(measured),
        "budgets": budgets(measured),
        "raw_data": measured["raw_data"]["sha256"],
        "attachments": [[name, digest] for name, digest in hashes.items()],
        "made": f"rig {certificate['software_version']}; the run was recorded by rig {run['software_version']}",
    }  # fmt: skip


def _address(party: dict[str, Any]) -> list[str]:
    address, contact = party["address"], party["contact"]
    lines = [address["street"], f"{address['postcode']} {address['city']}, {address['country']}"]
    return [*lines, ", ".join(text for text in (contact.get("person"), contact["email"], contact["phone"]) if text)]


def _amends(certificate: dict[str, Any]) -> str:
    amended = certificate["amends"]
    if amended is None:
        return ""
    of = f"{amended['number']} of {amended['issued_on']}"
    return f"Amendment to certificate {of}, which it replaces. Reason: {amended['reason']}"


def _item(document: dict[str, Any]) -> Pairs:
    measured, item = document["measured"], document["customer"]["item"]
    unit = measured["unit"]
    types = sorted({point["system_type"] for point in measured["points"]})
    return [
        ["Description", item["description"]],
        ["Serial number", unit["serial_number"]],
        ["Model", unit["model"] or DASH],
        ["Firmware", ", ".join(text for text in (unit["firmware"], unit["application"]) if text) or DASH],
        ["BACnet device instance", str(unit["device_instance"])],
        ["Customer's mark", item["identification"] or DASH],
        ["System type", "; ".join(f"{each} ({_SYSTEM_TYPES.get(each, 'unknown')})" for each in types)],
        ["Current transformers", item["current_transformers"]],
        ["Voltage transformers", item["voltage_transformers"]],
        ["Condition on receipt", item["condition"]],
        ["Adjustment or repair", item["adjustment"] + _as_found(measured["run"])],
    ]


def _as_found(run: dict[str, Any]) -> str:
    before = run["after_adjustment_of"]
    return f"; this run followed an adjustment, the results before it are those of run {before}" if before else ""


def _dates(document: dict[str, Any]) -> Pairs:
    run, customer = document["measured"]["run"], document["customer"]
    laboratory = document["laboratory"]
    days = [run["first_day"], run["last_day"]]
    return [
        ["Received", customer["item"]["received_on"]],
        ["Measured", days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"],
        ["Issued", document["certificate"]["issued_on"]],
        ["Order", customer["order"]],
        ["Place", f"{laboratory['place']['where']} ({laboratory['place']['kind']})"],
    ]


def _measurement(run: dict[str, Any]) -> Pairs:
    return [
        ["Run", f"{run['id']}, {run['started_utc']} to {run['finished_utc']}"],
        ["Bench", f"{run['bench_name']}, bench file SHA-256 {run['bench_file_sha256'][:16]}…"],
        *([["Interruptions", " ".join(said)]] if (said := wording.interruptions(run)) else []),
        ["Coverage", run["coverage"] or "not recorded"],
        *([["Judged again", _judged(run["judged"])]] if run["judged"] else []),
        ["Check of the wiring", _wiring(run)],
        ["Operator, station", ", ".join(text for text in (run["operator"], run["station"]) if text) or "not recorded"],
    ]


def _judged(judged: dict[str, Any]) -> str:
    by = f" by {judged['operator']}" if judged["operator"] else ""
    left = f"; as in the run: {'; '.join(judged['left_out'])}" if judged["left_out"] else ""
    return f"{judged['made_utc'][:10]}{by}, from the stored readings; limits: {judged['standard']}{left}"


def _wiring(run: dict[str, Any]) -> str:
    return "; ".join(wording.wiring_check(each) for each in run["wiring_checks"]) or "not recorded"


def _method(laboratory: dict[str, Any], customer: dict[str, Any]) -> Pairs:
    return [
        ["Method", laboratory["method"]["name"]],
        ["Document", laboratory["method"]["document"]],
        ["Additions, deviations, exclusions", laboratory["method"]["deviations"]],
        ["Sampling", laboratory["sampling"]],
        ["Results of external providers", laboratory["external_providers"]],
        ["Provided by the customer", customer["agreed"]["provided_by_customer"]],
    ]


def _environment(found: dict[str, Any]) -> Pairs:
    kinds = (
        ("Temperature", "temperature_c", "°C"),
        ("Relative humidity", "humidity_pct", "%"),
        ("Pressure", "pressure_hpa", "hPa"),
    )
    if not any(found[key] for _, key, _ in kinds):
        return [["Air", _NOT_MEASURED]]
    pairs = [[name, f"{span(*found[key])} {unit}" if found[key] else _NOT_MEASURED] for name, key, unit in kinds]
    return [*pairs, ["Measured at", f"{found['measured_at']} of {found['points']} load points"]]


def _settings(measured: dict[str, Any]) -> Pairs:
    return [
        [each["name"], each["description"] or DASH, short(each["before"], 9), short(each["after"], 9)]
        for each in measured["configuration"]
    ]


def _instruments(measured: dict[str, Any]) -> Pairs:
    return [
        [
            _ROLES.get(each["role"], each["role"]),
            each["identity"],
            serial_number(each["serial_number"]),
            each["calibration"],
        ]
        for each in measured["instruments"]
    ]


def _notes(customer: dict[str, Any]) -> list[str]:
    agreed = customer["agreed"]
    notes = [wording.ONLY_THE_ITEM, wording.IN_FULL, f"Opinions and interpretations: {agreed['opinions']}."]
    if agreed["recalibration"]:
        notes.append(f"Recalibration, as agreed with the customer: {agreed['recalibration']}.")
    return [note.replace("..", ".") for note in notes]
