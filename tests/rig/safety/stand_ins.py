"""Stand-ins of the safety tests: a source that is a real socket, and a view of the emulated bench past the rig."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from dataclasses import replace

from drivers.instrument import Identity
from drivers.source.base import SafeOff
from tests.kept_log import KeptLog
from tests.waiting import comes_true

QUICK = """\
schema: 1
extends: emulated
name: quick
bus: null
switch: {contactor: null}
positions: [{name: "1", meter_type: s4100}]
launch: {extra_argv: ["--meters", "0"]}
"""


class FakeSource(socketserver.ThreadingTCPServer):
    """A SCPI source on a socket: knows OUTP:STAT only, and can be deaf, stuck, or hang up."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.is_on = True
        self.behaviour = "good"
        self.watchdog_s = None
        self.late_s = 0.0
        self.identification = None
        self.wrap = lambda answer: answer + b"\n"
        self.greeting = b""
        self.echoes = False
        self._heard_s = time.monotonic()
        self.received = []
        self.switched = threading.Condition()
        source = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(source.greeting)
                for line in self.rfile:
                    if source.echoes:
                        self.wfile.write(line)
                    source.serve(line.decode().strip(), self.wfile)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def serve(self, command, out):
        self.received.append(command)
        if self.watchdog_s is not None and time.monotonic() - self._heard_s > self.watchdog_s:
            self._switch(False)
        self._heard_s = time.monotonic()
        if self.behaviour == "deaf":
            return
        if command == "OUTP:STAT?":
            time.sleep(self.late_s)
            out.write(self.wrap(b"1" if self.is_on else b"0"))
        elif command == "*IDN?" and self.identification is not None:
            time.sleep(self.late_s)
            out.write(self.wrap(self.identification))
        elif command.startswith("OUTP:STAT") and self.behaviour != "stuck":
            self._switch(command.endswith("ON"))

    def _switch(self, on):
        with self.switched:
            self.is_on = on
            self.switched.notify_all()

    def wait_until_off(self, timeout_s):
        with self.switched:
            return self.switched.wait_for(lambda: not self.is_on, timeout_s)

    @property
    def recipe(self):
        resource = f"TCPIP0::127.0.0.1::{self.server_address[1]}::SOCKET"
        return SafeOff(resource, ("OUTP:STAT OFF",), "OUTP:STAT?", ("0", "OFF"))

    def recipe_for(self, identification, model):
        """The recipe of a bench that was opened with an instrument of this identification."""
        maker, _, serial_number, firmware = identification.split(",")
        identity = Identity(maker, model, serial_number, firmware)
        return replace(self.recipe, identification=identification, identity=identity, family=model)


class OneAtATime(FakeSource):
    """A source that serves one connection; the next client waits until that is closed."""

    def process_request(self, request, client_address):
        socketserver.TCPServer.process_request(self, request, client_address)


class Control:
    """The emulated bench's control and event log, as the test sees it: never through the rig."""

    def __init__(self, endpoints):
        host, port = endpoints["control"].removeprefix("tcp://").split(":")
        self.connection = socket.create_connection((host, int(port)), timeout=5.0)
        self.lines = self.connection.makefile("rw")
        self.log = KeptLog(endpoints)
        self._seen = len(self.log.read_text().splitlines())

    def ask(self, **question):
        self.lines.write(json.dumps(question) + "\n")
        self.lines.flush()
        return json.loads(self.lines.readline())

    def fault(self, name, value=True):
        return self.ask(fault=name, value=value)

    @property
    def status(self):
        return self.ask(status=True)

    @property
    def is_off(self):
        """Whether the output is off; where the emulated bench has ended, whether it was when it ended."""
        try:
            return not self.status["output_on"]
        except (OSError, ValueError):
            return not self.outputs[-1]["on"]

    @property
    def events(self):
        """What happened since this view was made, from the emulated bench's own log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()[self._seen :]]

    @property
    def outputs(self):
        """What happened to the output since this view was made."""
        return [event for event in self.events if event["event"] == "output"]

    def off_within(self, timeout_s):
        return comes_true(lambda: self.is_off, timeout_s)

    def close(self):
        with contextlib.suppress(OSError):
            self.lines.close()
        self.connection.close()
