"""One emulated source alone in a world whose wall clock the test moves: asked directly, and its terminals looked at."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.errors import InstrumentLost
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import RecordingTransport
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring, rms
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World


class Wall:
    """A wall clock that stands still until it is moved."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@dataclass
class OneSource:
    source: Any
    world: World
    log_path: Path

    def query(self, text):
        answer = self.source.engine.execute(text, "test")
        assert answer is not None, f"{text!r} was not answered"
        return answer

    def write(self, text):
        assert self.source.engine.execute(text, "test") is None, f"{text!r} was answered"

    def errors(self, query="SYST:ERR?"):
        """Empty the error queue; returns the numbers."""
        found = []
        while code := int(self.query(query).split(",")[0]):
            found.append(code)
        return found

    def after(self, seconds):
        """Spend bench time; returns the three terminal voltages (V rms)."""
        self.world.sleep(seconds)
        return self.volts()

    def volts(self):
        with self.world:
            return [rms(spectrum) for spectrum in self.terminals().voltages]

    def angles(self):
        """Angles of the fundamentals in degrees, from -180 to below 180; None where there is no voltage."""
        with self.world:
            found = self.terminals().voltages
        return [(each[0].phase_deg + 180.0) % 360.0 - 180.0 if each else None for each in found]

    def terminals(self):
        return self.source.terminals(self.world.now_s())

    def events(self, name):
        return [event for event in map(json.loads, self.log_path.read_text().splitlines()) if event["event"] == name]


@contextlib.contextmanager
def one_source(make, folder, errors=None, **options):
    """Yield the source that ``make`` (its class) builds, ideal unless ``errors`` are given, and its world."""
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(folder / "events.jsonl", world.now_s)
    around = Surroundings(errors=errors or SourceErrors(), seed=1, world=world, log=log, serial_number="123456789")
    source = make(around, **options)
    world.attach(source, [])
    try:
        yield OneSource(source, world, log.path)
    finally:
        world.close()
        log.close()


class Direct:
    """A transport of a ScpiSession to an emulated instrument without a socket between."""

    def __init__(self, engine):
        self._engine = engine

    def write(self, message, deadline_s):
        del deadline_s
        assert self._engine.execute(message, "driver") is None

    def query(self, message, deadline_s):
        answer = self._engine.execute(message, "driver")
        if answer is None:
            raise InstrumentLost("EMULATED", f"no answer to {message!r} within {deadline_s:g} s")
        return answer

    def close(self):
        pass


def session_to(engine):
    """Return a session with an emulated instrument, and the transport that remembers what was said."""
    recorded = RecordingTransport(Direct(engine))
    return ScpiSession("EMULATED", open_transport=lambda: recorded), recorded
