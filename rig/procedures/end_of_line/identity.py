"""Step: the unit on the bus is the one that was scanned, and its firmware is released; before anything is written."""

from __future__ import annotations

from drivers.meter.readings import Identity
from rig.procedures.end_of_line.line import Found, Line, checked
from rig.products.failure_classes import FailureClass

VENDOR, MODEL = 133, "S4100 Energy Meter"
"""Vendor_Identifier and Model_Name of the Device object (manual page 22)."""


def check_identity(line: Line) -> None:
    """Compare the bus serial number with the scan, and vendor, model and firmware; a unit that differs is out."""
    said = line.ask_each(lambda unit: unit.unit.position.meter.identity())
    released = line.product.released_firmware
    scanned = {each.number: each.scanned for each in line.units}
    line.note_all(
        {number: findings(identity, scanned[number], released) for number, identity in said.items()}, must_pass=True
    )


def findings(identity: Identity, scanned: str, released: tuple[str, ...]) -> list[Found]:
    """Judge an identity; serial numbers are compared as texts."""
    wrong = FailureClass.IDENTITY
    firmware = identity.firmware_revision
    return [
        checked("identity.serial-number", scanned, identity.serial_number, identity.serial_number == scanned, wrong),
        checked("identity.vendor", VENDOR, identity.vendor_identifier, identity.vendor_identifier == VENDOR, wrong),
        checked("identity.model", MODEL, identity.model_name, identity.model_name == MODEL, wrong),
        checked("identity.firmware", " or ".join(released), firmware, firmware in released, FailureClass.FIRMWARE),
    ]
