"""What every emulated voltage-only source is to the world, around one three-phase output."""

from __future__ import annotations

from abc import abstractmethod

from rig.emulation.scpi.engine import Call, Command
from rig.emulation.scpi.status import StatusRegister
from rig.emulation.scpi.syntax import Boolean, ScpiError, as_bit
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
        self._status = StatusRegister(follow=self._questionable)

    @abstractmethod
    def _reset_settings(self) -> None:
        """Bring all settings to what *RST leaves; the output is off and reset."""

    def _reset(self) -> None:
        self.output.reset()
        self._reset_settings()

    def _questionable(self) -> int:
        """Return the condition of STATus:QUEStionable; a family whose register is known says which bits are set."""
        return 0

    def _output_commands(self) -> tuple[Command, ...]:
        """Return the rows that switch the output, with a latched protection that refuses to be switched on (-221)."""
        return (
            Command("OUTPut[:STATe]", (Boolean(),), self._switch, lambda _: as_bit(self.output.is_on)),
            Command("OUTPut:PROTection:CLEar", write=self._clear_protection),
        )

    def _switch(self, call: Call) -> None:
        if not self.output.switch(call.flag(0), call.peer, call.text):
            raise ScpiError(-221)

    def _clear_protection(self, _call: Call) -> None:
        self._status.look()
        self.output.clear_protection()

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
