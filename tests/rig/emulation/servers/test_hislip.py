"""The HiSLIP server: the two channels, message ids, what interrupts an answer, status, device clear, refusals."""

import contextlib
import queue
import select
import socket
import struct
from typing import Any

import pytest

from drivers.scpi.session import ScpiSession
from tests.rig.emulation.servers.hislip import MOST_CLIENTS, HislipServer, PlainInstrument
from tests.rig.emulation.servers.hislip_messages import LONGEST_PAYLOAD, Error, Fatal, Kind

HEADER = struct.Struct("!2sBBIQ")
FIRST_ID = 0xFFFFFF00


class Echo:
    """Answers a question with itself; ``SLOW?`` only when the test says so."""

    def __init__(self):
        self.lines = queue.Queue()
        self.may_answer = queue.Queue()
        self.lost = 0

    def answer(self, line, peer):
        self.lines.put(line)
        if line == b"SLOW?":
            self.may_answer.get(timeout=10)
        return line if line.endswith(b"?") else None

    def too_long(self, peer):
        return None

    def status_byte(self, message_available):
        return 3 + 16 * message_available

    def interrupted(self):
        self.lost += 1


class Client:
    """Both channels of a client that says exactly what the test wants."""

    def __init__(self, port, sub_address=b"hislip0"):
        self.sync = socket.create_connection(("127.0.0.1", port), 10)
        self.send(Kind.INITIALIZE, 0, 0x01007878, sub_address)
        kind, _, self.session, _ = self.receive()
        self.is_open = kind == Kind.INITIALIZE_RESPONSE
        self.asynchronous = socket.create_connection(("127.0.0.1", port), 10)
        if self.is_open:
            assert self.ask(Kind.ASYNC_INITIALIZE, 0, self.session & 0xFFFF)[0] == Kind.ASYNC_INITIALIZE_RESPONSE

    def send(self, kind, control=0, parameter=0, payload=b"", *, channel=None):
        header = HEADER.pack(b"HS", kind, control, parameter, len(payload))
        (channel or self.sync).sendall(header + payload)

    def receive(self, channel=None):
        _, kind, control, parameter, length = HEADER.unpack(self._exactly(channel or self.sync, HEADER.size))
        return kind, control, parameter, self._exactly(channel or self.sync, length)

    def ask(self, *message):
        self.send(*message, channel=self.asynchronous)
        return self.receive(self.asynchronous)

    @staticmethod
    def _exactly(channel, count):
        received = b""
        while len(received) < count:
            part = channel.recv(count - len(received))
            assert part, "the server closed the connection"
            received += part
        return received

    def is_closed(self):
        return self.sync.recv(1) == b""

    def close(self):
        self.sync.close()
        self.asynchronous.close()


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def server(echo):
    with contextlib.closing(HislipServer(echo, "test")) as server:
        yield server


@pytest.fixture
def client(server):
    with contextlib.closing(Client(server.port)) as client:
        yield client


def test_an_answer_carries_the_id_of_the_message_that_asked(client):
    client.send(Kind.DATA, 0, FIRST_ID, b"LON")
    client.send(Kind.DATA_END, 0, FIRST_ID + 2, b"G?\n")
    assert client.receive() == (Kind.DATA_END, 0, FIRST_ID + 2, b"LONG?\n")


def test_the_server_speaks_version_one_and_prefers_synchronized_mode(client):
    assert client.session >> 16 == 0x0100
    assert client.session & 0xFFFF > 0


def test_an_answer_is_cut_to_what_the_client_takes(client):
    assert client.ask(Kind.ASYNC_MAX_MESSAGE_SIZE, 0, 0, (16 + 4).to_bytes(8, "big")) == (
        *(Kind.ASYNC_MAX_MESSAGE_SIZE_RESPONSE, 0, 0),
        LONGEST_PAYLOAD.to_bytes(8, "big"),
    )
    client.send(Kind.DATA_END, 0, FIRST_ID, b"ABCDEFG?")
    assert client.receive() == (Kind.DATA, 0, FIRST_ID, b"ABCD")
    assert client.receive() == (Kind.DATA, 0, FIRST_ID, b"EFG?")
    assert client.receive() == (Kind.DATA_END, 0, FIRST_ID, b"\n")


def test_a_client_that_took_its_answer_loses_nothing(client, echo):
    for number in range(3):
        client.send(Kind.DATA_END, int(number > 0), FIRST_ID + 2 * number, b"A?")
        client.receive()
    assert echo.lost == 0


