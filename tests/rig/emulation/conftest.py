"""Instruments of the emulated bench behind real sockets, in a world whose wall clock stands still."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rig.emulation.analyzers.arithmetic import AnalyzerErrors
from rig.emulation.analyzers.yokogawa_wt_commands import yokogawa_analyzer
from rig.emulation.instruments import serve
from rig.emulation.servers.control import Clock, Control, JsonHandler, ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.fluke_6105a import FlukeSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World


class Client:
    """A plain socket that speaks lines."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10.0)
        self._lines = self.socket.makefile("rb")

    def write(self, text):
        self.socket.sendall(text.encode("latin-1") + b"\n")

    def read(self):
        line = self._lines.readline()
        assert line.endswith(b"\n"), "the connection was closed"
        return line[:-1].decode("ascii")

    def query(self, text):
        self.write(text)
        return self.read()

    def do(self, text):
        """Write, and return when it is done: time may be spent on another connection then."""
        self.write(text)
        assert self.query("*OPC?") == "1"

    def close(self):
        self._lines.close()
        self.socket.close()


@dataclass
class InstrumentBench:
    """Source and analyzer without errors on one wiring; ``meters`` may be filled before ``attach()``."""

    world: World
    source: FlukeSource
    analyzer: Any
    servers: dict
    connect: Callable[[int], Client]
    log_path: object

    def attach(self, *meters):
        self.world.attach(self.source, [*meters, self.analyzer])

    def client(self, name):
        return self.connect(self.servers[name].port)


@pytest.fixture
def connect():
    clients = []

    def connect_to(port):
        clients.append(Client(port))
        return clients[-1]

    yield connect_to
    for client in clients:
        client.close()


@pytest.fixture
def bench(bench_with):
    """Return a bench in which time passes only when somebody spends it."""
    return bench_with(yokogawa_analyzer)


@pytest.fixture
def bench_with(tmp_path, connect):
    """Build such a bench with an analyzer of another class; ``monotonic`` may be a clock that runs."""
    closing = []

    def build(analyzer_class, monotonic=lambda: 0.0, **options):
        built, close = bench_of(BenchTime(monotonic), tmp_path, connect, analyzer_class, options)
        closing.append(close)
        return built

    yield build
    for close in closing:
        close()


def bench_of(time, tmp_path, connect, analyzer_class, options):
    world = World(time, Wiring())
    log = EventLog(tmp_path / "events.jsonl", time.now_s)
    source = FlukeSource(Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="123456789"))
    errors = options.pop("errors", AnalyzerErrors())
    analyzer = analyzer_class(Surroundings(errors=errors, seed=1, world=world, log=log), **options)
    servers = {
        "source": LineServer(ScpiHandler(source.engine, world), "source"),
        "analyzer": serve(analyzer.engine, world, "analyzer"),
    }
    handlers: dict[str, Any] = {"clock": Clock(world), "control": Control(world, source, dict(servers), log)}
    servers |= {name: LineServer(JsonHandler(one.serve), name) for name, one in handlers.items()}
    built = InstrumentBench(world, source, analyzer, servers, connect, log.path)
    built.attach()

    def close():
        world.close()
        for server in servers.values():
            server.close()
        log.close()

    return built, close
