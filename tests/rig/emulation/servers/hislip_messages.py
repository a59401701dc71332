"""HiSLIP's messages: header, kinds, error codes; reading one from a connection and writing one.

Source: IVI-6.1 (HiSLIP) revision 1.1, tables 2 (header), 4 (kinds), 14 and 16 (errors), recalled and compared with
open clients and servers: two octets "HS", kind, control code, message parameter (32 bits), length of the payload (64
bits), all most significant octet first.
"""

from __future__ import annotations

import enum
import socket
import struct
from dataclasses import dataclass

LONGEST_PAYLOAD = 1 << 20
"""Octets of a payload that the server takes."""

HEADER_OCTETS = 16
_HEADER = struct.Struct("!2sBBIQ")
_PROLOGUE = b"HS"


class Kind(enum.IntEnum):
    """What a message is."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAX_MESSAGE_SIZE = 15
    ASYNC_MAX_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_SERVICE_REQUEST = 20
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class Fatal(enum.IntEnum):
    """Why a connection is ended."""

    POORLY_FORMED_HEADER = 1
    CHANNELS_NOT_ESTABLISHED = 2
    INVALID_INITIALIZATION = 3
    TOO_MANY_CLIENTS = 4


class Error(enum.IntEnum):
    """Why one message is refused."""

    UNRECOGNIZED_KIND = 1
    UNRECOGNIZED_CONTROL_CODE = 2
    MESSAGE_TOO_LARGE = 4


class FatalError(Exception):
    """The client broke the protocol: the server sends this error and ends the connection."""

    def __init__(self, code: Fatal, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``kind`` is a plain number where it is unknown; ``is_too_long``: its payload was thrown away."""

    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes = b""
    is_too_long: bool = False

    def encode(self) -> bytes:
        """Return the message as it goes over the wire."""
        return _HEADER.pack(_PROLOGUE, self.kind, self.control, self.parameter, len(self.payload)) + self.payload


def receive(connection: socket.socket) -> Message | None:
    """Read one message, None where the client has gone; raises FatalError for what is no header, and OSError."""
    header = _receive_exactly(connection, HEADER_OCTETS)
    if header is None:
        return None
    prologue, kind, control, parameter, length = _HEADER.unpack(header)
    if prologue != _PROLOGUE:
        raise FatalError(Fatal.POORLY_FORMED_HEADER, "a message begins with HS")
    if length > LONGEST_PAYLOAD:
        return Message(kind, control, parameter, is_too_long=True) if _skip(connection, length) else None
    payload = _receive_exactly(connection, length)
    return None if payload is None else Message(kind, control, parameter, payload)


def peek(connection: socket.socket) -> Message | None:
    """Return the header of a message that waits to be read, without payload; None where there is none yet."""
    header = connection.recv(HEADER_OCTETS, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    if len(header) < HEADER_OCTETS:
        return None
    _, kind, control, parameter, _ = _HEADER.unpack(header)
    return Message(kind, control, parameter)


def _receive_exactly(connection: socket.socket, count: int) -> bytes | None:
    received = b""
    while len(received) < count:
        part = connection.recv(min(65536, count - len(received)))
        if not part:
            return None
        received += part
    return received


def _skip(connection: socket.socket, count: int) -> bool:
    while count:
        part = connection.recv(min(65536, count))
        if not part:
            return False
        count -= len(part)
    return True
