"""Do the reset commands clear what they name, and nothing else? Asked last, and only with --allow-reset."""

from __future__ import annotations

import allure

from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Resets")]

_CLEAR_ENERGY, _CLEAR_PULSES = 30078, 16498
_ENERGIES = (*range(1, 11), *range(31, 55))


def test_energy_registers_are_cleared_and_the_clearing_is_counted(clearing: Inquiry, loaded: Inquiry) -> None:
    """30078 clears all energy accumulators (manual page 23), AI78 counts it (page 28); demand stays."""
    loaded.load(-30.0, 100.0)
    loaded.updates(10)
    loaded.load(0.0, 0.0)
    before = loaded.inputs((2, 22, 78))
    clearing.check("AI2 before", "more than 0", f"{before[2]:g}", before[2] > 0.0)
    clearing.meter.command(_CLEAR_ENERGY)
    loaded.updates(2)
    left = {f"AI{n}": value for n, value in loaded.inputs(_ENERGIES).items() if value != 0.0}
    clearing.check("energy registers that are not 0", {}, left)
    after = loaded.inputs((22, 78))
    clearing.check("AI78", before[78] + 1.0, after[78])
    clearing.check("AI22", before[22], after[22])


def test_pulse_counter_is_cleared(clearing: Inquiry) -> None:
    """16498 clears the pulse counter (manual pages 23 and 26)."""
    clearing.meter.command(_CLEAR_PULSES)
    clearing.updates(2)
    clearing.check("AI29", 0.0, clearing.input(29))
