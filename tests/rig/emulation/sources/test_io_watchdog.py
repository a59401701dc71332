"""The I/O watchdog of emulated sources in wall time: without messages the output goes off."""

import json

import pytest

from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.io_watchdog import IoWatchdog
from rig.emulation.sources.itech_it7800 import ItechSource
from rig.emulation.sources.keysight_ac6800b import AC6800Source
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring, rms
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World
from tests.rig.emulation.sources.one_source import Wall
from tests.waiting import wait_for


def test_silence_is_counted_from_the_last_message_and_only_while_enabled():
    wall = Wall()
    watchdog = IoWatchdog(wall)
    wall.now_s = 100.0
    assert not watchdog.is_due()
    watchdog.feed()
    watchdog.is_enabled, watchdog.delay_s = True, 5.0
    wall.now_s = 104.9
    assert not watchdog.is_due()
    wall.now_s = 105.0
    assert watchdog.is_due()
    watchdog.reset()
    assert not watchdog.is_due()


@pytest.mark.realtime
@pytest.mark.parametrize(("make", "prepare"), [(AC6800Source, "OUTP:COUP AC"), (ItechSource, "SYST:REM")])
def test_a_client_that_goes_away_leaves_an_output_that_goes_off_by_itself(tmp_path, connect, make, prepare):
    world = World(BenchTime(), Wiring())
    log = EventLog(tmp_path / "events.jsonl", world.now_s)
    source = make(Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="1"))
    world.attach(source, [])
    server = LineServer(ScpiHandler(source.engine, world), "source")
    world.start()
    try:
        client = connect(server.port)
        client.write(f"{prepare};:VOLT 120;:OUTP:PROT:WDOG:DEL 1;:OUTP:PROT:WDOG ON;:OUTP ON")
        assert client.query("OUTP?") == "1"
        client.socket.close()

        def is_off():
            with world:
                return not source.output.is_on and not any(map(rms, world.stimulus.voltages))

        wait_for(is_off, "the watchdog's trip")
    finally:
        world.close()
        server.close()
        log.close()
    outputs = [event for event in map(json.loads, log.path.read_text().splitlines()) if event["event"] == "output"]
    assert [(event["on"], event["command"]) for event in outputs] == [(True, ":OUTP ON"), (False, "watchdog")]
    assert outputs[1]["monotonic_s"] - outputs[0]["monotonic_s"] >= 1.0
