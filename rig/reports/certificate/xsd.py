"""Validate the DCC with an XSD that a person supplies; the rig has none of its own."""

from __future__ import annotations

from pathlib import Path

from rig.errors import UsageRefused
from rig.reports.certificate.dcc import SCHEMA_VERSION
from rig.reports.certificate.extra import need_certificates
from rig.reports.certificate.structure import Check

_SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
_WHAT = "DCC against the XSD"


class XsdRefused(UsageRefused):
    """An XSD file that cannot be used (exit 11)."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the XSD {path} cannot be used: {why}")


class DccRefused(UsageRefused):
    """A DCC that the supplied XSD does not accept (exit 11): no certificate takes a number with it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the DCC {SCHEMA_VERSION} is not valid against the XSD, and no number was taken: {why}")


def check_xsd(dcc: bytes, xsd: Path | None) -> Check:
    """Validate a DCC; without a file the check says "XSD not checked". Nothing is fetched: imports are local files.

    Raises XsdRefused for a file that is no schema, or of another version of the DCC.
    """
    if xsd is None:
        return Check("XSD not checked", None, "supply a file with --xsd")
    need_certificates("lxml")
    from lxml import etree

    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    try:
        tree = etree.parse(str(xsd), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise XsdRefused(xsd, str(error).splitlines()[0]) from None
    root = tree.getroot()
    if root.tag != _SCHEMA:
        raise XsdRefused(xsd, "it is no XML Schema")
    if (version := root.get("version", "none")) != SCHEMA_VERSION:
        raise XsdRefused(xsd, f"it is of version {version}, and the DCC of {SCHEMA_VERSION}")
    try:
        schema = etree.XMLSchema(tree)
    except etree.XMLSchemaParseError as error:
        why = f"{str(error).splitlines()[0]} (imported schemas have to lie beside it, named by relative paths)"
        raise XsdRefused(xsd, why) from None
    valid = schema.validate(etree.fromstring(dcc, parser))
    first = "" if valid else str(schema.error_log[0].message)
    return Check(f"{_WHAT} {SCHEMA_VERSION}", valid, first)
