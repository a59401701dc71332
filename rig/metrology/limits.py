"""Limit tables: what error a standard allows, as data with provenance, chosen by the nominal load point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from rig.files.yaml_types import Day, Strict
from rig.load_point import PHASE_NAMES, LoadPoint

_FACTOR = re.compile(r"(PF|sin) (1|0\.\d+)(?: (lag|lead))?")
_Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]

_FACTOR_TOLERANCE = 5e-4  # a plan may say -14.48 degrees for sin φ 0.25
UNVERIFIED = "limit table unverified"


class Quantity(StrEnum):
    """What a limit is about; energies are judged on registers, the others on one-second values."""

    ACTIVE_POWER = "active_power"
    REACTIVE_POWER = "reactive_power"
    ACTIVE_ENERGY = "active_energy"
    REACTIVE_ENERGY = "reactive_energy"
    VOLTAGE = "voltage"
    CURRENT = "current"

    @property
    def follows_load(self) -> bool:
        """Whether the limit depends on which phases are loaded (powers and energies)."""
        return self not in (Quantity.VOLTAGE, Quantity.CURRENT)


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
    low: _NotNegative = Field(alias="from")
    to: _Positive | None = None
    below: _Positive | None = None

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


_Factor = Annotated[LoadFactor, BeforeValidator(_parse_factor)]
Text = Annotated[str, AfterValidator(str.strip), Field(min_length=1)]


class _FromFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Checked(_FromFile):
    provenance: Text
    checked_by: str = ""
    checked_on: Day | None = None

    @model_validator(mode="after")
    def _who_and_when(self) -> Self:
        if bool(self.checked_by) != (self.checked_on is not None):
            raise ValueError("checked_by and checked_on are given together, or neither")
        return self


class RowData(_Checked):
    """One row: ± ``limit_pct`` percent of reading for ``quantities`` at the load that the other fields describe.

    ``current_pct``: percent of In, None where the current does not matter; ``voltage_ln_v``: nominal volts line to
    neutral; ``factors``: empty where the angle does not matter. ``provenance``: how far to trust the number
    (``K-H``: recalled, not checked; ``MANUAL``: in the meter's manual). ``per_kelvin_pct``: widening for each kelvin
    away from ``reference_temperature_c``. ``on_request``: not part of the standard's ordinary table.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind
    limit_pct: _Positive
    current_pct: Interval | None = None
    voltage_ln_v: Interval | None = None
    factors: tuple[_Factor, ...] = ()
    on_request: StrictBool = False
    per_kelvin_pct: _NotNegative = 0.0
    reference_temperature_c: _Number | None = None

    @model_validator(mode="after")
    def _temperature_is_whole(self) -> Self:
        if (self.per_kelvin_pct > 0.0) != (self.reference_temperature_c is not None):
            raise ValueError("per_kelvin_pct and reference_temperature_c are given together, or neither")
        return self

    @model_validator(mode="after")
    def _load_is_said(self) -> Self:
        needs_load = any(quantity.follows_load for quantity in self.quantities)
        if needs_load and (self.load is LoadKind.ANY or not self.factors):
            raise ValueError("a power or energy row says its load (balanced or single_phase) and its factors")
        return self


class LimitRow(RowData):
    """A row with the table that it stands in."""

    standard: str
    edition: str
    accuracy_class: str
    table: str

    @property
    def verified(self) -> bool:
        """Whether a person has checked the row against a bought copy."""
        return bool(self.checked_by)

    def limit_at(self, temperature_c: float | None) -> float:
        """Return the limit in percent at an ambient temperature; the narrowest one where that is not known."""
        if temperature_c is None or self.reference_temperature_c is None:
            return self.limit_pct
        return self.limit_pct + self.per_kelvin_pct * abs(temperature_c - self.reference_temperature_c)

    def applies_to(self, point: LoadPoint, quantity: Quantity, phase: str) -> bool:
        """Whether this row is about ``quantity`` on ``phase`` ("A", "AB" line to line, "ABC" total) at ``point``."""
        return (
            quantity in self.quantities
            and _is_fed_as(quantity, point, phase)
            and _is_loaded_as(self.load, quantity, point, phase)
            and (self.current_pct is None or point.current_pct in self.current_pct)
            and (self.voltage_ln_v is None or _nominal_v(point, quantity, phase) in self.voltage_ln_v)
            and (not self.factors or any(factor.matches(point) for factor in self.factors))
        )


def _is_fed_as(quantity: Quantity, point: LoadPoint, phase: str) -> bool:
    """Whether the voltages are those that limits are stated for: balanced, but where one phase's own RMS is judged.

    A phase without voltage has nothing to be judged against.
    """
    if point.has_balanced_voltages:
        return True
    if quantity is Quantity.VOLTAGE:
        return len(phase) == 1 and _nominal_v(point, quantity, phase) > 0.0
    return quantity is Quantity.CURRENT


def _nominal_v(point: LoadPoint, quantity: Quantity, phase: str) -> float:
    """Return the volts line to neutral by which a row is selected."""
    if quantity is Quantity.VOLTAGE and len(phase) == 1:
        return point.phase_voltages_v[PHASE_NAMES.index(phase)]
    return max(point.phase_voltages_v)


def _is_loaded_as(load: LoadKind, quantity: Quantity, point: LoadPoint, phase: str) -> bool:
    """Whether ``phase`` carries the kind of load of the row.

    A balanced row is about the total of three phases, not about one of them; a single-phase row about the loaded
    phase and, since nothing else is loaded, the total.
    """
    if quantity is Quantity.VOLTAGE:
        return phase != PHASE_NAMES
    if quantity is Quantity.CURRENT:
        return len(phase) == 1 and phase in point.phases
    if load is LoadKind.BALANCED:
        return point.is_balanced and phase == PHASE_NAMES
    if load is LoadKind.SINGLE_PHASE:
        return len(point.phases) == 1 < len(point.ct_phases) and phase in (point.phases, PHASE_NAMES)
    return phase == PHASE_NAMES or phase in point.phases


class DifferenceRow(_Checked):
    """Limit of the difference between a single-phase error and the balanced error, both at the same current and factor.

    ``limit_pct`` in percent; the other fields as in LimitRow.
    """

    title: Text
    quantities: tuple[Quantity, ...] = Field(min_length=1)
    current_pct: _Positive
    factor: _Factor
    limit_pct: _Positive


class ReferenceConditions(_FromFile):
    """What the conditions of a measurement may deviate by before no verdict is given (INVALID); all ±.

    Percent of nominal for voltage and frequency; percent of their mean for the three voltages and, where all are
    loaded, the three currents (``unbalance_pct``); ``phase_spread_deg``: how far the displacements of the currents
    from their voltages may differ; ``distortion_pct``: largest distortion factor. ``temperature_c`` and
    ``temperature_k``: of the air around the meter, degrees Celsius, and ± kelvins from it.
    """

    temperature_c: _Number
    temperature_k: _Positive
    voltage_pct: _Positive
    frequency_pct: _Positive
    unbalance_pct: _Positive
    phase_spread_deg: _Positive
    distortion_pct: _Positive
    provenance: Text


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The rows of one standard and class, as loaded from ``source``; ``wording`` is what a report may claim."""

    name: str
    standard: str
    edition: str
    accuracy_class: str
    wording: str
    rows: tuple[LimitRow, ...]
    differences: tuple[DifferenceRow, ...] = ()
    reference_conditions: ReferenceConditions | None = None
    source: str = ""

    @property
    def verified(self) -> bool:
        """Whether every row has been checked against a bought copy."""
        return all(row.verified for row in self.rows) and all(row.checked_by for row in self.differences)

    @property
    def status(self) -> str:
        """What a report prints: "limit table unverified" until every row has been checked, then by whom."""
        if not self.verified:
            return UNVERIFIED
        return "checked by " + ", ".join(sorted({row.checked_by for row in self.rows}))

    @property
    def quantities(self) -> frozenset[Quantity]:
        """Every quantity that some row is about."""
        return frozenset(quantity for row in self.rows for quantity in row.quantities)

    def row_for(self, point: LoadPoint, quantity: Quantity, phase: str, *, on_request: bool = False) -> LimitRow | None:
        """Return the row for ``quantity`` on ``phase`` at the nominal ``point``, or None: then it is NOT_JUDGED.

        ``phase``: "A", "B", "C"; "AB", "BC", "CA" for line to line voltages; "ABC" for a total. Rows marked on request
        count only when asked for. Two rows that both apply cannot be loaded from a file (rig.metrology.limit_files).
        """
        return next(
            (row for row in self.rows if (on_request or not row.on_request) and row.applies_to(point, quantity, phase)),
            None,
        )
