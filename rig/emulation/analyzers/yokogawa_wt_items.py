"""What the emulated analyzer can put in a numeric answer: functions, elements, harmonic orders, and their formats.

Each family of models has names of its own for the same quantities and refuses those of the other:

- WT3000: ``U``, ``I``, ``P``, ``S``, ``Q``, ``LAMBda``, ``PHI`` with an order (TOTal, 1 to 100), IM WT3001E-17EN pp.
  6-44, 6-45, 6-95 to 6-97.
- WT1800, WT1800E: ``URMS``, ``IRMS``, ``P`` and the others without an order; harmonics are functions of their own,
  ``UK``, ``IK``, ``PK``, ``PHIUK``. Source: the table of functions in Yokogawa's sample program for WT1801 to WT1806E
  (tmctl, MainDialog, InitListItem; copies are in public repositories).
- WT5000: taken to be as the WT1800. Its features guide shows Urms and Irms; its list of names for communication was not
  found: recalled, unverified.

``WH``, ``WHP``, ``WHM`` and ``PHI_U1U2`` (with an underscore) are the same in all of them.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rig.emulation.analyzers.arithmetic import ELEMENTS, ElementResult
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.syntax import ScpiError, engineering, short_form

NO_DATA = "NAN"
OVER_OR_ERROR = "INF"
SIGMA = 0
TOTAL = -1


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a family: its name as the manual writes it, what it is, and whether it takes an order.

    ``quantity`` is the WT3000's name for the same, in capitals. Without an order it is that of the whole waveform.
    """

    name: str
    quantity: str
    ordered: bool


Names = Mapping[str, Function]
"""The functions of one family, by their short and long forms in capitals."""


def _names(functions: Sequence[Function]) -> Names:
    found = {}
    for function in functions:
        name = function.name
        for form in {name.upper(), short_form(name) if name.isalpha() else name.upper()}:
            found[form] = function
    return MappingProxyType(found)


def _plain(names: str) -> list[Function]:
    return [Function(name, name.upper(), ordered=False) for name in names.split()]


WT3000_NAMES = _names(
    [
        *(
            Function(name, name.upper(), ordered=True)
            for name in ["U", "I", "P", "S", "Q", "LAMBda", "PHI", "PHIU", "PHII"]
        ),
        *_plain("FU TIME WH WHP WHM UTHD ITHD PHI_U1U2 PHI_U1U3 PHI_U1I1 PHI_U1I2 PHI_U1I3"),
    ]
)
WT1800_NAMES = _names(
    [
        Function("URMS", "U", ordered=False),
        Function("IRMS", "I", ordered=False),
        *_plain("P S Q LAMBda PHI FU TIME WH WHP WHM UTHD ITHD PHI_U1U2 PHI_U1U3 PHI_U1I1 PHI_U2I2 PHI_U3I3"),
        *(
            Function(f"{name}K", name, ordered=True)
            for name in ["U", "I", "P", "S", "Q", "LAMBDA", "PHI", "PHIU", "PHII"]
        ),
    ]
)
_IDEAL_DIGITS = 9
_ANGLE_DECIMALS = 2
"""PHI and the angles between fundamentals run from -180.00 to 180.00 (IM WT1801-17EN, numeric data formats)."""

_SIX_DIGITS = frozenset({"WH", "WHP", "WHM", "UTHD", "ITHD"})
"""Besides these, P, S and Q of Σ have all ``digits``; everything else has one less (the same page)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One output item; ``element`` 1 to 3 or SIGMA, ``order`` a harmonic or TOTAL."""

    function: Function
    element: int
    order: int

    @classmethod
    def parse(cls, words: Sequence[str], names: Names) -> Item | None:
        """Read the parameters of an ITEM command (capitals); None is the word NONE. Raises ScpiError(-224, -222).

        ``names``: the functions of this family; a name of another family is refused as any unknown one.
        """
        if words[0] == "NONE":
            return None
        known = names.get(words[0])
        if known is None:
            raise ScpiError(-224)
        if len(words) > 2 and not known.ordered:
            raise ScpiError(-108)
        return cls(
            known,
            _parse_element(words[1] if len(words) > 1 else "1"),
            _parse_order(words[2] if len(words) > 2 else "TOTAL") if known.ordered else TOTAL,
        )

    @property
    def name(self) -> str:
        """What it is, by the WT3000's name in capitals."""
        return self.function.quantity

    def text(self, verbose: bool) -> str:
        """Return the item as a query answers it."""
        written = self.function.name
        name = written.upper() if verbose or not written.isalpha() else short_form(written)
        if self.name.startswith("PHI_"):
            return f"{name},SIGMA"
        element = "SIGMA" if self.element == SIGMA else str(self.element)
        order = ("TOTAL" if verbose else "TOT") if self.order == TOTAL else str(self.order)
        return f"{name},{element},{order}" if self.function.ordered else f"{name},{element}"


def _parse_element(word: str) -> int:
    if word in ("SIGMA", "SIGM"):
        return SIGMA
    if word not in ("1", "2", "3"):
        raise ScpiError(-222)
    return int(word)


def _parse_order(word: str) -> int:
    if word in ("TOTAL", "TOT"):
        return TOTAL
    if not word.isdigit() or not 1 <= int(word) <= 100:
        raise ScpiError(-222)
    return int(word)


