"""The rows of a limit table in one form: what is limited, at which load, to what, and how far it is to be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rig.metrology.limits import LimitRow
from rig.metrology.standards.programme_rows import (
    DifferenceRow,
    Influence,
    InfluenceRow,
    MeanPowerOf,
    NoLoadRow,
    ProgrammeRow,
    RepeatabilityRow,
)
from rig.metrology.standards.provenance import in_words
from rig.metrology.standards.row_parts import Band, LoadFactor, LoadKind

if TYPE_CHECKING:
    from rig.metrology.limits import LimitTable

_CREEP = {
    MeanPowerOf.MAXIMUM_POWER: "m Un Imax",
    MeanPowerOf.STARTING_POWER: "m Utest Ist",
}


@dataclass(frozen=True)
class ShownRow:
    """One row as it is listed; ``limit`` and the columns before it are words, numbers in percent unless they say so."""

    kind: str
    quantities: tuple[str, ...]
    load: str
    current: str
    factor: str
    limit: str
    table: str
    provenance: str
    checked_by: str
    checked_on: str
    in_words: str
    """What the provenance code means."""


def shown_rows(table: LimitTable) -> tuple[ShownRow, ...]:
    """Return every row of a table: error limits first, then the others as they stand in its file."""
    return tuple(
        _shown(row, in_words(row.provenance, table.provenances), *_words(row))
        for row in (*table.rows, *table.programme_rows)
    )


class _Words(NamedTuple):
    kind: str
    load: str
    current: str
    factor: str
    limit: str


def _shown(
    row: LimitRow | ProgrammeRow, words: str, kind: str, load: str, current: str, factor: str, limit: str
) -> ShownRow:
    return ShownRow(
        kind,
        tuple(str(quantity).replace("_", " ") for quantity in row.quantities),
        load,
        current,
        factor,
        limit,
        row.table,
        row.provenance,
        row.checked_by,
        str(row.checked_on or ""),
        words,
    )


def _words(row: LimitRow | ProgrammeRow) -> _Words:
    if isinstance(row, LimitRow):
        return _error(row)
    if isinstance(row, DifferenceRow):
        limit = f"±{row.limit_pct:g} percentage points"
        return _Words("difference", "one phase and balanced", f"{row.current_pct:g}", row.factor.text, limit)
    if isinstance(row, NoLoadRow):
        limit = f"mean power at most {row.share:.4g} of {_CREEP[row.mean_power_share_of]}"
        return _Words(f"no load at voltage {row.voltage_pct:g} % of nominal", "none", "0", "", limit)
    load, factors = _load(row.load), _factors(row.factors)
    if isinstance(row, InfluenceRow):
        unit = "% per kelvin" if row.influence is Influence.TEMPERATURE else "percentage points"
        return _Words(_influence(row), load, _band(row.current_pct), factors, f"±{row.limit_pct:g} {unit}")
    if isinstance(row, RepeatabilityRow):
        currents = ", ".join(f"{current:g}" for current in row.currents_pct)
        limit = f"standard deviation at most {row.share_of_limit:g} of the error limit"
        return _Words(f"repeatability of {row.repeats}", load, currents, factors, limit)
    kind = "starting, both directions" if row.both_directions else "starting"
    limit = "has to register" if row.tolerance_pct is None else f"±{row.tolerance_pct:g} %"
    return _Words(kind, load, f"{row.current_pct:g}", factors, limit)


def _error(row: LimitRow) -> _Words:
    current = "any" if row.current_pct is None else _band(row.current_pct)
    volts = "" if row.voltage_ln_v is None else f", {row.voltage_ln_v.text} V line to neutral"
    factors = _factors(row.factors) + (", and between" if row.factors_between else "")
    limit = f"±{row.limit_pct:g} %"
    if row.per_kelvin_pct:
        limit += f" + {row.per_kelvin_pct:g} % per kelvin from {row.reference_temperature_c:g} degrees C"
    return _Words("error, on request" if row.on_request else "error", _load(row.load) + volts, current, factors, limit)


def _load(load: LoadKind) -> str:
    return {LoadKind.SINGLE_PHASE: "one phase alone", LoadKind.ANY: "any load"}.get(load, str(load))


def _band(band: Band) -> str:
    return f"{band.low:g}" if band.low == band.high else band.text


def _factors(factors: Iterable[LoadFactor]) -> str:
    return ", ".join(factor.text for factor in factors)


def _influence(row: InfluenceRow) -> str:
    unit = "degrees C" if row.influence is Influence.TEMPERATURE else "% of nominal"
    values = f", {' and '.join(f'{value:g}' for value in row.values)} {unit}" if row.values else ""
    return f"influence of {str(row.influence).replace('_', ' ')}{values}"
