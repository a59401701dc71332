"""The load of the meter's inputs on a source that is not stiff: their impedances (manual pages 1 and 2)."""

from __future__ import annotations

VOLTAGE_LN_OHM = 2.5e6
"""A voltage terminal against neutral."""

VOLTAGE_LL_OHM = 5.0e6
"""Between two voltage terminals: two of those in series."""

CT_OHM: dict[int, float] = {1: 32_100.0, 3: 10_600.0}
"""A CT input by AV4: 1 for CTs of 1 V, 3 for CTs of 1/3 V."""


def at_terminals(open_circuit_v: float, source_ohm: float, input_ohm: float) -> float:
    """Return the volts that an input sees of a source with this open-circuit voltage and resistance.

    Raises ValueError for a negative source resistance or an input resistance that is not above 0.
    """
    if source_ohm < 0.0 or input_ohm <= 0.0:
        raise ValueError(f"{source_ohm:g} ohm into {input_ohm:g} ohm is no voltage divider")
    return open_circuit_v * input_ohm / (input_ohm + source_ohm)


def loading_error_pct(source_ohm: float, input_ohm: float) -> float:
    """Return by how many percent an input lowers a source's voltage, as a negative number."""
    return 100.0 * (at_terminals(1.0, source_ohm, input_ohm) - 1.0)