@pytest.mark.parametrize(("first", "delivered"), [(b"A?", 0), (b"A", 1)])
def test_a_flag_that_does_not_fit_the_answer_before_is_a_lost_answer(client, echo, first, delivered):
    client.send(Kind.DATA_END, 0, FIRST_ID, first)
    if first.endswith(b"?"):
        client.receive()
    client.send(Kind.DATA_END, delivered, FIRST_ID + 2, b"B?")
    assert client.receive()[3] == b"B?\n"
    assert echo.lost == 1


def test_a_message_that_comes_while_an_answer_is_made_interrupts_it(server, client, echo):
    client.send(Kind.DATA_END, 0, FIRST_ID, b"SLOW?")
    assert echo.lines.get(timeout=10) == b"SLOW?"
    client.send(Kind.DATA_END, 0, FIRST_ID + 2, b"NEXT?")
    (session,) = server._sessions.values()
    assert select.select([session._synchronous], [], [], 10)[0]
    echo.may_answer.put(True)
    assert client.receive() == (Kind.INTERRUPTED, 0, FIRST_ID + 2, b"")
    assert client.receive(client.asynchronous) == (Kind.ASYNC_INTERRUPTED, 0, FIRST_ID + 2, b"")
    assert client.receive() == (Kind.DATA_END, 0, FIRST_ID + 2, b"NEXT?\n")
    assert echo.lost == 1


def test_status_shows_a_waiting_answer_until_the_client_has_taken_it(client):
    assert client.ask(Kind.ASYNC_STATUS_QUERY, 0, FIRST_ID) == (Kind.ASYNC_STATUS_RESPONSE, 3, 0, b"")
    client.send(Kind.DATA_END, 0, FIRST_ID, b"A?")
    client.receive()
    assert client.ask(Kind.ASYNC_STATUS_QUERY, 0, FIRST_ID + 2)[1] == 19
    assert client.ask(Kind.ASYNC_STATUS_QUERY, 1, FIRST_ID + 2)[1] == 3
    client.send(Kind.DATA_END, 0, FIRST_ID + 2, b"B?")
    assert client.receive()[3] == b"B?\n"


def test_device_clear_discards_received_messages_and_pending_answers(client, echo):
    client.send(Kind.DATA_END, 0, FIRST_ID, b"SLOW?")
    assert echo.lines.get(timeout=10) == b"SLOW?"
    assert client.ask(Kind.ASYNC_DEVICE_CLEAR)[0] == Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE
    client.send(Kind.DATA, 0, FIRST_ID + 2, b"HALF A MESS")
    client.send(Kind.DEVICE_CLEAR_COMPLETE)
    echo.may_answer.put(True)
    assert client.receive() == (Kind.DEVICE_CLEAR_ACKNOWLEDGE, 0, 0, b"")
    client.send(Kind.DATA_END, 0, FIRST_ID, b"NEW?")
    assert client.receive() == (Kind.DATA_END, 0, FIRST_ID, b"NEW?\n")
    assert echo.lost == 0


def test_a_trigger_is_a_trigger(client, echo):
    client.send(Kind.TRIGGER, 0, FIRST_ID)
    assert echo.lines.get(timeout=10) == b"*TRG"


def test_locks_are_refused_and_nobody_holds_one(client):
    assert client.ask(Kind.ASYNC_LOCK, 1, 100, b"")[:2] == (Kind.ASYNC_LOCK_RESPONSE, 0)
    assert client.ask(Kind.ASYNC_LOCK, 0, FIRST_ID)[:2] == (Kind.ASYNC_LOCK_RESPONSE, 3)
    assert client.ask(Kind.ASYNC_LOCK_INFO) == (Kind.ASYNC_LOCK_INFO_RESPONSE, 0, 0, b"")
    assert client.ask(Kind.ASYNC_REMOTE_LOCAL_CONTROL, 1, FIRST_ID)[0] == Kind.ASYNC_REMOTE_LOCAL_RESPONSE


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ((Kind.ASYNC_LOCK, 7), Error.UNRECOGNIZED_CONTROL_CODE),
        ((Kind.ASYNC_REMOTE_LOCAL_CONTROL, 9), Error.UNRECOGNIZED_CONTROL_CODE),
        ((Kind.DATA_END, 0, 0, b"A?"), Error.UNRECOGNIZED_KIND),
        ((Kind.ASYNC_MAX_MESSAGE_SIZE, 0, 0, b"12"), Error.UNRECOGNIZED_KIND),
        ((200,), Error.UNRECOGNIZED_KIND),
    ],
)
def test_unknown_message_is_refused_and_the_next_question_answered(client, message, code):
    assert client.ask(*message)[:2] == (Kind.ERROR, code)
    assert client.ask(Kind.ASYNC_LOCK_INFO)[0] == Kind.ASYNC_LOCK_INFO_RESPONSE


