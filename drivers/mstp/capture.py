"""Capture files of a bus: pcapng (link type 165) written and read for Wireshark, classic pcap of other tools read.

Files are read in either byte order. A classic file (libpcap's) says neither the baud rate nor whether its stamps are
those of a frame's start or of its end: both are found out from frames that would overlap otherwise.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from drivers.mstp.codec.frames import HEADER_OCTETS, SeenFrame, frame_time_s
from drivers.mstp.settings import BAUD_RATES

LINK_TYPE_BACNET_MS_TP = 165
"""A packet is a whole frame, preamble and CRCs included."""

_SECTION, _INTERFACE, _SIMPLE, _PACKET = 0x0A0D0D0A, 1, 3, 6
_BEGINNING = struct.pack("<I", _SECTION)
_BYTE_ORDER = 0x1A2B3C4D
_ORDERS = {struct.pack(f"{order}I", _BYTE_ORDER): order for order in "<>"}
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

_CLASSIC = {
    struct.pack(f"{order}I", magic): (order, unit_s)
    for order in "<>"
    for magic, unit_s in ((0xA1B2C3D4, 1e-6), (0xA1B23C4D, 1e-9))
}
"""A classic file begins so: its byte order, and the seconds that its stamps count beside whole ones."""
_FILE_HEADER_OCTETS, _PACKET_HEADER_OCTETS = 24, 16
_MOST_OCTETS = 1 << 20
_OVERLAPPING = 0.02
"""Share of frames that may seem to overlap: stamps of a busy computer."""
_TOLERANCE = 1.05
_FEW = 20

_Packet = tuple[float, bytes]


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
        at_end = self.stamped_at_end
        frames = (_placed(seen.end_s if at_end else seen.start_s, seen.octets, baud, at_end) for seen in self.frames)
        return replace(self, frames=tuple(frames), baud=baud, is_estimated=False)


def _placed(stamp_s: float, octets: bytes, baud: int, at_end: bool) -> SeenFrame:
    long_s = frame_time_s(len(octets), baud) if baud else 0.0
    start_s = stamp_s - long_s if at_end else stamp_s
    return SeenFrame.of(octets, start_s, start_s + long_s)


def read_pcapng(path: Path) -> Capture:
    """Read what ``PcapngWriter`` wrote; a last block cut short is left out. Raises CaptureInvalid and OSError."""
    octets = path.read_bytes()
    if not octets.startswith(_BEGINNING):
        raise CaptureInvalid("it does not begin as a pcapng file does")
    packets, device, baud = _pcapng(octets)
    if any(len(frame) < HEADER_OCTETS for _, frame in packets):
        raise CaptureInvalid(f"a packet too short for a frame, which has {HEADER_OCTETS} octets at least")
    return Capture(tuple(_placed(stamp_s, frame, baud, at_end=False) for stamp_s, frame in packets), device, baud)


def read_capture(path: Path) -> Capture:
    """Read a capture of MS/TP frames, in the order of their times.

    ``baud`` of the result is 0 where neither the file nor its stamps give it. Raises CaptureInvalid and OSError.
    """
    octets = path.read_bytes()
    if octets.startswith(_BEGINNING):
        capture = _capture(*_pcapng(octets))
    elif octets[:4] in _CLASSIC:
        capture = _capture(list(_classic(octets, *_CLASSIC[octets[:4]])), "", 0)
    else:
        raise CaptureInvalid("it does not begin as a pcapng or pcap file does")
    return replace(capture, frames=tuple(sorted(capture.frames, key=lambda seen: seen.start_s)))


def _classic(octets: bytes, order: str, unit_s: float) -> Iterator[_Packet]:
    if len(octets) < _FILE_HEADER_OCTETS:
        raise CaptureInvalid("its header is cut short")
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
    units: list[float] = []  # a second
    device, baud, order = "", 0, "<"
    position = 0
    while position + 12 <= len(octets):
        if octets.startswith(_BEGINNING, position):
            if (mark := octets[position + 8 : position + 12]) not in _ORDERS:
                raise CaptureInvalid("its byte order is not told")
            order, units = _ORDERS[mark], []
        kind, size = struct.unpack_from(f"{order}II", octets, position)
        if size < 12 or size % 4:
            raise CaptureInvalid(f"a block of {size} octets at octet {position}")
        if position + size > len(octets):
            break
        body = octets[position + 8 : position + size - 4]
        position += size
        if kind == _INTERFACE:
            _check_link_type(struct.unpack_from(f"{order}H", body)[0])
            about = dict(_read_options(body[_INTERFACE_BODY.size :], order))
            device = device or about.get(_NAME, b"").decode(errors="replace").rstrip("\0")
            speed = about.get(_SPEED, b"")
            baud = baud or int.from_bytes(speed, "little" if order == "<" else "big")
            units.append(_units_a_second(about.get(_RESOLUTION, b"\x06")))
        elif kind == _PACKET:
            interface, high, low, kept, _ = struct.unpack_from(f"{order}IIIII", body)
            content = body[_PACKET_BODY.size : _PACKET_BODY.size + kept]
            if interface >= len(units) or kept > len(content):
                raise CaptureInvalid("a packet of an interface that it does not describe, or cut short")
            packets.append(((high << 32 | low) / units[interface], content))
        elif kind == _SIMPLE:
            raise CaptureInvalid("packets without time stamps")
    return packets, device, baud if baud in BAUD_RATES else 0


def _units_a_second(resolution: bytes) -> float:
    power = resolution[0] if resolution else 6
    return 2.0 ** (power & 0x7F) if power & 0x80 else 10.0**power


def _read_options(octets: bytes, order: str) -> Iterator[tuple[int, bytes]]:
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
    rate = baud or _estimated_baud(stamps, sizes)
    at_end = rate > 0 and _overlaps(stamps, sizes, rate, at_end=False) > _overlaps(stamps, sizes, rate, at_end=True)
    seen = tuple(_placed(stamp_s, octets, rate, at_end) for stamp_s, octets in frames)
    return Capture(seen, device, rate, rate != baud, stray, at_end)


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
