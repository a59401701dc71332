"""Calls of a VISA library: open, send, read, close. All of them may block, and run on the transport's thread."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from drivers.scpi.lan_socket import LONGEST_ANSWER
from drivers.scpi.resource import ResourceKind
from drivers.scpi.serial_line import SerialLine

_CHUNK = 20 * 1024
_QUIET_S = 0.1
"""A serial line on which nothing has come for so long has nothing left from before."""

_PAUSE_S = 0.005


class VisaCalls:
    """One resource of a VISA library; raises all that the library raises, and OSError."""

    def __init__(self, kind: ResourceKind, end_of_line: str) -> None:
        self._kind = kind
        self._end_of_line = end_of_line
        self._visa: Any = None

    def open(self, manager: Any, resource: str, line: SerialLine | None, end: float) -> None:
        """Open ``resource`` before ``end`` (monotonic seconds), and leave nothing in its buffers from before.

        GPIB and USB instruments are cleared, which throws away an answer that was not read (IEEE 488.2, 5.8: settings
        stay as they are); on a serial line all that comes is thrown away until it is quiet. A LAN connection is new
        and has nothing.
        """
        left_ms = _milliseconds(end)
        self._visa = manager.open_resource(_as_pyvisa_writes_it(resource), open_timeout=left_ms)
        self._visa.timeout = left_ms
        self._visa.read_termination = self._end_of_line
        self._visa.write_termination = self._end_of_line
        if self._kind is ResourceKind.SERIAL:
            self._set_line(line or SerialLine())
            self._await_silence(end)
        elif self._kind in (ResourceKind.GPIB, ResourceKind.USB):
            self._clear()

    def send(self, payload: bytes, end: float) -> None:
        """Send ``payload``; on a serial line refuses where something came unasked."""
        if self._kind is ResourceKind.SERIAL and self._visa.bytes_in_buffer:
            raise ConnectionError(f"sent {self._visa.read_bytes(self._visa.bytes_in_buffer)[:80]!r} unasked")
        self._visa.timeout = _milliseconds(end)
        self._visa.write_raw(payload)

    def ask(self, payload: bytes, end: float) -> bytes:
        """Send ``payload`` and return the answer with its line end."""
        self.send(payload, end)
        from pyvisa.constants import StatusCode

        answer = bytearray()
        status = StatusCode.success_max_count_read
        with self._visa.ignore_warning(StatusCode.success_max_count_read, StatusCode.success_device_not_present):
            while status == StatusCode.success_max_count_read:
                self._visa.timeout = _milliseconds(end)
                part, status = self._visa.visalib.read(self._visa.session, _CHUNK)
                answer += part
                if len(answer) > LONGEST_ANSWER:
                    raise ConnectionError(f"an answer of more than {LONGEST_ANSWER} octets that has no end")
        return bytes(answer)

    def close(self) -> None:
        """Close the resource; never raises, may be called twice."""
        visa, self._visa = self._visa, None
        # The library may raise anything for what is gone already.
        with contextlib.suppress(Exception):
            if visa is not None:
                visa.close()

    def _clear(self) -> None:
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        try:
            self._visa.clear()
        except VisaIOError as error:
            # A library that cannot leaves it to the check of the identity that the first answer is the right one.
            if error.error_code != StatusCode.error_nonsupported_operation:
                raise

    def _set_line(self, line: SerialLine) -> None:
        from pyvisa import constants

        self._visa.baud_rate = line.baud
        self._visa.data_bits = line.data_bits
        self._visa.parity = constants.Parity[line.parity]
        self._visa.stop_bits = {1: constants.StopBits.one, 2: constants.StopBits.two}[line.stop_bits]
        self._visa.flow_control = constants.ControlFlow[line.flow.replace("-", "_")]

    def _await_silence(self, end: float) -> None:
        quiet_from = time.monotonic()
        while time.monotonic() - quiet_from < _QUIET_S:
            if waiting := self._visa.bytes_in_buffer:
                self._visa.read_bytes(waiting)
                quiet_from = time.monotonic()
            if time.monotonic() >= end:
                raise TimeoutError("the line does not become quiet; is another instrument on it, or another speed set?")
            time.sleep(_PAUSE_S)


def _milliseconds(end: float) -> int:
    return max(1, int((end - time.monotonic()) * 1000))


def _as_pyvisa_writes_it(resource: str) -> str:
    """Return the name with its class in capitals, which pyvisa does not recognise otherwise."""
    head, separator, kind = resource.rpartition("::")
    return f"{head}{separator}{kind.upper()}" if kind.upper() in ("INSTR", "SOCKET") else resource