def test_a_message_of_the_other_channel_is_refused(client):
    client.send(Kind.ASYNC_LOCK_INFO)
    assert client.receive()[:2] == (Kind.ERROR, Error.UNRECOGNIZED_KIND)


def test_a_message_that_is_too_large_is_refused_whole(client, echo):
    client.send(Kind.DATA_END, 0, FIRST_ID, b"A" * (LONGEST_PAYLOAD + 1))
    assert client.receive()[:2] == (Kind.ERROR, Error.MESSAGE_TOO_LARGE)
    client.send(Kind.DATA_END, 0, FIRST_ID + 2, b"B?")
    assert client.receive()[3] == b"B?\n"
    assert echo.lines.get(timeout=10) == b"B?"


def test_what_is_no_header_ends_the_connection(client):
    client.sync.sendall(b"*IDN?\n" + b" " * 10)
    assert client.receive()[:2] == (Kind.FATAL_ERROR, Fatal.POORLY_FORMED_HEADER)
    assert client.is_closed()
    assert client.asynchronous.recv(1) == b""


def test_nothing_is_executed_before_both_channels_are_there(server, echo):
    with socket.create_connection(("127.0.0.1", server.port), 10) as sync:
        sync.sendall(HEADER.pack(b"HS", Kind.INITIALIZE, 0, 0x01007878, 0))
        assert Client._exactly(sync, HEADER.size)[2] == Kind.INITIALIZE_RESPONSE
        sync.sendall(HEADER.pack(b"HS", Kind.DATA_END, 0, FIRST_ID, 2) + b"A?")
        assert Client._exactly(sync, 4)[2:] == bytes([Kind.FATAL_ERROR, Fatal.CHANNELS_NOT_ESTABLISHED])
    assert echo.lines.empty()


@pytest.mark.parametrize(
    "first",
    [HEADER.pack(b"HS", Kind.ASYNC_INITIALIZE, 0, 4711, 0), HEADER.pack(b"HS", Kind.DATA_END, 0, 0, 0)],
    ids=["unknown session", "no initialization"],
)
def test_a_connection_that_belongs_to_no_session_is_refused(server, first):
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(first)
        assert Client._exactly(connection, 4)[2:] == bytes([Kind.FATAL_ERROR, Fatal.INVALID_INITIALIZATION])


def test_another_sub_address_is_refused(server):
    with contextlib.closing(Client(server.port, b"hislip1")) as client:
        assert not client.is_open


def test_too_many_clients_are_refused_until_one_goes(server):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(contextlib.closing(Client(server.port))) for _ in range(MOST_CLIENTS)]
        assert all(client.is_open for client in clients)
        with contextlib.closing(Client(server.port)) as refused:
            assert not refused.is_open
        clients[0].sync.close()
        assert clients[0].asynchronous.recv(1) == b""
        with contextlib.closing(Client(server.port)) as taken:
            assert taken.is_open


def test_an_unmodified_visa_client_talks_to_it(server, echo):
    with contextlib.closing(ScpiSession(server.endpoint)) as session:
        assert session.query("A?") == "A?"
        session.write("B")
        session.write("C")
        assert [session.query(f"{number}?") for number in range(20)] == [f"{number}?" for number in range(20)]
        transport: Any = session._transport
        visa = transport._calls._visa
        assert visa.read_stb() == 3
        visa.clear()
    assert echo.lost == 0


def test_what_speaks_only_lines_is_served_with_a_status_of_one_bit(echo):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.closing(HislipServer(PlainInstrument(echo), "plain")))
        client = stack.enter_context(contextlib.closing(Client(server.port)))
        client.send(Kind.DATA_END, 0, FIRST_ID, b"A?")
        client.receive()
        assert client.ask(Kind.ASYNC_STATUS_QUERY)[1] == 16
        client.send(Kind.DATA_END, 0, FIRST_ID + 2, b"B?")
        assert client.receive()[3] == b"B?\n"


def test_a_server_that_closes_drops_its_clients(server, client):
    server.close()
    assert client.is_closed()
    server.close()
