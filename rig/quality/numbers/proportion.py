"""A counted proportion with its exact interval."""

from __future__ import annotations

from dataclasses import dataclass

from rig.quality.numbers.distributions import beta_quantile

CONFIDENCE = 0.95
"""Of every interval that the statistics of production state."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` of ``of``; ``value`` is None of none."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """The proportion, 0 to 1."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of Clopper and Pearson (Biometrika 26, 1934): it covers the truth in at least 95 %."""
        tail = 0.5 * (1.0 - CONFIDENCE)
        low = beta_quantile(tail, self.count, self.of - self.count + 1.0) if self.count else 0.0
        high = beta_quantile(1.0 - tail, self.count + 1.0, self.of - self.count) if self.count < self.of else 1.0
        return low, high

    @property
    def text(self) -> str:
        """In words: percent, interval and counts."""
        if self.value is None:
            return "no unit"
        low, high = self.interval
        return (
            f"{100 * self.value:.2f} % ({self.count} of {self.of}; 95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
        )
