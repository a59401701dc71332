"""A meter that is not there or dies, a bus that cannot be joined or goes away: what is raised, and how soon."""

import datetime
import threading
import time
from pathlib import Path

import pytest

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import BusFailed, MeterTimeout
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.settings import PortSettings
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.process import HubProcess
from tests.rig.emulation.meter.fixed_meter import FixedMeter

pytestmark = pytest.mark.realtime


def test_a_meter_that_is_not_there_is_a_time_out_that_says_where_and_what(make_bench):
    with make_bench(FixedMeter(), timeout_s=2.0) as bench:
        client = MeterClient(bench.bus, 77, OBJECTS)
        with pytest.raises(MeterTimeout, match=r"MAC 77 did not answer .* AI11, AI12, AI13 and 26 more") as caught:
            client.read_load_point()
        assert (caught.value.address, caught.value.waited_s) == (77, 2.0)
        assert bench.client.read_inputs([1])[1] == 1.5
        assert bench.bus.statistics().timeouts == 1


def test_lost_reads_are_repeated_and_counted_up_to_the_limit_writes_never(make_bench):
    with make_bench(FixedMeter(), timeout_s=0.6) as bench:
        client = MeterClient(bench.bus, 77, OBJECTS, read_repeats=2)
        with pytest.raises(MeterTimeout):
            client.read_load_point()
        statistics = bench.bus.statistics()
        assert (statistics.requests, statistics.repeats, statistics.timeouts) == (3, 2, 3)
        with pytest.raises(MeterTimeout):
            client.command(30078)
        assert bench.bus.statistics().requests == 4


def test_a_meter_that_dies_is_a_time_out_and_the_bus_lives_on(make_bench):
    with make_bench(FixedMeter(), FixedMeter(), timeout_s=2.0) as bench:
        second = MeterClient(bench.bus, 2, OBJECTS)
        assert second.read_inputs([1])[1] == 1.5
        bench.nodes[1].close()
        with pytest.raises(MeterTimeout):
            second.read_inputs([1])
        assert bench.client.read_inputs([1])[1] == 1.5


def test_a_bus_that_goes_away_fails_at_once_and_says_so(make_bench):
    with make_bench(FixedMeter(), timeout_s=20.0) as bench:
        bench.client.read_inputs([1])
        bench.hub.close()
        started_s = time.monotonic()
        with pytest.raises(BusFailed, match="the bus on /dev/pts/"):
            bench.client.read_inputs([1])
        assert time.monotonic() - started_s < 10.0
        with pytest.raises(BusFailed):
            bench.client.set_time(datetime.datetime(2026, 1, 1))
        with pytest.raises(BusFailed):
            bench.bus.statistics()


def test_a_serial_port_that_is_not_there_is_said_when_the_bus_is_opened():
    with pytest.raises(PortUnavailable, match="/dev/does-not-exist") as caught:
        MeterBus.open(PortSettings("/dev/does-not-exist", 76800, 0))
    assert isinstance(caught.value, RigError)


def test_bus_with_a_babbling_station_is_not_joined_and_the_error_says_why():
    with HubProcess(2, 76800) as hub, Path(hub.ports[1]).open("wb", buffering=0) as noise:
        stop = threading.Event()

        def talk():
            while not stop.wait(0.01):
                noise.write(bytes(40))

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            with pytest.raises(BusFailed, match=r"no token within 1\.5 s"):
                MeterBus.open(PortSettings(hub.ports[0], 76800, 0), join_timeout_s=1.5)
        finally:
            stop.set()
            talker.join()
