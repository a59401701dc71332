"""The Digital Calibration Certificate of a document: XML after PTB's DCC schema 3.3.0, units of D-SI.

Made of the certificate's document alone, so that a receiver can make it once more and compare. Structure after the
published schema (https://ptb.de/dcc); PTB's Schematron (package dcclib) is run in development tests.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any
from xml.etree import ElementTree as ET

from rig.reports.certificate import wording
from rig.reports.certificate.measured import Facts

SCHEMA_VERSION = "3.3.0"
DCC, SI = "https://ptb.de/dcc", "https://ptb.de/si"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_RELEASE = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}(?!\d)")
_PERCENT = r"\percent"
_COVERAGE_PROBABILITY = 0.9545
_UNITS = {
    "kW": r"\kilo\watt", "W": r"\watt", "kVAR": r"\kilo\var", "kVA": r"\kilo\volt\ampere", "kWh": r"\kilo\watt\hour",
    "kVARh": r"\kilo\var\hour", "Volts": r"\volt", "V": r"\volt", "Amps": r"\ampere", "A": r"\ampere", "Hz": r"\hertz",
    "%": _PERCENT, "s": r"\second", "": r"\one",
}  # fmt: skip
_CONFORMITY = {
    "PASS": "pass", "FAIL": "fail", "COND_PASS": "conditionalPass", "COND_FAIL": "conditionalFail",
}  # fmt: skip

ET.register_namespace("dcc", DCC)
ET.register_namespace("si", SI)


def dcc_of(document: dict[str, Any]) -> bytes:
    """Return the DCC of a document, UTF-8; the same document gives the same octets."""
    ET.register_namespace("xsi", _XSI)
    root = ET.Element(
        _dcc("digitalCalibrationCertificate"),
        {
            "schemaVersion": SCHEMA_VERSION,
            f"{{{_XSI}}}schemaLocation": f"{DCC} {DCC}/v{SCHEMA_VERSION}/dcc.xsd",
        },
    )
    _administrative(_add(root, "administrativeData"), document)
    _results(_add(root, "measurementResults"), document)
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _administrative(parent: ET.Element, document: dict[str, Any]) -> None:
    certificate, laboratory, customer = document["certificate"], document["laboratory"], document["customer"]
    measured = document["measured"]
    _software(_add(parent, "dccSoftware"), "rig certificate", certificate["software_version"])
    core = _add(parent, "coreData")
    _add(core, "countryCodeISO3166_1", laboratory["address"]["country"])
    _add(core, "usedLangCodeISO639_1", "en")
    _add(core, "mandatoryLangCodeISO639_1", "en")
    _add(core, "uniqueIdentifier", certificate["number"])
    identifications = _add(core, "identifications")
    _identification(identifications, "calibrationLaboratory", measured["run"]["id"], "Run")
    _identification(identifications, "customer", customer["order"], "Order")
    _add(core, "receiptDate", customer["item"]["received_on"])
    _add(core, "beginPerformanceDate", measured["run"]["first_day"])
    _add(core, "endPerformanceDate", measured["run"]["last_day"])
    _add(core, "performanceLocation", laboratory["place"]["kind"])
    _add(core, "issueDate", certificate["issued_on"])
    if certificate["amends"]:
        amended = _add(core, "reportAmendedSubstituted")
        _add(amended, "typeOfChange", "substituted")
        _add(amended, "replacedUniqueIdentifier", certificate["amends"]["number"])
    _item(_add(parent, "items"), measured, customer["item"])
    lab = _add(parent, "calibrationLaboratory")
    _add(lab, "calibrationLaboratoryCode", laboratory["accreditation"])
    _contact(_add(lab, "contact"), laboratory)
    persons = _add(parent, "respPersons")
    for place, person in enumerate(laboratory["authorised_by"]):
        one = _add(persons, "respPerson")
        _named(_add(one, "person"), person["name"])
        _add(one, "role", person["role"])
        _add(one, "mainSigner", "true" if place == 0 else "false")
    _contact(_add(parent, "customer"), customer)
    _statements(_add(parent, "statements"), document)


def _item(parent: ET.Element, measured: Facts, item: Facts) -> None:
    unit = measured["unit"]
    one = _add(parent, "item")
    _named(one, item["description"])
    _content(_add(one, "description"), f"Condition on receipt: {item['condition']}. Adjustment: {item['adjustment']}.")
    if unit["firmware"]:
        software = _add(_add(one, "installedSoftwares"), "software")
        _named(software, "firmware")
        _add(software, "release", _release(unit["firmware"]))
        _add(software, "type", "firmware")
        _content(_add(software, "description"), f"{unit['firmware']} {unit['application']}".strip())
    if unit["model"]:
        _add(one, "model", unit["model"])
    identifications = _add(one, "identifications")
    _identification(identifications, "manufacturer", unit["serial_number"], "Serial number")
    if item["identification"]:
        _identification(identifications, "customer", item["identification"], "Customer's mark")


def _statements(parent: ET.Element, document: dict[str, Any]) -> None:
    laboratory, customer, run = document["laboratory"], document["customer"], document["measured"]["run"]
    rule, words = wording.rule_in_words(run["decision_rule"])
    texts = [wording.ONLY_THE_ITEM, f"Traceability: {laboratory['traceability']}"]
    texts += [f"Specification: {customer['agreed']['specification']}", f"Decision rule: {rule}. {words}"]
    texts += wording.mark_reasons(document)
    texts += [f"Interruptions: {line}" for line in wording.interruptions(run)]
    if document["certificate"]["amends"]:
        texts.append(f"Reason of the amendment: {document['certificate']['amends']['reason']}")
    texts += [f"Conformity: {line}" for line in wording.conformity(document["measured"]["results"])]
    texts.append(f"SHA-256 of the raw data: {document['measured']['raw_data']['sha256']}")
    for text in texts:
        statement = _add(parent, "statement")
        _add(statement, "norm", "ISO/IEC 17025:2017")
        _content(_add(statement, "declaration"), text)


def _results(parent: ET.Element, document: dict[str, Any]) -> None:
    measured, laboratory = document["measured"], document["laboratory"]
    one = _add(parent, "measurementResult")
    _named(one, "Measurement results")
    methods = _add(one, "usedMethods")
    method = _add(methods, "usedMethod")
    _named(method, laboratory["method"]["name"])
    _content(_add(method, "description"), f"Additions, deviations, exclusions: {laboratory['method']['deviations']}")
    _add(method, "reference", laboratory["method"]["document"])
    uncertainty = _add(methods, "usedMethod", refType="basic_uncertainty")
    _named(uncertainty, "Expanded uncertainty")
    _content(_add(uncertainty, "description"), wording.UNCERTAINTY)
    _add(uncertainty, "norm", "JCGM 100:2008")
    _software(_add(one, "usedSoftware"), "S4100 rig", measured["run"]["software_version"])
    if measured["instruments"]:
        _instruments(_add(one, "measuringEquipments"), measured["instruments"])
    _conditions(_add(one, "influenceConditions"), measured["environment"])
    groups: dict[tuple[str, str, str, str], list[Facts]] = defaultdict(list)
    for result in measured["results"]:
        groups[result["procedure"], result["name"], result["unit"], _statement_kind(result)].append(result)
    points = {point["number"]: point for point in measured["points"]}
    results = _add(one, "results")
    for (procedure, name, unit, kind), members in groups.items():
        result = _add(results, "result")
        _named(result, f"{wording.procedure_title(procedure)}: {name}")
        _content(_add(result, "description"), "; ".join(_place(each, points) for each in members))
        _list(_add(_add(result, "data"), "list"), unit, kind, members)


def _place(result: Facts, points: dict[int, Facts]) -> str:
    """Name a value of a list: input, load point, what was changed, and what is stated of it."""
    changed = f", {result['condition']}" if result["condition"] else ""
    where = f"{wording.place_of(result)} at {points[result['point']]['label']}"
    return f"{where}{changed}: {wording.statement_of(result)}"


def _statement_kind(result: Facts) -> str:
    """Put results with a statement of conformity, with numbers alone, and without numbers into lists of their own."""
    if result["error_pct"] is None or result["expanded_uncertainty_pct"] is None or result["expected_value"] is None:
        return "no number"
    is_stated = result["limit"] is not None and result["limit"]["verified"] and result["outcome"] in _CONFORMITY
    return "stated" if is_stated else "measured"


def _list(parent: ET.Element, unit: str, kind: str, results: list[Facts]) -> None:
    if kind == "no number":
        quantity = _add(parent, "quantity")
        _content(_add(quantity, "noQuantity"), "; ".join(result["reason"] or result["outcome"] for result in results))
        return
    if all(result["read_value"] is not None for result in results):
        _values(parent, "basic_referenceValue", "Reference value", unit, [each["expected_value"] for each in results])
        _values(parent, "basic_measuredValue", "Indicated value", unit, [each["read_value"] for each in results])
    heading = wording.result_heading(results[0]["procedure"])
    quantity = _add(parent, "quantity", refType="basic_measurementError")
    _named(quantity, f"Relative {heading}")
    numbers = _real_list(quantity, _PERCENT, [each["error_pct"] for each in results])
    expanded = _si(_si(numbers, "measurementUncertaintyUnivariateXMLList"), "expandedMUXMLList")
    _si(expanded, "valueExpandedMUXMLList", _joined(each["expanded_uncertainty_pct"] for each in results))
    _si(expanded, "coverageFactorXMLList", _joined(each["k"] or 2.0 for each in results))
    _si(expanded, "coverageProbabilityXMLList", repr(_COVERAGE_PROBABILITY))
    if kind == "stated":
        meta = _add(_add(quantity, "measurementMetaData"), "metaData", refType="basic_conformity")
        _content(_add(meta, "declaration"), "Conformity of each value, in the order of the values")
        _add(meta, "conformityXMLList", " ".join(_CONFORMITY[each["outcome"]] for each in results))
        limits = [each["limit_pct"] for each in results]
        data = _add(meta, "data")
        for name, sign in (("Lower", -1.0), ("Upper", 1.0)):
            limit = _add(data, "quantity", refType=f"basic_specificationLimit{name}")
            _named(limit, f"{name} limit")
            _real_list(limit, _PERCENT, [sign * value for value in limits])


def _values(parent: ET.Element, kind: str, name: str, unit: str, values: list[float]) -> None:
    quantity = _add(parent, "quantity", refType=kind)
    _named(quantity, name)
    _real_list(quantity, _UNITS.get(unit, r"\one"), values)


def _real_list(parent: ET.Element, unit: str, values: list[float]) -> ET.Element:
    found = _si(parent, "realListXMLList")
    _si(found, "valueXMLList", _joined(values))
    _si(found, "unitXMLList", unit)
    return found


def _joined(values: Any) -> str:  # Any: numbers
    return " ".join(repr(float(value)) for value in values)


def _instruments(parent: ET.Element, instruments: list[Facts]) -> None:
    for instrument in instruments:
        one = _add(parent, "measuringEquipment")
        _named(one, f"{instrument['role'].replace('_', ' ')}: {instrument['identity']}")
        _content(_add(one, "description"), f"Calibration: {instrument['calibration']}")
        if instrument["serial_number"].strip(" 0"):
            _identification(_add(one, "identifications"), "manufacturer", instrument["serial_number"], "Serial number")


def _conditions(parent: ET.Element, environment: Facts) -> None:
    kinds = (
        ("temperature_c", "basic_temperature", "Temperature of the air", r"\degreecelsius"),
        ("humidity_pct", "basic_humidityRelative", "Relative humidity of the air", _PERCENT),
        ("pressure_hpa", "basic_pressure", "Pressure of the air", r"\hecto\pascal"),
    )
    for key, kind, name, unit in kinds:
        if key == "pressure_hpa" and not environment[key]:
            continue  # a probe of pressure is no part of an ordinary bench
        condition = _add(parent, "influenceCondition", refType=kind)
        _named(condition, name)
        data = _add(condition, "data")
        if not environment[key]:
            _content(_add(data, "text"), "not measured in this run")
            continue
        for end, value in zip(("Min", "Max"), environment[key], strict=True):
            quantity = _add(data, "quantity", refType=f"{kind}{end}")
            _named(quantity, f"{name}, {'lowest' if end == 'Min' else 'highest'}")
            real = _si(quantity, "real")
            _si(real, "value", repr(float(value)))
            _si(real, "unit", unit)


def _contact(parent: ET.Element, party: dict[str, Any]) -> None:
    _named(parent, party["name"])
    _add(parent, "eMail", party["contact"]["email"])
    if party["contact"]["phone"]:
        _add(parent, "phone", party["contact"]["phone"])
    location, address = _add(parent, "location"), party["address"]
    for name, key in (("city", "city"), ("countryCode", "country"), ("postCode", "postcode"), ("street", "street")):
        _add(location, name, address[key])


def _software(parent: ET.Element, name: str, version: str) -> None:
    software = _add(parent, "software")
    _named(software, name)
    _add(software, "release", _release(version))
    _content(_add(software, "description"), version)


def _release(version: str) -> str:
    """Return a version as PTB's Schematron takes it: a letter and up to four numbers; the whole is in a description."""
    found = _RELEASE.match(version)
    return f"v{found[0]}" if found else "v0"


def _identification(parent: ET.Element, issuer: str, value: str, name: str) -> None:
    one = _add(parent, "identification")
    _add(one, "issuer", issuer)
    _add(one, "value", value)
    _named(one, name)


def _named(parent: ET.Element, text: str) -> None:
    _content(_add(parent, "name"), text)


def _content(parent: ET.Element, text: str) -> None:
    _add(parent, "content", text, lang="en")


def _add(parent: ET.Element, name: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, _dcc(name), attributes)
    child.text = " ".join(text.split()) if text is not None else None
    return child


def _si(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{SI}}}{name}")
    child.text = text
    return child


def _dcc(name: str) -> str:
    return f"{{{DCC}}}{name}"
