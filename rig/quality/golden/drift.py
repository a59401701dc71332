"""Control limits of a golden unit: each of its readings against those of its first good checks at that position.

A check has many readings. The limits are prediction limits (Hahn and Meeker, Statistical Intervals (1991), 4.7)
at a level that is shared by all of them (Šidák 1967), so that a check without any drift alarms once in 370.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.quality.numbers.distributions import NORMAL, t_quantile
from rig.records.production.measured import Measurement, Value

BASELINE = 20
"""Good checks whose readings make the limits; later ones are judged by them and do not move them."""

LEAST = 6
"""Good checks from which their scatter is used; before, U of the reading limits the drift."""

FALSE_ALARM = 2.0 * (1.0 - NORMAL.cdf(3.0))
"""Of one check in which nothing has changed: 0.27 %, as of one value on a control chart."""

_SHARE_OF_LIMIT = 0.05


@dataclass(frozen=True, slots=True)
class Drift:
    """One reading of a check against its limits, in percent. ``n``: readings before, which the limits rest on."""

    measurement: Measurement
    position: str
    value: float
    centre: float
    half_width: float
    n: int

    @property
    def is_out(self) -> bool:
        """Whether it is outside its limits."""
        return abs(self.value - self.centre) > self.half_width

    @property
    def text(self) -> str:
        """In words."""
        where = f"position {self.position}: " if self.position else ""
        return (
            f"{where}{self.measurement.name} reads {self.value:+.4f} %, which is {self.value - self.centre:+.4f} % "
            f"from its mean; ±{self.half_width:.4f} % is the limit"
        )


def drift_of(value: Value, position: str, before: Sequence[float], readings: int) -> Drift | None:
    """Judge one reading by those ``before``, the oldest first; None for the first one. ``readings``: in this check.

    Half the width: the prediction limit, no more than √2 U (both readings have U), and no less than a twentieth of the
    limit of the result: a drift below that changes no verdict.
    """
    base = before[:BASELINE]
    if not base:
        return None
    limit = value.limit_pct or 0.0
    widest = math.sqrt(2.0) * value.expanded_uncertainty_pct if value.expanded_uncertainty_pct else limit or math.inf
    half = widest
    if len(base) >= LEAST:
        level = 1.0 - (1.0 - FALSE_ALARM) ** (1.0 / max(1, readings))
        factor = t_quantile(1.0 - 0.5 * level, len(base) - 1.0) * math.sqrt(1.0 + 1.0 / len(base))
        half = min(widest, factor * float(np.std(base, ddof=1)))
    half = max(half, _SHARE_OF_LIMIT * limit)
    return Drift(value.measurement, position, value.error_pct, float(np.mean(base)), half, len(base))
