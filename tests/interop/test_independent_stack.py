"""An MS/TP stack that is not ours joins the bus, discovers the emulated meter and reads all its objects."""

import asyncio
import math
import threading

import pytest
from rusty_bacnet import BACnetClient, ObjectIdentifier, ObjectType, PropertyIdentifier

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.bus.process import HubLink, HubProcess
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime

BAUD = 76800
MAX_MASTER = 3
METER_MAC, PEER_MAC, RIG_MAC = 1, 2, 0
JOIN_S = 15.0
TYPES = {
    "AI": ObjectType.ANALOG_INPUT,
    "AV": ObjectType.ANALOG_VALUE,
    "BI": ObjectType.BINARY_INPUT,
    "TL": ObjectType.TREND_LOG,
    "DE": ObjectType.DEVICE,
}
LOADED = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)),
    tuple((Phasor(1, 0.5, -120.0 * n - 30.0),) for n in range(3)),
)


@pytest.fixture(scope="module")
def bus():
    """A hub of three nodes with a loaded meter at rest on one of them."""
    meter = S4100(serial_number="42", device_instance=1_234_567)
    meter.advance(3.0, LOADED)
    with HubProcess(3, BAUD) as hub:
        node = MeterNode(meter, hub.ports[1], BAUD, METER_MAC, MAX_MASTER, threading.RLock())
        node.start()
        try:
            yield hub, meter
        finally:
            node.close()


def object_of(meter, point):
    return meter.device_instance if point.kind == "DE" else point.instance


async def discover(client):
    deadline_s = asyncio.get_running_loop().time() + JOIN_S
    while asyncio.get_running_loop().time() < deadline_s:
        await client.who_is()
        for _ in range(20):
            if found := await client.discovered_devices():
                return found
            await asyncio.sleep(0.05)
    return []


async def read_everything(port, meter):
    values, names, object_list = {}, {}, []
    async with BACnetClient(
        transport="mstp", serial_port=port, mstp_baud=BAUD, mstp_mac=PEER_MAC, mstp_max_master=MAX_MASTER
    ) as client:
        found = await discover(client)
        device = ObjectIdentifier(ObjectType.DEVICE, meter.device_instance)
        address = str(METER_MAC)
        count = (await client.read_property(address, device, PropertyIdentifier.OBJECT_LIST, 0)).value
        for index in range(1, count + 1):
            object_list.append(
                (await client.read_property(address, device, PropertyIdentifier.OBJECT_LIST, index)).value
            )
        for point in OBJECTS:
            place = ObjectIdentifier(TYPES[point.kind], object_of(meter, point))
            names[point.label] = (await client.read_property(address, place, PropertyIdentifier.OBJECT_NAME)).value
            if point.kind in ("AI", "AV", "BI"):
                answer = await client.read_property(address, place, PropertyIdentifier.PRESENT_VALUE)
                values[point.label] = answer.value
    return found, object_list, names, values


@pytest.fixture(scope="module")
def seen(bus):
    hub, meter = bus
    return asyncio.run(asyncio.wait_for(read_everything(hub.ports[2], meter), 60.0))


def test_it_discovers_the_meter(seen, bus):
    _, meter = bus
    (device,) = seen[0]
    assert device.object_identifier.instance == meter.device_instance
    assert bytes(device.mac_address) == bytes((METER_MAC,))
    assert device.max_apdu_length == 480
    assert device.vendor_id == 133


def test_it_finds_all_113_objects_in_the_object_list(seen, bus):
    _, meter = bus
    found = {(str(entry.object_type), entry.instance) for entry in seen[1]}
    assert len(seen[1]) == 113
    assert found == {(str(TYPES[point.kind]), object_of(meter, point)) for point in OBJECTS}


def test_it_reads_the_name_of_every_object(seen, bus):
    _, meter = bus
    expected = {point.label: meter.read(point.kind, object_of(meter, point), "object-name") for point in OBJECTS}
    assert seen[2] == expected


def test_it_reads_every_present_value_as_the_meter_has_it(seen, bus):
    _, meter = bus
    values = seen[3]
    assert len(values) == 83 + 11 + 15
    for point in OBJECTS:
        if point.label in values:
            expected = meter.read(point.kind, point.instance, "present-value")
            if isinstance(expected, float) and math.isnan(expected):
                assert math.isnan(values[point.label]), point.label
            else:
                assert values[point.label] == expected, point.label
    assert values["AI11"] == pytest.approx(3 * 277.0 * 50.0 * math.cos(math.radians(30.0)) / 1000.0, rel=1e-4)


def test_the_rig_reads_the_meter_while_the_other_stack_shares_the_ring(bus):
    hub, meter = bus

    async def share(stop):
        reads = 0
        async with BACnetClient(
            transport="mstp", serial_port=hub.ports[2], mstp_baud=BAUD, mstp_mac=PEER_MAC, mstp_max_master=MAX_MASTER
        ) as client:
            await discover(client)
            place = ObjectIdentifier(ObjectType.ANALOG_INPUT, 11)
            while not stop.is_set():
                answer = await client.read_property(str(METER_MAC), place, PropertyIdentifier.PRESENT_VALUE)
                assert answer.value == meter.read("AI", 11, "present-value")
                reads += 1
        return reads

    stop, outcome = threading.Event(), []
    other = threading.Thread(target=lambda: outcome.append(asyncio.run(share(stop))))
    with MeterBus.open(PortSettings(hub.ports[0], BAUD, RIG_MAC, MAX_MASTER)) as rig_bus, HubLink(hub.endpoint) as link:
        client = MeterClient(rig_bus, METER_MAC, OBJECTS)
        client.read_load_point()
        other.start()
        try:
            mark = link.next_number()
            while not any(frame.node == 2 and frame.kind == 5 for frame in link.frames_since(mark)):
                rig_bus.pause(0.05)
            for _ in range(5):
                reading = client.read_load_point()
                assert reading.values[11] == meter.read("AI", 11, "present-value")
        finally:
            stop.set()
            other.join(30.0)
    assert outcome
    assert outcome[0] > 0
