"""Readings of a gauge study: from a CSV file, or from recorded tests of the same units."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC
from pathlib import Path

from rig.files.file_text import read_text
from rig.quality.gauge.anova import StudyRefused
from rig.records.production.measured import Measurement, Value
from rig.records.production.units import UnitTest

Reading = tuple[str, str, float]
"""Part, operator and value."""

_NAMES = {
    "part": ("part", "sample", "unit", "serial_number"),
    "operator": ("operator", "appraiser", "inspector"),
    "value": ("value", "measurement", "reading", "result"),
}

APPRAISERS: dict[str, Callable[[UnitTest], str]] = {
    "operator": lambda test: test.operator,
    "position": lambda test: " ".join(word for word in (test.station, test.position) if word),
    "station": lambda test: test.station,
    "day": lambda test: f"{test.started_utc.astimezone(UTC):%Y-%m-%d}",
}
"""What stands for the operators of a study of recorded tests: whose influence is asked for."""


def read_csv(path: Path) -> list[Reading]:
    """Read a CSV file with the columns part, operator and value, in the order of measurement.

    Raises StudyRefused, with the line, for what is no such file. Parts and operators are texts: ``007`` stays.
    """
    text = read_text(path).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","))
    if not rows:
        raise StudyRefused(f"{path}: the file is empty; its first line names the columns part, operator and value")
    heads = [head.strip().lower() for head in rows[0]]
    places = {}
    for wanted, names in _NAMES.items():
        found = [place for place, head in enumerate(heads) if head in names]
        if len(found) != 1:
            raise StudyRefused(
                f"{path}, line 1: {len(found)} columns are named {' or '.join(names)}; name one column {wanted!r}"
            )
        places[wanted] = found[0]
    readings = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        readings.append(_reading(path, number, row, places))
    return readings


def _reading(path: Path, number: int, row: list[str], places: dict[str, int]) -> Reading:
    if len(row) <= max(places.values()):
        raise StudyRefused(f"{path}, line {number}: {len(row)} cells; part, operator and value are needed")
    part, operator = row[places["part"]].strip(), row[places["operator"]].strip()
    if not part or not operator:
        raise StudyRefused(f"{path}, line {number}: the part or the operator is empty")
    try:
        return part, operator, float(row[places["value"]])
    except ValueError:
        shown = row[places["value"]][:40]
        raise StudyRefused(f"{path}, line {number}: {shown!r} is no number; write it with a decimal point") from None


def readings_by_measurement(
    values: Iterable[Value], tests: Iterable[UnitTest], appraiser: str
) -> dict[Measurement, tuple[list[Reading], float | None]]:
    """Return the readings of each measurement of complete tests, and its tolerance: twice the limit, None without one.

    A part is a serial number. Tests that were stopped, or that the bench spoiled, are left out.
    """
    of_test = {(test.run_id, test.unit_number): test for test in tests if test.is_complete}
    name_of = APPRAISERS[appraiser]
    found: defaultdict[Measurement, list[Reading]] = defaultdict(list)
    limits: dict[Measurement, float | None] = {}
    for value in values:
        test = of_test.get((value.run_id, value.unit_number or 1))
        if test is None:
            continue
        found[value.measurement].append((test.serial_number, name_of(test) or "(not stated)", value.error_pct))
        limits[value.measurement] = value.limit_pct
    return {
        each: (readings, 2.0 * limit if (limit := limits[each]) is not None else None)
        for each, readings in sorted(found.items())
    }
