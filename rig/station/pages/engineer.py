"""The engineer's view of a station, behind a password: live vectors, history of runs, trends and the bus."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rig.station.pages.answers import form_of, html_page
from rig.station.pages.history import history, one_run
from rig.station.pages.rendering import regions, render
from rig.station.password import has_password, is_password
from rig.station.service import Station

COOKIE = "station-engineer"
LASTS_S = 8 * 3600.0

_MOST_SESSIONS = 16
_AFTER_FAILURE_S = 1.0


class Sessions:
    """Who is logged in, in the memory of the service: a restart logs out. ``now_s``: monotonic seconds."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._ends_s: dict[str, float] = {}

    def begin(self) -> str:
        """Return the token of a new session; of too many the oldest ends."""
        while len(self._ends_s) >= _MOST_SESSIONS:
            del self._ends_s[next(iter(self._ends_s))]
        token = secrets.token_urlsafe(32)
        self._ends_s[token] = self._now_s() + LASTS_S
        return token

    def has(self, token: str) -> bool:
        """Whether a session of this token goes on."""
        return self._ends_s.get(token, float("-inf")) > self._now_s()

    def end(self, token: str) -> None:
        """End a session."""
        self._ends_s.pop(token, None)


def engineer_routes(station: Station) -> tuple[Route, ...]:
    """Return the routes of the engineer's view."""
    sessions = Sessions()
    one_at_a_time = asyncio.Lock()
    folder, records = station.settings.folder, station.settings.records

    def inside(work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if not sessions.has(request.cookies.get(COOKIE, "")):
                return log_in_page("")
            return await work(request)

        return handle

    def log_in_page(problem: str, status: int = 200) -> Response:
        text = render("login.html", station=station, has_password=has_password(folder), problem=problem)
        return html_page(text, status)

    async def log_in(request: Request) -> Response:
        form = await form_of(request)
        async with one_at_a_time:  # guesses wait for each other
            good = await run_in_threadpool(is_password, folder, form.get("password", ""))
            if not good:
                await asyncio.sleep(_AFTER_FAILURE_S)
        if not good:
            return log_in_page("This is not the password.", 403)
        answer = RedirectResponse("/engineer", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, sessions.begin(), max_age=int(LASTS_S), httponly=True, samesite="strict", secure=secure
        )
        return answer

    async def log_out(request: Request) -> Response:
        sessions.end(request.cookies.get(COOKIE, ""))
        return RedirectResponse("/", 303)

    async def show(_request: Request) -> Response:
        found = await run_in_threadpool(history, records)
        return html_page(render("engineer.html", station=station, history=found, regions=regions(station)))

    async def show_run(request: Request) -> Response:
        run, rows, problem = await run_in_threadpool(one_run, records, request.path_params["run"])
        text = render("run.html", station=station, run=run, rows=rows, problem=problem)
        return html_page(text, 404 if run is None else 200)

    return (
        Route("/engineer", inside(show)),
        Route("/engineer/login", log_in, methods=["POST"]),
        Route("/engineer/logout", log_out, methods=["POST"]),
        Route("/engineer/runs/{run}", inside(show_run)),
    )
