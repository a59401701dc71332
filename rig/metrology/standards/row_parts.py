"""What rows of limit tables are made of: quantities, loads, bands of current, load factors, who checked them."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from rig.files.yaml_types import Day, Strict
from rig.load_point import LoadPoint

_FACTOR = re.compile(r"(PF|sin) (1|0\.\d+)(?: (lag|lead))?")
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]

_FACTOR_TOLERANCE = 5e-4  # a plan may say -14.48 degrees for sin φ 0.25


class Quantity(StrEnum):
    """What a limit is about; energies are judged on registers, the others on one-second values."""

    ACTIVE_POWER = "active_power"
    REACTIVE_POWER = "reactive_power"
    ACTIVE_ENERGY = "active_energy"
    REACTIVE_ENERGY = "reactive_energy"
    VOLTAGE = "voltage"
    CURRENT = "current"
    APPARENT_POWER = "apparent_power"
    POWER_FACTOR = "power_factor"
    FREQUENCY = "frequency"

    @property
    def follows_load(self) -> bool:
        """Whether the limit depends on which phases are loaded (powers, energies and the power factor)."""
        return self not in (Quantity.VOLTAGE, Quantity.CURRENT, Quantity.FREQUENCY)


class LoadKind(StrEnum):
    """Balanced load, one phase alone, or a limit that holds for any load of the other phases."""

    BALANCED = "balanced"
    SINGLE_PHASE = "single_phase"
    ANY = "any"


class Band(Strict):
    """From ``from``, which belongs to it, either ``to`` (included) or ``below`` (not included)."""

    model_config = ConfigDict(populate_by_name=True)
    what: ClassVar = "a band"
    may_be_a_point: ClassVar = True
    low: NotNegative = Field(alias="from")
    to: Positive | None = None
    below: Positive | None = None

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        if (self.to is None) == (self.below is None):
            raise ValueError(f"{self.what} ends with either 'to' (included) or 'below' (not included)")
        if self.high < self.low or (self.high == self.low and not (self.may_be_a_point and self.to is not None)):
            raise ValueError(f"{self.what} ends above where it begins")
        return self

    @property
    def high(self) -> float:
        """The upper end, whether or not it belongs to the band."""
        end = self.to if self.to is not None else self.below
        assert end is not None
        return end

    def __contains__(self, value: float) -> bool:
        return self.low <= value < self.high or value == self.to

    @property
    def text(self) -> str:
        """The band in words, such as ``1 to below 5``."""
        return f"{self.low:g} to {'below ' if self.to is None else ''}{self.high:g}"

    def meets(self, other: Band | None) -> bool:
        """Whether some value lies in both; None is everything."""
        return other is None or self.low in other or other.low in self


class Interval(Band):
    """Percent of In, or volts: it has a length."""

    what: ClassVar = "an interval"
    may_be_a_point: ClassVar = False


@dataclass(frozen=True, slots=True)
class LoadFactor:
    """A power factor or sin φ with its side: ``function`` is "PF" or "sin"; ``side`` "lag", "lead", or "" at PF 1.

    The side is the sign of reactive power: lag is inductive, Q > 0, in import and in export alike.
    """

    function: str
    value: float
    side: str

    @property
    def text(self) -> str:
        """As the limit files write it, such as ``PF 0.5 lag``."""
        return f"{self.function} {self.value:g} {self.side}".rstrip()

    @property
    def angle_deg(self) -> float:
        """The angle of the current relative to its voltage, import, degrees, negative = lag."""
        angle = math.degrees(math.acos(self.value) if self.function == "PF" else math.asin(self.value))
        return round(-angle if self.side == "lag" else angle, 10) + 0.0  # 60.00000000000001 and -0.0 make poor ids

    def matches(self, point: LoadPoint) -> bool:
        """Whether the nominal angle of ``point`` is this factor, for import or export."""
        actual = point.power_factor if self.function == "PF" else point.sin_phi
        if abs(abs(actual) - self.value) > _FACTOR_TOLERANCE:
            return False
        sign = {"lag": 1.0, "lead": -1.0}.get(self.side)
        return sign is None or sign * point.sin_phi > 0.0


def _parse_factor(text: object) -> LoadFactor:
    match = _FACTOR.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a load factor is written like 'PF 1', 'PF 0.5 lag' or 'sin 0.25 lead'")
    function, value, side = match[1], float(match[2]), match[3] or ""
    if (function == "PF" and value == 1.0) != (side == ""):
        raise ValueError("PF 1 has no side; every other load factor says lag or lead")
    return LoadFactor(function, value, side)


_FACTOR_SCHEMA = {
    "type": "string",
    "pattern": f"^{_FACTOR.pattern}$",
    "description": "such as PF 0.5 lag, or sin 1 lead",
}
Factor = Annotated[LoadFactor, BeforeValidator(_parse_factor), WithJsonSchema(_FACTOR_SCHEMA)]
Text = Annotated[str, AfterValidator(str.strip), Field(min_length=1)]


class FromFile(BaseModel):
    """A part of a limit file: unknown keys and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _not_in_the_future(day: dt.date | None) -> dt.date | None:
    today = dt.datetime.now().astimezone().date()
    if day is not None and day > today:
        raise ValueError(f"{day} is in the future (today is {today}); write the day on which the row was compared")
    return day


class Checked(FromFile):
    """A row that says where its number is from, and who compared it with a bought copy, if anybody did."""

    provenance: Text
    checked_by: str = ""
    checked_on: Annotated[Day | None, AfterValidator(_not_in_the_future)] = None

    @model_validator(mode="after")
    def _who_and_when(self) -> Self:
        if bool(self.checked_by) != (self.checked_on is not None):
            raise ValueError("checked_by and checked_on are given together, or neither")
        return self
