"""Writes of AV2 to AV11 on their way: checked at once, stored up to about two seconds later (manual page 23)."""

from __future__ import annotations

from meter_model.configuration import Configuration

_ROUNDING_S = 1e-9


class PendingWrites:
    """Accepted writes that have not been stored yet.

    ``delay_s``: a write is stored at the first end of a one-second cycle that is at least so long after it.
    """

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._waiting: list[tuple[int, float, float]] = []

    def accept(self, configuration: Configuration, av: int, value: float, now_s: float) -> None:
        """Take a write, or raise ``ValueRefused``; it is checked against what was accepted before it."""
        for other, waiting, _ in self._waiting:
            configuration = configuration.write(other, waiting)
        configuration.write(av, value)
        self._waiting.append((av, value, now_s + self._delay_s))

    def is_pending(self, av: int) -> bool:
        """Return whether a write to this AV waits: its old value reads, and is not reliable."""
        return any(av == each for each, _, _ in self._waiting)

    @property
    def is_empty(self) -> bool:
        """Whether no write waits."""
        return not self._waiting

    def take_due(self, now_s: float) -> list[tuple[int, float]]:
        """Return and forget the (AV, value) that are stored now, in the order of writing."""
        due = [(av, value) for av, value, due_s in self._waiting if due_s <= now_s + _ROUNDING_S]
        self._waiting = [each for each in self._waiting if each[2] > now_s + _ROUNDING_S]
        return due

    def forget(self) -> None:
        """Lose what waits, as control power is lost."""
        self._waiting.clear()
