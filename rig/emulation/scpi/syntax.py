"""SCPI's written form: splitting a program message, reading its parameters, writing numbers.

Source: SCPI-99 volume 1 chapters 6 and 7, IEEE 488.2 chapter 7; number formats of the answers from the manuals of the
instruments (Fluke 6100B/6105A Users Manual chapter 5, IM WT3001E-17EN chapter 6).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rig.emulation.scpi.errors import SCPI_99_ERRORS

ERROR_TEXTS = SCPI_99_ERRORS | {
    111: "Channel list: slot number out of range",
    112: "Channel list: channel number out of range",
    308: "Channel not able to perform requested operation",
    309: "Incorrectly formatted channel list",
}
"""The error numbers the emulated instruments use, and the text of each; positive ones are an instrument's own."""

_HEADER = re.compile(r"(\*[A-Za-z]+|:?[A-Za-z][A-Za-z0-9_]*(:[A-Za-z][A-Za-z0-9_]*)*)(\?)?\Z")
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[Ee][+-]?\d+)?)\s*([A-Za-z/]*)\Z")
_BASED = re.compile(r"#([BQH])([0-9A-F]+)\Z", re.IGNORECASE)
_BASES = {"B": 2, "Q": 8, "H": 16}
_MULTIPLIERS = {"": 1.0, "K": 1e3, "MA": 1e6, "G": 1e9, "M": 1e-3, "U": 1e-6, "N": 1e-9}
_MEGA_UNITS = ("HZ", "OHM")
_MOST_DIGITS, _LARGEST_EXPONENT, _MOST_EXPONENT_DIGITS = 255, 32000, 9
_MNEMONIC = re.compile(r"([A-Z_]+)([a-z]*)([0-9A-Z_]*)\Z")

Value = float | bool | str
"""What a parameter becomes: a number, a boolean, or a word (the short form, in capitals)."""


class ScpiError(Exception):
    """A command could not be done; ``code`` (SCPI-99's are negative) goes into the error queue with its text."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code},{ERROR_TEXTS[code]}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Unit:
    """One program message unit: its header's mnemonics as typed, and its parameters as text."""

    path: tuple[str, ...]
    is_common: bool
    is_absolute: bool
    is_query: bool
    parameters: tuple[str, ...]
    text: str


def split_outside(text: str, separator: str) -> list[str]:
    """Split at each ``separator`` that is in no quotes and no parentheses; raises ScpiError(-151) on an open quote."""
    if not any(character in text for character in "\"'("):
        return text.split(separator)
    parts, depth, quote, start = [], 0, "", 0
    for position, character in enumerate(text):
        if quote:
            if character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if quote:
        raise ScpiError(-151)
    return [*parts, text[start:]]


def parse_unit(text: str) -> Unit:
    """Read one program message unit; raises ScpiError with -101, -102 or -151."""
    text = text.strip()
    spaced = text.replace("\t", " ")
    if not (spaced.isascii() and spaced.isprintable()):
        raise ScpiError(-101)
    header, _, rest = spaced.partition(" ")
    match = _HEADER.match(header)
    if match is None:
        raise ScpiError(-102)
    name = match[1]
    rest = rest.strip()
    parameters = tuple(part.strip() for part in split_outside(rest, ",")) if rest else ()
    if any(not parameter for parameter in parameters):
        raise ScpiError(-102)
    is_common = name.startswith("*")
    path = (name.upper(),) if is_common else tuple(name.upper().removeprefix(":").split(":"))
    return Unit(path, is_common, name.startswith(":"), match[3] is not None, parameters, text)


def short_form(mnemonic: str) -> str:
    """Return the short form of a mnemonic written as the manuals do: ``VOLTage`` gives ``VOLT``."""
    match = _MNEMONIC.match(mnemonic)
    if match is None:
        raise ValueError(f"{mnemonic!r} is not written as capitals, small letters, digits")
    return match[1] + match[3]


class Parameter(Protocol):
    """How one parameter is read."""

    def parse(self, text: str) -> Value:
        """Turn the text into a value; raises ScpiError."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number between ``low`` and ``high`` (else -222), which may carry ``unit`` with a multiplier (``500MV``)."""

    low: float = -math.inf
    high: float = math.inf
    unit: str = ""

    def parse(self, text: str) -> float:
        """Read NRf or #B/#Q/#H; raises ScpiError with -104, -131, -138 or -222."""
        value = parse_number(text, self.unit)
        if not self.low <= value <= self.high or math.isinf(value):
            raise ScpiError(-222)
        return value


