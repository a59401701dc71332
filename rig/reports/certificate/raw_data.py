"""The raw data of a run in a canonical form: one JSON object a line for each stored reading, the same for each reader.

The form is part of every certificate (docs/reference/certificate.md): UTF-8, a line feed after each line, keys in
alphabetical order, no blanks, numbers as the shortest decimal that reads back alike, null for QNAN, times in UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rig.records.data import PointRecord, RunRecord, SetAside
from rig.records.plain_json import Json, stored_time, to_json, values_to_json

_LATER_KEYS = ("current_shift_deg",)
"""Keys of a load point that earlier versions of the rig did not have; their load points had zeros there."""


def raw_data_forms(run: RunRecord, unit_number: int) -> Iterator[bytes]:
    """Yield the raw data as this version writes them, and then as earlier versions did, to compare with theirs."""
    yield raw_data_of(run, unit_number)
    without = replace(run, set_aside=())
    yield raw_data_of(without, unit_number)
    lines = [json.loads(line) for line in raw_data_of(without, unit_number).splitlines()]
    for line in lines:
        for key in _LATER_KEYS:
            if "load_point" in line and not any(line["load_point"].get(key, ())):
                line["load_point"].pop(key, None)
    yield _octets(lines)


def raw_data_of(run: RunRecord, unit_number: int) -> bytes:
    """Return every reading of the reference, and of the meter ``unit_number``, in the order in which they were stored.

    The first line names run, unit and bench file; a line of a point comes before its readings. Load points that do not
    count (``set_aside``: superseded or check) follow those that do.
    """
    unit = run.units[unit_number - 1]
    head: dict[str, Json] = {
        "raw_data": 2 if run.set_aside else 1,
        "run": run.run_id,
        "serial_number": unit.serial_number,
        "unit": unit_number,
        "bench_file_sha256": run.header.bench_file_sha256,
    }
    units = len(run.units)
    lines = [head, *(line for point in run.points for line in _lines(point, unit_number, units))]
    lines += [line for aside in run.set_aside for line in _lines(aside.point, unit_number, units, aside)]
    return _octets(lines)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some octets, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _lines(
    point: PointRecord, unit_number: int, units: int, aside: SetAside | None = None
) -> Iterator[dict[str, Json]]:
    yield {
        **({} if aside is None else {"reason": aside.reason, "set_aside": aside.purpose}),
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


def _octets(lines: Iterable[dict[str, Json]]) -> bytes:
    return "".join(f"{_text(line)}\n" for line in lines).encode("utf-8")


def _text(line: dict[str, Json]) -> str:
    return json.dumps(line, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
