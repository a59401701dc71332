"""Limit tables: what error a standard allows, as data with provenance, chosen by the nominal load point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.standards.programme_rows import (
    DifferenceRow,
    InfluenceRow,
    NoLoadRow,
    ProgrammeRow,
    RepeatabilityRow,
    StartingRow,
)
from rig.metrology.standards.row_parts import (
    Checked,
    Factor,
    FromFile,
    Interval,
    LoadFactor,
    LoadKind,
    NotNegative,
    Number,
    Positive,
    Quantity,
    Text,
)

__all__ = [
    "UNVERIFIED",
    "DifferenceRow",
    "Disagreement",
    "LimitRow",
    "LimitTable",
    "LoadFactor",
    "LoadKind",
    "Quantity",
    "ReferenceConditions",
    "RowData",
]

UNVERIFIED = "limit table unverified"


class RowData(Checked):
    """One row: ± ``limit_pct`` percent of reading for ``quantities`` at the load that the other fields describe.

    ``current_pct``: percent of In, None where the current does not matter; ``voltage_ln_v``: nominal volts line to
    neutral; ``factors``: empty where the angle does not matter. ``provenance``: how far to trust the number
    (``K-H``: recalled, not checked; ``MANUAL``: in the meter's manual). ``per_kelvin_pct``: widening for each kelvin
    away from ``reference_temperature_c``. ``on_request``: not part of the standard's ordinary table.
    ``factors_between``: the row holds for all power factors from the lagging to the leading one of ``factors`` too,
    save PF 1 where that is not listed.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind
    limit_pct: Positive
    current_pct: Interval | None = None
    voltage_ln_v: Interval | None = None
    factors: tuple[Factor, ...] = ()
    factors_between: StrictBool = False
    on_request: StrictBool = False
    per_kelvin_pct: NotNegative = 0.0
    reference_temperature_c: Number | None = None

    @model_validator(mode="after")
    def _temperature_is_whole(self) -> Self:
        if (self.per_kelvin_pct > 0.0) != (self.reference_temperature_c is not None):
            raise ValueError("per_kelvin_pct and reference_temperature_c are given together, or neither")
        return self

    @model_validator(mode="after")
    def _between_two_sides(self) -> Self:
        if self.factors_between and sorted(f.side for f in self.factors if f.function == "PF" and f.side) != [
            "lag",
            "lead",
        ]:
            raise ValueError("factors_between needs one lagging and one leading power factor in factors")
        return self

    def holds_between(self, factor: LoadFactor) -> bool:
        """Whether ``factor`` lies between the listed ones, where the row holds there."""
        return self.factors_between and any(
            each.side == factor.side and each.value <= factor.value < 1.0 for each in self.factors if each.side
        )

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

    def applies_to(self, point: LoadPoint, quantity: Quantity, phase: str, *, whole_range: bool = True) -> bool:
        """Whether this row is about ``quantity`` on ``phase`` ("A", "AB" line to line, "ABC" total) at ``point``.

        ``whole_range``: also between the factors that are listed, where the row holds there.
        """
        return (
            quantity in self.quantities
            and _is_fed_as(quantity, point, phase)
            and _is_loaded_as(self.load, quantity, point, phase)
            and (self.current_pct is None or point.current_pct in self.current_pct)
            and (self.voltage_ln_v is None or _nominal_v(point, quantity, phase) in self.voltage_ln_v)
            and (
                not self.factors or any(f.matches(point) for f in self.factors) or (whole_range and self._spans(point))
            )
        )

    def _spans(self, point: LoadPoint) -> bool:
        side = "lag" if point.sin_phi > 0.0 else "lead"
        return self.holds_between(LoadFactor("PF", round(abs(point.power_factor), 9), side))


def _is_fed_as(quantity: Quantity, point: LoadPoint, phase: str) -> bool:
    """Whether the voltages are those that limits are stated for: balanced, but where one phase's own RMS is judged.

    A phase without voltage has nothing to be judged against.
    """
    if point.has_balanced_voltages:
        return True
    if quantity is Quantity.VOLTAGE:
        return len(phase) == 1 and _nominal_v(point, quantity, phase) > 0.0
    if quantity is Quantity.FREQUENCY:
        return point.phase_voltages_v[0] > 0.0
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
    if quantity is Quantity.FREQUENCY:
        return True
    if quantity is Quantity.VOLTAGE:
        return phase != PHASE_NAMES
    if quantity is Quantity.CURRENT:
        return len(phase) == 1 and phase in point.phases
    if load is LoadKind.BALANCED:
        return point.is_balanced and phase == PHASE_NAMES
    if load is LoadKind.SINGLE_PHASE:
        return len(point.phases) == 1 < len(point.ct_phases) and phase in (point.phases, PHASE_NAMES)
    return phase == PHASE_NAMES or phase in point.phases


def _rising(span: tuple[float, float]) -> tuple[float, float]:
    if not span[0] < span[1]:
        raise ValueError("give the lowest and then the highest value")
    return span


_Span = Annotated[tuple[Number, Number], Field(strict=False), AfterValidator(_rising)]
"""Lowest and highest value."""


class ReferenceConditions(FromFile):
    """What the conditions of a measurement may deviate by before no verdict is given (INVALID); all ±.

    Percent of nominal for voltage and frequency; percent of their mean for the three voltages and, where all are
    loaded, the three currents (``unbalance_pct``); ``phase_spread_deg``: how far the displacements of the currents
    from their voltages may differ; ``distortion_pct``: largest distortion factor. ``temperature_c`` and
    ``temperature_k``: of the air around the meter, degrees Celsius, and ± kelvins from it. ``humidity_pct`` (relative)
    and ``pressure_hpa``: lowest and highest, where the standard states them; they are recorded in any case.
    """

    temperature_c: Number
    temperature_k: Positive
    voltage_pct: Positive
    frequency_pct: Positive
    unbalance_pct: Positive
    phase_spread_deg: Positive
    distortion_pct: Positive
    provenance: Text
    humidity_pct: _Span | None = None
    pressure_hpa: _Span | None = None


class Claim(FromFile):
    """What one public source says, in words, and which source."""

    says: Text
    source: Text


class Disagreement(FromFile):
    """Two public sources that do not agree ``about`` a number or a condition, and which of them the rows follow."""

    about: Text
    one: Claim
    other: Claim
    followed: Text


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The rows of one standard and class, as loaded from ``source``; ``wording`` is what a report may claim.

    ``provenances``: provenance codes of the table's own, with what each means.
    """

    name: str
    standard: str
    edition: str
    accuracy_class: str
    wording: str
    rows: tuple[LimitRow, ...]
    differences: tuple[DifferenceRow, ...] = ()
    influences: tuple[InfluenceRow, ...] = ()
    repeatability: tuple[RepeatabilityRow, ...] = ()
    starting: tuple[StartingRow, ...] = ()
    no_load: tuple[NoLoadRow, ...] = ()
    reference_conditions: ReferenceConditions | None = None
    disagreements: tuple[Disagreement, ...] = ()
    provenances: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def __hash__(self) -> int:
        """Hash by what names the table, so that what is found in it can be cached; equality compares all of it."""
        return hash((self.name, self.source))

    @property
    def programme_rows(self) -> tuple[ProgrammeRow, ...]:
        """Every row that is no error limit."""
        return (*self.differences, *self.influences, *self.repeatability, *self.starting, *self.no_load)

    @property
    def verified(self) -> bool:
        """Whether every row has been checked against a bought copy."""
        return all(row.verified for row in (*self.rows, *self.programme_rows))

    @property
    def status(self) -> str:
        """What a report prints: "limit table unverified" until every row has been checked, then by whom."""
        if not self.verified:
            return UNVERIFIED
        return "checked by " + ", ".join(sorted({row.checked_by for row in (*self.rows, *self.programme_rows)}))

    @property
    def quantities(self) -> frozenset[Quantity]:
        """Every quantity that some row is about."""
        return frozenset(quantity for row in self.rows for quantity in row.quantities)

    def row_for(
        self,
        point: LoadPoint,
        quantity: Quantity,
        phase: str,
        *,
        on_request: bool = False,
        whole_range: bool = True,
    ) -> LimitRow | None:
        """Return the row for ``quantity`` on ``phase`` at the nominal ``point``, or None: then it is NOT_JUDGED.

        ``phase``: "A", "B", "C"; "AB", "BC", "CA" for line to line voltages; "ABC" for a total. Rows marked on request
        count only when asked for. ``whole_range``: as in LimitRow.applies_to. Two rows that both
        apply cannot be loaded from a file (rig.metrology.limit_files).
        """
        asked = (row for row in self.rows if on_request or not row.on_request)
        return next((row for row in asked if row.applies_to(point, quantity, phase, whole_range=whole_range)), None)
