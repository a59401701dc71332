"""The uncertainty budget of one result, after JCGM 100 (GUM): components, effective degrees of freedom, expanded U."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import stdev

from rig.metrology._student import two_sided_t

COVERAGE_PROBABILITY = 0.9545
"""Two-sided coverage probability of the expanded uncertainty (k = 2.00 for many degrees of freedom)."""


AT_THE_BASIS = ", at the basis"
"""Ends the name of a line of the first of two readings that are compared."""


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
    type B. ``group``: the name without phase or details, where it has any (``kind``). ``source``: what the errors of
    several components come from, such as one standard: every two components of one source in a budget are correlated
    with the coefficient ``correlation``, and the signs of their sensitivities count. Raises ValueError for a negative
    or non-finite stated value, a divisor or dof not above zero, a coefficient outside -1 to 1 or one without a source.
    """

    name: str
    stated: float
    divisor: float
    distribution: Distribution
    sensitivity: float = 1.0
    dof: float = math.inf
    group: str = ""
    source: str = ""
    correlation: float = 0.0

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
        if not -1.0 <= self.correlation <= 1.0 or (self.correlation and not self.source):
            raise ValueError(
                f"{self.name}: a correlation coefficient lies between -1 and 1 and has a source, not "
                f"{self.correlation} with source {self.source!r}"
            )

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


def combined_of(components: Sequence[Component]) -> float:
    """Return the combined standard uncertainty of components, in the result's unit (JCGM 100 equation 16).

    u² = sum of squares plus twice r c_i u_i c_j u_j for every two of one source. Raises ValueError where the
    components of one source state different coefficients, or one that so many cannot have with each other.
    """
    return math.hypot(*(_of_source(each) for each in _by_source(components)))


def _by_source(components: Sequence[Component]) -> list[list[Component]]:
    """Return the components that may be correlated with each other together, every other one alone; in their order."""
    sources: dict[object, list[Component]] = {}
    for place, component in enumerate(components):
        sources.setdefault(component.source or place, []).append(component)
    return list(sources.values())


def _of_source(components: list[Component]) -> float:
    if len(components) == 1:
        return components[0].contribution
    coefficient = components[0].correlation
    if any(each.correlation != coefficient for each in components):
        raise ValueError(f"{components[0].source}: its components state different correlation coefficients")
    if coefficient < -1.0 / (len(components) - 1) - 1e-12:
        raise ValueError(
            f"{components[0].source}: {len(components)} quantities cannot all be correlated by {coefficient} with "
            f"each other; {-1.0 / (len(components) - 1):.3g} is the least"
        )
    signed = [math.copysign(each.contribution, each.sensitivity) for each in components]
    alone = math.hypot(*signed)
    if coefficient == 0.0:
        return alone
    if coefficient == 1.0:
        return abs(math.fsum(signed))
    # Equal coefficients: (1 - r) sum of squares + r (sum)².
    squares = (1.0 - coefficient) * alone**2 + coefficient * math.fsum(signed) ** 2
    return math.sqrt(max(0.0, squares))


@dataclass(frozen=True, slots=True)
class Budget:
    """Components of one result, all weighed into the result's unit (percent of reading in the rig).

    Components of one ``source`` are correlated as they state; all others are independent.
    """

    components: tuple[Component, ...]
    coverage_probability: float = COVERAGE_PROBABILITY

    @property
    def combined(self) -> float:
        """Combined standard uncertainty u_c."""
        return combined_of(self.components)

    @property
    def effective_dof(self) -> float:
        """Degrees of freedom after Welch and Satterthwaite (JCGM 100 G.2b); infinite where all are type B.

        The formula is for independent inputs. Correlated ones are combined first and enter as one input: with their
        own degrees of freedom where these are equal (inputs that were observed together), else with the smallest of
        them, which makes the result a lower bound.
        """
        combined = self.combined
        if combined == 0.0:
            return math.inf
        # Ratios first: fourth powers of small percentages would underflow.
        weighted = 0.0
        for part in _by_source(self.components):
            together = [part] if part[0].correlation else [[each] for each in part]
            for each in together:
                weighted += (_of_source(each) / combined) ** 4 / min(component.dof for component in each)
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
    def by_kind(self) -> tuple[Component, ...]:
        """One component for each kind, in the order of the budget: those of several phases are combined to one.

        A combined one is named by all its phases, has the standard uncertainty of all and the sign of their sum.
        """
        kinds: dict[str, list[Component]] = {}
        for component in self.components:
            kinds.setdefault(component.kind, []).append(component)
        return tuple(_merged(kind, parts) for kind, parts in kinds.items())

    @property
    def dominant(self) -> Component | None:
        """The component that contributes most, of all phases together; None for an empty budget or one of zeros."""
        largest = max(self.by_kind, key=lambda component: component.contribution, default=None)
        return largest if largest is not None and largest.contribution > 0.0 else None


def _merged(kind: str, parts: list[Component]) -> Component:
    if len(parts) == 1:
        return parts[0]
    # One name for the phases of all, however often they occur.
    details = "".join(dict.fromkeys(p.name.removeprefix(kind).removesuffix(AT_THE_BASIS).strip() for p in parts))
    together = combined_of(parts)
    sign = math.copysign(1.0, math.fsum(part.sensitivity * part.standard_uncertainty for part in parts))
    return replace(
        parts[0],
        name=f"{kind} {details}".rstrip(),
        stated=together * parts[0].divisor,
        sensitivity=sign,
        dof=min(part.dof for part in parts),
        group=kind,
        source="",
        correlation=0.0,
    )
