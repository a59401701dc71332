"""What the rows of a standard mean for registers: permitted creep, and how far a starting meter may be off."""

from __future__ import annotations

from rig.metrology.limits import Quantity
from rig.metrology.register_tests.creep import Permitted
from rig.metrology.standards.programme_rows import NoLoadRow, StartingRow
from rig.procedures.accuracy.result import provenance_of
from rig.procedures.registers.no_load import NoLoadLimit
from rig.procedures.registers.starting import StartingLimit

NO_LOAD_LEAST_S = 600.0
"""A no-load test is at least so long, seconds: the standards' times are for pulses, and this meter gives none."""

OWN_TOLERANCE_PCT = 50.0
"""By how much the energy at the starting current may be off where the standard states no number, percent."""

_MAXIMUM_PCT, _STARTING_PCT = 120.0, 0.1
"""Imax of the meter and the classes' starting current, percent of In."""

_ENERGY_OF = {
    Quantity.ACTIVE_POWER: "active_energy",
    Quantity.ACTIVE_ENERGY: "active_energy",
    Quantity.REACTIVE_POWER: "reactive_energy",
    Quantity.REACTIVE_ENERGY: "reactive_energy",
}


def no_load_limits(row: NoLoadRow, nominal_w: float) -> tuple[NoLoadLimit, ...]:
    """Return the limits of a row, one for each energy; ``nominal_w``: total power at nominal voltage and 100 % of In.

    The row's k pulses/kWh, m elements, volts and amperes come to a share of m Un Imax, or of m Utest Ist, as a mean
    power: m Un In is ``nominal_w``.
    """
    # One element of so many volts at one ampere.
    power_w = row.mean_power_w(1, nominal_w, maximum_a=_MAXIMUM_PCT / 100.0, starting_a=_STARTING_PCT / 100.0)
    energies = dict.fromkeys(_ENERGY_OF[each] for each in row.quantities if each in _ENERGY_OF)
    return tuple(NoLoadLimit(each, Permitted(power_w, NO_LOAD_LEAST_S), provenance_of(row)) for each in energies)


def starting_limit(row: StartingRow) -> StartingLimit:
    """Return the limit of a row; where the standard states no number it is ``OWN_TOLERANCE_PCT``, and says so."""
    if row.tolerance_pct is not None:
        return StartingLimit(row.tolerance_pct, provenance_of(row))
    own = f"it must register; ±{OWN_TOLERANCE_PCT:g} % is the rig's own criterion, the standard states no number"
    return StartingLimit(OWN_TOLERANCE_PCT, provenance_of(row), own)
