"""Reading captures of MS/TP frames: pcapng, and classic pcap as other tools write it, in either byte order.

A classic file (libpcap's, link type 165) says neither the baud rate nor whether its stamps are those of a frame's
start or of its end: both are found out from frames that would overlap otherwise.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drivers.mstp.codec.frames import HEADER_OCTETS, SeenFrame, frame_time_s
from drivers.mstp.settings import BAUD_RATES

LINK_TYPE_BACNET_MS_TP = 165
"""A packet is a whole frame, preamble and CRCs included."""

_MAGICS = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}
"""A classic file begins so; its stamps count these seconds beside whole ones."""
_FILE_HEADER_OCTETS, _PACKET_HEADER_OCTETS = 24, 16
_SECTION, _INTERFACE, _SIMPLE, _PACKET = 0x0A0D0D0A, 1, 3, 6
_BYTE_ORDER = 0x1A2B3C4D
_IF_NAME, _IF_SPEED, _IF_RESOLUTION = 2, 8, 9
_MOST_OCTETS = 1 << 20
_OVERLAPPING = 0.02
"""Share of frames that may seem to overlap: stamps of a busy computer."""
_TOLERANCE = 1.05
_FEW = 20

_Packet = tuple[float, bytes]


class CaptureInvalid(ValueError):
    """A file is not a capture of MS/TP frames; ``reason`` says in what."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a capture of MS/TP frames (pcapng or pcap, link type 165): {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Capture:
    """What a capture file holds: frames with times in seconds since 1970, the device listened at, its baud rate.

    ``baud`` 0: unknown; ``is_estimated``: found from the stamps. ``stray_octets``: of packets too short for a frame.
    ``stamped_at_end``: the file's stamps are those of the frames' ends.
    """

    frames: tuple[SeenFrame, ...]
    device: str
    baud: int
    is_estimated: bool = False
    stray_octets: int = 0
    stamped_at_end: bool = False

    def at_baud(self, baud: int) -> Capture:
        """Return the same capture as it is at another rate."""
        if baud == self.baud:
            return self
        frames = []
        for seen in self.frames:
            long_s = frame_time_s(len(seen.octets), baud)
            start_s = seen.end_s - long_s if self.stamped_at_end else seen.start_s
            frames.append(SeenFrame.of(seen.octets, start_s, start_s + long_s))
        return replace(self, frames=tuple(frames), baud=baud, is_estimated=False)


def read_pcapng(path: Path) -> Capture:
    """Read what ``PcapngWriter`` wrote, a last block cut short left out; raises CaptureInvalid and OSError."""
    octets = path.read_bytes()
    if octets[:4] != struct.pack("<I", _SECTION):
        raise CaptureInvalid("it does not begin as a pcapng file does")
    packets, device, baud = _pcapng(octets)
    for _, packet in packets:
        if len(packet) < HEADER_OCTETS:
            raise CaptureInvalid(f"a packet of {len(packet)} octets, where a frame has {HEADER_OCTETS} at least")
    frames = (SeenFrame.of(packet, at_s, at_s + _long_s(packet, baud)) for at_s, packet in packets)
    return Capture(tuple(frames), device, baud)


def read_capture(path: Path) -> Capture:
    """Read a capture of MS/TP frames. ``baud`` of the result is 0 where neither the file nor its stamps give it.

    Raises CaptureInvalid and OSError.
    """
    octets = path.read_bytes()
    if octets[:4] == struct.pack("<I", _SECTION):
        packets, device, baud = _pcapng(octets)
    elif (order := _classic_order(octets)) is not None:
        packets, device, baud = list(_classic(octets, order)), "", 0
    else:
        raise CaptureInvalid("it does not begin as a pcapng or pcap file does")
    return _capture(packets, device, baud)


def _classic_order(octets: bytes) -> str | None:
    for order in "<>":
        if len(octets) >= 4 and struct.unpack_from(f"{order}I", octets)[0] in _MAGICS:
            return order
    return None


def _classic(octets: bytes, order: str) -> Iterator[_Packet]:
    if len(octets) < _FILE_HEADER_OCTETS:
        raise CaptureInvalid("its header is cut short")
    unit_s = _MAGICS[struct.unpack_from(f"{order}I", octets)[0]]
    link_type = struct.unpack_from(f"{order}I", octets, 20)[0] & 0x0FFFFFFF  # the highest bits are about checksums
    _check_link_type(link_type)
    position = _FILE_HEADER_OCTETS
    while position + _PACKET_HEADER_OCTETS <= len(octets):
        seconds, parts, size, _ = struct.unpack_from(f"{order}IIII", octets, position)
        position += _PACKET_HEADER_OCTETS
        if size > _MOST_OCTETS:
            raise CaptureInvalid(f"a packet of {size} octets at octet {position}")
        if position + size > len(octets):
            return  # the last one is cut short
        yield seconds + parts * unit_s, octets[position : position + size]
        position += size


