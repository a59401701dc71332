"""Moments of bench time known within two limits, and what may have happened between two of them."""

from __future__ import annotations

from dataclasses import dataclass

UPDATE_S = 1.0
"""The meter's update period (manual page 1): what is read may be so old."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time that has passed: ``least_s`` at least and ``most_s`` at most, seconds of bench time."""

    least_s: float
    most_s: float

    def allows(self, passed_s: float, slack_s: float = 0.0) -> bool:
        """Whether ``passed_s`` seconds may have passed, to ``slack_s`` on both sides."""
        return self.least_s - slack_s <= passed_s <= self.most_s + slack_s

    def ends_of(self, interval_s: float) -> range:
        """Return how many ends of an interval may lie in this time; the meter may be an update early or late."""
        least = int(max(0.0, self.least_s - UPDATE_S) // interval_s)
        return range(least, int((self.most_s + UPDATE_S) // interval_s) + 2)

    def __str__(self) -> str:
        """Both limits, seconds with one digit."""
        return f"{self.least_s:.1f} to {self.most_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Moment:
    """When an exchange with the meter took place: after ``begun_s`` and before ``ended_s``, seconds of bench time."""

    begun_s: float
    ended_s: float

    def since(self, earlier: Moment) -> Span:
        """Return the time from ``earlier`` to this moment, wherever in the two exchanges the meter was asked."""
        return Span(max(0.0, self.begun_s - earlier.ended_s), self.ended_s - earlier.begun_s)

    def to(self, later: Moment) -> Moment:
        """Return the moment that holds both."""
        return Moment(self.begun_s, later.ended_s)
