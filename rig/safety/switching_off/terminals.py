"""Ask the analyzer whether there is voltage left at the meter's terminals."""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.analyzer.base import ReferenceAnalyzer

OFF_BELOW_V = 2.0
"""A voltage below this counts as off, rms volts at the meter's terminals."""

OFF_BELOW_CT_V = 0.02
"""So does less than this at a CT input: a low-level source of its own may be on while the voltage is off."""

CONFIRM_S = 3.0
"""Seconds that voltages may take to go."""


@dataclass(frozen=True, slots=True)
class TerminalsSeen:
    """``is_dead``: all inputs are seen below their limits; False where one is above, or could not be seen."""

    is_dead: bool
    text: str


def look_at_terminals(analyzer: ReferenceAnalyzer, within_s: float | None = None) -> TerminalsSeen:
    """Read the analyzer until all is off, ``within_s`` (``CONFIRM_S`` by default) at most; raises as its driver."""
    give_up_s = time.monotonic() + (CONFIRM_S if within_s is None else within_s)
    while True:
        elements = analyzer.read().elements
        volts, ct_volts = [element.u_v for element in elements], [element.i for element in elements]
        is_fed = any(value is not None and value >= OFF_BELOW_CT_V for value in ct_volts)
        if not is_fed and all(value is not None and value < OFF_BELOW_V for value in volts):
            return TerminalsSeen(True, f"the analyzer sees less than {OFF_BELOW_V:g} V")
        if time.monotonic() > give_up_s:
            seen = ", ".join("no valid data" if value is None else f"{value:.4g} V" for value in volts)
            at_inputs = ", ".join(f"{value:.4g} V" for value in ct_volts if value is not None)
            return TerminalsSeen(
                False, f"THE ANALYZER STILL SEES {seen}" + (f", CT inputs {at_inputs}" if is_fed else "")
            )