def _pcapng(octets: bytes) -> tuple[list[_Packet], str, int]:
    packets: list[_Packet] = []
    units: list[float] = []
    device, baud, order = "", 0, "<"
    position = 0
    while position + 12 <= len(octets):
        if octets[position : position + 4] == struct.pack("<I", _SECTION):
            order = _section_order(octets, position)
            units = []
        kind, size = struct.unpack_from(f"{order}II", octets, position)
        if size < 12 or size % 4:
            raise CaptureInvalid(f"a block of {size} octets at octet {position}")
        if position + size > len(octets):
            break
        body = octets[position + 8 : position + size - 4]
        position += size
        if kind == _INTERFACE:
            _check_link_type(struct.unpack_from(f"{order}H", body)[0])
            about = dict(_options(body[8:], order))
            device = device or about.get(_IF_NAME, b"").decode(errors="replace").rstrip("\0")
            speed = about.get(_IF_SPEED, b"")
            baud = baud or int.from_bytes(speed, "little" if order == "<" else "big")
            units.append(_units_a_second(about.get(_IF_RESOLUTION, b"\x06")))
        elif kind == _PACKET:
            interface, high, low, kept, _ = struct.unpack_from(f"{order}IIIII", body)
            if interface >= len(units) or kept > len(body) - 20:
                raise CaptureInvalid("a packet of an interface that it does not describe, or cut short")
            packets.append(((high << 32 | low) / units[interface], body[20 : 20 + kept]))
        elif kind == _SIMPLE:
            raise CaptureInvalid("packets without time stamps")
    return packets, device, baud if baud in BAUD_RATES else 0


def _section_order(octets: bytes, position: int) -> str:
    for order in "<>":
        if struct.unpack_from(f"{order}I", octets, position + 8)[0] == _BYTE_ORDER:
            return order
    raise CaptureInvalid("its byte order is not told")


def _units_a_second(resolution: bytes) -> float:
    power = resolution[0] if resolution else 6
    return 2.0 ** (power & 0x7F) if power & 0x80 else 10.0**power


def _options(octets: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(octets):
        code, size = struct.unpack_from(f"{order}HH", octets, position)
        position += 4
        yield code, octets[position : position + size]
        position += size + -size % 4


def _check_link_type(link_type: int) -> None:
    if link_type != LINK_TYPE_BACNET_MS_TP:
        raise CaptureInvalid(f"link type {link_type}, where MS/TP is {LINK_TYPE_BACNET_MS_TP}")


def _capture(packets: Sequence[_Packet], device: str, baud: int) -> Capture:
    frames = [(stamp_s, octets) for stamp_s, octets in packets if len(octets) >= HEADER_OCTETS]
    stray = sum(len(octets) for _, octets in packets if len(octets) < HEADER_OCTETS)
    stamps = [stamp_s for stamp_s, _ in frames]
    sizes = [len(octets) for _, octets in frames]
    rate, is_estimated = baud, False
    if not rate:
        rate = _estimated_baud(stamps, sizes)
        is_estimated = rate > 0
    at_end = rate > 0 and _overlaps(stamps, sizes, rate, at_end=False) > _overlaps(stamps, sizes, rate, at_end=True)
    seen = []
    for stamp_s, octets in frames:
        long_s = _long_s(octets, rate)
        start_s = stamp_s - long_s if at_end else stamp_s
        seen.append(SeenFrame.of(octets, start_s, start_s + long_s))
    seen.sort(key=lambda one: one.start_s)
    return Capture(tuple(seen), device, rate, is_estimated, stray, at_end)


def _long_s(octets: bytes, baud: int) -> float:
    """Return how long octets take on the wire, seconds; 0 where the rate is not known (``baud`` 0)."""
    return frame_time_s(len(octets), baud) if baud else 0.0


def _overlaps(stamps: Sequence[float], sizes: Sequence[int], baud: int, *, at_end: bool) -> int:
    """Count frames that could not have passed between two stamps, were these those of starts or of ends."""
    return sum(
        (later - earlier) * _TOLERANCE < frame_time_s(sizes[index + 1 if at_end else index], baud)
        for index, (earlier, later) in enumerate(itertools.pairwise(stamps))
    )


def _estimated_baud(stamps: Sequence[float], sizes: Sequence[int]) -> int:
    """Return the lowest rate at which the frames fit between their stamps; 0 where there are too few of them."""
    if len(stamps) < _FEW:
        return 0
    few = _OVERLAPPING * len(stamps)
    for baud in BAUD_RATES:
        if min(_overlaps(stamps, sizes, baud, at_end=end) for end in (False, True)) <= few:
            return baud
    return 0
