"""The emulated meter's behaviour on its bus, judged as a real one's: at every baud rate, under noise, with a double."""

import contextlib
import threading
from types import SimpleNamespace

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterTimeout
from drivers.mstp.settings import BAUD_RATES, PortSettings
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.fault_settings import FaultSettings
from rig.emulation.bus.process import HubLink, HubProcess
from rig.procedures.behaviour.bus_behaviour import address_conflict, heard_during, node_of, reply_delay, token_use
from tests.rig.emulation.meter.fixed_meter import FixedMeter
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = [pytest.mark.realtime, pytest.mark.soak]

RIG, METER = 0, 1
MAX_MASTER = 3
READS = 5


@contextlib.contextmanager
def bench(baud=76800, meters=1, **faults):
    """A hub, the rig on its port 0, and meters on the others, all of them at one address."""
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(HubProcess(1 + meters, baud))
        link = stack.enter_context(HubLink(hub.endpoint))
        nodes = []
        for port in hub.ports[1:]:
            meter = FixedMeter()
            meter.device_instance += len(nodes)
            nodes.append(MeterNode(meter, port, baud, METER, MAX_MASTER, threading.RLock()))
            stack.callback(nodes[-1].close)
        nodes[0].start()
        bus = stack.enter_context(MeterBus.open(PortSettings(hub.ports[0], baud, RIG, MAX_MASTER), timeout_s=3.0))
        client = MeterClient(bus, METER, OBJECTS, read_repeats=3)
        client.read_load_point()
        link.set_faults(FaultSettings(**faults))
        yield SimpleNamespace(bus=bus, client=client, nodes=nodes, link=link)


def meter_of(figures):
    node = node_of(figures, METER)
    assert node is not None
    return node


@pytest.mark.parametrize("baud", BAUD_RATES)
def test_it_answers_and_uses_the_token_in_time_at_every_baud_rate(baud):
    with bench(baud) as on:
        reading = heard_during(on.bus, lambda: [on.client.read_load_point() for _ in range(READS)]).figures
        idle = heard_during(on.bus, lambda: on.bus.pause(1.0)).figures
    answers = [reply_delay(meter_of(reading), READS), token_use(meter_of(idle))]
    print(f"\n{baud} baud: {'; '.join(answer.found for answer in answers)}")
    assert all(answer.good for answer in answers)


def test_noise_between_frames_loses_no_read_and_no_token():
    with bench(noise_rate=0.2) as on:
        before = on.bus.statistics()
        reading = heard_during(on.bus, lambda: [on.client.read_load_point() for _ in range(4 * READS)]).figures
        counted, port = on.link.counters(), on.bus.statistics().port.since(before.port)
    print(f"\n{counted['faults_done']}; {reply_delay(meter_of(reading), 4 * READS).found}; {port}")
    assert counted["faults_done"]["noise_bursts"] > 0
    assert port.successors_lost == port.tokens_lost == 0


def test_a_second_meter_with_the_same_address_is_noticed():
    with bench(meters=2) as on:
        alone, found = [], []
        figures = heard_during(on.bus, lambda: alone.extend(on.bus.who_is(timeout_s=0.5))).figures
        assert address_conflict(meter_of(figures), alone).good
        on.nodes[1].start()
        found = []

        def ask():
            for _ in range(6):
                found.extend(device for device in on.bus.who_is(timeout_s=0.5) if device not in found)

        figures = heard_during(on.bus, ask).figures
        answer = address_conflict(meter_of(figures), found)
        with contextlib.suppress(MeterTimeout):
            on.client.read_load_point()
    print(f"\n{answer.found}; {figures.damaged} damaged frames, {figures.stray_octets} stray octets")
    assert not answer.good
