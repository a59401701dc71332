"""The transport over pyvisa: every call has a deadline, also where the VISA library hangs.

docs/reference/scpi-hazards.md says for each hazard what is done here and which test shows it.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from drivers.errors import InstrumentLost, VisaUnavailable
from drivers.scpi.lan_socket import LanSocket
from drivers.scpi.resource import ResourceKind, resource_kind
from drivers.scpi.serial_line import ENDS, SerialLine
from drivers.scpi.visa_calls import VisaCalls
from drivers.scpi.worker import Worker

MESSAGE_LIMIT = 4000
"""Longest message in octets: below the 4096 of one pyvisa-py chunk, before which it waits without a deadline."""

PYVISA_PY = "@py"
_PORTMAPPER, _HISLIP = 111, 4880
_LAN = re.compile(r"TCPIP\d*::(?P<host>[^:,]+)(,(?P<vxi_port>\d+))?(::hislip\d+(,(?P<port>\d+))?)?.*", re.IGNORECASE)
_LATE_S = 0.25
"""Seconds after a VISA library's own deadline from which the call counts as hung."""

_CLOSING_S = 0.5
_LOADING_S = 10.0
"""Seconds that loading a VISA library may take, once a process; opening has its own deadline after that."""

_MAKING_MANAGERS = threading.Lock()


class VisaTransport:
    """One VISA resource, opened when made, with a deadline for everything.

    Raises InstrumentLost whenever the connection cannot be made, is gone, or no answer came in time, VisaUnavailable
    where the VISA library ``backend`` is not installed or cannot reach this kind of resource. Calls of the library run
    on a thread that is left behind when it does not come back. A TCPIP SOCKET that pyvisa-py would open is opened here
    (``LanSocket``), since pyvisa-py does not watch it; pyvisa is not even loaded then. ``termination`` ends a message,
    both ways. ``line``: settings of a serial resource, which others do not look at.
    It never calls ``clear()`` on a LAN connection: that does not return when the peer is gone.
    """

    def __init__(
        self,
        resource: str,
        *,
        backend: str = PYVISA_PY,
        open_deadline_s: float = 3.0,
        termination: str = "\n",
        line: SerialLine | None = None,
    ) -> None:
        self.resource = resource
        try:
            kind = resource_kind(resource)
        except ValueError as error:
            raise self._unreachable(error) from error
        if kind in (ResourceKind.HISLIP, ResourceKind.VXI11):
            self._probe(open_deadline_s)
        self._end_of_line = termination
        if kind is ResourceKind.SERIAL and line is not None and line.termination is not None:
            self._end_of_line = ENDS[line.termination]
        self._calls = VisaCalls(kind, self._end_of_line)
        try:
            self._worker: Worker | None = Worker(f"visa {resource}")
        except RuntimeError as error:  # the system gives no thread: too many processes, or none allowed
            raise self._unreachable(error) from error
        self._lan: LanSocket | None = None
        try:
            if kind is ResourceKind.SOCKET and backend == PYVISA_PY:
                end = time.monotonic() + open_deadline_s
                self._lan = self._call(lambda: LanSocket(_host_and_port(resource), self._end_of_line, end), end)
            else:
                manager = self._call(lambda: self._load(backend), time.monotonic() + _LOADING_S)
                end = time.monotonic() + open_deadline_s
                self._call(lambda: self._open(manager, backend, line, end), end)
        except Exception as error:
            self.close()
            if isinstance(error, VisaUnavailable):
                raise
            raise self._unreachable(error) from error
        if self._lan is not None:
            self._worker.end()
            self._worker = None

    def write(self, message: str, deadline_s: float) -> None:
        """Send ``message`` (ASCII, at most 4000 octets) within ``deadline_s`` seconds; raises InstrumentLost."""
        payload, end = self._encoded(message), time.monotonic() + deadline_s
        with self._lost_if_it_fails(message):
            if self._lan is not None:
                self._lan.send(payload, end)
            else:
                self._call(lambda: self._calls.send(payload, end), end)

    def query(self, message: str, deadline_s: float) -> str:
        """Send ``message`` and return its answer without line end, all within ``deadline_s`` seconds."""
        payload, end = self._encoded(message), time.monotonic() + deadline_s
        with self._lost_if_it_fails(message):
            if self._lan is not None:
                self._lan.send(payload, end)
                answer = self._lan.receive_line(end, deadline_s)
            else:
                answer = self._call(lambda: self._calls.ask(payload, end), end)
        return answer.strip().decode("latin-1")

    def close(self) -> None:
        """Close this resource only (never the manager, which would close all resources); never raises, never hangs."""
        if self._lan is not None:
            self._lan.close()
        if self._worker is None:
            return
        with contextlib.suppress(TimeoutError):
            self._worker.call(self._calls.close, 0.0 if self._worker.is_stuck else _CLOSING_S)
        self._worker.end()

    def _load(self, backend: str) -> Any:  # Any: pyvisa has no types that mypy sees
        import pyvisa  # here, so that a process that only needs the data classes starts without it

        try:
            with _MAKING_MANAGERS:
                return pyvisa.ResourceManager(backend)
        except Exception as error:
            raise VisaUnavailable(self.resource, backend, _said(error)) from error

    def _open(self, manager: Any, backend: str, line: SerialLine | None, end: float) -> None:
        try:
            self._calls.open(manager, self.resource, line, end)
        except ValueError as error:  # pyvisa-py, of a kind for which a package is not installed
            raise VisaUnavailable(self.resource, backend, _said(error)) from error

    def _call(self, work: Callable[[], Any], end: float) -> Any:  # Any: what the work returns
        assert self._worker is not None
        return self._worker.call(work, end - time.monotonic() + _LATE_S)

    def _encoded(self, message: str) -> bytes:
        payload = (message + self._end_of_line).encode("ascii")
        if len(payload) > MESSAGE_LIMIT:
            raise ValueError(f"a message of {len(payload)} octets is longer than {MESSAGE_LIMIT}")
        return payload

    def _probe(self, deadline_s: float) -> None:
        """Find out whether a LAN instrument of the INSTR kind is there; opening it may block for ever otherwise.

        A SOCKET is not probed: its own opening has a deadline and is verified after, and many instruments accept one
        connection only, which a probe would use up.
        """
        match = _LAN.fullmatch(self.resource)
        assert match is not None
        port = match["port"] or match["vxi_port"] or (_HISLIP if "::hislip" in self.resource.lower() else _PORTMAPPER)
        try:
            socket.create_connection((match["host"], int(port)), deadline_s).close()
        except OSError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> InstrumentLost:
        return InstrumentLost(self.resource, f"cannot be opened ({_said(error)}); check address, cable and power")

    @contextlib.contextmanager
    def _lost_if_it_fails(self, message: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # after any error of a VISA library the connection is of no use any more
            raise InstrumentLost(self.resource, f"connection lost at {message[:80]!r} ({_said(error)})") from error


def _said(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(":.") or type(error).__name__


def _host_and_port(resource: str) -> tuple[str, int]:
    _, host, port, _ = resource.split("::")
    return host, int(port)
