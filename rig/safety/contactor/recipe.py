"""Commands that hold and release a bench's contactor from any process, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rig.safety.state import made_of, texts

SOCKET_RESOURCE = re.compile(r"^TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET$", re.IGNORECASE)
"""The only way to a contactor's switch unit: a plain socket, which the guardian opens beside the rig's own."""

PULSES_PER_HOLD = 3
"""Triggers of the timer relay within the time for which it holds."""


@dataclass(frozen=True, slots=True)
class ContactorRecipe:
    """A relay in series with the contactor's coil, and one whose closings keep a timer relay on.

    ``close``, ``open``: messages that work the first relay; ``verify_query`` asks for it. ``pulse_close`` and
    ``pulse_open`` work the second. ``hold_s``: wall seconds for which the timer relay holds after a closing; the
    contactor falls that long after the last closing, even when guardian and switch unit are gone.
    ``identity``: maker, model and serial number of the switch unit as it was when the bench was opened; another
    instrument at its address is sent no relay command. Empty where that is not known.
    """

    resource: str
    close: str
    open: str
    verify_query: str
    closed_answers: tuple[str, ...]
    open_answers: tuple[str, ...]
    pulse_close: str
    pulse_open: str
    hold_s: float
    identity: tuple[str, ...] = ()

    def is_its_unit(self, identification: str) -> bool:
        """Whether an answer to ``*IDN?`` is that of the switch unit; any is where its identity is not known."""
        said = [field.strip().strip('"') for field in identification.split(",")]
        return not self.identity or tuple(said[: len(self.identity)]) == self.identity

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; raises ValueError for a resource that is no plain socket."""
        match = SOCKET_RESOURCE.match(self.resource)
        if match is None:
            raise ValueError(f"{self.resource} is no TCPIP::HOST::PORT::SOCKET resource")
        return match["host"], int(match["port"])

    @property
    def toggle_s(self) -> float:
        """Seconds from one move of the pulse relay to the next: two of them are one closing."""
        return self.hold_s / PULSES_PER_HOLD / 2.0

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ContactorRecipe:
        """Make the recipe that ``to_json`` was given."""
        return made_of(cls, data, closed_answers=texts, open_answers=texts, hold_s=float, identity=texts)
