"""Capture of a bus: the ring of the last frames a port saw, and pcap files (link type 165) of them for Wireshark."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from drivers.mstp.frames import BITS_PER_OCTET, FrameParser, SeenFrame, frame_time_s

LINK_TYPE_BACNET_MS_TP = 165
"""A packet is a whole frame, preamble and CRCs included."""

_FILE_HEADER = struct.Struct("<IHHiIII")
_PACKET_HEADER = struct.Struct("<IIII")
_MAGIC_MICROSECONDS = 0xA1B2C3D4
_SNAP_OCTETS = 65535


class FrameRing:
    """The last ``limit`` frames on a bus as one of its nodes saw them, its own included."""

    def __init__(self, limit: int, baud: int) -> None:
        self._frames: deque[SeenFrame] = deque(maxlen=limit)
        self._parser = FrameParser()
        self._baud = baud

    def heard(self, octets: bytes, read_s: float) -> None:
        """Take octets whose reading ended at ``read_s``; they are taken to have come without gaps just before."""
        octet_s = BITS_PER_OCTET / self._baud
        self._frames.extend(self._parser.feed(octets, read_s - octet_s * len(octets), octet_s))

    def sent(self, octets: bytes, end_s: float) -> None:
        """Take one own frame whose last octet leaves at ``end_s``."""
        self._frames.append(SeenFrame.of(octets, end_s - frame_time_s(len(octets), self._baud), end_s))

    def frames(self) -> list[SeenFrame]:
        """Return the frames held, oldest first."""
        return list(self._frames)


class PcapWriter:
    """Writes frames to an open binary stream as they come. The frames' times must be seconds since 1970 (UTC)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.write(_FILE_HEADER.pack(_MAGIC_MICROSECONDS, 2, 4, 0, 0, _SNAP_OCTETS, LINK_TYPE_BACNET_MS_TP))

    def write(self, seen: SeenFrame) -> None:
        """Write one frame, stamped with its start."""
        seconds, microseconds = divmod(round(seen.start_s * 1e6), 1_000_000)
        size = len(seen.octets)
        self._stream.write(_PACKET_HEADER.pack(seconds, microseconds, size, size) + seen.octets)


def write_pcap(path: Path, frames: Iterable[SeenFrame]) -> None:
    """Write ``frames``, with times in seconds since 1970, to a new pcap file at ``path``; raises OSError."""
    with path.open("wb") as stream:
        writer = PcapWriter(stream)
        for seen in frames:
            writer.write(seen)
