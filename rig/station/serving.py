"""Serve a station until the process is ended."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from rig.errors import UsageRefused
from rig.station.pages.app import make_app
from rig.station.service import Station

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(station: Station, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the page of ``station`` at ``host`` and ``port`` until SIGTERM or SIGINT; the present run goes on.

    ``say`` is given a line with the address. Raises UsageRefused where it cannot be bound.
    """
    import uvicorn

    listener = _bound(host, port)
    hosts = LOCAL if host in LOCAL else ("*",) if _is_any(host) else (host, socket.gethostname(), *LOCAL)
    config = uvicorn.Config(
        make_app(station, hosts),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=200,
        lifespan="on",
    )
    shown = f"[{host}]" if ":" in host else host
    say(f"station {station.settings.name}: http://{shown}:{listener.getsockname()[1]}/")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio sends small answers at once on such a socket only.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageRefused(f"the page cannot be served at {host} port {port} ({error.strerror}); see --port") from None
    return listener


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
