"""Limit tables from YAML files that people edit: strict, with file and line in every complaint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from drivers.errors import RigError
from rig.errors import BenchFileError
from rig.files.yaml_file import Location, parse_yaml, read_text, validate
from rig.metrology.limits import Disagreement, LimitRow, LimitTable, LoadKind, ReferenceConditions, RowData
from rig.metrology.standards.programme_rows import (
    DifferenceRow,
    InfluenceRow,
    NoLoadRow,
    ProgrammeRow,
    RepeatabilityRow,
    StartingRow,
)
from rig.metrology.standards.provenance import PROVENANCE, why_unknown
from rig.metrology.standards.row_parts import Checked, Text
from rig.waveforms import waveform

_SHELF = "fixtures.standards"
_PROGRAMME = ("differences", "influences", "repeatability", "starting", "no_load")
_RowT = TypeVar("_RowT", bound=ProgrammeRow)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _TableData(_Strict):
    title: Text
    rows: tuple[RowData, ...] = Field(min_length=1)


class _FileData(_Strict):
    standard: Text
    edition: str
    accuracy_class: str
    wording: Text
    tables: tuple[_TableData, ...] = Field(min_length=1)
    differences: tuple[DifferenceRow, ...] = ()
    influences: tuple[InfluenceRow, ...] = ()
    repeatability: tuple[RepeatabilityRow, ...] = ()
    starting: tuple[StartingRow, ...] = ()
    no_load: tuple[NoLoadRow, ...] = ()
    reference_conditions: ReferenceConditions | None = None
    disagreements: tuple[Disagreement, ...] = ()
    provenances: dict[Text, Text] = {}
    """Codes of the file's own that ``provenance`` of a row may have, with what each means."""


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


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a limit file, for editors that complete and check YAML."""
    schema = _FileData.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "S4100 rig limit table"
    return schema


def _load(path: Path) -> LimitTable:
    return _parsed(path, read_text(path))


@lru_cache(maxsize=64)
def _parsed(path: Path, text: str) -> LimitTable:
    data, lines = parse_yaml(path, text)
    parsed = validate(path, data, lines, _FileData, check=partial(_unknown_part, path))
    of_file = {key: getattr(parsed, key) for key in ("standard", "edition", "accuracy_class")}
    rows = [
        (LimitRow.model_construct(table=table.title, **of_file, **dict(row)), ("tables", t, "rows", r))
        for t, table in enumerate(parsed.tables)
        for r, row in enumerate(table.rows)
    ]
    for (first, first_at), (second, second_at) in combinations(rows, 2):
        if _overlap(first, second):
            message = f"this row and the one of line {lines[first_at]} both apply to some load points; keep them apart"
            raise BenchFileError(path, lines[second_at], message)
    own: dict[str, Any] = dict(parsed) | {"rows": tuple(row for row, _ in rows)}
    del own["tables"]
    for kind in _PROGRAMME:
        own[kind] = tuple(_beside(path, row).placed(**of_file) for row in own[kind])
    return LimitTable(name=path.stem, source=str(path), **own)


def _unknown_part(path: Path, parsed: _FileData) -> tuple[Location, str] | None:
    """Return where a row has a provenance code that is not explained, or a waveform that cannot be read, and why."""
    for code in parsed.provenances:
        if code in PROVENANCE:
            return ("provenances", code), f"{code!r} is a code of the rig: {PROVENANCE[code]}; take another name"
    for place, row in _every_row(parsed):
        why = why_unknown(row.provenance, parsed.provenances)
        if why:
            return (*place, "provenance"), why
        if isinstance(row, InfluenceRow) and row.waveform:
            try:
                waveform(_beside(path, row).waveform)
            except RigError as refusal:
                return (*place, "waveform"), str(refusal)
    return None


def _every_row(parsed: _FileData) -> Iterator[tuple[Location, Checked | ReferenceConditions]]:
    """Give each part of a file that has a provenance, with its place in the file."""
    for t, table in enumerate(parsed.tables):
        yield from ((("tables", t, "rows", r), row) for r, row in enumerate(table.rows))
    for kind in _PROGRAMME:
        yield from (((kind, place), row) for place, row in enumerate(getattr(parsed, kind)))
    if parsed.reference_conditions is not None:
        yield ("reference_conditions",), parsed.reference_conditions


def _beside(path: Path, row: _RowT) -> _RowT:
    """Return the row with the path of its waveform taken from the folder of the limit file."""
    if not isinstance(row, InfluenceRow) or Path(row.waveform).suffix not in (".yaml", ".yml"):
        return row
    return row.model_copy(update={"waveform": str(path.parent / row.waveform)})


def _overlap(first: LimitRow, second: LimitRow) -> bool:
    """Whether some load point, quantity and phase would find both rows."""
    loads = {first.load, second.load}
    return (
        bool(set(first.quantities) & set(second.quantities))
        and (len(loads) == 1 or LoadKind.ANY in loads)
        and (first.current_pct is None or first.current_pct.meets(second.current_pct))
        and (first.voltage_ln_v is None or first.voltage_ln_v.meets(second.voltage_ln_v))
        and _share_factors(first, second)
    )


def _share_factors(first: LimitRow, second: LimitRow) -> bool:
    if not first.factors or not second.factors or set(first.factors) & set(second.factors):
        return True
    either = (first.factors_between and second.factors_between) or any(map(first.holds_between, second.factors))
    return either or any(map(second.holds_between, first.factors))
