"""The uncertainty budget of one result, after JCGM 100 (GUM): components, effective degrees of freedom, expanded U."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import stdev

from rig.metrology._student import two_sided_t

COVERAGE_PROBABILITY = 0.9545
"""Two-sided coverage probability of the expanded uncertainty (k = 2.00 for many degrees of freedom)."""


class Distribution(StrEnum):
    """The distribution assigned to a component; it explains the divisor."""

    NORMAL = "normal"
    RECTANGULAR = "rectangular"
    TRIANGULAR = "triangular"
    STUDENT = "t (repeats)"


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a budget: a ``stated`` value, the ``divisor`` that makes it a standard uncertainty, and its weight.

    ``stated`` is in the unit of the input; ``sensitivity`` converts to the unit of the result (percent of reading for
    everything the rig judges; 1 where the input is already in percent). ``dof`` degrees of freedom, infinite for
    type B. ``group``: the name without phase or details, where it has any (``kind``). Raises ValueError for a negative
    or non-finite stated value, a divisor or dof not above zero.
    """

    name: str
    stated: float
    divisor: float
    distribution: Distribution
    sensitivity: float = 1.0
    dof: float = math.inf
    group: str = ""

    @property
    def kind(self) -> str:
        """The name without phase or other details: lines of one kind have one cause."""
        return self.group or self.name

    def __post_init__(self) -> None:
        if not (math.isfinite(self.stated) and self.stated >= 0.0):
            raise ValueError(f"{self.name}: a stated uncertainty is finite and not negative, not {self.stated}")
        if not (math.isfinite(self.divisor) and self.divisor > 0.0):
            raise ValueError(f"{self.name}: a divisor is above zero, not {self.divisor}")
        if not self.dof > 0.0:
            raise ValueError(f"{self.name}: degrees of freedom are above zero, not {self.dof}")
        if not math.isfinite(self.sensitivity):
            raise ValueError(f"{self.name}: a sensitivity is a finite number, not {self.sensitivity}")

    @property
    def standard_uncertainty(self) -> float:
        """The standard uncertainty u, in the unit of the input."""
        return self.stated / self.divisor

    @property
    def contribution(self) -> float:
        """The weighted u, in the unit of the result; never negative."""
        return abs(self.sensitivity) * self.standard_uncertainty

    @classmethod
    def normal(cls, name: str, expanded: float, *, k: float = 2.0, sensitivity: float = 1.0) -> Component:
        """Return a type B component stated as an expanded uncertainty with coverage factor ``k``."""
        return cls(name, expanded, k, Distribution.NORMAL, sensitivity)

    @classmethod
    def rectangular(cls, name: str, half_width: float, *, sensitivity: float = 1.0) -> Component:
        """Return a type B component stated as bounds ±``half_width``, all values alike."""
        return cls(name, half_width, math.sqrt(3.0), Distribution.RECTANGULAR, sensitivity)

    @classmethod
    def triangular(cls, name: str, half_width: float, *, sensitivity: float = 1.0) -> Component:
        """Return a type B component with a triangular distribution, such as the sum of two equal rectangular ones."""
        return cls(name, half_width, math.sqrt(6.0), Distribution.TRIANGULAR, sensitivity)

    @classmethod
    def type_a(cls, name: str, repeats: Sequence[float], *, sensitivity: float = 1.0) -> Component:
        """Return the type A component of the mean of ``repeats``: s / sqrt(n) with n - 1 degrees of freedom.

        Raises ValueError for fewer than three repeats; five or more are better.
        """
        n = len(repeats)
        if n < 3:
            raise ValueError(f"{name}: {n} repeats are too few for a type A evaluation; take at least 3")
        return cls(name, stdev(repeats), math.sqrt(n), Distribution.STUDENT, sensitivity, dof=n - 1.0)


def register_quantisation(resolution: float, energy: float, *, starts_at_zero: bool = False) -> Component:
    """Return the component, in percent, of reading a register that steps by ``resolution`` over an ``energy``.

    Both in one unit (kWh). A difference of two truncated readings is triangular, ±resolution; where the start is an
    exact zero after a reset there is one truncation, rectangular ±resolution / 2 about its mean.
    Raises ValueError where ``energy`` is zero.
    """
    if energy == 0.0:
        raise ValueError("register quantisation: no energy has flowed, so no relative uncertainty exists")
    percent = 100.0 * abs(resolution / energy)
    if starts_at_zero:
        return Component.rectangular("register quantisation", percent / 2.0)
    return Component.triangular("register quantisation", percent)


@dataclass(frozen=True, slots=True)
class Budget:
    """Independent components of one result, all weighed into the result's unit (percent of reading in the rig)."""

    components: tuple[Component, ...]
    coverage_probability: float = COVERAGE_PROBABILITY

    @property
    def combined(self) -> float:
        """Combined standard uncertainty u_c."""
        return math.hypot(*(component.contribution for component in self.components))

    @property
    def effective_dof(self) -> float:
        """Degrees of freedom after Welch and Satterthwaite (JCGM 100 G.2b); infinite where all are type B."""
        combined = self.combined
        if combined == 0.0:
            return math.inf
        # Ratios first: fourth powers of small percentages would underflow.
        weighted = sum((component.contribution / combined) ** 4 / component.dof for component in self.components)
        return math.inf if weighted == 0.0 else 1.0 / weighted

    @property
    def coverage_factor(self) -> float:
        """The factor k: Student's two-sided quantile for the effective degrees of freedom, whole or not."""
        return two_sided_t(self.coverage_probability, self.effective_dof)

    @property
    def expanded(self) -> float:
        """Expanded uncertainty U = k u_c, in the result's unit."""
        return self.coverage_factor * self.combined

    @property
    def dominant(self) -> Component | None:
        """The component that contributes most; None for an empty budget or one of zeros."""
        largest = max(self.components, key=lambda component: component.contribution, default=None)
        return largest if largest is not None and largest.contribution > 0.0 else None
