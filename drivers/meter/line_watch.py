"""Whether the bus's adapter is there: which calls wait for it, what is reported about it, and how long it was away."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from drivers.meter.errors import BusFailed
from drivers.mstp.events import LineLost, LineRestored
from drivers.mstp.settings import PortSettings

_REJOIN_S = 60.0
"""An adapter that is back has the token after some ten seconds, in the worst of rings."""


_READS = (12, 14, 26)
"""Confirmed services that change nothing: ReadProperty, ReadPropertyMultiple, ReadRange."""


def may_be_asked_again(request: Any) -> bool:
    """Whether it changes nothing in the meter to have a request (a bacpypes3 APDU) twice."""
    return request.apduService in _READS


class LineWatch:
    """Follows LineLost and LineRestored in the event loop in which it is made; ``take_events`` is for any thread.

    ``lost`` is done, with the reason, while the adapter is away. ``lost_s`` adds up the seconds of all absences.
    """

    def __init__(self, settings: PortSettings) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.lost_s = 0.0
        self._settings = settings
        self._back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._events: deque[LineLost | LineRestored] = deque()

    def note(self, event: LineLost | LineRestored) -> None:
        """Take over what the port says; LineLost and LineRestored come in turn."""
        self._events.append(event)
        loop = asyncio.get_running_loop()
        if isinstance(event, LineLost):
            self._back = loop.create_future()
            self.lost.set_result(event.reason)
        else:
            self.lost_s += event.lost_s
            self.lost = loop.create_future()
            self._back.set_result(None)

    def take_events(self) -> list[LineLost | LineRestored]:
        """Return the events not reported yet, oldest first."""
        events: list[LineLost | LineRestored] = []
        while True:
            try:
                events.append(self._events.popleft())
            except IndexError:  # also where another thread has just taken the last one
                return events

    async def until_there(self, failed: asyncio.Future[str]) -> None:
        """Return when the adapter is there and its node in the ring; raises BusFailed when neither comes about.

        ``failed`` is done, with the reason, when the port has ended.
        """
        if self.lost.done() and not failed.done():
            patience_s = self._settings.replug_wait_s + _REJOIN_S
            waiting: set[asyncio.Future[Any]] = {self._back, failed}
            done, _ = await asyncio.wait(waiting, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                reason = f"the adapter is back, but no token came within {_REJOIN_S:g} s; check the wiring"
                raise BusFailed(self._settings.device, reason)
        if failed.done():
            raise BusFailed(self._settings.device, failed.result())
