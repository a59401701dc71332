"""The climate instruments of the emulated bench, by the names of its endpoints, and the air they are in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.emulation.auxiliary.espec_p300 import EspecChamber
from rig.emulation.auxiliary.fluke_1620a import FlukeProbe
from rig.emulation.world.air import Air
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World


@dataclass(frozen=True, slots=True)
class Climate:
    """Air, probe and chamber; the meters stand in the chamber, with sensor 1 of the probe beside them."""

    air: Air
    probe: FlukeProbe
    chamber: EspecChamber


def climate_instruments(air: Air, seed: int, is_ideal: bool, world: World, log: EventLog) -> Climate:
    """Make the instruments; the world's meters feel ``air`` from now on."""
    serial_number = f"B{np.random.default_rng([seed, 0x55]).integers(10**5, 10**6)}"
    around = Surroundings(errors=is_ideal, seed=seed, world=world, log=log, serial_number=serial_number)
    probe = FlukeProbe(air, around)
    world.breathe(air)
    return Climate(air, probe, EspecChamber(air, world.now_s, world, log))
