"""The instruments around the meters' other terminals: switch unit, pulse generator and counter, wired to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from rig.emulation.auxiliary.keysight_33500b import KeysightGenerator
from rig.emulation.auxiliary.keysight_34970a import KeysightSwitch
from rig.emulation.auxiliary.keysight_53220a import KeysightCounter
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World

_PULSE_INPUT, _CONTROL_POWER = 1, 2
"""Outputs of the generator and inputs of the counter."""


def switching_instruments(
    terminals: Sequence[MeterTerminals],
    seed: int,
    is_ideal: bool,
    world: World,
    log: EventLog,
    safety: SafetyContacts | None = None,
    contactor: Contactor | None = None,
) -> dict[str, ScpiEngine]:
    """Make the instruments and return their engines by name; to be called before time passes.

    The switch unit is wired to every meter, the safety circuit and the contactor (``keysight_34970a`` says how).
    The generator works the terminals of the first meter: output 1 closes a contact at its pulse input, output 2
    interrupts its control power. The counter sees both there: input 1 is high while the contact is closed, input 2
    while there is control power.
    """
    serial_number = f"MY{np.random.default_rng([seed, 0x54]).integers(10**7, 10**8)}"
    around = Surroundings(errors=is_ideal, seed=seed, world=world, log=log, serial_number=serial_number)
    switch = KeysightSwitch(terminals, safety or SafetyContacts(), contactor or Contactor(), around)
    generator, counter = KeysightGenerator(around), KeysightCounter(around)
    for first in terminals[:1]:
        first.closing.append(generator.outputs[_PULSE_INPUT - 1])
        first.interrupting.append(generator.outputs[_CONTROL_POWER - 1])
        first.watching_contact.append(partial(counter.edge, _PULSE_INPUT))
        first.watching_power.append(partial(counter.edge, _CONTROL_POWER))
    return {"switch": switch.engine, "generator": generator.engine, "counter": counter.engine}
