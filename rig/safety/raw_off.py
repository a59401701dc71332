"""Switch a source off from any process: its recipe as data, a connection of its own, every wait with a deadline."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drivers.scpi.serial_line import SerialLine
from drivers.source.base import SafeOff

_SOCKET_RESOURCE = re.compile(r"^TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET$", re.IGNORECASE)
_ATTEMPT_S = 0.8
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class SafeOffResult:
    """What came of switching one source off: ``confirmed`` by its own answer; ``details`` says what happened."""

    resource: str
    confirmed: bool
    details: str

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it."""
        return asdict(self)


def recipe_to_json(recipe: SafeOff) -> dict[str, Any]:
    """Return a recipe as JSON can hold it."""
    return asdict(recipe)


def recipe_from_json(data: Mapping[str, Any]) -> SafeOff:
    """Make the recipe that ``recipe_to_json`` was given."""
    return SafeOff(
        resource=str(data["resource"]),
        commands=tuple(map(str, data["commands"])),
        verify_query=str(data["verify_query"]),
        off_answers=tuple(map(str, data["off_answers"])),
        visa_library=str(data["visa_library"]),
        line=SerialLine(**data["line"]) if data.get("line") else None,
        single_client=bool(data.get("single_client", False)),
        watchdog_s=data.get("watchdog_s"),
    )


def takes_one_client(recipe: SafeOff) -> bool:
    """Whether nobody else reaches the source while one program is connected: it says so, or the line is like that."""
    return recipe.single_client or recipe.resource.upper().startswith(("ASRL", "USB"))


def prepare(recipes: Iterable[SafeOff]) -> None:
    """Load what switching these off will need, while there is time for it: a VISA library takes half a second."""
    if any(_SOCKET_RESOURCE.match(recipe.resource) is None for recipe in recipes):
        import pyvisa  # noqa: F401 - it is the loading that takes the time

        from drivers.scpi import ScpiSession  # noqa: F401


def switch_off(recipe: SafeOff, *, deadline_s: float = 3.0) -> SafeOffResult:
    """Send the recipe and ask until the source says that it is off, at most ``deadline_s`` seconds; never raises.

    A TCP socket resource is reached by a plain socket, so that no VISA library can hang; anything else by pyvisa in
    a thread that is left behind when it does not come back.
    """
    match = _SOCKET_RESOURCE.match(recipe.resource)
    give_up_s = time.monotonic() + deadline_s
    if match is None:
        return _in_thread(recipe, give_up_s)
    said, patience_s = "no attempt was made", _ATTEMPT_S
    while (left_s := give_up_s - time.monotonic()) > 0.0:
        try:
            answer = _socket_attempt(recipe, match["host"], int(match["port"]), min(left_s, patience_s))
        except OSError as error:
            said = f"no connection or no answer ({error})"
            if isinstance(error, TimeoutError):
                patience_s *= 2.0  # one that answers late never would within the first patience
        else:
            if answer in recipe.off_answers:
                return SafeOffResult(recipe.resource, True, f"{recipe.verify_query} answered {answer!r}")
            said = f"{recipe.verify_query} answered {answer!r}, which is not off"
        time.sleep(min(_PAUSE_S, max(0.0, give_up_s - time.monotonic())))
    return SafeOffResult(recipe.resource, False, said)


def switch_all_off(recipes: Iterable[SafeOff], *, deadline_s: float = 3.0) -> list[SafeOffResult]:
    """Switch several sources off at the same time, so that one that hangs delays no other."""
    wanted = list(recipes)
    results: dict[int, SafeOffResult] = {}

    def one(index: int, recipe: SafeOff) -> None:
        results[index] = switch_off(recipe, deadline_s=deadline_s)

    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in enumerate(wanted)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(deadline_s + 1.0)
    late = "did not come back in time"
    return [results.get(i, SafeOffResult(recipe.resource, False, late)) for i, recipe in enumerate(wanted)]


def _socket_attempt(recipe: SafeOff, host: str, port: int, timeout_s: float) -> str:
    """Connect, send everything, return the answer to the verify query; raises OSError within about ``timeout_s``."""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in (*recipe.commands, recipe.verify_query):
            connection.sendall(line.encode("ascii") + b"\n")
        give_up_s = time.monotonic() + timeout_s
        received = b""
        while b"\n" not in received:
            connection.settimeout(max(0.01, give_up_s - time.monotonic()))
            part = connection.recv(4096)
            if not part:
                raise ConnectionError("the source closed the connection")
            received += part
        return received.partition(b"\n")[0].decode("ascii", "replace").strip()


def _in_thread(recipe: SafeOff, give_up_s: float) -> SafeOffResult:
    outcome: list[SafeOffResult] = []

    def work() -> None:
        outcome.append(_visa_attempts(recipe, lambda: time.monotonic() < give_up_s))

    thread = threading.Thread(target=work, name="safe-off", daemon=True)
    thread.start()
    thread.join(max(0.0, give_up_s - time.monotonic()) + 0.2)
    return outcome[0] if outcome else SafeOffResult(recipe.resource, False, "VISA did not come back in time")


def _visa_attempts(recipe: SafeOff, may_go_on: Callable[[], bool]) -> SafeOffResult:
    # Imported here: the guardian of a bench on plain sockets needs no VISA, and starts faster without.
    from drivers.scpi import ScpiSession

    said = "no attempt was made"
    while may_go_on():
        session = ScpiSession(recipe.resource, backend=recipe.visa_library, deadline_s=_ATTEMPT_S, line=recipe.line)
        try:
            for command in recipe.commands:
                session.write(command)
            answer = session.query(recipe.verify_query).strip()
        except Exception as error:  # noqa: BLE001 - a VISA library may raise anything; the next attempt must be made
            said = f"no connection or no answer ({error})"
        else:
            if answer in recipe.off_answers:
                return SafeOffResult(recipe.resource, True, f"{recipe.verify_query} answered {answer!r}")
            said = f"{recipe.verify_query} answered {answer!r}, which is not off"
        finally:
            session.close()
        time.sleep(_PAUSE_S)
    return SafeOffResult(recipe.resource, False, said)
