"""What a barcode scanner sends, as a serial number."""

from __future__ import annotations

import re

_LONGEST = 40
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


class ScanRefused(ValueError):
    """What was scanned is no serial number; the text says why and what to do."""


def serial_number_of(text: str, _product: str) -> str:
    """Return the serial number in what was scanned, empty where there is nothing but line ends and blanks.

    CR, LF and blanks around it are dropped; a number that was read twice in a row counts once. Raises ScanRefused.
    """
    parts = text.replace("\0", "").split()
    if not parts:
        return ""
    if len(set(parts)) > 1:
        one, other = (each[:_LONGEST] for each in parts[:2])
        raise ScanRefused(f"Two different codes were scanned: {one} and {other}. Scan one.")
    number = parts[0]
    half = len(number) // 2
    if half >= 6 and len(number) == 2 * half and number[:half] == number[half:]:
        number = number[:half]
    if len(number) > _LONGEST or not _NUMBER.fullmatch(number):
        shown = ascii(number[:_LONGEST])[1:-1]
        raise ScanRefused(f"{shown} is no serial number. Scan the code on the meter's label.")
    return number
