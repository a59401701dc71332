"""Limit tables from YAML files that people edit: strict, with file and line in every complaint."""

from __future__ import annotations

import re
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from rig.errors import BenchFileError
from rig.files.yaml_file import Location, parse_yaml, read_text, validate
from rig.files.yaml_types import Day
from rig.metrology.accuracy import Band
from rig.metrology.limits import (
    DifferenceRow,
    Interval,
    LimitRow,
    LimitTable,
    LoadFactor,
    LoadKind,
    Quantity,
    ReferenceConditions,
)

_SHELF = "fixtures.standards"
_FACTOR = re.compile(r"(PF|sin) (1|0\.\d+)(?: (lag|lead))?")
_Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]


def _parse_factor(text: object) -> LoadFactor:
    match = _FACTOR.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a load factor is written like 'PF 1', 'PF 0.5 lag' or 'sin 0.25 lead'")
    function, value, side = match[1], float(match[2]), match[3] or ""
    if (function == "PF" and value == 1.0) != (side == ""):
        raise ValueError("PF 1 has no side; every other load factor says lag or lead")
    return LoadFactor(function, value, side)


_Factor = Annotated[LoadFactor, BeforeValidator(_parse_factor)]
_Text = Annotated[str, AfterValidator(str.strip), Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _IntervalData(Band):
    """``from`` belongs to the interval; ``to`` does as well, ``below`` does not."""

    what: ClassVar = "an interval"
    may_be_a_point: ClassVar = False


class _Checked(_Strict):
    provenance: _Text
    checked_by: str = ""
    checked_on: Day | None = None

    @model_validator(mode="after")
    def _who_and_when(self) -> _Checked:
        if bool(self.checked_by) != (self.checked_on is not None):
            raise ValueError("checked_by and checked_on are given together, or neither")
        return self


class _RowData(_Checked):
    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind
    limit_pct: _Positive
    current_pct: _IntervalData | None = None
    voltage_ln_v: _IntervalData | None = None
    factors: tuple[_Factor, ...] = ()
    on_request: StrictBool = False
    per_kelvin_pct: _NotNegative = 0.0
    reference_temperature_c: _Number | None = None

    @model_validator(mode="after")
    def _temperature_is_whole(self) -> _RowData:
        if (self.per_kelvin_pct > 0.0) != (self.reference_temperature_c is not None):
            raise ValueError("per_kelvin_pct and reference_temperature_c are given together, or neither")
        return self

    @model_validator(mode="after")
    def _load_is_said(self) -> _RowData:
        needs_load = any(quantity.follows_load for quantity in self.quantities)
        if needs_load and (self.load is LoadKind.ANY or not self.factors):
            raise ValueError("a power or energy row says its load (balanced or single_phase) and its factors")
        return self


class _TableData(_Strict):
    title: _Text
    rows: tuple[_RowData, ...] = Field(min_length=1)


class _DifferenceData(_Checked):
    title: _Text
    quantities: tuple[Quantity, ...] = Field(min_length=1)
    current_pct: _Positive
    factor: _Factor
    limit_pct: _Positive


class _ConditionsData(_Strict):
    temperature_c: _Number
    temperature_k: _Positive
    voltage_pct: _Positive
    frequency_pct: _Positive
    unbalance_pct: _Positive
    phase_spread_deg: _Positive
    distortion_pct: _Positive
    provenance: _Text


class _FileData(_Strict):
    standard: _Text
    edition: str
    accuracy_class: str
    wording: _Text
    tables: tuple[_TableData, ...] = Field(min_length=1)
    differences: tuple[_DifferenceData, ...] = ()
    reference_conditions: _ConditionsData | None = None


def available_limit_tables() -> tuple[str, ...]:
    """Return the names of the limit tables that come with the rig."""
    shelf = resources.files(_SHELF)
    return tuple(sorted(entry.name[:-5] for entry in shelf.iterdir() if entry.name.endswith(".yaml")))


def load_limit_table(name_or_path: str | Path) -> LimitTable:
    """Load a limit table by NAME (one of the rig's own) or PATH (anything with a slash or a .yaml ending).

    Raises BenchFileError, with file and line, for a key that is missing, unknown, misspelt or contradictory.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return _load(path)
    entry = resources.files(_SHELF) / f"{name_or_path}.yaml"
    if not entry.is_file():
        known = ", ".join(available_limit_tables())
        raise BenchFileError(str(name_or_path), None, f"there is no such limit table; known: {known}, or give a path")
    with resources.as_file(entry) as found:
        return _load(found)


def _load(path: Path) -> LimitTable:
    data, lines = parse_yaml(path, read_text(path))
    parsed = validate(path, data, lines, _FileData)
    rows: list[tuple[LimitRow, Location]] = []
    for t, table in enumerate(parsed.tables):
        rows.extend((_row(parsed, table, row), ("tables", t, "rows", r)) for r, row in enumerate(table.rows))
    for (first, first_at), (second, second_at) in combinations(rows, 2):
        if _overlap(first, second):
            message = f"this row and the one of line {lines[first_at]} both apply to some load points; keep them apart"
            raise BenchFileError(path, lines[second_at], message)
    conditions = parsed.reference_conditions
    own: dict[str, Any] = dict(parsed) | {
        "rows": tuple(row for row, _ in rows),
        "differences": tuple(_difference(row) for row in parsed.differences),
        "reference_conditions": ReferenceConditions(**dict(conditions)) if conditions else None,
    }
    del own["tables"]
    return LimitTable(name=path.stem, source=str(path), **own)


def _row(file: _FileData, table: _TableData, row: _RowData) -> LimitRow:
    own: dict[str, Any] = dict(row)
    own |= {key: own[key] and own[key].interval for key in ("current_pct", "voltage_ln_v")}
    own |= {"quantities": frozenset(row.quantities), "table": table.title}
    return LimitRow(standard=file.standard, edition=file.edition, accuracy_class=file.accuracy_class, **own)


def _difference(row: _DifferenceData) -> DifferenceRow:
    own: dict[str, Any] = {**dict(row), "quantities": frozenset(row.quantities)}
    return DifferenceRow(table=own.pop("title"), **own)


def _overlap(first: LimitRow, second: LimitRow) -> bool:
    """Whether some load point, quantity and phase would find both rows."""
    loads = {first.load, second.load}
    return (
        bool(first.quantities & second.quantities)
        and (len(loads) == 1 or LoadKind.ANY in loads)
        and _intervals_meet(first.current_pct, second.current_pct)
        and _intervals_meet(first.voltage_ln_v, second.voltage_ln_v)
        and (not first.factors or not second.factors or bool(set(first.factors) & set(second.factors)))
    )


def _intervals_meet(first: Interval | None, second: Interval | None) -> bool:
    if first is None or second is None:
        return True
    return first.low in second or second.low in first
