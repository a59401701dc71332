"""Results of a bench check as data: for each part its identity, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is, the worst first: ``danger`` is an output that is on while no run uses the bench."""

    DANGER = "danger"
    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class PartFinding:
    """One thing found: ``what`` was found, and ``advice``, what to do (empty where there is nothing to do)."""

    level: Level
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """One part of a bench. ``where``: its resource or port; ``identity``: its answer, empty if there was none.

    ``role``: what it is on the bench, such as ``meter``; that is its name where it is not given.
    """

    part: str
    where: str
    identity: str
    findings: tuple[PartFinding, ...]
    role: str = ""

    @property
    def level(self) -> Level:
        """The worst of its findings."""
        return worst_level(finding.level for finding in self.findings)


def worst_level(levels: Iterable[Level]) -> Level:
    """Return the worst level, OK of none."""
    order = list(Level)
    return min(levels, key=order.index, default=Level.OK)
