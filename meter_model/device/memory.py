"""Non-volatile memory: two slots, written in turn, so that an interrupted write leaves the slot before."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

SLOT_OCTETS = 160 * 1024
"""Room of one slot: the full trend logs take 135 KiB of it."""

_HEADER = struct.Struct("<4sQII")  # mark, generation, length, CRC-32 over generation, length and content
_MARK = b"S41N"
_CHECKED = struct.Struct("<QI")
_LENGTH = struct.Struct("<I")


class Memory:
    """The octets of both slots, and which of them counts."""

    def __init__(self, image: bytes = b"") -> None:
        """Take over an image, however damaged; a missing part reads as erased."""
        self._image = bytearray(image[: 2 * SLOT_OCTETS].ljust(2 * SLOT_OCTETS, b"\0"))
        found = [(generation, slot) for slot in (0, 1) if (generation := self._generation(slot)) is not None]
        self._generation_now, self._slot = max(found, default=(0, 1))
        self.content: bytes | None = self._content(self._slot) if found else None

    @property
    def image(self) -> bytes:
        """Everything, as it would be found after a loss of power."""
        return bytes(self._image)

    def write(self, content: bytes) -> tuple[int, bytes]:
        """Write the slot that does not count, which then does; returns offset and octets of what has changed."""
        if len(content) > SLOT_OCTETS - _HEADER.size:
            raise ValueError(f"{len(content)} octets do not fit a slot of {SLOT_OCTETS}")
        self._slot = 1 - self._slot
        self._generation_now += 1
        crc = _crc(self._generation_now, content)
        octets = _HEADER.pack(_MARK, self._generation_now, len(content), crc) + content
        offset = self._slot * SLOT_OCTETS
        self._image[offset : offset + len(octets)] = octets
        self.content = content
        return offset, octets

    def _generation(self, slot: int) -> int | None:
        """Generation of a slot that is whole, None of one that is not."""
        mark, generation, length, crc = _HEADER.unpack_from(self._image, slot * SLOT_OCTETS)
        if mark != _MARK or length > SLOT_OCTETS - _HEADER.size:
            return None
        return generation if _crc(generation, self._body(slot, length)) == crc else None

    def _content(self, slot: int) -> bytes:
        _, _, length, _ = _HEADER.unpack_from(self._image, slot * SLOT_OCTETS)
        return self._body(slot, length)

    def _body(self, slot: int, length: int) -> bytes:
        start = slot * SLOT_OCTETS + _HEADER.size
        return bytes(self._image[start : start + length])


def pack(settings: dict[str, Any], records: bytes) -> bytes:
    """Return settings (anything that JSON takes) and log records as the content of a slot."""
    text = json.dumps(settings, separators=(",", ":")).encode()
    return _LENGTH.pack(len(text)) + text + records


def unpack(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what ``pack`` was given; floats come back to the last bit."""
    (length,) = _LENGTH.unpack_from(content)
    end = _LENGTH.size + length
    settings: dict[str, Any] = json.loads(content[_LENGTH.size : end])
    return settings, content[end:]


def _crc(generation: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(_CHECKED.pack(generation, len(content))))
