"""The adapter is pulled out and plugged in again while a meter is used: what waits, what fails, what is reported."""

import contextlib
import os
import signal
import threading
import time
from types import SimpleNamespace

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import BusFailed, BusInterrupted
from drivers.mstp import LineLost, LineRestored, PortSettings
from meter_model.objects.points import OBJECTS
from tests.drivers.meter.test_given_up import CommandedMeter
from tests.drivers.mstp.pty_bridge import PtyBridge
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime

BAUD = 76800
RIG, METER = 0, 1
RESET_ENERGY = 30078


@pytest.fixture
def bench(tmp_path, request):
    """A meter, and a bus that waits for its adapter for as many seconds as the parameter says."""
    with contextlib.ExitStack() as stack:
        bridge = PtyBridge(2, tmp_path)
        stack.callback(bridge.close)
        meter = CommandedMeter()
        node = MeterNode(meter, bridge.ports[METER], BAUD, METER, 1, threading.RLock())
        stack.callback(node.close)
        node.start()
        settings = PortSettings(bridge.ports[RIG], BAUD, RIG, max_master=1, replug_wait_s=request.param)
        told = []
        bus = stack.enter_context(MeterBus.open(settings, timeout_s=10.0, on_line=told.append))
        client = MeterClient(bus, METER, OBJECTS)
        client.read_inputs([1])
        yield SimpleNamespace(bridge=bridge, meter=meter, node=node, bus=bus, client=client, told=told)


@contextlib.contextmanager
def unplugged_while_asked(bench):
    """The meter is stopped, so that what is asked is under way when the adapter goes; then all comes back."""
    pid = bench.node._port.pid
    os.kill(pid, signal.SIGSTOP)

    def act():
        deadline_s = time.monotonic() + 10.0
        before = bench.bus.statistics().port.data_frames_sent
        while bench.bus.statistics().port.data_frames_sent == before and time.monotonic() < deadline_s:
            time.sleep(0.002)
        bench.bridge.hang_up(RIG)
        while bench.bus.statistics().port.lines_lost == 0 and time.monotonic() < deadline_s:
            time.sleep(0.002)
        os.kill(pid, signal.SIGCONT)
        bench.bridge.plug_in(RIG)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("bench", [20.0], indirect=True)
def test_read_under_way_is_repeated_when_the_adapter_is_back_and_reported(bench):
    with unplugged_while_asked(bench):
        assert bench.client.read_inputs([1])[1] == 1.5
    counted = bench.bus.statistics()
    assert (counted.asked_again, counted.repeats, counted.timeouts, counted.port.lines_lost) == (1, 0, 0, 1)
    lost, restored = bench.told
    assert isinstance(lost, LineLost)
    assert isinstance(restored, LineRestored)
    assert restored.lost_s == counted.lost_s > 0.0


@pytest.mark.parametrize("bench", [20.0], indirect=True)
def test_command_under_way_fails_is_not_sent_again_and_the_bus_goes_on(bench):
    with (
        unplugged_while_asked(bench),
        pytest.raises(BusInterrupted, match=r"adapter was lost while a request to the meter at MAC 1 .* read back"),
    ):
        bench.client.command(RESET_ENERGY)
    assert bench.client.read_inputs([1])[1] == 1.5
    assert [type(event) for event in bench.told] == [LineLost, LineRestored]
    assert len(bench.meter.written) <= 1
    assert bench.bus.statistics().asked_again == 0


@pytest.mark.parametrize("bench", [20.0], indirect=True)
def test_what_is_asked_while_the_adapter_is_away_waits_for_it(bench):
    bench.bridge.hang_up(RIG)
    while not bench.told:
        bench.bus.pause(0.01)
    back = threading.Timer(0.3, bench.bridge.plug_in, [RIG])
    back.start()
    bench.client.command(RESET_ENERGY)
    back.join()
    assert [entry[3] for entry in bench.meter.written] == [RESET_ENERGY]
    assert bench.bus.statistics().asked_again == 0


@pytest.mark.parametrize("bench", [0.3], indirect=True)
def test_adapter_that_stays_away_ends_the_bus_and_names_the_time_waited(bench):
    bench.bridge.hang_up(RIG)
    with pytest.raises(BusFailed, match=r"did not come back within 0\.3 s"):
        bench.client.read_inputs([1])
