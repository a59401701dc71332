"""The shape of one row of the object table: a BACnet object of the S4100 as the manual's tables print it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["DE", "AI", "AV", "BI", "TL"]

OBJECT_TYPE_NUMBERS: dict[Kind, int] = {"AI": 0, "AV": 2, "BI": 3, "DE": 8, "TL": 20}
"""BACnet object-type enumeration of each kind of object."""

MAX_POWER: Literal["max_power"] = "max_power"
"""Upper end of a range that the manual prints as "Max_Power (AI76)": it depends on the configuration."""

REAL_MAX = 3.4e38
"""The manual's largest number ("3.4+E38")."""

UNIT_NUMBERS: dict[str, int] = {
    "Amps": 3,
    "Volts": 5,
    "kVA": 9,
    "kVAR": 12,
    "kWh": 19,
    "kVARh": 19,  # "the Units property reports kWh because there is no unit type in the BACnet standard for kVARh"
    "kVAh": 19,
    "Hz": 27,
    "kW": 48,
    "Percent": 98,
}
"""BACnet engineering units (protocol revision 4) by the manual's unit text; everything else has none."""

NO_UNITS = 95
POWER_FACTOR_UNITS = 15


@dataclass(frozen=True, slots=True)
class Point:
    """One BACnet object.

    ``unit`` is the manual's text ("" where it prints none), ``bacnet_units`` the engineering-units number (95 where
    there is none). ``low`` and ``high`` are the manual's range (None where it prints none, ``"max_power"`` for AI76);
    ``allowed`` lists discrete values where the manual does. ``default`` is the factory default of an AV. ``quantity``
    and ``phase`` say what is meant ("P", "Q", "S", "PF", "V_LL", "V_LN", "I", ...; phase "A".."C", a pair, or "").
    ``page`` is the manual's page.
    """

    kind: Kind
    instance: int
    name: str
    description: str
    unit: str = ""
    bacnet_units: int = NO_UNITS
    writable: bool = False
    nv: bool = False
    low: float | None = None
    high: float | Literal["max_power"] | None = None
    allowed: tuple[float, ...] = ()
    default: float | None = None
    quantity: str = ""
    phase: str = ""
    page: int = 0
    note: str = ""

    @property
    def label(self) -> str:
        """Short name as the manual writes it, such as ``AI11``."""
        return f"{self.kind}{self.instance}"

    @property
    def object_type(self) -> int:
        """BACnet object-type number."""
        return OBJECT_TYPE_NUMBERS[self.kind]


def units_number(unit: str) -> int:
    """Return the BACnet engineering-units number for the manual's unit text."""
    return UNIT_NUMBERS.get(unit, NO_UNITS)
