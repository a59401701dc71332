"""The raw data of a run in a canonical form: one JSON object a line for each stored reading, the same for each reader.

The form is part of every certificate (docs/reference/certificate.md): UTF-8, a line feed after each line, keys in
alphabetical order, no blanks, numbers as the shortest decimal that reads back alike, null for QNAN, times in UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from rig.records.data import PointRecord, RunRecord
from rig.records.plain_json import Json, stored_time, to_json, values_to_json


def raw_data_of(run: RunRecord, unit_number: int) -> bytes:
    """Return every reading of the reference, and of the meter ``unit_number``, in the order in which they were stored.

    The first line names run, unit and bench file; a line of a point comes before its readings.
    """
    unit = run.units[unit_number - 1]
    head: dict[str, Json] = {
        "raw_data": 1,
        "run": run.run_id,
        "serial_number": unit.serial_number,
        "unit": unit_number,
        "bench_file_sha256": run.header.bench_file_sha256,
    }
    lines = [head, *(line for point in run.points for line in _lines(point, unit_number, len(run.units)))]
    return "".join(f"{_text(line)}\n" for line in lines).encode("utf-8")


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some octets, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _lines(point: PointRecord, unit_number: int, units: int) -> Iterator[dict[str, Json]]:
    yield {
        "point": point.number,
        "label": point.label,
        "load_point": to_json(point.load_point),
        "started_utc": stored_time(point.started_utc),
    }
    for reference in point.reference_readings:
        yield {
            "reference": to_json(reference.raw),
            "monotonic_s": reference.monotonic_s,
            "taken_utc": stored_time(reference.taken_utc),
        }
    for reading in point.meter_readings:
        if reading.unit_number == unit_number or (reading.unit_number is None and units == 1):
            yield {
                "meter": values_to_json(reading.values),
                "errors": to_json(reading.errors),
                "requested_monotonic_s": reading.requested_monotonic_s,
                "answered_monotonic_s": reading.answered_monotonic_s,
                "answered_utc": stored_time(reading.answered_utc),
                "torn": reading.torn,
            }


def _text(line: dict[str, Json]) -> str:
    return json.dumps(line, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
