"""What an emulated instrument is made with: number, errors and seed of its own, and the bench that it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from rig.emulation.world.event_log import EventLog
from rig.emulation.world.world import World

ErrorsT = TypeVar("ErrorsT", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings(Generic[ErrorsT]):
    """``errors``: how far the instrument is off; ``seed`` makes its noise; ``world`` is held to look at it."""

    errors: ErrorsT
    seed: int
    world: World
    log: EventLog
    serial_number: str = ""

    @property
    def now(self) -> Callable[[], float]:
        """The bench time, in seconds, up to which the world is computed."""
        return self.world.now_s

    def generator(self, stream: int) -> np.random.Generator:
        """Return random numbers of the instrument's own; each ``stream`` has others."""
        return np.random.default_rng([self.seed, stream])
