"""Messages between an MS/TP port process and its owner: a length, a kind, values, over a stream socket.

Values are exact numbers, texts, octets, and tuples, lists or dictionaries of these. ``marshal`` writes them: it is
fast, both ends are one Python, and no stranger is connected (``drivers.mstp.process.owner``).
"""

from __future__ import annotations

import json
import marshal
import struct
from dataclasses import asdict
from typing import Any

from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.settings import PortSettings

READY = "ready"
FAILED = "failed"
"""Why the device cannot be opened, or the port has ended."""
NPDU = "npdu"
"""The fields of a ``FrameReceived``."""
SUBMIT = "submit"
"""Send an NPDU: the fields of a ``FrameReceived``, and the ``time.monotonic`` after which it is not sent any more."""
WITHDRAW = "withdraw"
"""Take back a confirmed request: source, destination, invoke id."""
MAX_MASTER = "max master"
"""Change Max_Master of a node: its MAC, the number."""
ONLINE = "online"
"""Take a node off the line or bring it back: its MAC, whether it is to be online."""
LINE_LOST = "line lost"
"""How the adapter went."""
LINE_RESTORED = "line restored"
"""After how many seconds the adapter is back and the node in the ring again."""
PROBE = "probe"
"""Have a node poll addresses once each: its MAC, the addresses."""
STATISTICS = "statistics"
"""The counters of a node, asked for by its MAC: the fields of ``Statistics`` by name."""
PROBED = "probed"
"""What came of the polls of a node, asked for by its MAC: which addresses answered or not, how many are left."""
CAPTURED = "captured"
"""The last frames on the bus, each as ``seen_values`` makes it."""
LATE = "late"
"""When the process was late, asked for from a moment on: pairs of begin and end."""
HEARD = "heard"
"""What a listening process heard: frames as of ``CAPTURED``, octets, stray octets."""

Message = tuple[str, tuple[Any, ...]]
"""The kind of a message, and its values."""

_LENGTH = struct.Struct("!I")


def pack(kind: str, *values: Any) -> bytes:
    """Return one message as octets."""
    body = marshal.dumps((kind, values))
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Takes a stream of octets apart into messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, octets: bytes) -> list[Message]:
        """Return the messages that ``octets`` complete."""
        self._held += octets
        messages = []
        while len(self._held) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._held)[0]
            if len(self._held) < end:
                break
            messages.append(marshal.loads(bytes(self._held[_LENGTH.size : end])))  # noqa: S302 - from our own process
            del self._held[:end]
        return messages


def settings_text(settings: PortSettings) -> str:
    """Return settings as one command-line argument."""
    return json.dumps(asdict(settings))


def read_settings(text: str) -> PortSettings:
    """Read what ``settings_text`` made."""
    fields = json.loads(text)
    return PortSettings(**{**fields, "further_macs": tuple(fields["further_macs"])})


def seen_values(frames: list[SeenFrame]) -> list[tuple[Any, ...]]:
    """Return frames as values of a message: ``SeenFrame.of`` reads each of them."""
    return [(seen.octets, seen.start_s, seen.end_s, seen.late_s, seen.strays_before) for seen in frames]
