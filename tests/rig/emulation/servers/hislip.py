"""A HiSLIP server (IVI-6.1, protocol version 1.0, synchronized mode) in front of an emulated instrument.

A client has two connections: on the synchronous channel messages and answers go, on the asynchronous one status
queries, device clear and locks. Rules followed (section numbers of IVI-6.1 recalled, compared with open servers):

- 3.1.1: the client says with each message whether it has taken the end of the answer before. Where that is not what
  the server expects, an answer was lost: -410, and nothing is sent. A message that comes while an answer is being
  made interrupts it: -410, the answer is thrown away, and Interrupted and AsyncInterrupted say so.
- 6.12: device clear throws away what has been received and what would be answered; a command that is being executed
  is completed.
- Locks are never granted (failure), a release finds none (error): what a lock would keep out is not kept out here.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from typing import Protocol

from rig.emulation.servers.tcp import LineHandler, LineServer
from tests.rig.emulation.servers.hislip_messages import (
    HEADER_OCTETS,
    LONGEST_PAYLOAD,
    Error,
    Fatal,
    FatalError,
    Kind,
    Message,
    peek,
    receive,
)

SUB_ADDRESS = "hislip0"
MOST_CLIENTS = 16
_VERSION = 0x0100
_VENDOR = int.from_bytes(b"S4", "big")
_MESSAGE_AVAILABLE = 16
_RMT_DELIVERED = 1
_LOCK_REQUEST, _LOCK_RELEASE = 1, 0
_LOCK_FAILURE, _LOCK_ERROR = 0, 3
_REMOTE_LOCAL_CODES = range(7)
_MESSAGES = (Kind.DATA, Kind.DATA_END, Kind.TRIGGER)


class Instrument(LineHandler, Protocol):
    """What is served: lines, and what only a client with an asynchronous channel can ask. Called on any thread."""

    def status_byte(self, message_available: bool) -> int:
        """Return the status byte; ``message_available``: an answer has not been read yet."""

    def interrupted(self) -> None:
        """Note that an answer was lost because a message came before it was read."""


class PlainInstrument:
    """A line handler without status byte and error queue of SCPI's kind, as an ``Instrument``."""

    def __init__(self, handler: LineHandler) -> None:
        self.answer = handler.answer
        self.too_long = handler.too_long

    def status_byte(self, message_available: bool) -> int:
        """Return the one bit that is known."""
        return _MESSAGE_AVAILABLE if message_available else 0

    def interrupted(self) -> None:
        """Do nothing: no client is left that could ask for it."""


class HislipServer(LineServer):
    """Listens on 127.0.0.1 from construction to ``close()``; two threads for each client."""

    def __init__(self, instrument: Instrument, name: str) -> None:
        self._instrument = instrument
        self._sessions: dict[int, _Session] = {}
        self._sessions_lock = threading.Lock()
        self._numbers = itertools.cycle(range(1, 0x10000))
        super().__init__(instrument, f"{name}-hislip")

    @property
    def endpoint(self) -> str:
        """Its VISA resource name, with the port as pyvisa-py takes it."""
        return f"TCPIP0::127.0.0.1::{SUB_ADDRESS},{self.port}::INSTR"

    def _talk(self, connection: socket.socket, peer: str) -> None:
        try:
            first = receive(connection)
            if first is None:
                return
            if first.kind == Kind.INITIALIZE:
                self._talk_synchronously(connection, peer, first)
            elif first.kind == Kind.ASYNC_INITIALIZE:
                self._talk_asynchronously(connection, first)
            else:
                raise FatalError(Fatal.INVALID_INITIALIZATION, "the first message must be Initialize")
        except FatalError as error:
            _refuse(connection, error)

    def _talk_synchronously(self, connection: socket.socket, peer: str, first: Message) -> None:
        if first.payload.decode("latin-1").lower() not in ("", SUB_ADDRESS):
            raise FatalError(Fatal.INVALID_INITIALIZATION, f"the instrument is at {SUB_ADDRESS}")
        with self._sessions_lock:
            if len(self._sessions) >= MOST_CLIENTS:
                raise FatalError(Fatal.TOO_MANY_CLIENTS, f"{MOST_CLIENTS} clients are connected")
            number = next(each for each in self._numbers if each not in self._sessions)
            session = self._sessions[number] = _Session(self._instrument, connection, peer)
        try:
            connection.sendall(Message(Kind.INITIALIZE_RESPONSE, 0, _VERSION << 16 | number).encode())
            session.serve_messages()
        except FatalError as error:
            _refuse(connection, error)
        finally:
            with self._sessions_lock:
                del self._sessions[number]
            session.end()

    def _talk_asynchronously(self, connection: socket.socket, first: Message) -> None:
        with self._sessions_lock:
            session = self._sessions.get(first.parameter)
        if session is None or not session.join(connection):
            raise FatalError(Fatal.INVALID_INITIALIZATION, f"there is no session {first.parameter} without a channel")
        try:
            session.serve_questions()
        except FatalError as error:
            _refuse(connection, error)
        finally:
            session.end()


