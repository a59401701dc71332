"""The line server against rude clients."""

import socket
import threading

import pytest

from rig.emulation.servers.tcp import LineServer


class Echo:
    def answer(self, line, peer):
        return None if line == b"quiet" else line.upper()

    def too_long(self, peer):
        return b"too long"


@pytest.fixture
def server():
    built = LineServer(Echo(), "echo", longest_line=1000)
    yield built
    built.close()


def test_lines_are_answered_in_order_however_they_are_cut(server, connect):
    client = connect(server.port)
    for piece in (b"ab", b"c\nde", b"f\r\n", b"quiet\nghi\n"):
        client.socket.sendall(piece)
    assert [client.read() for _ in range(3)] == ["ABC", "DEF", "GHI"]


def test_a_line_too_long_is_thrown_away_and_the_next_one_served(server, connect):
    client = connect(server.port)
    client.socket.sendall(b"x" * 5000)
    client.socket.sendall(b"y" * 200_000 + b"\nabc\n")
    assert client.read() == "too long"
    assert client.read() == "ABC"


def test_answers_leave_without_waiting_to_be_filled_up(server, connect):
    client = connect(server.port)
    client.query("abc")
    served = next(iter(server._connections))
    assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_client_that_leaves_in_mid_line_disturbs_nobody(server, connect):
    rude = socket.create_connection(("127.0.0.1", server.port))
    rude.sendall(b"half a li")
    rude.close()
    assert connect(server.port).query("abc") == "ABC"


def test_many_clients_get_their_own_answers(server, connect):
    def talk(client, name, wrong):
        for number in range(50):
            if client.query(f"{name}-{number}") != f"{name}-{number}".upper():
                wrong.append(name)

    wrong = []
    clients = [connect(server.port) for _ in range(8)]
    threads = [threading.Thread(target=talk, args=(one, f"c{i}", wrong)) for i, one in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closing_drops_connections_and_the_port(server, connect):
    client = connect(server.port)
    assert client.query("abc") == "ABC"
    server.close()
    server.close()
    assert client.socket.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5.0)
