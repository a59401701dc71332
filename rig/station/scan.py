"""What a barcode scanner sends, as a serial number, where no product variant says what that looks like."""

from __future__ import annotations

import re

from rig.errors import UsageRefused

_LONGEST = 40
_LEAST_HALF = 6
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def any_serial_number(text: str) -> str:
    """Return the serial number in what was scanned; raises UsageRefused, one sentence, where there is none.

    CR, LF and blanks around it are dropped; a number of six or more characters that was read twice in a row counts
    once. With a product variant ``rig.products.scan`` knows more.
    """
    parts = text.replace("\0", " ").split()
    if not parts:
        raise UsageRefused("nothing was scanned; scan the label of the unit")
    if len(set(parts)) > 1:
        one, other = (ascii(each[:_LONGEST])[1:-1] for each in parts[:2])
        raise UsageRefused(f"two different codes were scanned, {one} and {other}; scan one")
    number = parts[0]
    half = len(number) // 2
    if half >= _LEAST_HALF and number[:half] * 2 == number:
        number = number[:half]
    if len(number) > _LONGEST or not _NUMBER.fullmatch(number):
        raise UsageRefused(f"{ascii(number[:_LONGEST])[1:-1]} is no serial number; scan the code on the meter's label")
    return number
