"""How late the hub's pseudo-terminals are: the kernel hands octets on by a worker thread that waits for a processor."""

from __future__ import annotations

import os
import tty

from drivers.mstp.process.lateness import LateSpell, LateSpells

_EVERY_S = 0.005
_ONE = b"\x55"


class PtyWatch:
    """Sends an octet through a pseudo-terminal of its own every 5 ms; ``fileno``, for ``select``, is where it arrives.

    What is late there is late, about as much, at the ports of the hub.
    """

    def __init__(self, late: LateSpells) -> None:
        self._late = late
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._sent_s: float | None = None
        self._next_s = 0.0

    def fileno(self) -> int:
        """Return the end at which the octet arrives."""
        return self._slave

    def look(self, now_s: float, arrived: bool, is_in_use: bool) -> None:
        """Note the octet that has ``arrived``, and send the next one when it is time and the hub ``is_in_use``."""
        if self._sent_s is not None and arrived:
            os.read(self._slave, 16)
            self._late.note(now_s, now_s - self._sent_s)
            self._sent_s = None
        if is_in_use and self._sent_s is None and now_s >= self._next_s:
            os.write(self._master, _ONE)
            self._sent_s, self._next_s = now_s, now_s + _EVERY_S

    def since(self, moment_s: float, now_s: float) -> list[LateSpell]:
        """Return the spells that ended after ``moment_s``, and the one that lasts still."""
        lasting = [(self._sent_s, now_s)] if self._sent_s is not None else []
        return [*self._late.since(moment_s), *lasting]
