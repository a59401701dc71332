"""The emulated Radian RD-2x/RD-3x reference standard: frames on a pseudo-terminal, and what it measures.

Sources: two open drivers of an RD-2x (2014, in use; Python and Go), marked [C]; and the table of contents (not the
text) of Radian's "Customer Access Commands Manual for the RD-xx Family", 944011.B. What follows from neither is marked
as inferred here and in docs/decisions/0013.
"""

from __future__ import annotations

import math
import os
import select
import struct
import threading
import tty
from collections.abc import Callable

from meter_model.stimulus import Stimulus
from rig.emulation.analyzers.arithmetic import AnalyzerErrors, ElementResult, Update
from rig.emulation.analyzers.cycles import CyclicAnalyzer, Interval
from rig.emulation.world.surroundings import Surroundings

UPDATE_S = 1.0
"""Period of the instantaneous metrics; inferred."""

VOLTAGE_RANGE_V = 600.0
ANSWER, REFUSAL = 0xA6, 0xA9
"""Start octets: an answer begins as a request does [C]; A9 is a refusal [C]."""

IDENTIFY, NO_OPERATION, METRICS_RD2X, METRICS_RD3X = 0x02, 0x00, 0x0D, 0x2E
_PLAIN = {NO_OPERATION, 0x03, 0x07, 0x08, 0x09}
"""Packets that are answered by an empty one: no operation, reset, reset metrics, start and stop accumulating."""

BAD_CHECKSUM, UNKNOWN_PACKET, BAD_DATA = 1, 2, 3
"""Codes of refusals; the numbers are inferred."""

INVALID = bytes.fromhex("7f7fffff")
"""The largest float: no valid value [C]."""

_METRICS = 9
_END_OF_LIST = 0xFFFD


