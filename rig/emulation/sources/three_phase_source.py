"""What every emulated voltage-only source is to the world, around one three-phase output."""

from __future__ import annotations

from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_output import ThreePhaseOutput
from rig.emulation.world.physics import SourceTerminals
from rig.emulation.world.surroundings import Surroundings


class ThreePhaseSource:
    """What an emulated voltage-only source is to the world: a family adds its command table, as ``engine``."""

    def __init__(self, around: Surroundings[SourceErrors], *, slews_when_switched_on: bool = False) -> None:
        self._around, self._now, self._log = around, around.now, around.log
        self.output = ThreePhaseOutput(
            around.errors, around.seed, around.now, around.log, slews_when_switched_on=slews_when_switched_on
        )

    @property
    def revision(self) -> int:
        """A number that changes whenever a setting or the noise does."""
        return self.output.revision

    def add_gain(self, kind: str, fraction: float) -> None:
        """Make the output of ``kind`` ("voltage", "current" or "both") wrong by a fraction: a seeded defect."""
        self.output.add_gain(kind, fraction)

    def stick(self, on: bool) -> None:
        """Make the output relay stay closed for ever (a fault), or mend it."""
        self.output.stick(on)

    def wander(self, seconds: int) -> None:
        """Draw new noise for the level: the mean of so many bench seconds."""
        self.output.wander(seconds)

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the output may be taken as constant."""
        return self.output.next_change_s(now_s)

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what is at the output terminals at a moment of bench time."""
        return self.output.terminals(at_s)
