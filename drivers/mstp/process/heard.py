"""Data that a listening process heard since the last question, as a value and as the body of a message."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.process.messages import captured_body, read_captured

_COUNTS = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard since the last time: whole frames, damaged ones included, with times of the monotonic clock.

    ``octets`` counts all octets that came; ``stray_octets`` those that belong to no frame: noise, a frame cut short,
    or octets sent at another baud rate.
    """

    frames: tuple[SeenFrame, ...]
    octets: int
    stray_octets: int

    def pack(self) -> bytes:
        """Return this as the body of a message."""
        return _COUNTS.pack(self.octets, self.stray_octets) + captured_body(list(self.frames))

    @classmethod
    def unpack(cls, body: bytes) -> Self:
        """Read what ``pack`` made."""
        octets, stray_octets = _COUNTS.unpack_from(body)
        return cls(tuple(read_captured(body[_COUNTS.size :])), octets, stray_octets)
