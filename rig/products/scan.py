"""From what a scanner or a keyboard gives to the serial number of a unit, always as text."""

from __future__ import annotations

from rig.errors import UsageRefused
from rig.printable import printable_line
from rig.products.product import Product

_LONGEST_SHOWN = 60


class ScanRefused(UsageRefused):
    """What was scanned is no serial number of the product (exit 11); ``scanned`` is the text."""

    def __init__(self, scanned: str, why: str) -> None:
        super().__init__(why)
        self.scanned = scanned


def serial_number_of(text: str, product: Product) -> str:
    """Return the serial number in a scanned text; raises ScanRefused, one sentence, where there is none.

    CR, LF, tabs and blanks around it are the scanner's. The same number twice, in two lines or without anything
    between, is one that was read twice; where the doubled text is a serial number itself it is taken as it stands.
    """
    words = text.replace("\0", " ").split()
    rule = product.serial_number
    if not words:
        raise ScanRefused("", "nothing was scanned; scan the label of the unit")
    if len(set(words)) > 1:
        shown = _shown(" ".join(words))
        raise ScanRefused(" ".join(words), f"{shown} is more than one number; scan the label of one unit only")
    word = words[0]
    half = word[: len(word) // 2]
    if not rule.fits(word) and half + half == word and rule.fits(half):
        return half
    if not rule.fits(word):
        why = f"{_shown(word)} is no serial number of {product.name} ({rule.words}); scan the serial number's label"
        raise ScanRefused(word, why)
    return word


def _shown(text: str) -> str:
    line = printable_line(text)
    return repr(line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…")
