"""Meter types: ratings with their envelopes, and what the maker claims, read from a file people edit."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rig.bench.schema import Strict
from rig.errors import BenchFileError
from rig.safety.limits import Envelope, MeterRating
from rig.yaml_file import load_yaml_model

_METERS = "fixtures.meters"
_Volts = Annotated[float, Field(gt=0)]
_Hertz = Annotated[tuple[float, float], Field(strict=False)]


class _EnvelopePart(Strict):
    voltage_ln_v: _Volts | None = None
    voltage_ll_v: _Volts | None = None
    voltage_min_v: Annotated[float, Field(ge=0)] = 0.0
    ct_input_pct: Annotated[float, Field(gt=0)] | None = None
    frequency_hz: _Hertz | None = None
    why: Annotated[str, Field(min_length=1)]
    longest_s: Annotated[float, Field(gt=0)] | None = None


class _RatingPart(Strict):
    accuracy: _EnvelopePart
    measuring: _EnvelopePart
    damage: _EnvelopePart
    alarming: _EnvelopePart | None = None


class _MeterTypePart(Strict):
    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    accuracy_classes: dict[str, str] = Field(default_factory=dict)
    ratings: Annotated[dict[str, _RatingPart], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class MeterType:
    """A kind of meter. ``accuracy_classes``: what its maker claims, by quantity (active, reactive ...)."""

    name: str
    description: str
    accuracy_classes: dict[str, str]
    ratings: dict[str, MeterRating]


def load_meter_type(name_or_path: str, *, relative_to: Path | None = None, line: int | None = None) -> MeterType:
    """Read a meter type by NAME (of those that come with the rig) or PATH; raises BenchFileError.

    ``relative_to`` and ``line``: the bench file that asks for it and the line in which it does.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path).expanduser()
        if relative_to is not None and not path.is_absolute():
            path = relative_to.parent / path
        return _read(path)
    folder = resources.files(_METERS)
    with resources.as_file(folder / f"{name_or_path}.yaml") as path:
        if path.is_file():
            return _read(path)
    known = ", ".join(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))
    where = relative_to if relative_to is not None else name_or_path
    raise BenchFileError(
        where, line, f"there is no meter type {name_or_path!r}; known: {known}, or a path to a .yaml file"
    )


def _read(path: Path) -> MeterType:
    part = load_yaml_model(path, _MeterTypePart)
    ratings = {name: _rating(part.name, name, rating) for name, rating in part.ratings.items()}
    return MeterType(part.name, part.description, dict(part.accuracy_classes), ratings)


def _rating(meter_type: str, name: str, part: _RatingPart) -> MeterRating:
    envelopes = {
        field: Envelope(**envelope.model_dump())
        for field in ("accuracy", "measuring", "damage", "alarming")
        if (envelope := getattr(part, field)) is not None
    }
    return MeterRating(meter_type=meter_type, name=name, **envelopes)
