"""Keep on sending: wait for what is recorded, and for a server that is not there; say what has changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from drivers.errors import RigError
from rig.records.outbox.sender import Sender, SenderBusy, Sent

LONGEST_WAIT_S = 60.0
"""Between two tries to reach a server that is not there, seconds."""

_FORGOTTEN_S = 3600.0
"""After this time what was said is said again, seconds."""


class Sends(Protocol):
    """What is needed of a sender."""

    where: str

    def waiting(self) -> int:
        """Return how many rows wait."""

    def send(self) -> Sent:
        """Send them."""

    def close(self) -> None:
        """Let go."""


class SendingOn:
    """Sends what is recorded, again and again. ``say`` has one sentence for each change: sent, not sent, refused.

    ``every_s``: how often the outbox is looked at; a server that cannot be reached is tried after twice the time each
    time, up to LONGEST_WAIT_S.
    """

    def __init__(
        self,
        begin: Callable[[], Sends],
        every_s: float,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._begin, self._every_s, self._say, self._sleep = begin, every_s, say, sleep
        self._sender: Sends | None = None
        self._said: tuple[str, float] = ("", 0.0)
        self._wait_s = every_s
        self._is_down = False

    def turn(self) -> None:
        """Send once, and wait."""
        try:
            self._send()
            self._wait_s = self._every_s
        except SenderBusy:
            raise
        except RigError as error:
            self.close()
            self._tell(str(error))
            self._is_down = True
            self._sleep(self._wait_s)
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        else:
            self._sleep(self._every_s)

    def close(self) -> None:
        """Let go of both databases."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    def _send(self) -> None:
        if self._sender is None:
            self._sender = self._begin()
            waiting = self._sender.waiting()
            if self._is_down or not self._said[0]:
                self._tell(f"sending to {self._sender.where}: {waiting} rows wait")
            self._is_down = False
        sent = self._sender.send()
        if sent.refused:
            self._tell(refused_text(sent, self._sender.where))

    def _tell(self, text: str) -> None:
        said, at = self._said
        now = time.monotonic()
        if text != said or now - at > _FORGOTTEN_S:
            self._say(text)
            self._said = (text, now)


def refused_text(sent: Sent, where: str) -> str:
    """Say how many rows a server refused, and why the last of them."""
    return f"{sent.refused} rows were refused by {where} and are kept to be sent again: {sent.reason}"


def sender_of(records: str | Path, to: str) -> Callable[[], Sender]:
    """Return what begins to send the records to a server."""
    return lambda: Sender(records, to)
