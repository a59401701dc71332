"""Numbers on the display: the unit that fits, as many decimals as there are digits, and what is lost by it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, localcontext

from meter_model.behaviour.panel_choices import PanelChoices, PanelRounding, PanelUnitChange

NOT_VALID = "----"
"""What is shown for a value that the system type does not have (manual page 8)."""

OVERFLOW = "OFL"
"""What is shown for a number that does not fit even in the largest unit; the manual has no word for it."""

_THOUSAND = Decimal(1000)
_PRECISION = 60
_LARGEST = 1e40
"""Beyond what a 32-bit float has."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The units of a quantity, the smallest first, each a thousand times the one before.

    ``bus_place``: the one in which the quantity is read over the bus. ``decimals``: at most so many in the smallest.
    """

    units: tuple[str, ...]
    bus_place: int
    decimals: int


REAL_ENERGY = Scale(("Wh", "kWh", "MWh", "GWh"), 1, 2)
REACTIVE_ENERGY = Scale(("VARh", "kVARh", "MVARh", "GVARh"), 1, 2)
APPARENT_ENERGY = Scale(("VAh", "kVAh", "MVAh", "GVAh"), 1, 2)
REAL_POWER = Scale(("W", "kW", "MW", "GW"), 1, 2)
REACTIVE_POWER = Scale(("VAR", "kVAR", "MVAR", "GVAR"), 1, 2)
APPARENT_POWER = Scale(("VA", "kVA", "MVA", "GVA"), 1, 2)
ENERGIES = (REAL_ENERGY, REACTIVE_ENERGY, APPARENT_ENERGY)
POWERS = (REAL_POWER, REACTIVE_POWER, APPARENT_POWER)
VOLTS = Scale(("V",), 0, 2)
AMPERES = Scale(("A",), 0, 2)
HERTZ = Scale(("Hz",), 0, 2)
NO_UNIT = Scale(("",), 0, 3)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is shown; ``step``: the weight of its last digit in the unit of the bus, 0 where none is shown."""

    text: str
    unit: str
    step: Decimal


def shown(value: float, scale: Scale, profile: PanelChoices) -> Number:
    """Return ``value``, as it is read over the bus, as the display has it; NaN is QNAN."""
    if math.isnan(value):
        return Number(NOT_VALID, "", Decimal(0))
    digits = int(profile.panel_digits)
    rounding = ROUND_HALF_EVEN if profile.panel_rounding is PanelRounding.NEAREST else ROUND_DOWN
    if abs(value) > _LARGEST:
        return Number(OVERFLOW, scale.units[-1], Decimal(0))
    with localcontext(Context(prec=_PRECISION, rounding=rounding)):
        exact = Decimal(value)
        for place, unit in enumerate(scale.units):
            is_last = place == len(scale.units) - 1
            factor = _THOUSAND ** (scale.bus_place - place)
            text = _in_digits(exact * factor, digits, scale.decimals if place == 0 else digits - 1)
            if text is None or (not is_last and _is_for_next(text, profile)):
                continue
            _, _, decimals = text.partition(".")
            return Number(text, unit, Decimal(1).scaleb(-len(decimals)) / factor)
    return Number(OVERFLOW, scale.units[-1], Decimal(0))


def _in_digits(value: Decimal, digits: int, decimals: int) -> str | None:
    """Return the number with as many decimals as fit, at most ``decimals``; None if it does not fit."""
    for count in range(min(decimals, digits - 1), -1, -1):
        text = f"{value.quantize(Decimal(1).scaleb(-count)):f}"
        if sum(each.isdigit() for each in text) <= digits:
            return text.removeprefix("-") if not any(each in "123456789" for each in text) else text
    return None


def _is_for_next(text: str, profile: PanelChoices) -> bool:
    """Whether the next larger unit is used although the number fits."""
    return profile.panel_unit_change is PanelUnitChange.AT_THOUSAND and abs(Decimal(text)) >= _THOUSAND
