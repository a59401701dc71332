"""The rate of a register from a line through its updates, seen while the load is on, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rig.metrology.sampled_energy import EDGE_SHARE, EDGES_LINE, Moment
from rig.metrology.uncertainty import Component, Distribution

_COVERAGE = 2.0


@dataclass(frozen=True, slots=True)
class LineFit:
    """``rate``: register's unit per second; ``span_s``: first to last update. ``component``: what the edges add, %."""

    rate: float
    span_s: float
    component: Component


def fit(moments: Sequence[Moment], values: Sequence[float]) -> LineFit:
    """Fit a straight line through register ``values`` read from updates at ``moments``, by least squares.

    An update lies between two readings, rectangular. Its moments scatter too: by the bus, and by what delays a value
    inside the meter from update to update (a delay that is always the same cancels). The larger of the two, what the
    readings leave open and what is left beside the line, is the budget line. Raises ValueError for fewer than four
    updates or all at one time.
    """
    if len(moments) != len(values) or len(moments) < 4:
        raise ValueError(f"a line with its scatter needs four updates, not {len(moments)}")
    at_s = np.array([each.middle_s for each in moments])
    read = np.array(values, dtype=float)
    off_s = at_s - at_s.mean()
    spread = float(off_s @ off_s)
    if not spread > 0.0:
        raise ValueError("a line needs updates at different times")
    rate = float(off_s @ (read - read.mean())) / spread
    rest = read - read.mean() - rate * off_s
    dof = len(moments) - 2
    beside_s = math.sqrt(float(rest @ rest) / dof) / abs(rate) if rate else 0.0
    of_scatter = beside_s / math.sqrt(spread)
    half_s = np.array([each.half_width_s for each in moments])
    of_width = math.sqrt(float((off_s * half_s) @ (off_s * half_s)) / 3.0) / spread
    name = f"{EDGES_LINE} (line through {len(moments)} updates, each seen to ±{float(half_s.max()):.2g} s"
    if of_scatter > of_width:
        line = Component(f"{name}, {beside_s:.2g} s beside it)", 100.0 * of_scatter, 1.0, Distribution.STUDENT, dof=dof)
    else:
        line = Component.normal(f"{name})", 100.0 * of_width, k=1.0)
    return LineFit(rate, float(at_s[-1] - at_s[0]), replace(line, group=EDGES_LINE))


def fit_time_s(half_width_s: float, at_each_end: int, limit_pct: float) -> float:
    """Return how long a fit over two groups of ``at_each_end`` updates is, s, to add ``EDGE_SHARE`` of the limit to U.

    Each update is known to ±``half_width_s``.
    """
    of_one = half_width_s / math.sqrt(3.0) * math.sqrt(2.0 / at_each_end)
    return 100.0 * _COVERAGE * of_one / (EDGE_SHARE * limit_pct)
