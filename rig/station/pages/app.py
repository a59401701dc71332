"""The web server of a station: the operator's page, its event stream, and what the operator enters."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rig.station.pages.answers import form_of, headed, html_page
from rig.station.pages.engineer import engineer_routes
from rig.station.pages.hub import Hub, following
from rig.station.pages.rendering import asset, summary
from rig.station.service import Station

Handler = Callable[[Request], Awaitable[Response]]


class OnlyThisSite:
    """Refuses requests by another site's page: a Host that is not this server, or an Origin of elsewhere.

    ``hosts``: names that this server is reached by, without port.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            host, origin = headers.get("host", ""), headers.get("origin")
            strange = "*" not in self._hosts and (urlsplit(f"//{host}").hostname or "") not in self._hosts
            if strange or (origin is not None and urlsplit(origin).netloc != host):
                await PlainTextResponse("This page belongs to another site.", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def make_app(station: Station, hosts: tuple[str, ...]) -> Starlette:
    """Return the application; ``hosts``: see ``OnlyThisSite``."""
    hub = Hub(station)

    async def show_page(_request: Request) -> Response:
        return html_page(hub.page())

    async def events(_request: Request) -> Response:
        # Starlette asks for the first item before it sends anything, so too many pages are an error of the server.
        return headed(StreamingResponse(hub.updates(), media_type="text/event-stream"))

    async def state(_request: Request) -> Response:
        return headed(JSONResponse(summary(station)))

    def taking(work: Callable[[dict[str, str]], object]) -> Handler:
        async def take(request: Request) -> Response:
            work(await form_of(request))
            hub.look()
            if "x-station" in request.headers:
                return headed(JSONResponse({"asked": station.off.asked_s if station.off is not None else None}))
            return RedirectResponse("/", 303)

        return take

    def answer(form: dict[str, str]) -> None:
        station.answer(form.get("prompt_id", ""), form.get("text", ""), confirmed=form.get("confirmed") == "yes")

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with following(hub):
            yield

    def file(name: str, media_type: str) -> Route:
        async def give(_request: Request) -> Response:
            return headed(Response(asset(name), media_type=media_type))

        return Route(f"/{name}", give)

    entries: dict[str, Callable[[dict[str, str]], object]] = {
        "scan": lambda form: station.enter(form.get("text", "")),
        "stop": lambda _form: station.stop(),
        "start": lambda _form: station.start(),
        "clear": lambda _form: station.clear(),
        "pause": lambda _form: station.pause(paused=True),
        "continue": lambda _form: station.pause(paused=False),
        "answer": answer,
        "panel": lambda form: station.panel.press(form.get("key", "")) if station.panel is not None else None,
    }
    routes = [
        Route("/", show_page),
        Route("/events", events),
        Route("/state.json", state),
        file("page.js", "text/javascript"),
        file("engineer.js", "text/javascript"),
        file("page.css", "text/css"),
        *(Route(f"/{name}", taking(work), methods=["POST"]) for name, work in entries.items()),
        *engineer_routes(station),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(OnlyThisSite, hosts)])
