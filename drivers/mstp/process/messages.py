"""Messages between an MS/TP port process and its owner: a length, a kind, a body, over a stream socket."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict

from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.events import FrameReceived
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics

READY = b"R"
OPEN_FAILED = b"O"
FAILED = b"F"
NPDU = b"N"
SUBMIT = b"T"
WITHDRAW = b"W"
STATISTICS = b"S"
CAPTURED = b"C"
MAX_MASTER = b"M"
ONLINE = b"L"
LINE_LOST = b"X"
LINE_RESTORED = b"Y"
PROBE = b"P"
PROBED = b"Q"
LATE = b"E"

_LENGTH = struct.Struct("!I")
_NPDU = struct.Struct("!BB?")
_EXPIRY = struct.Struct("!d")
_WITHDRAW = struct.Struct("!BBB")
_MAX_MASTER = struct.Struct("!BB")
_LOST_S = struct.Struct("!d")
_ONLINE = struct.Struct("!B?")
_SEEN = struct.Struct("!dddIH")
_MOMENT = struct.Struct("!d")
_SPELL = struct.Struct("!dd")


def pack(kind: bytes, body: bytes = b"") -> bytes:
    """Return one message as octets."""
    return _LENGTH.pack(1 + len(body)) + kind + body


class Unpacker:
    """Takes a stream of octets apart into messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, octets: bytes) -> list[tuple[bytes, bytes]]:
        """Return the messages, as kind and body, that ``octets`` complete."""
        self._held += octets
        messages = []
        while len(self._held) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._held)[0]
            if len(self._held) < end:
                break
            messages.append((bytes(self._held[4:5]), bytes(self._held[5:end])))
            del self._held[:end]
        return messages


def npdu_body(source: int, destination: int, expecting_reply: bool, npdu: bytes) -> bytes:
    """Body of a message about an NPDU received."""
    return _NPDU.pack(source, destination, expecting_reply) + npdu


def read_npdu(body: bytes) -> FrameReceived:
    """Read what ``npdu_body`` made."""
    source, destination, expecting_reply = _NPDU.unpack_from(body)
    return FrameReceived(source, destination, expecting_reply, body[_NPDU.size :])


def submission_body(source: int, destination: int, expecting_reply: bool, npdu: bytes, expires_s: float) -> bytes:
    """Body of the order to send an NPDU, unless it is ``expires_s`` on the monotonic clock before it can be sent."""
    return _EXPIRY.pack(expires_s) + npdu_body(source, destination, expecting_reply, npdu)


def read_submission(body: bytes) -> tuple[FrameReceived, float]:
    """Read what ``submission_body`` made."""
    return read_npdu(body[_EXPIRY.size :]), _EXPIRY.unpack_from(body)[0]


def withdrawal_body(source: int, destination: int, invoke_id: int) -> bytes:
    """Body of the order to take back a confirmed request."""
    return _WITHDRAW.pack(source, destination, invoke_id)


def read_withdrawal(body: bytes) -> tuple[int, int, int]:
    """Read what ``withdrawal_body`` made."""
    source, destination, invoke_id = _WITHDRAW.unpack(body)
    return source, destination, invoke_id


def settings_text(settings: PortSettings) -> str:
    """Return settings as one command-line argument."""
    return json.dumps(asdict(settings))


def read_settings(text: str) -> PortSettings:
    """Read what ``settings_text`` made."""
    fields = json.loads(text)
    return PortSettings(**{**fields, "further_macs": tuple(fields["further_macs"])})


def max_master_body(mac: int, max_master: int) -> bytes:
    """Body of the order to change Max_Master of the node at ``mac``."""
    return _MAX_MASTER.pack(mac, max_master)


def read_max_master(body: bytes) -> tuple[int, int]:
    """Read what ``max_master_body`` made."""
    mac, max_master = _MAX_MASTER.unpack(body)
    return mac, max_master


def online_body(mac: int, online: bool) -> bytes:
    """Body of the order to take the node at ``mac`` off the line or to bring it back."""
    return _ONLINE.pack(mac, online)


def read_online(body: bytes) -> tuple[int, bool]:
    """Read what ``online_body`` made."""
    mac, online = _ONLINE.unpack(body)
    return mac, online


def line_restored_body(lost_s: float) -> bytes:
    """Body of the message that the adapter is back and the node in the ring again."""
    return _LOST_S.pack(lost_s)


def read_line_restored(body: bytes) -> float:
    """Read what ``line_restored_body`` made: seconds."""
    return float(_LOST_S.unpack(body)[0])


def probe_body(mac: int, addresses: bytes) -> bytes:
    """Body of the order to have the node at ``mac`` poll ``addresses`` once each."""
    return bytes((mac,)) + addresses


def read_probe(body: bytes) -> tuple[int, bytes]:
    """Read what ``probe_body`` made."""
    return body[0], body[1:]


def probed_body(answered: dict[int, bool], left: int) -> bytes:
    """Body of the answer about such polls: which addresses answered or not, and how many are left."""
    return bytes((left,)) + bytes(octet for pair in answered.items() for octet in pair)


def read_probed(body: bytes) -> tuple[dict[int, bool], int]:
    """Read what ``probed_body`` made."""
    return {body[at]: bool(body[at + 1]) for at in range(1, len(body), 2)}, body[0]


def statistics_query(mac: int) -> bytes:
    """Body of the question for the counters of the node at ``mac``."""
    return bytes((mac,))


def read_statistics_query(body: bytes) -> int:
    """Read what ``statistics_query`` made."""
    return body[0]


def captured_body(frames: list[SeenFrame], offset_s: float = 0.0) -> bytes:
    """Body of a list of captured frames, ``offset_s`` added to their times."""
    parts = []
    for seen in frames:
        parts.append(
            _SEEN.pack(
                seen.start_s + offset_s, seen.end_s + offset_s, seen.late_s, seen.strays_before, len(seen.octets)
            )
        )
        parts.append(seen.octets)
    return b"".join(parts)


def read_captured(body: bytes) -> list[SeenFrame]:
    """Read what ``captured_body`` made."""
    frames = []
    position = 0
    while position < len(body):
        start_s, end_s, late_s, strays, size = _SEEN.unpack_from(body, position)
        position += _SEEN.size
        frames.append(SeenFrame.of(body[position : position + size], start_s, end_s, late_s, strays))
        position += size
    return frames


def late_query(moment_s: float) -> bytes:
    """Body of the question when the process was late after ``moment_s``."""
    return _MOMENT.pack(moment_s)


def read_late_query(body: bytes) -> float:
    """Read what ``late_query`` made."""
    return float(_MOMENT.unpack(body)[0])


def late_body(spells: list[LateSpell]) -> bytes:
    """Body of the answer to it."""
    return b"".join(_SPELL.pack(*spell) for spell in spells)


def read_late(body: bytes) -> list[LateSpell]:
    """Read what ``late_body`` made."""
    return [(begun_s, ended_s) for begun_s, ended_s in _SPELL.iter_unpack(body)]


def statistics_body(statistics: Statistics) -> bytes:
    """Body of a statistics answer."""
    return json.dumps(asdict(statistics)).encode()


def read_statistics(body: bytes) -> Statistics:
    """Read what ``statistics_body`` made."""
    return Statistics(**json.loads(body))
