"""Points of a meter as the client uses them; the object table itself comes in as data."""

from __future__ import annotations

from typing import Protocol


class MeterPoint(Protocol):
    """One object: ``kind`` is ``AI``, ``AV``, ``BI``, ``TL`` or ``DE``; ``instance`` its number."""

    @property
    def kind(self) -> str:
        """Which sort of object."""

    @property
    def instance(self) -> int:
        """The object's instance number."""
