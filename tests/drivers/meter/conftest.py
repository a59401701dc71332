"""A real hub, a real port process and an emulated meter behind every test of the client."""

import contextlib
import threading
from types import SimpleNamespace

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.bus.process import HubProcess
from tests.rig.emulation.meter.one_node import MeterNode

BAUD = 76800
METER_MAC = 1
NO_LOAD = Stimulus(60.0, tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)), ((), (), ()))


@contextlib.contextmanager
def bench_of(*meters, unpaced=True, timeout_s=10.0, locks=None):
    """A hub with ``meters`` at MAC 1, 2, ... and the rig at MAC 0; closes all of it."""
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(HubProcess(len(meters) + 1, BAUD, unpaced))
        max_master = max(1, len(meters))
        nodes, locks = [], locks or [threading.RLock() for _ in meters]

        def live(dt_s):
            """Let the time of meters pass that have any; those of fixed values have none."""
            for meter, lock in zip(meters, locks, strict=True):
                if isinstance(meter, S4100):
                    with lock:
                        meter.advance(dt_s, NO_LOAD)
            bus.pause(dt_s / 10.0)

        for number, meter in enumerate(meters):
            node = MeterNode(meter, hub.ports[number + 1], BAUD, METER_MAC + number, max_master, locks[number])
            stack.callback(node.close)
            node.start()
            nodes.append(node)
        progress = []
        settings = PortSettings(hub.ports[0], BAUD, 0, max_master, max_info_frames=8)
        bus = stack.enter_context(
            MeterBus.open(settings, timeout_s=timeout_s, on_progress=lambda: progress.append(threading.get_ident()))
        )
        client = MeterClient(bus, METER_MAC, OBJECTS, sleep=live)
        yield SimpleNamespace(hub=hub, nodes=nodes, bus=bus, client=client, progress=progress, meters=meters)


@pytest.fixture
def make_bench():
    return bench_of
