"""Every registered emulated instrument without a socket, in a world whose time passes only when somebody spends it."""

import contextlib
from dataclasses import dataclass
from typing import Any

from drivers.analyzer import ANALYZERS
from drivers.climate import CHAMBERS, PROBES
from drivers.counter import COUNTERS
from drivers.generator import GENERATORS
from drivers.source import SOURCES
from drivers.switch import SWITCHES
from rig.bench.config.files import load_bench
from rig.emulation import instruments
from rig.emulation.analyzers.arithmetic import AnalyzerErrors
from rig.emulation.auxiliary.climate import climate_instruments
from rig.emulation.auxiliary.switching import switching_instruments
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.servers.control import ScpiHandler
from rig.emulation.sources.fluke_6105a import FlukeSource
from rig.emulation.sources.merged import MergedSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.air import ROOM_C, Air
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World

DRIVERS: dict[str, Any] = {**SOURCES, **ANALYZERS, **SWITCHES, **GENERATORS, **COUNTERS, **PROBES, **CHAMBERS}
ROLES = ("switch", "generator", "counter", "climate_probe", "chamber")
ALWAYS = {part.driver: role for role in ROLES if (part := getattr(load_bench("emulated").parts, role)) is not None} | {
    "espec_p300": "chamber"
}
"""Instruments that every emulated bench has, by their drivers' names, and what they are called there."""

NAMES = [*instruments.SOURCES, *instruments.LOW_LEVEL_SOURCES, *instruments.ANALYZERS, *ALWAYS]
"""All emulated instruments, by the names of their drivers; one that is registered is among them."""

SPEAKING_LINES = [name for name in NAMES if not hasattr(DRIVERS[name], "open_link")]
"""Those that speak lines; the others speak frames of octets on a link of their own."""

LONGEST_WAIT_S, LEAST_STEP_S = 5.0, 1e-3


class Meter:
    """A meter of which only the terminals matter."""

    is_running = True
    alarm_contact_closed = True

    def advance(self, dt_s, stimulus, control_power=True):
        pass

    def pulse_input(self, closed, in_s=0.0):
        pass


class StillWorld(World):
    """A world in which a waiting thread spends the bench time, if the wait is short enough."""

    def wait(self, wait):
        with self:
            give_up_s = self.now_s() + LONGEST_WAIT_S
        while True:
            with self:
                if wait.is_over():
                    return True
                now_s, due_s = self.now_s(), wait.due_s()
            if now_s >= give_up_s or not due_s <= give_up_s:
                return False
            self.spend(max(due_s - now_s, LEAST_STEP_S))


@dataclass
class InProcess:
    """One instrument: ``handler`` takes its lines, ``engine`` is what it is, ``world`` where its time passes."""

    name: str
    engine: Any
    handler: Any
    world: World

    def ask(self, line, peer="test"):
        """Send one line (octets or text); returns the answer as octets, None where there is none."""
        return self.handler.answer(line.encode() if isinstance(line, str) else line, peer)


@contextlib.contextmanager
def in_process(name, folder, seed=1):
    """Yield the instrument ``name`` on a bench of its own; an event log is written in ``folder``."""
    world = StillWorld(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(folder / f"{name}.jsonl", world.now_s)
    sourced = Surroundings(errors=SourceErrors(), seed=seed, world=world, log=log, serial_number="123456789")
    source = instruments.SOURCES.get(name, FlukeSource)(sourced)
    driving: Any = source
    terminals = [MeterTerminals(Meter(), world.now_s)]
    measuring = list(terminals)
    engines: dict[str, Any] = {name: source.engine}
    if name in instruments.LOW_LEVEL_SOURCES:
        low_level = instruments.LOW_LEVEL_SOURCES[name](sourced)
        driving, engines[name] = MergedSource(source, low_level), low_level.engine
    if name in instruments.ANALYZERS:
        analyzer = instruments.ANALYZERS[name](Surroundings(errors=AnalyzerErrors(), seed=seed, world=world, log=log))
        measuring.append(analyzer)
        engines[name] = analyzer.engine
    climate = climate_instruments(Air(ROOM_C), seed, True, world, log)
    present = {**switching_instruments(terminals, seed, True, world, log), "climate_probe": climate.probe}
    present["chamber"] = climate.chamber
    if name in ALWAYS:
        engines[name] = present[ALWAYS[name]]
    world.attach(driving, measuring)
    engine = engines[name]
    engine = getattr(engine, "engine", engine)
    handler = ScpiHandler(engine, world) if isinstance(engine, ScpiEngine) else engine
    try:
        yield InProcess(name, engine, handler, world)
    finally:
        world.close()
        log.close()
