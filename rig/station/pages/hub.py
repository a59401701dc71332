"""Follow the station in the background, and keep what open pages are sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator

from rig.station.pages.rendering import SETTLED, page, regions, summary
from rig.station.service import Station

TICK_S = 0.1
REDRAW_S = 0.5
HEARTBEAT_S = 1.0
MOST_PAGES = 24

_LOG = logging.getLogger(__name__)


class TooManyPages(Exception):
    """More pages are open than one station has."""


class Hub:
    """Calls ``Station.tick`` and renders the page's regions once for all open pages, when something has changed.

    A page is sent what differs from what it was sent last, so a slow one costs no memory.
    """

    def __init__(self, station: Station) -> None:
        self.station = station
        self._regions: dict[str, str] = {}
        self._page = ""
        self._summary = "{}"
        self._drawn_s = float("-inf")
        self._key: object = None
        self._pages = 0
        self._is_ended = False

    async def follow(self) -> None:
        """Go on until it is cancelled; an error of one round is logged, and the next one follows."""
        while True:
            rounds = asyncio.create_task(self._rounds())
            try:
                await asyncio.wait([rounds])
            finally:
                rounds.cancel()
            _LOG.error("the station could not be followed", exc_info=rounds.exception())
            await asyncio.sleep(TICK_S)

    async def _rounds(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(TICK_S)

    def look(self) -> None:
        """Do one round: read what is new, and render it where there is something to see."""
        self.station.tick()
        now_s = time.monotonic()
        view, phase = self.station.view, self.station.phase
        key = (
            phase,
            self.station.lives,
            self.station.is_safe_to_open,
            view.events,
            self.station.message.number,
            tuple(self.station.filling),
            self.station.off,
        )
        moves = phase not in SETTLED and not phase.is_result
        if key == self._key and not (moves and now_s - self._drawn_s > REDRAW_S):
            return
        self._key, self._drawn_s = key, now_s
        self.redraw()

    def redraw(self) -> None:
        """Render now, after something was entered."""
        self._regions = regions(self.station)
        self._page = page(self.station, self._regions)
        self._summary = json.dumps(summary(self.station))

    def page(self) -> str:
        """Return the whole page as it is now."""
        self.look()
        return self._page

    def end(self) -> None:
        """Let the open pages' streams end."""
        self._is_ended = True

    async def updates(self) -> AsyncIterator[str]:
        """Yield the events of one page, in the form of server-sent events; the first has everything."""
        if self._pages >= MOST_PAGES:
            raise TooManyPages
        self._pages += 1
        sent: dict[str, str] = {}
        sent_summary, sent_s = "", float("-inf")
        try:
            while not self._is_ended:
                changed = {name: text for name, text in self._regions.items() if sent.get(name) != text}
                now_s = time.monotonic()
                if changed or self._summary != sent_summary or now_s - sent_s >= HEARTBEAT_S:
                    sent |= changed
                    sent_summary, sent_s = self._summary, now_s
                    yield f'data: {{"regions": {json.dumps(changed)}, "summary": {sent_summary}}}\n\n'
                await asyncio.sleep(TICK_S)
        finally:
            self._pages -= 1


@contextlib.asynccontextmanager
async def following(hub: Hub) -> AsyncIterator[None]:
    """Follow the station while the server serves."""
    hub.look()
    task = asyncio.create_task(hub.follow())
    try:
        yield
    finally:
        hub.end()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
