"""The state of one observed station, and the times gathered of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from drivers.mstp.figures import NodeFigures, Spread

USAGE_DELAY_S = 0.015
"""Tusage_delay: a master uses a token, or answers a poll, within this."""


@dataclass(slots=True)
class Times:
    """Gathers times; ``spread`` is what they come to."""

    count: int = 0
    total_s: float = 0.0
    least_s: float = 0.0
    most_s: float = 0.0

    def add(self, time_s: float) -> None:
        """Take one time in seconds."""
        self.least_s = time_s if not self.count else min(self.least_s, time_s)
        self.most_s = max(self.most_s, time_s)
        self.total_s += time_s
        self.count += 1

    def spread(self) -> Spread | None:
        """Return the figures, None where nothing was timed."""
        if not self.count:
            return None
        return Spread(self.count, self.least_s, self.total_s / self.count, self.most_s)


@dataclass(slots=True)
class Station:
    """Counters and times of one station; ``NodeFigures`` says what those of the same names mean.

    ``late_until_s``: until then its frames may be answers to what it has heard long ago.
    """

    frames: int = 0
    octets: int = 0
    data_frames: int = 0
    tokens_received: int = 0
    tokens_sent: int = 0
    token_retries: int = 0
    tokens_unused: int = 0
    polls_sent: int = 0
    polls_answered: int = 0
    highest_polled: int | None = None
    next_station: int | None = None
    requests: int = 0
    postponed: int = 0
    unanswered: int = 0
    damaged: int = 0
    unasked: int = 0
    most_data_frames_a_token: int = 0
    rotation: Times = field(default_factory=Times)
    hold: Times = field(default_factory=Times)
    usage: Times = field(default_factory=Times)
    reply: Times = field(default_factory=Times)
    token_s: float | None = None
    late_uses: int = 0
    late_answers: int = 0
    answered_twice: int = 0
    answered_for: Counter[int] = field(default_factory=Counter)
    answered_by: Counter[int] = field(default_factory=Counter)
    who_is: int = 0
    announced: set[int] = field(default_factory=set)
    own_instance: int | None = None
    late_until_s: float = 0.0
    awaited: int = 0
    garbled: int = 0
    garbage_octets: int = 0

    def use(self, time_s: float) -> None:
        """Note how long it took to use a token or to answer a poll."""
        self.usage.add(max(0.0, time_s))
        self.late_uses += time_s > USAGE_DELAY_S

    def figures(self, mac: int) -> NodeFigures:
        """Return it all as a frozen record."""
        instances = tuple(sorted(self.announced))
        if not instances and self.own_instance is not None:
            instances = (self.own_instance,)
        counted = {name: _frozen(getattr(self, name)) for name in _COUNTED}
        return NodeFigures(
            mac=mac,
            is_master=bool(self.tokens_sent or self.polls_sent or self.polls_answered),
            device_instances=instances,
            **counted,
        )


_COUNTED = {each.name for each in fields(NodeFigures)} & {each.name for each in fields(Station)}


def _frozen(value: Any) -> Any:
    """Return what a station has gathered under one name as a value that stays."""
    if isinstance(value, Times):
        return value.spread()
    return tuple(sorted(value.items())) if isinstance(value, Counter) else value
