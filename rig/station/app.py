"""The web server of a station: the operator's page, its event stream, and what the operator enters."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rig.station.hub import Hub, following
from rig.station.rendering import asset, summary
from rig.station.service import Station

_LARGEST_FORM = 4096
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

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


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, of at most 4096 octets; what is longer has no fields."""
    octets = b""
    async for part in request.stream():
        octets += part
        if len(octets) > _LARGEST_FORM:
            return {}
    fields = parse_qs(octets.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def headed(response: Response) -> Response:
    """Add the headers that all pages have: nothing from elsewhere, nothing kept."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def html_page(text: str, status: int = 200) -> Response:
    """Answer with a page."""
    return headed(Response(text, status, media_type="text/html"))


def make_app(station: Station, hosts: tuple[str, ...], more: tuple[Route, ...] = ()) -> Starlette:
    """Return the application; ``hosts``: see ``OnlyThisSite``. ``more``: the routes of other pages."""
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
    }
    routes = [
        Route("/", show_page),
        Route("/events", events),
        Route("/state.json", state),
        file("page.js", "text/javascript"),
        file("page.css", "text/css"),
        *(Route(f"/{name}", taking(work), methods=["POST"]) for name, work in entries.items()),
        *more,
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(OnlyThisSite, hosts)])
