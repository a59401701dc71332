"""Capture of a bus: the ring of the last frames a port saw, and pcapng files (link type 165) for Wireshark."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from drivers.mstp.capture_reading import LINK_TYPE_BACNET_MS_TP
from drivers.mstp.capture_reading import read_pcapng as read_pcapng
from drivers.mstp.codec.frames import BITS_PER_OCTET, FrameParser, SeenFrame, frame_time_s

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_COMMENT, _FLAGS, _NAME, _SPEED, _RESOLUTION, _APPLICATION = 1, 2, 2, 8, 9, 4
_MICROSECONDS = 6
"""if_tsresol: time stamps count units of 10^-6 s. A float of seconds since 1970 holds no more than 0.24 µs anyway."""
_CRC_ERROR = 1 << 24
"""Bit of epb_flags."""
_SNAP_OCTETS = 65535
_BLOCK = struct.Struct("<II")
_SECTION_BODY = struct.Struct("<IHHq")
_INTERFACE_BODY = struct.Struct("<HHI")
_PACKET_BODY = struct.Struct("<IIIII")
_OPTION = struct.Struct("<HH")


class OctetClock:
    """Says when octets that one ``read`` returned were on the wire: without gaps, just before the read ended.

    A reader that is late finds more octets than fit into the time since its last read; they are pressed into that
    time, so that the times given never run backwards.
    """

    def __init__(self, baud: int) -> None:
        self._octet_s = BITS_PER_OCTET / baud
        self._last_s = 0.0

    def not_before(self, moment_s: float) -> None:
        """Learn that nothing that is read from now on was on the wire before ``moment_s``."""
        self._last_s = max(self._last_s, moment_s)

    def place(self, count: int, read_s: float) -> tuple[float, float]:
        """Return when the first of ``count`` octets (at least one) began, and how long each took, in seconds."""
        start_s = min(read_s, max(self._last_s, read_s - count * self._octet_s))
        self._last_s = read_s
        return start_s, (read_s - start_s) / count


class FrameRing:
    """The last ``limit`` frames on a bus as one of its nodes saw them, its own included."""

    def __init__(self, limit: int, baud: int) -> None:
        self._frames: deque[SeenFrame] = deque(maxlen=limit)
        self._parser = FrameParser()
        self._clock = OctetClock(baud)
        self._baud = baud
        self._missed_octets: int | None = None

    @property
    def stray_octets(self) -> int:
        """Octets that were heard and belong to no frame; those before the first one are the end of one missed."""
        return self._parser.stray_octets - (self._missed_octets or 0)

    def heard(self, octets: bytes, read_s: float, late_s: float = 0.0) -> None:
        """Take octets whose reading ended at ``read_s``; ``late_s`` is as in SeenFrame."""
        if octets:
            found = self._parser.feed(octets, *self._clock.place(len(octets), read_s), late_s)
            if found and self._missed_octets is None:
                self._missed_octets = self._parser.stray_octets
            self._frames.extend(found)

    def sent(self, octets: bytes, end_s: float) -> None:
        """Take one own frame whose last octet leaves at ``end_s``."""
        start_s = end_s - frame_time_s(len(octets), self._baud)
        self._clock.not_before(start_s)
        self._frames.append(SeenFrame.of(octets, start_s, end_s))

    def frames(self) -> list[SeenFrame]:
        """Return the frames held in the order of their times, oldest first.

        They come in nearly that order; a frame that was half heard when an own one began comes after it.
        """
        return sorted(self._frames, key=lambda seen: seen.start_s)


class PcapngWriter:
    """Writes frames to an open binary stream as they come.

    ``wall_offset_s`` makes seconds since 1970 (UTC) of the frames' times: one offset for the whole file, so that a step
    of the system's clock does not tear it apart (``drivers.mstp.clock``). ``device`` and ``baud`` go into the file. A
    frame whose CRCs do not fit carries a comment about that and the CRC error flag, beside what Wireshark finds out
    by itself. Each call makes one ``write``, followed by a flush, so that the file is whole whenever the writing
    program ends.
    """

    def __init__(self, stream: BinaryIO, device: str = "", baud: int = 0, wall_offset_s: float = 0.0) -> None:
        self._stream = stream
        self._wall_offset_s = wall_offset_s
        section = _SECTION_BODY.pack(_BYTE_ORDER, 1, 0, -1) + _options([(_APPLICATION, b"S4100 rig")])
        about = [(_NAME, device.encode()), (_SPEED, struct.pack("<Q", baud)), (_RESOLUTION, bytes((_MICROSECONDS,)))]
        interface = _INTERFACE_BODY.pack(LINK_TYPE_BACNET_MS_TP, 0, _SNAP_OCTETS) + _options(about)
        self._put(_block(_SECTION, section) + _block(_INTERFACE, interface))

    def write(self, frames: Iterable[SeenFrame], note: str = "") -> None:
        """Write frames, each stamped with its start; ``note`` is a comment on the first of them."""
        blocks = []
        for seen in frames:
            blocks.append(_packet(seen, self._wall_offset_s, note))
            note = ""
        if blocks:
            self._put(b"".join(blocks))

    def _put(self, octets: bytes) -> None:
        self._stream.write(octets)
        self._stream.flush()


def write_pcapng(
    path: Path, frames: Iterable[SeenFrame], device: str = "", baud: int = 0, wall_offset_s: float = 0.0
) -> None:
    """Write ``frames`` to a new pcapng file at ``path``, arguments as of ``PcapngWriter``; raises OSError."""
    with path.open("wb") as stream:
        PcapngWriter(stream, device, baud, wall_offset_s).write(frames)


def _packet(seen: SeenFrame, wall_offset_s: float, note: str) -> bytes:
    size = len(seen.octets)
    units = round((seen.start_s + wall_offset_s) * 10**_MICROSECONDS)
    remarks = [note] if note else []
    flags = 0
    if not seen.valid:
        remarks.insert(0, f"the {'data' if seen.header_crc_ok else 'header'} CRC does not fit")
        flags = _CRC_ERROR
    options = [(_COMMENT, "; ".join(remarks).encode())] if remarks else []
    options += [(_FLAGS, struct.pack("<I", flags))] if flags else []
    head = _PACKET_BODY.pack(0, units >> 32, units & 0xFFFFFFFF, size, size)
    return _block(_PACKET, head + _padded(seen.octets) + _options(options))


def _block(kind: int, body: bytes) -> bytes:
    size = _BLOCK.size + len(body) + 4
    return _BLOCK.pack(kind, size) + body + struct.pack("<I", size)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    packed = b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in options)
    return packed + _OPTION.pack(0, 0) if packed else b""


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
