"""Single sampling plans by attributes: code letters and master tables of MIL-STD-105E (ISO 2859-1, ANSI Z1.4).

MIL-STD-105E (10 May 1989, public), tables I and II-A to II-C. Confirmed against public copies of the tables: table I
whole (AQL Sampling Chart, scribd.com 339359187); II-A and II-B for AQL 0.65 to 15 and lots up to 10,000 (National
Institute of Building Sciences, AC-TABLE.ASC), from which the rest follows, as each diagonal of the tables has one
acceptance number. Table II-C (reduced) is recalled, and not confirmed.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

from rig.errors import UsageRefused
from rig.quality.numbers.distributions import binomial_cdf

AQLS = (
    0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0,
)  # fmt: skip
"""Acceptance quality limits in percent nonconforming for which there are plans; above 10 counts are of defects."""

LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")

_LETTERS = "ABCDEFGHJKLMNPQR"
_SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000)
_REDUCED_SIZES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
_UP_TO = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
_TABLE_I = (
    "AAAAAAB", "AAAAABC", "AABBBCD", "ABBCCDE", "BBCCCEF", "BBCDDFG", "BCDEEGH", "BCDEFHJ", "CCEFGJK", "CDEGHKL",
    "CDFGJLM", "CDFHKMN", "DEGJLNP", "DEGJMPQ", "DEHKNQR",
)  # fmt: skip
_NORMAL = (1, 2, 3, 5, 7, 10, 14, 21)
_TIGHTENED = (1, 2, 3, 5, 8, 12, 18)
_REDUCED = ((0, 2), (1, 3), (1, 4), (2, 5), (3, 6), (5, 8), (7, 10), (10, 13))
_FIRST_REDUCED = _LETTERS.index("D")


class Severity(StrEnum):
    """Severity of inspection."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True)
class Plan:
    """A single sampling plan: of ``size`` units at most ``accept`` may be nonconforming, ``reject`` refuse the lot.

    Between them (reduced inspection only) the lot is accepted and normal inspection is reinstated. ``letter``: the code
    letter of the plan, which an arrow of the table may have changed. ``confirmed``: compared with a public copy.
    """

    letter: str
    size: int
    accept: int
    reject: int
    severity: Severity
    aql: float
    confirmed: bool

    def acceptance_probability(self, nonconforming: float) -> float:
        """Return how likely a lot from a process with this share of nonconforming units is accepted (0 to 1)."""
        return binomial_cdf(self.reject - 1, self.size, nonconforming)


def code_letter(lot_size: int, level: str = "II") -> str:
    """Return the sample size code letter of a lot. Raises UsageRefused for a lot below two units or another level."""
    if lot_size < 2:
        raise UsageRefused(f"a lot of {lot_size} units is not sampled: inspect every unit")
    if level not in LEVELS:
        raise UsageRefused(f"{level!r} is no inspection level; they are {', '.join(LEVELS)}")
    return _TABLE_I[bisect_left(_UP_TO, lot_size)][LEVELS.index(level)]


def single_plan(letter: str, aql: float, severity: Severity = Severity.NORMAL) -> Plan:
    """Return the plan of a code letter and an AQL (percent), where an arrow of the table points if there is one.

    Raises UsageRefused for an AQL that the tables do not have, and where they have no plan.
    """
    if aql not in AQLS:
        raise UsageRefused(
            f"an AQL of {aql:g} % is not in the tables; they have {', '.join(f'{each:g}' for each in AQLS)}"
        )
    place, column = _LETTERS.index(letter), AQLS.index(aql)
    step = 0
    for _ in _LETTERS:
        found = _cell(place, column, severity)
        if isinstance(found, tuple):
            sizes = _REDUCED_SIZES if severity is Severity.REDUCED else _SIZES
            confirmed = severity is not Severity.REDUCED
            return Plan(_LETTERS[place], sizes[place], found[0], found[1], severity, aql, confirmed)
        step = found
        place += step
        if not 0 <= place < len(_LETTERS):
            break
    raise UsageRefused(f"the tables have no plan of {severity} inspection for letter {letter} and an AQL of {aql:g} %")


def _cell(place: int, column: int, severity: Severity) -> tuple[int, int] | int:
    """Return acceptance and rejection number of one cell of a master table, or the direction of its arrow.

    The diagonals of the tables: a letter more needs an AQL less by one step for the same number.
    """
    along = column + place
    if severity is Severity.NORMAL:
        return _numbers(along - 14, (0, -1 if place else 1, 1), _NORMAL)  # above letter A there is none
    if severity is Severity.TIGHTENED:
        if place == 0 and along <= 17:
            return 1  # letter A has no plan with the number 0
        return _numbers(along - 15, (0, 1, 1), _TIGHTENED)
    if place < _FIRST_REDUCED:
        raise UsageRefused("reduced inspection is not offered for code letters A to C: its cells are not confirmed")
    past = along - 14
    if past < 0:
        return 1
    if past == 0:
        return 0, 1
    if past == 1:
        return -1
    return _REDUCED[past - 2] if past - 2 < len(_REDUCED) else -1


def _numbers(past: int, zero: tuple[int, int, int], numbers: tuple[int, ...]) -> tuple[int, int] | int:
    """``past``: columns past the one of the number 0, which is followed by two arrows, then by ``numbers``."""
    if past < 0:
        return 1
    if past == 0:
        return 0, 1
    if past < 3:
        return zero[past]
    return (numbers[past - 3], numbers[past - 3] + 1) if past - 3 < len(numbers) else -1
