"""The laboratory file and the customer file of a certificate: the items of ISO/IEC 17025:2017, 7.8, as fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from rig.errors import UsageRefused
from rig.files.yaml_file import load_yaml_model
from rig.files.yaml_types import Day, Strict

_LONGEST = 2_000
_COUNTRY = re.compile(r"[A-Z]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FIELD = re.compile(r"\{(?P<name>year|sequence|serial)(?::0?(?P<width>[1-9]))?\}")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NUMBER = 80


def _filled(value: object) -> object:
    """Refuse what was left empty: a certificate says nothing that was not written."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(f"is empty ({value!r}); fill it in")
    if isinstance(value, str):
        text = value.strip()
        if not text.replace("\n", " ").isprintable():
            raise ValueError("write it without tabs and control characters")
        return text
    return value


def _perhaps(value: object) -> object:
    return "" if value is None else _filled(value) if value != "" else value


Filled = Annotated[str, BeforeValidator(_filled), Field(max_length=_LONGEST)]
"""A text that has to be there."""

Perhaps = Annotated[str, BeforeValidator(_perhaps), Field(max_length=_LONGEST)]
"""A text that may be left empty where its item does not apply."""


class Address(Strict):
    """Where a laboratory or a customer is; ``country``: two letters (ISO 3166-1)."""

    street: Filled
    postcode: Filled
    city: Filled
    country: Filled

    @field_validator("country")
    @classmethod
    def _two_letters(cls, value: str) -> str:
        if not _COUNTRY.fullmatch(value):
            raise ValueError("write the two capital letters of ISO 3166-1, such as US")
        return value


class Contact(Strict):
    """How a laboratory or a customer is reached."""

    email: Filled
    phone: Perhaps = ""
    person: Perhaps = ""

    @field_validator("email")
    @classmethod
    def _has_an_at_sign(cls, value: str) -> str:
        if not _EMAIL.fullmatch(value):
            raise ValueError(f"{value!r} is no e-mail address; write one such as name@example.com")
        return value


class Place(Strict):
    """Where the activities took place (7.8.2.1 c)."""

    kind: Literal["laboratory", "customer", "other"]
    where: Filled


class Method(Strict):
    """The method (7.8.2.1 f) and every addition to, deviation from or exclusion of it (7.8.2.1 n)."""

    name: Filled
    document: Filled
    deviations: Filled


class Person(Strict):
    """A person who authorises certificates (7.8.2.1 o)."""

    name: Filled
    role: Filled


class Laboratory(Strict):
    """What stays the same on the certificates of a laboratory.

    ``number``: the scheme of certificate numbers, with ``{year}``, ``{sequence}`` (counted within the year, with
    a width such as ``{sequence:04}``) and ``{serial}``. ``example``: no laboratory issues these; each page is marked.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    example: bool = False
    name: Filled
    address: Address
    contact: Contact
    accreditation: Filled
    title: Filled
    number: Filled
    place: Place
    method: Method
    sampling: Filled
    traceability: Filled
    external_providers: Filled
    authorised_by: Annotated[tuple[Person, ...], Field(min_length=1, strict=False)]

    @field_validator("number")
    @classmethod
    def _is_a_scheme(cls, value: str) -> str:
        number_of(value, year=2000, sequence=1, serial="1")
        return value


class Item(Strict):
    """The meter as it was received (7.8.2.1 g) and what belongs to it."""

    description: Filled
    condition: Filled
    received_on: Day
    identification: Perhaps = ""
    current_transformers: Filled
    voltage_transformers: Filled
    adjustment: Filled


class Agreed(Strict):
    """What was agreed with the customer: the specification (7.8.6.2) and, if any, an interval (7.8.4.3)."""

    specification: Filled
    decision_rule: Filled
    recalibration: Perhaps = ""
    provided_by_customer: Filled
    opinions: Filled


class Customer(Strict):
    """What belongs to one order: the customer (7.8.2.1 e), the item, and what was agreed."""

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    name: Filled
    address: Address
    contact: Contact
    order: Filled
    item: Item
    agreed: Agreed


def load_laboratory(path: Path) -> Laboratory:
    """Read a laboratory file. Raises BenchFileError with file and line for what is missing, empty or unknown."""
    return load_yaml_model(path, Laboratory)


def load_customer(path: Path) -> Customer:
    """Read a customer file. Raises BenchFileError with file and line for what is missing, empty or unknown."""
    return load_yaml_model(path, Customer)


def number_of(scheme: str, *, year: int, sequence: int, serial: str) -> str:
    """Return the certificate number of a scheme. Raises ValueError for a scheme that does not give unique numbers."""
    values = {"year": f"{year:04}", "serial": _UNFIT.sub("_", serial)}
    fields = {match["name"] for match in _FIELD.finditer(scheme)}

    def value_of(match: re.Match[str]) -> str:
        name, width = match["name"], match["width"]
        if name == "sequence":
            return f"{sequence:0{int(width or 1)}}"
        if width:
            raise ValueError(f"may give a width to {{sequence}} only, not to {{{name}}}")
        return values[name]

    text = _FIELD.sub(value_of, scheme)
    if "sequence" not in fields or "year" not in fields:
        raise ValueError(
            "needs {year} and {sequence}, or numbers would not be unique, such as 'CAL-{year}-{sequence:04}'"
        )
    if unfit := _UNFIT.search(text):
        raise ValueError(
            f"may hold letters, digits, . _ -, {{year}}, {{sequence}} and {{serial}} only, not {unfit[0]!r}"
        )
    if not text[0].isalnum() or len(text) > _LONGEST_NUMBER:
        raise ValueError(f"begins with a letter or digit and has at most {_LONGEST_NUMBER} characters")
    return text


def plain(model: Strict) -> dict[str, Any]:
    """Return a file's content as JSON has it, for the certificate's attachment."""
    content: dict[str, Any] = model.model_dump(mode="json", by_alias=True)
    return content


class NoPartyFile(UsageRefused):
    """A certificate was asked for without its laboratory or customer file (exit 11); ``which`` it is."""

    def __init__(self, which: str) -> None:
        super().__init__(
            f"a certificate needs a {which} file: name it with --{which} (write one to fill in: "
            f"rig certificate --template {which})"
        )
        self.which = which
