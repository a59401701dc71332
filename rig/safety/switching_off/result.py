"""Result of switching a source off."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SafeOffResult:
    """What came of switching one source off: ``confirmed`` by its own answer; ``details`` says what happened.

    ``sent``: whether the commands left for it; they are not sent to an instrument of another model. ``answered_by``:
    its identity, empty where it was not asked or did not answer.
    """

    resource: str
    confirmed: bool
    details: str
    sent: bool = False
    answered_by: str = ""

    @property
    def verdict(self) -> str:
        """The result in a few words, as it is printed."""
        if self.confirmed:
            return "OFF, verified"
        return "SENT, NOT CONFIRMED OFF" if self.sent else "NOT SENT, NOT CONFIRMED OFF"

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it."""
        return asdict(self)
