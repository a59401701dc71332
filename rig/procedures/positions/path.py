"""Measure with a golden unit how the signal at a position differs from what the analyzer sees, and write it down."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from rig.errors import BenchFault, UsageRefused
from rig.files.yaml_file import parse_yaml, read_text
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.corrections.curves import Corrections, PathError
from rig.procedures.accuracy.readings import PointMeasurement

if TYPE_CHECKING:
    from rig.procedures.meter_run import MeterRun

CURRENTS_PCT = (1.0, 5.0, 20.0, 100.0)
"""Percent of rated current at which the current path is measured."""

VOLTAGES_PCT = (90.0, 110.0)
"""Percent of the nominal voltage at which the voltage path is measured."""

UPDATES = 10
"""Updates of the meter at each load."""

_K = 2.0
_U, _I, _P, _Q = 70, 73, 55, 58
Values = Mapping[int, float]
"""What is read, or expected, by Analog Input instance."""

_NOTHING = PathError(0.0, 0.0, 0.0, 0.0, _K)


@dataclass(frozen=True, slots=True)
class PathPoint:
    """What a position does on one phase at one signal: errors as of ``CurvePoint``, U with k = 2."""

    path: str
    phase: str
    at: float
    ratio_error_pct: float
    ratio_u_pct: float
    phase_error_deg: float
    phase_u_deg: float


def measure_path(run: MeterRun, unit_number: int, golden: Corrections) -> tuple[PathPoint, ...]:
    """Measure both paths of the position at which unit ``unit_number``, the golden one, is; six loads.

    ``golden``: the golden unit's own errors, as its calibration states them. Raises BenchFault where a load was not
    valid, RigError where the bench fails.
    """
    nominal = run.bench_file.parts.nominal
    if nominal is None:
        raise UsageRefused(f"bench {run.bench_file.name} has no nominal point")
    found: list[PathPoint] = []
    for percent in CURRENTS_PCT:
        measured = _measured(run, nominal.point(percent), unit_number)
        found += _points("current", percent, measured, golden)
    for percent in VOLTAGES_PCT:
        volts = nominal.voltage_v * percent / 100.0
        point = LoadPoint(volts, 100.0, 0.0, frequency_hz=nominal.frequency_hz, system_type=nominal.system_type)
        found += _points("voltage", volts, _measured(run, point, unit_number), golden)
    return tuple(found)


def path_points(
    path: str, at: float, read: Sequence[Values], expected: Sequence[Values], golden: Corrections
) -> list[PathPoint]:
    """Return what the position does on each phase, from what a golden unit read and what it should have read.

    ``golden`` states by how much its readings are too large, and how far its current leads. The angle between voltage
    and current is the current path's: one angle cannot tell the two apart.
    """
    found = []
    for place, phase in enumerate(PHASE_NAMES):
        first = _U if path == "voltage" else _I
        if not expected[0].get(first + place):
            continue
        ratios = [one[first + place] / other[first + place] for one, other in zip(read, expected, strict=True)]
        own = golden.error(path, phase, at) or _NOTHING
        turned, scatter_deg = 0.0, 0.0
        if path == "current":
            angles = [
                _angle_deg(other, place) - _angle_deg(one, place) for one, other in zip(read, expected, strict=True)
            ]
            turned, scatter_deg = statistics.fmean(angles) - own.phase_error_deg, _u(angles)
        scale = _K / own.k
        found.append(
            PathPoint(
                path,
                phase,
                at,
                100.0 * (statistics.fmean(ratios) / own.factor - 1.0),
                math.hypot(own.ratio_u_pct * scale, 100.0 * _u(ratios)),
                turned,
                math.hypot(own.phase_u_deg * scale, scatter_deg) if path == "current" else own.phase_u_deg * scale,
            )
        )
    return found


def write_path(
    file: Path, position: str, fitted: str, points: Sequence[PathPoint], *, golden_unit: str, of: int, day: date
) -> bool:
    """Put what was measured at a position into a file of position corrections, in place of what it said of that.

    ``fitted``: one or all. Returns whether each of its positions has both now. Raises UsageRefused for a file
    of another golden unit or another number of meters, BenchFault where it cannot be written.
    """
    said: dict[str, Any] = {}
    if file.exists():
        data, _ = parse_yaml(file, read_text(file))
        said = data if isinstance(data, dict) else {}
        for key, value in (("golden_unit", golden_unit), ("of", of)):
            if said.get(key) != value:
                raise UsageRefused(
                    f"{file} was measured with {key} {said.get(key)!r}, not {value!r}; measure all positions in the "
                    "same way, in another file"
                )
    rows = [one for one in said.get("positions", []) if (str(one["position"]), one["fitted"]) != (position, fitted)]
    rows.append({"position": position, "fitted": fitted, "curves": _curves(points)})
    rows.sort(key=lambda one: (str(one["position"]), one["fitted"]))
    content = {"schema": 1, "golden_unit": _Text(golden_unit), "date": day, "of": of, "k": _K, "positions": rows}
    rows = [{**one, "position": _Text(one["position"])} for one in rows]
    content["positions"] = rows
    unfinished = file.with_name(f"{file.name}.new")
    try:
        unfinished.write_text(yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=110), encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise BenchFault(f"{file} cannot be written ({error.strerror})", "name another one with --write") from None
    ways = [(str(one["position"]), one["fitted"]) for one in rows]
    return all((name, way) in ways for name, _ in ways for way in ("one", "all"))


class _Text(str):
    """A text that YAML readers could take for a number: written in quotation marks."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes ``_Text`` in quotation marks."""


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def _measured(run: MeterRun, point: LoadPoint, unit_number: int) -> PointMeasurement:
    whole = run.measure(point, updates=UPDATES)
    one = next(each for each in whole.of_each if each.unit_number in (None, unit_number))
    if one.invalid:
        raise BenchFault(f"nothing was measured at {point.label}: {one.invalid}")
    return one


def _points(path: str, at: float, measured: PointMeasurement, golden: Corrections) -> list[PathPoint]:
    return path_points(path, at, [sample.values for sample in measured.samples], measured.expected(), golden)


def _angle_deg(values: Mapping[int, float], place: int) -> float:
    return math.degrees(math.atan2(values[_Q + place], values[_P + place]))


def _u(values: Sequence[float]) -> float:
    return _K * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _curves(points: Sequence[PathPoint]) -> list[dict[str, Any]]:
    curves = []
    for path, phase in dict.fromkeys((each.path, each.phase) for each in points):
        key = "current_pct" if path == "current" else "voltage_v"
        rows = [
            {
                key: round(each.at, 4),
                "ratio_error_pct": round(each.ratio_error_pct, 6),
                "ratio_u_pct": round(each.ratio_u_pct, 6),
                "phase_error_deg": round(each.phase_error_deg, 6),
                "phase_u_deg": round(each.phase_u_deg, 6),
            }
            for each in sorted(points, key=lambda each: each.at)
            if (each.path, each.phase) == (path, phase)
        ]
        curves.append({"what": f"{path} path {phase}", "path": path, "phases": phase, "points": rows})
    return curves
