"""Refusals of property access, and the datatype checks of written values."""

from __future__ import annotations

import math


class ObjectAccessError(ValueError):
    """A read or write is refused; ``error_class`` and ``error_code`` are BACnet hyphen names."""

    def __init__(self, error_class: str, error_code: str) -> None:
        super().__init__(f"the meter refuses the access: {error_class}, {error_code}")
        self.error_class = error_class
        self.error_code = error_code


def property_error(error_code: str) -> ObjectAccessError:
    """Return a refusal of class ``property``."""
    return ObjectAccessError("property", error_code)


def checked_real(value: object) -> float:
    """Return the value as float, or raise invalid-data-type."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise property_error("invalid-data-type")
    return float(value)


def checked_unsigned(value: object, low: int, high: int) -> int:
    """Return a whole number in low..high, or raise invalid-data-type or value-out-of-range."""
    number = checked_real(value)
    if not math.isfinite(number) or number != int(number):
        raise property_error("invalid-data-type")
    if not low <= number <= high:
        raise property_error("value-out-of-range")
    return int(number)


def checked_text(value: object, limit: int) -> str:
    """Return a text of at most ``limit`` ANSI X3.4 characters, or raise why not."""
    if not isinstance(value, str):
        raise property_error("invalid-data-type")
    if not value.isascii():
        raise property_error("character-set-not-supported")
    if len(value) > limit:
        raise property_error("value-out-of-range")
    return value


def checked_bool(value: object) -> bool:
    """Return a boolean, or raise invalid-data-type."""
    if not isinstance(value, bool):
        raise property_error("invalid-data-type")
    return value
