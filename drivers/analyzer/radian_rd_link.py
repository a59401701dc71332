"""The serial line to a Radian standard: one request, one answer, within a deadline; a new line after any failure."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import serial

from drivers.analyzer.radian_rd_frames import Frame, find_frame, packed
from drivers.errors import AnswerInvalid, InstrumentLost, InstrumentRefused

BAUD = 57_600
"""8 data bits, no parity, one stop bit, as two open drivers set it."""

_SILENCE_S = 0.05
"""A line counts as silent after so long: some 290 characters."""

_BROKEN_OFF_S = 0.25
"""An answer that has begun and does not go on for so long has broken off."""


class RadianLink:
    """One serial port, opened with the first request. ``resource`` is its device path, or ``ASRL<path>::INSTR``.

    ``deadline_s``: seconds that a request may take. ``on_progress`` is called after each that was answered. A request
    is never repeated; after any failure the port is closed, and octets of a late answer are thrown away
    before the next request. ``generation`` changes whenever the port is opened or lost.
    """

    def __init__(
        self, resource: str, *, deadline_s: float = 2.0, on_progress: Callable[[], None] | None = None
    ) -> None:
        self.resource = resource
        self.deadline_s = deadline_s
        self.on_progress = on_progress
        self.generation = 0
        self._device = resource.removeprefix("ASRL").removesuffix("::INSTR")
        self._port: Any = None
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the line over several requests that belong together."""
        with self._lock:
            yield

    def request(self, kind: int, data: bytes = b"") -> bytes:
        """Send a request of packet type ``kind`` and return the data of its answer.

        Raises InstrumentLost where none comes in time or the port fails, AnswerInvalid for one that is damaged, and
        InstrumentRefused for a refusal.
        """
        with self._lock:
            try:
                frame = self._exchange(kind, packed(kind, data))
            except BaseException:
                # Also for an interrupt: an answer that may still come must not become that to the next request.
                self.close()
                raise
        if frame.is_refusal:
            code = int.from_bytes(frame.data, "big")
            raise InstrumentRefused(self.resource, _name(kind, data), code, "the packet was refused")
        if self.on_progress is not None:
            self.on_progress()
        return frame.data

    def close(self) -> None:
        """Give the port back; a later request would open it again. May be called twice."""
        with self._lock:
            if self._port is not None:
                with contextlib.suppress(OSError):
                    self._port.close()
                self._port = None
                self.generation += 1

    def _exchange(self, kind: int, request: bytes) -> Frame:
        end_s = time.monotonic() + self.deadline_s
        received = b""
        try:
            if self._port is None:
                self._open(end_s)
            self._port.write(request)
            while (left_s := end_s - time.monotonic()) > 0.0:
                self._port.timeout = min(left_s, _BROKEN_OFF_S) if received else left_s
                octets = self._port.read(max(1, self._port.in_waiting))
                if not octets:
                    break
                received += octets
                found = find_frame(received, kind)
                if found.frame is not None:
                    return found.frame
                if found.is_damaged and not found.is_arriving:
                    raise AnswerInvalid(self.resource, _name(kind), f"{received.hex(' ')} (wrong sum)")
        except (OSError, ValueError) as error:
            raise InstrumentLost(self.resource, f"the serial port failed ({error}); check cable and power") from error
        if not received:
            text = f"no answer to {_name(kind)} within {self.deadline_s:g} s; check cable, power and baud rate {BAUD}"
            raise InstrumentLost(self.resource, text)
        if find_frame(received, kind).is_arriving:
            text = f"the answer to {_name(kind)} broke off after {len(received)} octets"
            raise InstrumentLost(self.resource, text)
        raise AnswerInvalid(self.resource, _name(kind), received[:80].hex(" "))

    def _open(self, end_s: float) -> None:
        self._port = serial.Serial(
            self._device, BAUD, timeout=_SILENCE_S, write_timeout=self.deadline_s, exclusive=True
        )
        self.generation += 1
        while self._port.read(4096):
            if time.monotonic() > end_s:
                raise InstrumentLost(self.resource, "octets arrive without end; is this the right port?")


def _name(kind: int, data: bytes = b"") -> str:
    return f"packet {kind:02X}" + (f" {data.hex(' ')}" if data else "")