class _Session:
    """One client: two channels, and what the server knows of the answers it sent."""

    def __init__(self, instrument: Instrument, synchronous: socket.socket, peer: str) -> None:
        self._instrument = instrument
        self._synchronous = synchronous
        self._asynchronous: socket.socket | None = None
        self._peer = peer
        # Guards what both threads use; never held while the instrument is asked or a socket blocks.
        self._lock = threading.Lock()
        self._reply_lock = threading.Lock()
        self._rmt_expected = False
        self._is_clearing = False
        self._longest_answer = LONGEST_PAYLOAD

    def join(self, asynchronous: socket.socket) -> bool:
        """Take the second channel; False where there is one already."""
        with self._lock:
            if self._asynchronous is not None:
                return False
            self._asynchronous = asynchronous
        asynchronous.sendall(Message(Kind.ASYNC_INITIALIZE_RESPONSE, 0, _VENDOR).encode())
        return True

    def end(self) -> None:
        """Shut both channels: one without the other is of no use."""
        for channel in (self._synchronous, self._asynchronous):
            if channel is not None:
                with contextlib.suppress(OSError):
                    channel.shutdown(socket.SHUT_RDWR)

    def serve_messages(self) -> None:
        """Serve the synchronous channel until the client goes; raises FatalError."""
        received = b""
        while (message := receive(self._synchronous)) is not None:
            if self._asynchronous is None:
                raise FatalError(Fatal.CHANNELS_NOT_ESTABLISHED, "the asynchronous channel is not there yet")
            if message.kind == Kind.DEVICE_CLEAR_COMPLETE:
                received = b""
                with self._lock:
                    self._is_clearing = self._rmt_expected = False
                self._send(Message(Kind.DEVICE_CLEAR_ACKNOWLEDGE))
            elif message.kind not in _MESSAGES:
                self._send(_error(Error.UNRECOGNIZED_KIND))
            elif message.is_too_long or len(received) + len(message.payload) > LONGEST_PAYLOAD:
                received = b""
                self._send(_error(Error.MESSAGE_TOO_LARGE))
            elif not self._is_clearing:
                self._note_delivery(message)
                received += b"*TRG" if message.kind == Kind.TRIGGER else message.payload
                if message.kind != Kind.DATA:
                    self._answer(received, message.parameter)
                    received = b""

    def _note_delivery(self, message: Message) -> None:
        is_delivered = bool(message.control & _RMT_DELIVERED)
        with self._lock:
            agrees, self._rmt_expected = is_delivered == self._rmt_expected, False
        if not agrees:
            self._instrument.interrupted()

    def _answer(self, program: bytes, message_id: int) -> None:
        lines = program.removesuffix(b"\n").split(b"\n")
        answers = [self._instrument.answer(line.rstrip(b"\r"), self._peer) for line in lines]
        answer = b"".join(each + b"\n" for each in answers if each is not None)
        if not answer:
            return
        interrupting = _interrupting(self._synchronous)
        if interrupting is not None:
            self._instrument.interrupted()
            self._send(Message(Kind.INTERRUPTED, 0, interrupting.parameter))
            self._reply(Message(Kind.ASYNC_INTERRUPTED, 0, interrupting.parameter))
            return
        longest = max(1, self._longest_answer - HEADER_OCTETS)
        *parts, last = [answer[start : start + longest] for start in range(0, len(answer), longest)]
        with self._lock:
            if self._is_clearing:
                return
            # Before the last octet goes out: the client may ask for the status as soon as it has it.
            self._rmt_expected = True
        for part in parts:
            self._send(Message(Kind.DATA, 0, message_id, part))
        self._send(Message(Kind.DATA_END, 0, message_id, last))

    def serve_questions(self) -> None:
        """Serve the asynchronous channel until the client goes; raises FatalError."""
        assert self._asynchronous is not None
        while (message := receive(self._asynchronous)) is not None:
            self._reply(_error(Error.MESSAGE_TOO_LARGE) if message.is_too_long else self._question(message))

    def _question(self, message: Message) -> Message:
        match message.kind:
            case Kind.ASYNC_MAX_MESSAGE_SIZE if len(message.payload) == 8:
                self._longest_answer = min(LONGEST_PAYLOAD, int.from_bytes(message.payload, "big"))
                longest = LONGEST_PAYLOAD.to_bytes(8, "big")
                return Message(Kind.ASYNC_MAX_MESSAGE_SIZE_RESPONSE, payload=longest)
            case Kind.ASYNC_STATUS_QUERY:
                with self._lock:
                    # A client that goes by message ids would be right too; pyvisa-py gives that of its next message.
                    self._rmt_expected = self._rmt_expected and not message.control & _RMT_DELIVERED
                    is_available = self._rmt_expected
                return Message(Kind.ASYNC_STATUS_RESPONSE, self._instrument.status_byte(is_available))
            case Kind.ASYNC_DEVICE_CLEAR:
                with self._lock:
                    self._is_clearing = True
                return Message(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)
            case Kind.ASYNC_LOCK if message.control == _LOCK_REQUEST:
                return Message(Kind.ASYNC_LOCK_RESPONSE, _LOCK_FAILURE)
            case Kind.ASYNC_LOCK if message.control == _LOCK_RELEASE:
                return Message(Kind.ASYNC_LOCK_RESPONSE, _LOCK_ERROR)
            case Kind.ASYNC_LOCK_INFO:
                return Message(Kind.ASYNC_LOCK_INFO_RESPONSE)
            case Kind.ASYNC_REMOTE_LOCAL_CONTROL if message.control in _REMOTE_LOCAL_CODES:
                return Message(Kind.ASYNC_REMOTE_LOCAL_RESPONSE)
            case Kind.ASYNC_LOCK | Kind.ASYNC_REMOTE_LOCAL_CONTROL:
                return _error(Error.UNRECOGNIZED_CONTROL_CODE)
            case _:
                return _error(Error.UNRECOGNIZED_KIND)

    def _send(self, message: Message) -> None:
        self._synchronous.sendall(message.encode())

    def _reply(self, message: Message) -> None:
        assert self._asynchronous is not None
        with self._reply_lock:
            self._asynchronous.sendall(message.encode())


def _interrupting(synchronous: socket.socket) -> Message | None:
    """Return a message that came while its predecessor was being answered, if there is one."""
    try:
        waiting = peek(synchronous)
    except BlockingIOError:
        return None
    return waiting if waiting is not None and waiting.kind in _MESSAGES else None


def _refuse(connection: socket.socket, error: FatalError) -> None:
    connection.sendall(Message(Kind.FATAL_ERROR, error.code, payload=str(error).encode()).encode())


def _error(code: Error) -> Message:
    return Message(Kind.ERROR, code, payload=code.name.replace("_", " ").lower().encode())
