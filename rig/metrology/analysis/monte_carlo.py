"""Propagation of distributions (JCGM 101): a budget's coverage interval from draws, as a check on its U."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rig.metrology.analysis.contributions import Line, components_of
from rig.metrology.uncertainty import Budget, Component, Distribution, combined_of

DRAWS = 200_000
"""Draws that give U to about 0.5 %; JCGM 101 7.2.2 advises 1,000,000."""

_Draws = np.ndarray


@dataclass(frozen=True, slots=True)
class Propagated:
    """What the draws of a budget tell, in its unit, about an estimate of zero.

    ``standard``: their standard deviation. ``low`` and ``high``: the probabilistically symmetric coverage interval for
    the budget's coverage probability (JCGM 101 5.3.3); ``expanded`` is half its width.
    """

    standard: float
    low: float
    high: float
    draws: int

    @property
    def expanded(self) -> float:
        """Half the width of the coverage interval: what corresponds to U."""
        return 0.5 * (self.high - self.low)


def monte_carlo(budget: Budget, seed: int, draws: int = DRAWS) -> Propagated:
    """Draw every component as its distribution says, add them up, and return what their sum tells.

    Type A is a scaled t with its degrees of freedom (JCGM 101 6.4.9), which is wider than u for few of them. Correlated
    components are jointly normal, jointly t where they are type A (JCGM 102 5.3.2), else joined by a normal
    copula: rectangular ones have the stated coefficient exactly, triangular ones to 0.02. Raises ValueError for fewer
    than 1,000 draws or a budget whose coefficients are impossible.
    """
    if draws < 1000:
        raise ValueError(f"an interval needs at least 1,000 draws, not {draws}")
    combined_of(budget.components)  # refuses impossible coefficients
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    sources: dict[object, list[Component]] = {}
    for place, component in enumerate(budget.components):
        is_alone = not component.source or component.correlation == 0.0
        sources.setdefault(place if is_alone else component.source, []).append(component)
    for together in sources.values():
        total += _alone(rng, together[0], draws) if len(together) == 1 else _together(rng, together, draws)
    outside = 0.5 * (1.0 - budget.coverage_probability)
    low, high = np.quantile(total, (outside, 1.0 - outside))
    return Propagated(float(total.std(ddof=1)), float(low), float(high), draws)


def _alone(rng: np.random.Generator, component: Component, draws: int) -> _Draws:
    scale = component.sensitivity * component.stated
    if component.distribution is Distribution.RECTANGULAR:
        return scale * rng.uniform(-1.0, 1.0, draws)
    if component.distribution is Distribution.TRIANGULAR:
        return scale * rng.triangular(-1.0, 0.0, 1.0, draws)
    scale = component.sensitivity * component.standard_uncertainty
    return scale * (rng.standard_normal(draws) if math.isinf(component.dof) else rng.standard_t(component.dof, draws))


def _together(rng: np.random.Generator, components: Sequence[Component], draws: int) -> _Draws:
    """Draw components of one source: a normal for each with the coefficient between them, then its distribution."""
    coefficient = components[0].correlation
    if all(each.distribution is Distribution.RECTANGULAR for each in components):
        # What two normals must have so that uniform numbers made of them have the coefficient.
        coefficient = 2.0 * math.sin(math.pi * coefficient / 6.0)
    count = len(components)
    matrix = np.full((count, count), coefficient)
    np.fill_diagonal(matrix, 1.0)
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normals = rng.standard_normal((draws, count)) @ root.T
    finite = [each.dof for each in components if math.isfinite(each.dof)]
    # Observed together, they share one estimate of the scatter; the fewest degrees of freedom are taken for all.
    widened = np.sqrt(min(finite) / rng.chisquare(min(finite), draws)) if finite else np.ones(draws)
    total = np.zeros(draws)
    for place, component in enumerate(components):
        shape = _SHAPES.get(component.distribution)
        if shape is not None:
            total += component.sensitivity * component.stated * shape(_below(normals[:, place]))
        else:
            scale = component.sensitivity * component.standard_uncertainty
            total += scale * normals[:, place] * (widened if math.isfinite(component.dof) else 1.0)
    return total


def _below(normals: _Draws) -> _Draws:
    """Return the standard normal distribution function of each draw."""
    erf = np.frompyfunc(math.erf, 1, 1)
    return 0.5 * (1.0 + np.asarray(erf(normals / math.sqrt(2.0)), dtype=float))


def _triangular(below: _Draws) -> _Draws:
    return np.where(below < 0.5, np.sqrt(2.0 * below) - 1.0, 1.0 - np.sqrt(2.0 * (1.0 - below)))


_SHAPES: dict[Distribution, Callable[[_Draws], _Draws]] = {
    Distribution.RECTANGULAR: lambda below: 2.0 * below - 1.0,
    Distribution.TRIANGULAR: _triangular,
}
"""The value of a distribution between -1 and 1 below which a part of it lies."""


@dataclass(frozen=True, slots=True)
class Checked:
    """U of a budget beside what its draws tell, both in the budget's unit; the coverage probability is the same."""

    expanded: float
    drawn: Propagated

    @property
    def ratio(self) -> float:
        """U by half the width of the drawn interval: above 1 where U is the safer of the two."""
        return self.expanded / self.drawn.expanded if self.drawn.expanded else math.inf


def check(lines: Iterable[Line], expanded: float, seed: int, draws: int = DRAWS) -> Checked:
    """Propagate the lines of a recorded budget, whose U is ``expanded``; raises ValueError as ``monte_carlo``.

    A distribution that the record names otherwise than ``Distribution`` does counts as normal.
    """
    found = tuple(lines)
    components = tuple(_as_distributed(*both) for both in zip(components_of(found), found, strict=True))
    return Checked(expanded, monte_carlo(Budget(components), seed, draws))


def _as_distributed(component: Component, line: Line) -> Component:
    """Give a component, recorded as a standard uncertainty, its distribution and what was stated of it."""
    divisor = _DIVISORS.get(line.distribution)
    if divisor is None:
        return component
    return replace(
        component,
        stated=component.standard_uncertainty * divisor,
        divisor=divisor,
        distribution=Distribution(line.distribution),
    )


_DIVISORS = {str(Distribution.RECTANGULAR): math.sqrt(3.0), str(Distribution.TRIANGULAR): math.sqrt(6.0)}
