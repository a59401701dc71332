"""Ratio and phase error curves of transducers and dividers, from a file, interpolated over the signal's logarithm."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rig.errors import BenchFileError
from rig.files.yaml_file import line_of, parse_yaml, read_text, validate
from rig.files.yaml_types import Day, Line, PerhapsLine, Strict

PathName = Literal["current", "voltage"]
_Error = Annotated[float, Field(gt=-50.0, lt=50.0, allow_inf_nan=False)]
_Angle = Annotated[float, Field(ge=-45.0, le=45.0, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class CurvePoint(Strict):
    """One point of a curve: at ``current_pct`` of rated current, or ``voltage_v`` volts line to neutral.

    ``ratio_error_pct``: by how much the output is too large. ``phase_error_deg``: by how much it leads the input,
    degrees; a lag is negative. ``ratio_u_pct`` and ``phase_u_deg``: their expanded uncertainties.
    """

    current_pct: _Positive | None = None
    voltage_v: _Positive | None = None
    ratio_error_pct: _Error
    ratio_u_pct: _NotNegative
    phase_error_deg: _Angle
    phase_u_deg: _NotNegative


class Curve(Strict):
    """The curve of one device in a ``path`` of ``phases``; ``what`` it is, with its serial number, for people."""

    what: Line
    path: PathName
    phases: Literal["A", "B", "C", "AB", "BC", "AC", "ABC"] = "ABC"
    points: Annotated[tuple[CurvePoint, ...], Field(min_length=2, strict=False)]

    @model_validator(mode="after")
    def _rises(self) -> Curve:
        key = "current_pct" if self.path == "current" else "voltage_v"
        for point in self.points:
            if getattr(point, key) is None or (point.current_pct is not None and point.voltage_v is not None):
                raise ValueError(f"each point of a {self.path} curve is stated at its {key}, and at nothing else")
        if any(later <= earlier for earlier, later in pairwise(self.at)):
            raise ValueError(f"the points of a curve rise in {key}, each above the one before")
        return self

    @property
    def at(self) -> tuple[float, ...]:
        """Where the points are: percent of rated current, or volts."""
        return tuple(float((p.current_pct if self.path == "current" else p.voltage_v) or 0.0) for p in self.points)


@dataclass(frozen=True, slots=True)
class PathError:
    """What a device does at one signal: errors as of ``CurvePoint``, expanded uncertainties with ``k``."""

    ratio_error_pct: float
    phase_error_deg: float
    ratio_u_pct: float
    phase_u_deg: float
    k: float

    @property
    def factor(self) -> float:
        """Output by what it should be."""
        return 1.0 + self.ratio_error_pct / 100.0


class Corrections(Strict):
    """A file of corrections (``wiring: corrections`` of a bench file, ``rig judge --correction``).

    ``certificate`` of ``laboratory``, its ``date``, and ``k`` of all uncertainties in it.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    certificate: Line
    laboratory: PerhapsLine = ""
    date: Day
    k: _Positive = 2.0
    curves: Annotated[tuple[Curve, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _one_curve_for_each_phase(self) -> Corrections:
        for one, other in combinations(self.curves, 2):
            if one.path == other.path and set(one.phases) & set(other.phases):
                raise ValueError(f"two curves of the {one.path} path are about one phase: {one.what}, {other.what}")
        return self

    def curve(self, path: str, phase: str) -> Curve | None:
        """Return the curve of a path on a phase; None where nothing is corrected."""
        return next((each for each in self.curves if each.path == path and phase in each.phases), None)

    def error(self, path: str, phase: str, value: float) -> PathError | None:
        """Return the error at ``value`` (percent of rated current, or volts); None where nothing is corrected.

        Linear between two points over the logarithm of the value; beyond the first and last point it is theirs. What
        is stated there at all is said by ``covers``.
        """
        curve = self.curve(path, phase)
        if curve is None or not value > 0.0:
            return None

        def between(values: Sequence[float]) -> float:
            return _between_logarithms(value, curve.at, values)

        return PathError(
            between([p.ratio_error_pct for p in curve.points]),
            between([p.phase_error_deg for p in curve.points]),
            between([p.ratio_u_pct for p in curve.points]),
            between([p.phase_u_deg for p in curve.points]),
            self.k,
        )

    def covers(self, path: str, phase: str, value: float) -> bool:
        """Whether ``value`` lies within the curve, by 5 % of its ends: a nominal point is never met exactly."""
        curve = self.curve(path, phase)
        return curve is None or curve.at[0] * 0.95 <= value <= curve.at[-1] * 1.05


def load_corrections(path: Path) -> tuple[Corrections, str]:
    """Read a file of corrections; return it with the SHA-256 of its text. Raises BenchFileError with file and line."""
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    if not isinstance(data, dict) or data.get("schema") != 1:
        raise BenchFileError(path, line_of(("schema",), lines), "a file of corrections begins with 'schema: 1'")
    return validate(path, data, lines, Corrections), hashlib.sha256(text.encode()).hexdigest()


def _between_logarithms(at: float, points: Sequence[float], values: Sequence[float]) -> float:
    """Interpolate over the logarithm of ``points``, which ascend; beyond them the nearest value.

    Without numpy: a bench file is read where outputs have to go off at once.
    """
    after = bisect_right(points, at)
    if after in (0, len(points)):
        return values[min(after, len(points) - 1)]
    low, high = points[after - 1], points[after]
    share = math.log(at / low) / math.log(high / low)
    return values[after - 1] + share * (values[after] - values[after - 1])