@dataclass(frozen=True, slots=True)
class DataSet:
    """What one answer is made from: the results of an update, the integrator, and whether Σ exists (3P4W)."""

    results: tuple[ElementResult, ...]
    integrator: Integrator
    has_sigma: bool
    digits: int

    def text(self, item: Item | None) -> str:
        """Return the value of an item as the instrument writes it: a number, NAN (no data), INF (over or error)."""
        if item is None:
            return NO_DATA
        if item.name == "TIME":
            return str(math.floor(self.integrator.elapsed_s + 1e-9))
        value = self._value(item)
        if value is None or value == OVER_OR_ERROR:
            return NO_DATA if value is None else OVER_OR_ERROR
        assert isinstance(value, float)
        if self.digits >= _IDEAL_DIGITS:
            return engineering(value, self.digits)
        if item.name == "PHI" or item.name.startswith("PHI_"):
            value = round(value, _ANGLE_DECIMALS)
        has_all = item.name in _SIX_DIGITS or (item.element == SIGMA and item.name in ("P", "S", "Q"))
        return engineering(value, self.digits if has_all else self.digits - 1)

    def _value(self, item: Item) -> float | str | None:
        if item.element == SIGMA and not self.has_sigma:
            return None
        if item.name.startswith("WH"):
            return self._energy(item)
        if not self.results:
            return None
        elements = self.results if item.element == SIGMA else (self.results[item.element - 1],)
        if item.name.startswith("PHI_"):
            return self._phase_between(item.name)
        if any(element.is_over for element in elements):
            return OVER_OR_ERROR
        if item.order != TOTAL:
            return _harmonic(elements[0], item) if item.element != SIGMA else None
        if item.name in ("UTHD", "ITHD"):
            return _distortion_pct(elements[0], item.name[0]) if item.element != SIGMA else None
        if item.name == "FU":
            frequency = elements[0].frequency_hz
            return OVER_OR_ERROR if frequency is None else frequency
        return _total(elements, item.name)

    def _energy(self, item: Item) -> float | str:
        integrator = self.integrator
        indices = range(ELEMENTS) if item.element == SIGMA else (item.element - 1,)
        if any(integrator.over[index] for index in indices):
            return OVER_OR_ERROR
        positive = sum(integrator.positive_wh[index] for index in indices)
        negative = sum(integrator.negative_wh[index] for index in indices)
        return {"WHP": positive, "WHM": negative, "WH": positive + negative}[item.name]

    def _phase_between(self, name: str) -> float | str:
        # "PHI_U1I2": angle of the second against the first, degrees, negative for lag.
        first, second = (self._fundamental(name[start : start + 2]) for start in (4, 6))
        if first == 0.0 or second == 0.0:
            return OVER_OR_ERROR
        return math.degrees(cmath.phase(second / first))

    def _fundamental(self, name: str) -> complex:
        result = self.results[int(name[1]) - 1]
        if result.is_over or (result.u if name[0] == "U" else result.i) == 0.0:
            return 0j
        return (result.u_harmonics if name[0] == "U" else result.i_harmonics).get(1, 0j)


def _total(elements: Sequence[ElementResult], name: str) -> float | str | None:
    if name in ("PHIU", "PHII"):
        return None
    if name in ("U", "I"):
        return sum(element.u if name == "U" else element.i for element in elements) / len(elements)
    p, q, s = sum(one.p for one in elements), sum(one.q for one in elements), sum(one.s for one in elements)
    if name in ("P", "Q", "S"):
        return {"P": p, "Q": q, "S": s}[name]
    if s == 0.0:
        return OVER_OR_ERROR
    factor = max(-1.0, min(1.0, p / s))
    return factor if name == "LAMBDA" else math.copysign(math.degrees(math.acos(factor)), q)


def _distortion_pct(element: ElementResult, quantity: str) -> float | str:
    """Percent of the fundamental; an error where there is none."""
    phasors = element.u_harmonics if quantity == "U" else element.i_harmonics
    fundamental = abs(phasors.get(1, 0j)) if (element.u if quantity == "U" else element.i) else 0.0
    if fundamental == 0.0:
        return OVER_OR_ERROR
    return 100.0 * math.hypot(*(abs(value) for order, value in phasors.items() if order > 1)) / fundamental


def _harmonic(element: ElementResult, item: Item) -> float | str | None:
    if element.u == 0.0 and element.i == 0.0:
        return 0.0 if item.name in ("U", "I", "P", "S", "Q") else OVER_OR_ERROR
    u = element.u_harmonics.get(item.order, 0j) if element.u else 0j
    i = element.i_harmonics.get(item.order, 0j) if element.i else 0j
    power = u * i.conjugate()
    plain: dict[str, float] = {"U": abs(u), "I": abs(i), "P": power.real, "Q": power.imag, "S": abs(power)}
    if item.name in plain:
        return plain[item.name]
    if item.name == "LAMBDA":
        return power.real / abs(power) if power else OVER_OR_ERROR
    if item.name == "PHI":
        return math.degrees(cmath.phase(power)) if power else OVER_OR_ERROR
    # PHIU and PHII: a harmonic against its own fundamental, which therefore has none itself.
    phasors = element.u_harmonics if item.name == "PHIU" else element.i_harmonics
    if item.order == 1:
        return None
    own, fundamental = phasors.get(item.order), phasors.get(1)
    if not own or not fundamental:
        return OVER_OR_ERROR
    return math.degrees(cmath.phase(own / (fundamental / abs(fundamental)) ** item.order))
