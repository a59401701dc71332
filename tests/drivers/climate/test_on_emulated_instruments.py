"""The climate drivers over real sockets and VISA on the emulated instruments, and soaking in bench time."""

from typing import Any

import pytest

from drivers.climate.espec_p300 import EspecP300
from drivers.climate.fluke_1620a import Fluke1620A
from drivers.errors import InstrumentError, InstrumentRefused, SettingOutOfRange
from drivers.scpi.session import ScpiSession
from rig.bench.auxiliary.climate import NotStable, SoakedChamber
from rig.bench.schema.climate import ChamberPart, SoakPart
from rig.emulation.auxiliary.climate import climate_instruments
from rig.emulation.world.air import Air
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.world import World
from rig.errors import BenchFault


class WorldClock:
    """The bench clock of a world that is asked directly."""

    def __init__(self, world):
        self._world = world

    def now_s(self):
        with self._world:
            return self._world.now_s()

    def sleep(self, dt_s):
        self._world.sleep(dt_s)


@pytest.fixture
def climate(tmp_path):
    """Probe and chamber behind their ports, their drivers, and the clock of their world."""
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(tmp_path / "climate.jsonl", world.now_s)
    made = climate_instruments(Air(), 1, False, world, log)
    servers = [made.probe.open_server("probe"), made.chamber.open_server("chamber")]
    drivers: tuple[Any, ...] = (Fluke1620A, EspecP300)
    probe, chamber = (
        driver(ScpiSession(server.endpoint, termination=driver.TERMINATION))
        for driver, server in zip(drivers, servers, strict=True)
    )
    yield made, probe, chamber, WorldClock(world)
    probe.close()
    chamber.close()
    for server in servers:
        server.close()
    log.close()


def soaked(chamber, clock, **soak):
    settings = {"within_k": 0.5, "for_s": 600.0, "timeout_s": 7200.0} | soak
    part = ChamberPart(driver="espec_p300", resource="x", lowest_c=-20.0, highest_c=60.0, soak=SoakPart(**settings))
    return SoakedChamber(chamber, part, clock)


def test_the_probe_is_identified_configured_and_read(climate):
    made, probe, _, _ = climate
    assert probe.identify().model == "1620A"
    probe.configure()
    reading = probe.read()
    assert reading.temperature_c == pytest.approx(23.0, abs=0.1)
    assert reading.humidity_pct == pytest.approx(45.0, abs=1.5)
    made.probe.attached.clear()
    with pytest.raises(InstrumentError, match="no sensor is attached"):
        probe.read()


def test_soak_ends_when_the_air_has_been_there_long_enough_not_sooner(climate):
    made, probe, chamber, clock = climate
    assert chamber.identify().manufacturer == "ESPEC"
    probe.configure()
    began_s = clock.now_s()
    reading = soaked(chamber, clock).soak(45.0)
    assert reading.is_running
    assert abs(reading.temperature_c - 45.0) <= 0.5
    assert clock.now_s() - began_s > 600.0
    assert probe.read().temperature_c == pytest.approx(45.0, abs=0.6)
    assert made.chamber.is_running


def test_chamber_that_is_late_is_named_with_the_temperature_it_reached(climate):
    _, _, chamber, clock = climate
    with pytest.raises(NotStable, match=r"and was not stable at 60\.0 °C within 300 s") as caught:
        soaked(chamber, clock, timeout_s=300.0).soak(60.0)
    assert 23.0 < caught.value.reading.temperature_c < 60.0


@pytest.mark.parametrize("temperature_c", [-20.1, 60.1, float("nan")])
def test_what_the_bench_file_does_not_permit_is_refused_before_any_io(climate, temperature_c):
    made, _, chamber, clock = climate
    with pytest.raises(SettingOutOfRange, match="-20 to 60 °C"):
        soaked(chamber, clock).soak(temperature_c)
    assert not made.chamber.is_running


def test_what_the_chamber_itself_cannot_do_is_refused_by_it(climate):
    made, _, chamber, _ = climate
    with pytest.raises(InstrumentRefused, match="DATA OUT OF RANGE"):
        chamber.set_temperature(120.0)
    assert not made.chamber.is_running


def test_only_what_the_rig_has_set_going_is_stopped(climate):
    made, _, chamber, clock = climate
    made.chamber.answer(b"MODE,CONSTANT", "a person")
    bench_chamber = soaked(chamber, clock, for_s=1.0)
    bench_chamber.stop_if_ours()
    assert made.chamber.is_running
    bench_chamber.soak(23.0)
    bench_chamber.stop_if_ours()
    assert not made.chamber.is_running
    assert not bench_chamber.read().is_running


def test_a_chamber_that_somebody_stops_while_it_is_soaked_ends_the_soak(climate):
    made, _, chamber, clock = climate

    class Meddler(WorldClock):
        def sleep(self, dt_s):
            super().sleep(dt_s)
            made.chamber.answer(b"MODE,STANDBY", "a person")

    with pytest.raises(BenchFault, match="has stopped while it was soaked"):
        soaked(chamber, Meddler(clock._world)).soak(45.0)
