"""Files that a bench file names: ``calibration: cal/wt-91M812345.yaml`` and ``wiring: corrections: cal/path.yaml``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.errors import BenchFileError
from rig.files.yaml_file import Location, line_of, parse_yaml, path_of, read_text, validate
from rig.metrology.calibration import CalibrationRecord
from rig.metrology.corrections.curves import Corrections, load_corrections
from rig.metrology.corrections.positions import load_position_corrections

_KEY, _CORRECTIONS, _POSITIONS = "calibration", "corrections", "position_corrections"
_NAMED = "PATH of a calibration file, relative to the bench file"
_NAMED_CORRECTIONS = "PATH of a file of corrections, relative to the bench file"


def load_calibration(path: Path) -> tuple[CalibrationRecord, str]:
    """Read a calibration file; return it with the SHA-256 of its text. Raises BenchFileError with file and line."""
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    if not isinstance(data, dict) or data.get("schema") != 1:
        raise BenchFileError(path, line_of(("schema",), lines), "a calibration file begins with 'schema: 1'")
    return validate(path, data, lines, CalibrationRecord), hashlib.sha256(text.encode()).hexdigest()


def with_calibration_files(
    path: Path, data: dict[str, Any], lines: Mapping[Location, int], digest: str
) -> tuple[dict[str, Any], str]:
    """Return a bench file's data with each calibration that is a path replaced by the record, and the digest of all.

    So are the corrections of its wiring, and those of its positions. A record that was read from a file is taken as a
    whole: a variant of the bench does not change single keys of it.
    """
    result = dict(data)
    if isinstance(named := data.get(_POSITIONS), str):
        try:
            result[_POSITIONS], own = load_position_corrections(path_of(named, beside=path))
        except BenchFileError as error:
            if error.line is not None:
                raise
            raise BenchFileError(path, line_of((_POSITIONS,), lines), f"{_POSITIONS}: {error}") from None
        digest = hashlib.sha256(f"{digest}{own}".encode()).hexdigest()
    for role, part in data.items():
        key = _CORRECTIONS if role == "wiring" else _KEY
        if not isinstance(part, dict) or not isinstance(named := part.get(key), str):
            continue
        record: CalibrationRecord | Corrections
        try:
            if key == _CORRECTIONS:
                record, own = load_corrections(path_of(named, beside=path))
            else:
                record, own = load_calibration(path_of(named, beside=path))
        except BenchFileError as error:
            if error.line is not None:
                raise
            # The file itself is not there or cannot be read: the line to be corrected is the one that names it.
            raise BenchFileError(path, line_of((role, key), lines), f"{role}.{key}: {error}") from None
        result[role] = part | {key: record}
        digest = hashlib.sha256(f"{digest}{own}".encode()).hexdigest()
    return result, digest


def allow_calibration_files(schema: dict[str, Any]) -> None:
    """Let the JSON schema of a bench file say that a calibration may be a path, since models only see the record."""
    for model in (schema, *schema["$defs"].values()):
        for key, says in ((_KEY, _NAMED), (_CORRECTIONS, _NAMED_CORRECTIONS), (_POSITIONS, _NAMED_CORRECTIONS)):
            named = model.get("properties", {}).get(key)
            if named is not None:
                named["anyOf"].insert(0, {"type": "string", "description": says})
