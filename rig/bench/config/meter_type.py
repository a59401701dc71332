"""Meter types: ratings with their envelopes, the maker's claims, reviewed behaviour; read from a file people edit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from rig.errors import BenchFileError
from rig.files.yaml_file import load_yaml_model, path_of
from rig.files.yaml_types import Day, Line, Name, PerhapsLine, Prose, Strict
from rig.safety.envelopes import NOT_KNOWN, Envelope, MeterRating, Narrowing

_METERS = "fixtures.meters"


class _RatingPart(Strict):
    accuracy: Envelope
    measuring: Envelope
    damage: Envelope
    alarming: Envelope | None = None

    @model_validator(mode="after")
    def _one_inside_the_other(self) -> _RatingPart:
        alarming = self.alarming or self.measuring
        for inner_name, inner, outer_name, outer in (
            ("accuracy", self.accuracy, "measuring", self.measuring),
            ("measuring", self.measuring, "damage", self.damage),
            ("alarming", alarming, "damage", self.damage),
        ):
            if (wider := _wider(inner, outer)) is not None:
                raise ValueError(f"{wider} of {inner_name} goes beyond that of {outer_name}")
        # Where it only reports, a meter gets no more volts than where it measures: its limit there is not known.
        if (wider := _wider(alarming, self.measuring.model_copy(update={"frequency_hz": None}))) is not None:
            raise ValueError(f"{wider} of alarming goes beyond that of measuring")
        return self


class ReviewedBehaviour(Strict):
    """How the manual's ambiguities are to be read for some firmware versions, and who says so on what evidence."""

    firmware: Annotated[list[Line], Field(min_length=1)]
    reviewed_by: Line
    reviewed_on: Day
    evidence: Annotated[Prose, Field(min_length=1)]
    choices: dict[str, str | float] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _is_reviewed(cls, data: Any) -> Any:  # Any: as the file has it
        if isinstance(data, dict) and "reviewed_by" in data and data["reviewed_by"] in ("", None):
            raise ValueError(
                "no person has reviewed this behaviour: look at its evidence, then fill in reviewed_by and reviewed_on"
            )
        return data

    @field_validator("choices")
    @classmethod
    def _known(cls, choices: dict[str, str | float]) -> dict[str, str | float]:
        for name, value in choices.items():
            _choice(name, value)
        return choices

    @property
    def profile(self) -> BehaviourProfile:
        """The default behaviour with these choices."""
        change: dict[str, Any] = {name: _choice(name, value) for name, value in self.choices.items()}
        return replace(DEFAULT, **change)


class _MeterTypePart(Strict):
    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    description: Prose = ""
    accuracy_classes: dict[Name, PerhapsLine] = Field(default_factory=dict)
    ratings: Annotated[dict[Name, _RatingPart], Field(min_length=1)]
    behaviour: list[ReviewedBehaviour] = Field(default_factory=list)
    register_step_kwh: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @field_validator("behaviour")
    @classmethod
    def _once(cls, behaviour: list[ReviewedBehaviour]) -> list[ReviewedBehaviour]:
        named = [version for part in behaviour for version in part.firmware]
        twice = sorted({version for version in named if named.count(version) > 1})
        if twice:
            raise ValueError(f"firmware {', '.join(twice)} has more than one behaviour; keep one of them")
        return behaviour


@dataclass(frozen=True, slots=True)
class MeterType:
    """A kind of meter. ``accuracy_classes``: what its maker claims, by quantity (active, reactive ...).

    ``register_step_kwh``: the step in which its energy registers count, kWh; None where it is to be found.
    """

    name: str
    description: str
    accuracy_classes: Mapping[str, str]
    ratings: Mapping[str, MeterRating]
    behaviour: tuple[ReviewedBehaviour, ...] = ()
    register_step_kwh: float | None = None

    def narrowed(self, rating: str, by: Narrowing) -> MeterType:
        """Return the type with one rating narrowed; raises UsageRefused for what would widen it."""
        return replace(self, ratings=MappingProxyType({**self.ratings, rating: self.ratings[rating].narrowed(by)}))

    def reviewed_behaviour(self, firmware: str) -> ReviewedBehaviour | None:
        """Return what was reviewed for a firmware version, None where there is no review: there is no default."""
        return next((each for each in self.behaviour if firmware in each.firmware), None)


def load_meter_type(name_or_path: str, *, relative_to: Path | None = None, line: int | None = None) -> MeterType:
    """Read a meter type by NAME (of those that come with the rig) or PATH; raises BenchFileError.

    ``relative_to`` and ``line``: the bench file that asks for it and the line in which it does.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return _read(path_of(name_or_path, beside=relative_to))
    folder = resources.files(_METERS)
    names = sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml"))
    if name_or_path in names:
        with resources.as_file(folder / f"{name_or_path}.yaml") as path:
            return _read(path)
    known = ", ".join(names)
    where = relative_to if relative_to is not None else name_or_path
    raise BenchFileError(
        where, line, f"there is no meter type {name_or_path!r}; known: {known}, or a path to a .yaml file"
    )


def _read(path: Path) -> MeterType:
    part = load_yaml_model(path, _MeterTypePart)
    ratings = {
        name: MeterRating(part.name, name, of.accuracy, of.measuring, of.damage, of.alarming or NOT_KNOWN)
        for name, of in part.ratings.items()
    }
    classes, behaviour = MappingProxyType(part.accuracy_classes), tuple(part.behaviour)
    return MeterType(part.name, part.description, classes, MappingProxyType(ratings), behaviour, part.register_step_kwh)


def _choice(name: str, value: str | float) -> StrEnum | float:
    """Return a choice of the behaviour profile; raises ValueError for one that it has not."""
    known = [entry.name for entry in fields(BehaviourProfile)]
    if name not in known:
        raise ValueError(f"{name!r} is no choice of the behaviour profile; see docs/reference/behaviour.md")
    kind = type(getattr(DEFAULT, name))
    if not issubclass(kind, StrEnum):
        if isinstance(value, str):
            raise ValueError(f"{name} is a number, not {value!r}")
        return float(value)
    options = [str(option) for option in kind]
    if value not in options:
        raise ValueError(f"{name} is one of {', '.join(options)}, not {value!r}")
    return kind(value)


def _wider(inner: Envelope, outer: Envelope) -> str | None:
    """Name a limit of ``inner`` that goes beyond what ``outer`` states, None where there is none."""
    for name in ("voltage_ln_v", "voltage_ll_v", "ct_input_pct", "voltage_peak_v", "ramp_v_per_s"):
        one, other = getattr(inner, name), getattr(outer, name)
        if one is not None and other is not None and one > other:
            return name
    if inner.voltage_ln_v and outer.voltage_peak_v and math.sqrt(2.0) * inner.voltage_ln_v > outer.voltage_peak_v:
        return "peak of voltage_ln_v"
    if inner.frequency_hz and outer.frequency_hz:
        low, high = inner.frequency_hz
        if low < outer.frequency_hz[0] or high > outer.frequency_hz[1]:
            return "frequency_hz"
    return None
