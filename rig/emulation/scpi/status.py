"""SCPI's status registers: condition, transition filters, event, enable and summary (STATus:OPERation, :QUEStionable).

Source: SCPI-99 volume 1, 9 (the model) and volume 2, 20 (STATus): filters stand at "rising edges only" and nothing is
enabled after STATus:PRESet and at power-on; reading an event register clears it, as does ``*CLS``; ``*RST`` leaves all
as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rig.emulation.scpi.engine import Call, Command
from rig.emulation.scpi.rows import event, kept
from rig.emulation.scpi.syntax import Number

QUESTIONABLE_SUMMARY, OPERATION_SUMMARY = 8, 128
"""The bits of the status byte that sum up the two registers; keys of ``ScpiEngine``'s ``summaries``."""

_ALL = 0x7FFF


class StatusRegister:
    """One register of fifteen bits; bit 15 is not used. All is called with the world held.

    ``follow`` is asked for the condition whenever the register is looked at, where the instrument computes it from its
    state; ``update`` is for what must not be missed in between, such as a trip that ends again.
    """

    def __init__(self, follow: Callable[[], int] | None = None) -> None:
        self._follow = follow
        self._condition = 0
        self._event = 0
        self.preset()

    @property
    def condition(self) -> int:
        """What is so now."""
        self.look()
        return self._condition

    @property
    def summary(self) -> bool:
        """Whether an enabled event has been: the register's bit in the status byte."""
        self.look()
        return bool(self._event & self._enable)

    def look(self) -> None:
        """Follow the condition now: before something ends that must have been an event."""
        if self._follow is not None:
            self.update(self._follow())

    def update(self, condition: int) -> None:
        """Say what is so now: changes that the filters let through become events."""
        condition &= _ALL
        risen, fallen = condition & ~self._condition, self._condition & ~condition
        self._event |= (risen & self._rising) | (fallen & self._falling)
        self._condition = condition

    def set(self, bits: int, on: bool) -> None:
        """Make some bits of the condition 1 or 0 and leave the others."""
        self.update(self._condition | bits if on else self._condition & ~bits)

    def clear(self) -> None:
        """Forget all events (``*CLS``)."""
        self._event = 0

    def preset(self) -> None:
        """Enable nothing and let rising edges through (STATus:PRESet)."""
        self._enable, self._rising, self._falling = 0, _ALL, 0

    def commands(self, root: str, *, filters: bool = True, highest: int = 0xFFFF) -> tuple[Command, ...]:
        """Return the rows of a command table under ``root``, such as ``STATus:QUEStionable``.

        ``filters``: whether the instrument lets its transition filters be set. ``highest``: the largest mask it takes.
        """
        mask = Number(0, highest)
        rows = (
            Command(f"{root}[:EVENt]", read=self._read_event),
            Command(f"{root}:CONDition", read=lambda _call: str(self.condition)),
            kept(f"{root}:ENABle", mask, self, "_enable", take=_masked),
        )
        if not filters:
            return rows
        return (
            *rows,
            kept(f"{root}:PTRansition", mask, self, "_rising", take=_masked),
            kept(f"{root}:NTRansition", mask, self, "_falling", take=_masked),
        )

    def _read_event(self, _call: Call) -> str:
        self.look()
        event, self._event = self._event, 0
        return str(event)


def _masked(value: float) -> int:
    return round(value) & _ALL


def preset_command(registers: Iterable[StatusRegister]) -> Command:
    """Return the row STATus:PRESet, which presets all of an instrument's registers."""
    known = tuple(registers)

    def preset() -> None:
        for register in known:
            register.preset()

    return event("STATus:PRESet", preset)
