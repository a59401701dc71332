"""The causes behind the lines of a budget: which is the largest, and what would reduce it, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rig.metrology.uncertainty import AT_THE_BASIS, Component, Distribution, combined_of

_DETAILS = re.compile(rf"( (A|B|C|AB|BC|CA|ABC))?({re.escape(AT_THE_BASIS)})?$")


class Cause(StrEnum):
    """The kinds of contributions to U, in the words of a certificate; ``remedy`` says what would reduce one."""

    TYPE_A = "repeatability (type A)"
    REFERENCE = "calibration of the reference"
    DRIFT = "drift of the reference since its calibration"
    TEMPERATURE = "temperature of the reference"
    RESOLUTION = "resolution"
    TIMING = "timing"
    STABILITY = "stability of the source during the reading"
    PATH = "ratio and phase of transducer or divider"
    HARMONICS = "neglected harmonics"
    OTHER = "other"

    @property
    def remedy(self) -> str:
        """What would reduce a contribution of this kind, as one sentence."""
        return _REMEDIES[self]


_REMEDIES = {
    Cause.TYPE_A: "Take more readings or longer gates: the contribution falls with the square root of their number.",
    Cause.REFERENCE: "State the analyzer's accuracy from its calibration certificate instead of its specification, "
    "use a range that the signal fills better, or use a better analyzer.",
    Cause.DRIFT: "Calibrate the analyzer more often, or state its drift from the history of its calibrations.",
    Cause.TEMPERATURE: "Keep the air at the analyzer closer to the temperature of its calibration.",
    Cause.RESOLUTION: "Have the analyzer answer with more digits; for an energy register, run a longer gate.",
    Cause.TIMING: "Run a longer gate: the contribution falls with its length.",
    Cause.STABILITY: "Let the source settle longer, or use one that is more stable over the reading.",
    Cause.PATH: "Have transducer or divider calibrated, and give its ratio and phase error as a correction.",
    Cause.HARMONICS: "Use an analyzer that measures distortion, or a source of lower distortion.",
    Cause.OTHER: "Look at this line of the budget: nothing general is known about it.",
}

_CAUSES = (
    # In this order: the first whose words are in a line's name.
    ("repeatability", Cause.TYPE_A),
    ("drift", Cause.DRIFT),
    ("temperature", Cause.TEMPERATURE),
    ("resolution", Cause.RESOLUTION),
    ("quantisation", Cause.RESOLUTION),
    ("integrator", Cause.TIMING),
    ("edges of the gate", Cause.TIMING),
    ("time of the data sets", Cause.TIMING),
    ("clock of the rig", Cause.TIMING),
    ("gaps between data sets", Cause.TIMING),
    ("movement of the stimulus", Cause.STABILITY),
    ("sampling of a varying load", Cause.STABILITY),
    ("correction of", Cause.PATH),
    ("harmonics", Cause.HARMONICS),
    ("reference ", Cause.REFERENCE),
    ("conversion from V_AN", Cause.REFERENCE),
)


class Line(Protocol):
    """A line of a budget as it is recorded: a standard uncertainty, its weight, and what it is correlated by."""

    @property
    def name(self) -> str:
        """Its cause, and its phase where it has one."""

    @property
    def standard_uncertainty_pct(self) -> float:
        """Before the sensitivity."""

    @property
    def distribution(self) -> str:
        """In a word."""

    @property
    def sensitivity(self) -> float:
        """Signed."""

    @property
    def degrees_of_freedom(self) -> float:
        """Infinite for type B."""

    @property
    def source(self) -> str:
        """What it shares with other lines; empty for nothing."""

    @property
    def correlation(self) -> float:
        """Coefficient with the other lines of its source."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What all lines of one name, those of every phase together, add to u_c: ``standard_pct`` in percent of reading.

    ``share``: its part of u_c squared; the shares of correlated contributions do not add up to 1.
    """

    name: str
    cause: Cause
    standard_pct: float
    share: float

    @property
    def sentence(self) -> str:
        """The contribution and what would reduce it, for a report."""
        return f"Largest contribution: {self.name} (u = {self.standard_pct:.2g} %). {self.cause.remedy}"


def cause_of(name: str) -> Cause:
    """Return the cause that a budget line's name tells."""
    return next((cause for words, cause in _CAUSES if words in name), Cause.OTHER)


def components_of(lines: Iterable[Line]) -> tuple[Component, ...]:
    """Return the components that recorded lines were made from, as far as their combination goes."""
    return tuple(
        Component(
            line.name,
            line.standard_uncertainty_pct,
            1.0,
            Distribution.NORMAL,
            line.sensitivity,
            line.degrees_of_freedom,
            _DETAILS.sub("", line.name, count=1),
            line.source,
            line.correlation,
        )
        for line in lines
    )


def contributions(lines: Iterable[Line]) -> tuple[Contribution, ...]:
    """Return what recorded lines contribute, the largest first; those of 0 are left out."""
    components = components_of(lines)
    together = combined_of(components)
    kinds: dict[str, list[Component]] = {}
    for component in components:
        kinds.setdefault(component.kind, []).append(component)
    found = [
        Contribution(kind, cause_of(kind), part, (part / together) ** 2 if together else 0.0)
        for kind, parts in kinds.items()
        if (part := combined_of(parts)) > 0.0
    ]
    return tuple(sorted(found, key=lambda each: -each.standard_pct))


def largest(lines: Iterable[Line]) -> Contribution | None:
    """Return the largest contribution of a recorded budget; None where it has none."""
    return next(iter(contributions(lines)), None)
