"""The contactor in the guardian's loop; on a bench without one there is nothing to hold or to release."""

from __future__ import annotations

import math
from typing import Any

from rig.safety.contactor.holding import ContactorHold
from rig.safety.contactor.recipe import ContactorRecipe


class GuardedContactor:
    """What the guardian calls, whether its bench has a contactor or not."""

    def __init__(self) -> None:
        self._hold: ContactorHold | None = None

    @property
    def due_s(self) -> float:
        """Monotonic time of the next ``tick``."""
        return math.inf if self._hold is None else self._hold.due_s

    def obey(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what the rig asks for (``recipe`` with one, or ``closed``); returns the answer to it.

        ``problem`` is a sentence, None where all went well.
        """
        if "recipe" in message:
            self._hold = ContactorHold(ContactorRecipe.from_json(message["recipe"]))
            return {"problem": None}
        if self._hold is None:
            return {"problem": "the guardian knows no contactor"}
        return {"problem": self._hold.close() if message["closed"] else self._hold.open()}

    def tick(self) -> None:
        """Keep the timer relay on, while the contactor is held."""
        if self._hold is not None:
            self._hold.tick()

    def let_go(self) -> None:
        """Open it without waiting."""
        if self._hold is not None:
            self._hold.let_go()

    def open(self) -> str | None:
        """Open it and have that confirmed; returns what went wrong."""
        return self._hold.open() if self._hold is not None and self._hold.is_held else None

    def opened(self) -> dict[str, str]:
        """Open it and return the result as words for the journal."""
        if self._hold is None:
            return {}
        return {"contactor": self._hold.open() or "open, confirmed by its relay"}
