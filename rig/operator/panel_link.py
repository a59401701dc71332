"""The front panel of an emulated meter, as seen and pressed over the control endpoint of its bench."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from dataclasses import asdict, dataclass
from typing import Any, Self

from drivers.errors import RigError

_ENDPOINT = re.compile(r"tcp://([^:/]+):(\d+)\Z")
_TIMEOUT_S = 10.0


class PanelNotThere(RigError):
    """The panel cannot be reached, or the emulated bench refuses a question; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class PanelView:
    """What the display shows: ``lines`` (label, value, unit) and the parts of the screen.

    ``icons``: those that are on, of ``heart``, ``alert`` and ``wrench``. ``blinking``: place of the blinking digit in
    ``value``. Without control power ``is_on`` is False and all else is empty.
    """

    lines: tuple[str, ...]
    icons: tuple[str, ...]
    name: str
    mark: str
    phase: str
    value: str
    unit: str
    blinking: int | None
    is_on: bool

    @property
    def label(self) -> str:
        """Mark, name and phase: what tells one screen from another."""
        return self.lines[0]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @property
    def reading(self) -> str:
        """Value and unit as a person types them."""
        return f"{self.value} {self.unit}".strip()


class PanelLink:
    """One connection to a control endpoint (``tcp://host:port``); not for use from two threads at once.

    Raises PanelNotThere.
    """

    def __init__(self, endpoint: str) -> None:
        match = _ENDPOINT.match(endpoint)
        if match is None:
            raise PanelNotThere(f"{endpoint!r} is not a control endpoint; it has the form tcp://host:port")
        self._endpoint = endpoint
        try:
            self._socket = socket.create_connection((match[1], int(match[2])), timeout=_TIMEOUT_S)
        except OSError as error:
            raise PanelNotThere(f"no emulated bench answers at {endpoint} ({error}); is it running?") from error
        self._file = self._socket.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def view(self, meter: int = 0) -> PanelView:
        """Return what the display of a meter shows, 0 the first."""
        return self._ask({"panel": meter})

    def press(self, meter: int, *keys: str) -> PanelView:
        """Press keys one after the other; returns what is shown then."""
        return self._ask({"key": [meter, *keys]})

    def connect(self, meter: int, on: bool) -> None:
        """Connect the voltage and CT leads of a meter, or take them off; bus and control power stay."""
        self._told({"connected": {"meter": meter, "on": on}})

    def close(self) -> None:
        """Give the connection back."""
        with contextlib.suppress(OSError):  # a question that the lost bench did not take
            self._file.close()
        self._socket.close()

    def _ask(self, question: dict[str, Any]) -> PanelView:
        answer = self._told(question)
        parts = {name: answer[name] for name in ("name", "mark", "phase", "value", "unit", "blinking", "is_on")}
        return PanelView(tuple(answer["lines"]), tuple(answer["icons"]), **parts)

    def _told(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            self._file.write(json.dumps(question).encode() + b"\n")
            self._file.flush()
            answer = json.loads(self._file.readline())
        except (OSError, ValueError) as error:
            raise PanelNotThere(f"the emulated bench at {self._endpoint} is lost ({error})") from error
        if "error" in answer:
            raise PanelNotThere(str(answer["error"]))
        return dict(answer)
