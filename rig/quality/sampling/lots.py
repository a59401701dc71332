"""Acceptance of recorded lots: sample, verdict, and the severity that the lots before lead to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rig.errors import UsageRefused
from rig.quality.sampling.attributes import AQLS, Plan, Severity, code_letter, single_plan
from rig.quality.sampling.switching import Judged, Switching
from rig.quality.yields import Unit


class LotRefused(UsageRefused):
    """A lot that cannot be judged (exit 11)."""


@dataclass(frozen=True, slots=True)
class LotVerdict:
    """One lot judged by attributes. ``nonconforming``: units of the sample; ``after``: what the next lot finds."""

    lot: str
    size: int
    plan: Plan
    sample: tuple[Unit, ...]
    nonconforming: int
    after: Switching

    @property
    def accepted(self) -> bool:
        """Whether the lot is accepted."""
        return self.nonconforming < self.plan.reject


def sample_of(lot: str, units: Sequence[Unit], size: int) -> tuple[Unit, ...]:
    """Draw ``size`` units of a lot at random; the same lot gives the same sample. Raises LotRefused for too few.

    The draw depends on the lot's name and its units only, so that no one can choose it.
    """
    if len(units) < size:
        raise LotRefused(
            f"lot {lot}: the plan asks for a sample of {size} units, and {len(units)} have a complete test; test more"
        )
    ordered = sorted(units, key=lambda unit: (unit.first.serial_number, unit.first.product))
    drawn = random.Random(f"lot {lot}").sample(ordered, size)  # noqa: S311 - repeatable on purpose
    return tuple(drawn)


def judge_lots(
    lots: Sequence[tuple[str, Sequence[Unit]]],
    aql: float,
    level: str = "II",
    *,
    sizes: dict[str, int] | None = None,
    first_pass: bool = False,
    reduced_permitted: bool = False,
) -> tuple[LotVerdict, ...]:
    """Judge lots in the order of their production, each with the severity that those before it lead to.

    ``sizes``: of lots of which not every unit is recorded. A unit is nonconforming where its last complete test (with
    ``first_pass`` its first) failed. Raises LotRefused for a lot that has too few tested units, or comes
    after inspection was discontinued.
    """
    state = Switching()
    found = []
    for lot, units in lots:
        if state.discontinued:
            raise LotRefused(
                f"lot {lot}: inspection is discontinued, as 5 lots were refused on tightened inspection; "
                "production has to be mended first (ISO 2859-1:1999, 9.4)"
            )
        size = (sizes or {}).get(lot, len(units))
        letter = code_letter(size, level)
        plan = single_plan(letter, aql, state.severity)
        sample = sample_of(lot, units, min(plan.size, size))
        bad = sum(not (unit.first if first_pass else unit.last).passed for unit in sample)
        judged = Judged(bad < plan.reject, plan.accept, _accepted_tighter(letter, aql, bad), bad <= plan.accept)
        state = state.after(judged, reduced_permitted=reduced_permitted)
        found.append(LotVerdict(lot, size, plan, sample, bad, state))
    return tuple(found)


def _accepted_tighter(letter: str, aql: float, bad: int) -> bool:
    """Whether a normal lot would have been accepted at the next lower AQL; at the lowest one by none found."""
    place = AQLS.index(aql)
    if place == 0:
        return bad == 0
    return bad <= single_plan(letter, AQLS[place - 1], Severity.NORMAL).accept
