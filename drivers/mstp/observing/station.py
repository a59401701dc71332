"""The state of one observed station: its figures so far, and what they are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from drivers.mstp.figures import NodeFigures, Spread

USAGE_DELAY_S = 0.015
"""Tusage_delay: a master uses a token, or answers a poll, within this."""


@dataclass(slots=True)
class Station(NodeFigures):
    """Counts in the fields of ``NodeFigures``; times and sets are gathered here and go there in ``figures``.

    ``late_until_s``: until then its frames may be answers to what it has heard long ago.
    """

    rotations: Spread = field(default_factory=Spread)
    holds: Spread = field(default_factory=Spread)
    usages: Spread = field(default_factory=Spread)
    replies: Spread = field(default_factory=Spread)
    token_s: float | None = None
    answers_for: Counter[int] = field(default_factory=Counter)
    answers_by: Counter[int] = field(default_factory=Counter)
    announced: set[int] = field(default_factory=set)
    own_instance: tuple[int, ...] = ()
    late_until_s: float = 0.0

    def use(self, time_s: float) -> None:
        """Note how long it took to use a token or to answer a poll."""
        self.usages.add(max(0.0, time_s))
        self.late_uses += time_s > USAGE_DELAY_S

    def figures(self, awaited: int) -> NodeFigures:
        """Return it all as it is now; ``awaited`` as in ``NodeFigures``."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(NodeFigures)}
        values |= {
            "rotation": self.rotations.so_far(),
            "hold": self.holds.so_far(),
            "usage": self.usages.so_far(),
            "reply": self.replies.so_far(),
            "answered_for": tuple(sorted(self.answers_for.items())),
            "answered_by": tuple(sorted(self.answers_by.items())),
            "device_instances": tuple(sorted(self.announced)) or self.own_instance,
            "awaited": awaited,
        }
        return NodeFigures(**values)
