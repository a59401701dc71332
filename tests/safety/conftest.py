"""Fixtures of the safety tests: a state folder of their own, and a source that is a real socket."""

import socketserver
import threading

import pytest

from drivers.source.base import SafeOff


class FakeSource(socketserver.ThreadingTCPServer):
    """A SCPI source on a socket: knows OUTP:STAT only, and can be deaf, stuck, or hang up."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.is_on = True
        self.behaviour = "good"
        self.received = []
        self.switched = threading.Condition()
        source = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    source.serve(line.decode().strip(), self.wfile)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def serve(self, command, out):
        self.received.append(command)
        if self.behaviour == "deaf":
            return
        if command == "OUTP:STAT?":
            out.write(b"1\n" if self.is_on else b"0\n")
        elif command.startswith("OUTP:STAT") and self.behaviour != "stuck":
            with self.switched:
                self.is_on = command.endswith("ON")
                self.switched.notify_all()

    def wait_until_off(self, timeout_s):
        with self.switched:
            return self.switched.wait_for(lambda: not self.is_on, timeout_s)

    @property
    def recipe(self):
        resource = f"TCPIP0::127.0.0.1::{self.server_address[1]}::SOCKET"
        return SafeOff(resource, ("OUTP:STAT OFF",), "OUTP:STAT?", ("0", "OFF"))


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("RIG_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def fake_source():
    source = FakeSource()
    yield source
    source.shutdown()
    source.server_close()


@pytest.fixture
def second_source():
    source = FakeSource()
    yield source
    source.shutdown()
    source.server_close()