class RadianStandard(CyclicAnalyzer):
    """One emulated instrument; all methods but those of its server expect the world to be held.

    Its current terminals carry nothing: the CT inputs are volts, and it measures amperes. ``model``: RD-3x models
    measure three phases, RD-2x one. ``digits`` does not matter: it answers floats.
    """

    def __init__(
        self,
        around: Surroundings[AnalyzerErrors],
        *,
        digits: int = 7,
        model: str = "RD-31-211",
    ) -> None:
        del digits
        super().__init__(around, 0xA4)
        self._world = around.world
        self._results: tuple[ElementResult, ...] = ()
        self.model = model
        self.engine = self

    @property
    def phases(self) -> int:
        """How many phases this model measures."""
        return 3 if self.model.startswith("RD-3") else 1

    def open_server(self, name: str) -> PtyServer:
        """Begin to serve on a pseudo-terminal of its own."""
        return PtyServer(self.answer, name)

    def _plan(self, stimulus: Stimulus) -> Interval:
        return Interval(0.0, UPDATE_S)

    def _finish(self, update: Update, begun_s: float, ended_s: float) -> None:
        nothing = (0.0,) * len(self._errors.gain)
        ranges = [(VOLTAGE_RANGE_V, math.inf)] * 3
        self._results = update.results(ranges, nothing, self._errors, self._generator)

    def answer(self, frame: bytes) -> bytes:
        """Serve one whole frame whose checksum is right."""
        kind, data = frame[1], frame[4:-2]
        with self._world:
            if kind == IDENTIFY:
                return packed(ANSWER, kind, f"{self.model},303174,Dytronic,07.04\0".encode())
            if kind in _PLAIN:
                return packed(ANSWER, kind, b"")
            if kind == METRICS_RD2X and self.phases == 1:
                return self._rd2x(data)
            if kind == METRICS_RD3X and self.phases == 3:
                return self._rd3x(data)
        return refusal(kind, UNKNOWN_PACKET)

    def _rd2x(self, data: bytes) -> bytes:
        """Octets wanted (4 for each metric), a start that is always 14 hex, and the end of the list [C]."""
        if len(data) != 8:
            return refusal(METRICS_RD2X, BAD_DATA)
        octets, start, end = struct.unpack(">HIH", data)
        if octets % 4 or not 4 <= octets <= 4 * _METRICS or start != 0x14 or end != _END_OF_LIST:
            return refusal(METRICS_RD2X, BAD_DATA)
        values = self._metrics(0)[: octets // 4]
        return packed(ANSWER, METRICS_RD2X, b"".join(values))

    def _rd3x(self, data: bytes) -> bytes:
        """Index of a metric and the end of the list; answered by phases A, B, C, a fourth, and the net value [C]."""
        if len(data) != 4:
            return refusal(METRICS_RD3X, BAD_DATA)
        index, end = struct.unpack(">HH", data)
        if not 1 <= index <= _METRICS or end != _END_OF_LIST:
            return refusal(METRICS_RD3X, BAD_DATA)
        values = [self._metrics(phase)[index - 1] for phase in range(3)]
        return packed(ANSWER, METRICS_RD3X, b"".join([*values, INVALID, INVALID]))

    def _metrics(self, phase: int) -> list[bytes]:
        """Volts, amperes, W, VA, var, Hz, degrees, power factor and one more, as TI floats; the order is [C]."""
        if not self._results:
            return [INVALID] * _METRICS
        result = self._results[phase]
        factor = result.p / result.s if result.s else None
        angle = None if factor is None else math.copysign(math.degrees(math.acos(factor)), result.q) % 360.0
        values = (result.u, result.i, result.p, result.s, result.q, result.frequency_hz, angle, factor, None)
        over = result.u > VOLTAGE_RANGE_V
        return [INVALID if over or value is None else ti_float(value) for value in values]


def packed(start: int, kind: int, data: bytes) -> bytes:
    """Return a frame: start, packet type, length (2), data, sum of all octets before it (2), most significant first."""
    head = struct.pack(">BBH", start, kind, len(data)) + data
    return head + struct.pack(">H", sum(head) & 0xFFFF)


def refusal(kind: int, code: int) -> bytes:
    """Return what refuses a packet: its type and a code."""
    return packed(REFUSAL, kind, struct.pack(">H", code))


def ti_float(value: float) -> bytes:
    """Return a number as the four octets of a TMS320C3x float: exponent, then sign and fraction, two's complement."""
    if value == 0.0:
        return bytes.fromhex("80000000")
    exponent = math.floor(math.log2(abs(value)))
    fraction = round(value / 2.0**exponent * 2**23)  # 1.0 to 2.0, or -2.0 to -1.0, times 2^23
    if fraction == 1 << 24:
        exponent, fraction = exponent + 1, 1 << 23
    if fraction == -(1 << 23):
        exponent, fraction = exponent - 1, -(1 << 24)
    if not -127 <= exponent <= 127:
        return INVALID
    sign = 0 if value > 0 else 0x800000
    return struct.pack(">I", (exponent & 0xFF) << 24 | sign | (fraction & 0x7FFFFF))


class PtyServer:
    """Serves frames on a pseudo-terminal; ``endpoint`` is its device. What is no frame is passed over."""

    def __init__(self, answer: Callable[[bytes], bytes], name: str) -> None:
        self._answer = answer
        self._master, self._slave = os.openpty()  # the slave is held, so that clients may come and go
        tty.setraw(self._slave)
        self.endpoint = os.ttyname(self._slave)
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._serve, name=f"{name}-serve", daemon=True)
        self._lock = threading.Lock()
        self._closed = False
        self._thread.start()

    def close(self) -> None:
        """Stop serving and hang up; may be called more than once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        os.write(self._wake_writer, b"x")
        self._thread.join()
        for descriptor in (self._master, self._slave, self._wake_reader, self._wake_writer):
            os.close(descriptor)

    def _serve(self) -> None:
        buffer = b""
        while True:
            readable, _, _ = select.select([self._master, self._wake_reader], [], [])
            if self._wake_reader in readable:
                return
            buffer += os.read(self._master, 4096)
            while (taken := _first_frame(buffer)) is not None:
                frame, buffer = taken
                if frame:
                    os.write(self._master, self._checked(frame))

    def _checked(self, frame: bytes) -> bytes:
        if sum(frame[:-2]) & 0xFFFF != int.from_bytes(frame[-2:], "big"):
            return refusal(frame[1], BAD_CHECKSUM)
        return self._answer(frame)


def _first_frame(buffer: bytes) -> tuple[bytes, bytes] | None:
    """Split off the first frame (empty: octets passed over); None while there is none to be had."""
    start = buffer.find(ANSWER)
    if start < 0:
        return (b"", b"") if buffer else None
    if start > 0:
        return b"", buffer[start:]
    if len(buffer) < 4:
        return None
    length = int.from_bytes(buffer[2:4], "big")
    if length > 1024:
        return b"", buffer[1:]
    end = 6 + length
    return (buffer[:end], buffer[end:]) if len(buffer) >= end else None
