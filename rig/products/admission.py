"""Which units a run tests: a scan for each position, each admitted by its route, before a bench is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rig.errors import UsageRefused
from rig.products.product import Product
from rig.products.route import evidence_of
from rig.products.scan import ScanRefused, serial_number_of


@dataclass(frozen=True)
class Admission:
    """The units of a run: serial number by position, and what its route says of each."""

    scanned: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)


def admit(texts: Sequence[str], product: Product, positions: Sequence[str], masked: Sequence[str] = ()) -> Admission:
    """Admit the units that ``texts`` name, each ``POSITION=SERIAL``, to the ``positions`` of a bench without a mask.

    With one position the serial number may stand alone. Raises UsageRefused (ScanRefused, RouteRefused among them) for
    the first thing that is wrong: nothing is opened then, and no position tested.
    """
    scanned: dict[str, str] = {}
    for text in texts:
        position, equals, number = text.partition("=")
        if not equals and len(positions) == 1:
            position, number = positions[0], text
        elif not equals:
            raise ScanRefused(text, f"{text!r} names no position; write POSITION=SERIAL, such as {positions[0]}=12345")
        if position in masked:
            raise UsageRefused(f"position {position} is masked, and has a scan; take the mask or the unit away")
        if position not in positions:
            raise UsageRefused(f"there is no position {position!r}; the bench has {', '.join(positions)}")
        if position in scanned:
            raise UsageRefused(f"position {position} was scanned twice; scan each unit once")
        scanned[position] = serial_number_of(number, product)
    without = [name for name in positions if name not in scanned]
    if without:
        raise UsageRefused(
            f"position {without[0]} has no scan",
            f"scan the unit there, or mask the position (--mask {without[0]})",
        )
    by_number: dict[str, str] = {}
    for position, number in scanned.items():
        if number in by_number:
            raise UsageRefused(
                f"serial number {number} was scanned at positions {by_number[number]} and {position}",
                "scan the label of the unit that sits at each position",
            )
        by_number[number] = position
    if product.route is None:
        return Admission(scanned)
    return Admission(scanned, {name: evidence_of(product.route, number) for name, number in scanned.items()})
