"""Corrections of the positions of a bench: how the signal at each differs from what the analyzer sees, with its U."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from meter_model.stimulus import Spectrum, Stimulus
from rig.errors import BenchFileError
from rig.files.yaml_file import line_of, parse_yaml, read_text, validate
from rig.files.yaml_types import Day, Line, PerhapsLine, Strict
from rig.load_point import PHASE_NAMES, LoadPoint, three
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.corrections.accuracy import CorrectedAccuracy, Element
from rig.metrology.corrections.applied import PathCorrections
from rig.metrology.corrections.curves import Corrections, Curve, CurvePoint, PathError
from rig.metrology.uncertainty import Component, Distribution

_NOTHING = PathError(0.0, 0.0, 0.0, 0.0, 2.0)


class PositionCurves(Strict):
    """Curves of one position with ``one`` meter fitted, or with ``all``.

    ``ratio_error_pct``: by how much the signal at the position's terminals is larger than what the analyzer sees;
    ``phase_error_deg``: by how much it leads that.
    """

    position: Line
    fitted: Literal["one", "all"]
    curves: Annotated[tuple[Curve, ...], Field(min_length=1, strict=False)]


class PositionCorrections(Strict):
    """A file of position corrections (``position_corrections`` of a bench file), measured with a golden unit.

    ``golden_unit``: its serial number. ``of``: how many meters were fitted with ``all``. ``k``: of all uncertainties.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    golden_unit: Line
    date: Day
    remarks: PerhapsLine = ""
    of: Annotated[int, Field(ge=1, le=99)]
    k: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 2.0
    positions: Annotated[tuple[PositionCurves, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _each_position_twice(self) -> PositionCorrections:
        found = [(each.position, each.fitted) for each in self.positions]
        for name in dict.fromkeys(each.position for each in self.positions):
            for fitted in ("one", "all"):
                if found.count((name, fitted)) != 1:
                    raise ValueError(f"position {name} is stated once with one meter fitted and once with all")
            one, every = self._of(name, "one"), self._of(name, "all")
            if {(path, phase) for path, phase, _ in one} != {(path, phase) for path, phase, _ in every}:
                raise ValueError(f"position {name} has curves of the same paths and phases with one meter and with all")
        return self

    @property
    def names(self) -> frozenset[str]:
        """The positions that it is about."""
        return frozenset(each.position for each in self.positions)

    def at(self, position: str, answering: int, rated_v: float) -> PositionPath:
        """Return what holds at a position while so many meters answer, with transducers of ``rated_v`` volts.

        All of them: the curves with all fitted. Fewer: a position that is silent may be empty or not, so that it is
        the mean of both, and half of their difference is a rectangular term of U.
        """
        every = self._corrections(self._of(position, "all"))
        if answering >= self.of:
            return PositionPath(position, PathCorrections(every, rated_v), None)
        mean, half = [], []
        one = {(path, phase): curve for path, phase, curve in self._of(position, "one")}
        for path, phase, curve in self._of(position, "all"):
            between, apart = _between(one[path, phase], curve, path, phase)
            mean.append((path, phase, between))
            half.append((path, phase, apart))
        paths = [PathCorrections(self._corrections(each), rated_v) for each in (mean, half)]
        return PositionPath(position, *paths)

    def _of(self, position: str, fitted: str) -> list[tuple[str, str, Curve]]:
        curves = next(each.curves for each in self.positions if (each.position, each.fitted) == (position, fitted))
        return [(curve.path, phase, curve) for curve in curves for phase in curve.phases]

    def _corrections(self, curves: list[tuple[str, str, Curve]]) -> Corrections:
        own = tuple(curve.model_copy(update={"phases": phase}) for _, phase, curve in curves)
        return Corrections.model_construct(
            schema_version=1, certificate=self.golden_unit, laboratory="", date=self.date, k=self.k, curves=own
        )


@dataclass(frozen=True, slots=True)
class PositionPath:
    """What lies between the analyzer and the meter at ``position``; ``spread``: half of what is not known of it."""

    position: str
    paths: PathCorrections
    spread: PathCorrections | None

    def stimulus(self, seen: Stimulus) -> Stimulus:
        """Return what is at the position's terminals where the analyzer sees ``seen``."""
        volts, amperes = [], []
        for name, voltage, current in zip(PHASE_NAMES, seen.voltages, seen.ct_inputs, strict=True):
            volts.append(_passed(voltage, self._error("voltage", name, _rms(voltage))))
            amperes.append(_passed(current, self._error("current", name, 100.0 * _rms(current) / self.paths.rated_v)))
        return replace(seen, voltages=three(volts), ct_inputs=three(amperes))

    def energy_factor(self, point: LoadPoint) -> float:
        """Return by what an active energy at a nominal point is multiplied to be that at the position."""
        return 1.0 / self.paths.energy_factor(point)

    def _error(self, path: str, phase: str, value: float) -> PathError:
        return self.paths.corrections.error(path, phase, value) or _NOTHING


class PositionAccuracy(ReferenceAccuracy):
    """The accuracy of a reference for a meter at a position: its own lines, and those of the position's correction."""

    base: ReferenceAccuracy
    path: PositionPath

    def path_lines(self, quantity: str, phases: str, elements: Mapping[str, Element]) -> tuple[Component, ...]:
        """Return the lines of what stands before the analyzer, and of the position; see ``CorrectedAccuracy``."""
        lines = list(self.base.path_lines(quantity, phases, elements))
        for line in _lines(self.base, self.path.paths, quantity, phases, elements):
            lines.append(_renamed(line, line.name.replace("correction of", f"position {self.path.position}:")))
        if self.path.spread is not None:
            for line in _lines(self.base, self.path.spread, quantity, phases, elements):
                name = line.name.replace("correction of", f"position {self.path.position}, meters fitted:")
                rectangular = replace(line, divisor=math.sqrt(3.0), distribution=Distribution.RECTANGULAR)
                lines.append(_renamed(rectangular, name))
        return tuple(lines)


def at_position(accuracy: ReferenceAccuracy, path: PositionPath | None) -> ReferenceAccuracy:
    """Return an accuracy whose budgets have lines of a position; unchanged where none is known."""
    if path is None:
        return accuracy
    stated = {name: getattr(accuracy, name) for name in ReferenceAccuracy.model_fields}
    return PositionAccuracy.model_construct(**stated, base=accuracy, path=path)


def load_position_corrections(path: Path) -> tuple[PositionCorrections, str]:
    """Read a file; return it with the SHA-256 of its text. Raises BenchFileError with file and line."""
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    if not isinstance(data, dict) or data.get("schema") != 1:
        raise BenchFileError(
            path, line_of(("schema",), lines), "a file of position corrections begins with 'schema: 1'"
        )
    return validate(path, data, lines, PositionCorrections), hashlib.sha256(text.encode()).hexdigest()


def _lines(
    accuracy: ReferenceAccuracy,
    paths: PathCorrections,
    quantity: str,
    phases: str,
    elements: Mapping[str, Element],
) -> tuple[Component, ...]:
    stated = {name: getattr(accuracy, name) for name in ReferenceAccuracy.model_fields}
    return CorrectedAccuracy.model_construct(**stated, paths=paths).path_lines(quantity, phases, elements)


def _renamed(line: Component, name: str) -> Component:
    group = name.rpartition(" ")[0]
    return replace(line, name=name, group=group, source=group)


def _rms(spectrum: Spectrum) -> float:
    return math.sqrt(math.fsum(each.rms**2 for each in spectrum))


def _passed(spectrum: Spectrum, error: PathError) -> Spectrum:
    return tuple(
        replace(each, rms=each.rms * error.factor, phase_deg=each.phase_deg + each.order * error.phase_error_deg)
        for each in spectrum
    )


def _between(one: Curve, every: Curve, path: str, phase: str) -> tuple[Curve, Curve]:
    """Return the mean of two curves with the larger U, and half of their difference as if it were a U."""
    low, high = max(one.at[0], every.at[0]), min(one.at[-1], every.at[-1])
    places = sorted({value for value in (*one.at, *every.at) if low <= value <= high} | {low, high})
    both = [(value, _error_at(one, path, phase, value), _error_at(every, path, phase, value)) for value in places]
    key = "current_pct" if path == "current" else "voltage_v"

    def curve(points: list[CurvePoint]) -> Curve:
        return every.model_copy(update={"phases": phase, "points": tuple(points)})

    mean = [
        CurvePoint(
            **{key: value},
            ratio_error_pct=(a.ratio_error_pct + b.ratio_error_pct) / 2.0,
            ratio_u_pct=max(a.ratio_u_pct, b.ratio_u_pct),
            phase_error_deg=(a.phase_error_deg + b.phase_error_deg) / 2.0,
            phase_u_deg=max(a.phase_u_deg, b.phase_u_deg),
        )
        for value, a, b in both
    ]
    half = [
        CurvePoint(
            **{key: value},
            ratio_error_pct=0.0,
            ratio_u_pct=abs(a.ratio_error_pct - b.ratio_error_pct) / 2.0,
            phase_error_deg=0.0,
            phase_u_deg=abs(a.phase_error_deg - b.phase_error_deg) / 2.0,
        )
        for value, a, b in both
    ]
    return curve(mean), curve(half)


def _error_at(curve: Curve, path: str, phase: str, value: float) -> PathError:
    own = Corrections.model_construct(curves=(curve.model_copy(update={"phases": phase}),), k=2.0)
    return own.error(path, phase, value) or _NOTHING