@dataclass(frozen=True, slots=True)
class Boolean:
    """ON, OFF, or a number of which 0 (rounded) is OFF."""

    def parse(self, text: str) -> bool:
        """Read the boolean; raises ScpiError with -104 or -141."""
        word = text.upper()
        if word in ("ON", "OFF"):
            return word == "ON"
        if word[:1].isalpha():
            raise ScpiError(-141)
        value = parse_number(text, "")
        return abs(value) >= 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words, each in short or long form (``RISE``, ``NEVer``)."""

    words: tuple[str, ...]

    def parse(self, text: str) -> str:
        """Return the chosen word's short form; raises ScpiError(-141)."""
        typed = text.upper()
        for word in self.words:
            if typed in (word.upper(), short_form(word)):
                return short_form(word)
        raise ScpiError(-141)

    def long_form(self, short: str) -> str:
        """Return the whole word, in capitals, of a short form."""
        return next(word.upper() for word in self.words if short_form(word) == short)


@dataclass(frozen=True, slots=True)
class Text:
    """Anything, in capitals: the command's own code reads it."""

    def parse(self, text: str) -> str:
        """Return the text in capitals."""
        return text.upper()


def parse_number(text: str, unit: str) -> float:
    """Read a number that may end in ``unit`` with a multiplier; raises ScpiError(-104, -123, -124, -131 or -138).

    More than 255 digits and exponents beyond 32000 are refused as such (IEEE 488.2, 7.7.2.4.1).
    """
    based = _BASED.match(text)
    if based is not None:
        try:
            return float(int(based[2], _BASES[based[1].upper()]))
        except (ValueError, OverflowError) as error:
            raise ScpiError(-104) from error
    match = _NUMBER.match(text)
    if match is None:
        raise ScpiError(-104)
    mantissa, _, exponent = match[1].upper().partition("E")
    if len(mantissa) > _MOST_DIGITS:
        raise ScpiError(-124)
    if len(exponent) > _MOST_EXPONENT_DIGITS or abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        raise ScpiError(-123)
    suffix = match[2].upper()
    if not suffix:
        return float(match[1])
    if not unit:
        raise ScpiError(-138)
    multiplier = suffix.removesuffix(unit) if suffix.endswith(unit) else None
    if multiplier not in _MULTIPLIERS:
        raise ScpiError(-131)
    factor = 1e6 if multiplier == "M" and unit in _MEGA_UNITS else _MULTIPLIERS[multiplier]
    return float(match[1]) * factor


def scientific(value: float, digits: int = 9) -> str:
    """Write ``14.4`` as ``1.44E1`` and zero as ``0.0E0``, as the Fluke 6105A's manual prints its answers."""
    mantissa, exponent = f"{value:.{digits - 1}E}".split("E")
    whole, _, decimals = mantissa.partition(".")
    if float(mantissa) == 0.0:
        return "0.0E0"
    return f"{whole}.{decimals.rstrip('0') or '0'}E{int(exponent)}"


def engineering(value: float, digits: int) -> str:
    """Write ``0.5`` with four digits as ``500.0E-03``, as the Yokogawa manuals print their answers."""
    mantissa, exponent_text = f"{abs(value):.{digits - 1}E}".split("E")
    figures, exponent = mantissa.replace(".", ""), int(exponent_text)
    if float(mantissa) == 0.0:
        exponent = 0
    group = 3 * math.floor(exponent / 3)
    whole_digits = exponent - group + 1
    figures = figures.ljust(whole_digits, "0")
    whole, decimals = figures[:whole_digits], figures[whole_digits:]
    sign = "-" if value < 0 and float(mantissa) != 0.0 else ""
    return f"{sign}{whole}{'.' + decimals if decimals else ''}E{group:+03d}"


def parse_all(parameters: Sequence[Parameter], optional: int, texts: Sequence[str]) -> tuple[Value, ...]:
    """Read the parameters, of which the last ``optional`` may be left out; raises ScpiError (-108, -109 by count)."""
    if len(texts) > len(parameters):
        raise ScpiError(-108)
    if len(texts) < len(parameters) - optional:
        raise ScpiError(-109)
    return tuple(parameter.parse(text) for parameter, text in zip(parameters, texts, strict=False))


def as_bit(value: bool) -> str:
    """Write a boolean as most instruments answer it: 1 or 0."""
    return str(int(value))
