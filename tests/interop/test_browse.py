"""An MS/TP stack that is not ours browses the whole meter: every property, a full log, writes and refusals."""

import asyncio
import threading
from itertools import chain

import pytest
from rusty_bacnet import (
    BacnetAbortError,
    BACnetClient,
    BacnetProtocolError,
    BacnetRejectError,
    ObjectIdentifier,
    ObjectType,
    PropertyIdentifier,
    PropertyValue,
)

from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.process import HubProcess
from tests.interop.test_independent_stack import BAUD, LOADED, MAX_MASTER, METER_MAC, PEER_MAC, TYPES, discover
from tests.meter_model.transcription.manual_property_sets import ABSENT, PROPERTY_SETS
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime

BROWSE_S = 100.0
AT_ONCE = 8
"""Requests under way at once, as many as the stack sends each time that it has the token."""

INTERVAL_CS = 1000
RECORDS = 5760
OBJECT_LIST, LOG_BUFFER = 76, 131


def identifier(meter, kind, instance):
    return ObjectIdentifier(TYPES[kind], meter.device_instance if kind == "DE" else instance)


async def read_all_properties(client, meter):
    """(kind, instance, property number) to the value or the refusal, as class and code; also of what must be absent."""
    found = {}
    wanted = iter(
        (entry, number)
        for entry in OBJECTS
        for number in sorted({*chain(*(part.values() for part in PROPERTY_SETS[entry.kind]))} | ABSENT[entry.kind])
    )

    async def reader():
        for entry, number in wanted:
            key = (entry.kind, entry.instance, number)
            place = identifier(meter, entry.kind, entry.instance)
            try:
                answer = await client.read_property(str(METER_MAC), place, PropertyIdentifier.from_raw(number))
                found[key] = answer.value
            except BacnetProtocolError as error:
                found[key] = (error.error_class, error.error_code)
            except BacnetAbortError as error:
                found[key] = ("abort", error.reason)

    await asyncio.gather(*(reader() for _ in range(AT_ONCE)))
    return found


async def read_whole_log(client, instance):
    place, cursor, records, following = ObjectIdentifier(ObjectType.TREND_LOG, instance), "oldest", [], 0
    while True:
        page = await client.read_log_page(str(METER_MAC), place, cursor, page_size=20)
        assert (page["gap"], page["violations"]) == (None, [])
        if records:
            assert page["first_sequence_number"] == following
        following = page["first_sequence_number"] + len(page["records"])
        records += page["records"]
        if page["done"]:
            return records
        cursor = page["next"]


async def refusals(client, meter):
    """What the meter says to a list of writes that it must not take."""
    said = []
    for kind, instance, number, value in (
        ("AV", 3, 85, PropertyValue.real(4.0)),
        ("AV", 3, 85, PropertyValue.unsigned(100)),
        ("AI", 1, 85, PropertyValue.real(0.0)),
        ("AV", 3, 117, PropertyValue.enumerated(5)),
        ("AV", 12, 85, PropertyValue.real(1.0)),
        ("AV", 3, 87, PropertyValue.real(1.0)),
        ("DE", 1, 64, PropertyValue.unsigned(128)),
        ("DE", 1, 58, PropertyValue.character_string("x" * 65)),
        ("AV", 1, 85, PropertyValue.real(30079.0)),
    ):
        place = identifier(meter, kind, instance)
        with pytest.raises(BacnetProtocolError) as caught:
            await client.write_property(str(METER_MAC), place, PropertyIdentifier.from_raw(number), value)
        said.append((caught.value.error_class, caught.value.error_code))
    return said


async def write_and_read(client, place, number, value):
    prop = PropertyIdentifier.from_raw(number)
    await client.write_property(str(METER_MAC), place, prop, value)
    return (await client.read_property(str(METER_MAC), place, prop)).value


async def browse(port, meter):
    async with BACnetClient(
        transport="mstp",
        serial_port=port,
        mstp_baud=BAUD,
        mstp_mac=PEER_MAC,
        mstp_max_master=MAX_MASTER,
        mstp_max_info_frames=AT_ONCE,
    ) as client:
        await discover(client)
        device = identifier(meter, "DE", 1)
        properties, log = await asyncio.gather(read_all_properties(client, meter), read_whole_log(client, 2))
        seen = {"properties": properties, "log": log}
        seen["refusals"] = await refusals(client, meter)
        seen["location"] = await write_and_read(client, device, 58, PropertyValue.character_string("Panel 7"))
        seen["max master"] = await write_and_read(client, device, 64, PropertyValue.unsigned(5))
        first_log = ObjectIdentifier(ObjectType.TREND_LOG, 1)
        await client.write_property(
            str(METER_MAC), first_log, PropertyIdentifier.STOP_WHEN_FULL, PropertyValue.boolean(False)
        )
        with pytest.raises(BacnetRejectError):
            await client.get_event_information(str(METER_MAC))
        return seen


@pytest.fixture(scope="module")
def meter():
    """A meter whose logs are full, at rest."""
    meter = S4100(serial_number="43", device_instance=2_345_678)
    meter.write("AV", 11, "present-value", INTERVAL_CS)
    meter.advance(5.0, LOADED)
    meter.advance((RECORDS + 40) * INTERVAL_CS / 100.0, LOADED)
    return meter


@pytest.fixture(scope="module")
def seen(meter):
    with HubProcess(3, BAUD, unpaced=True) as hub:
        node = MeterNode(meter, hub.ports[1], BAUD, METER_MAC, MAX_MASTER, threading.RLock())
        node.start()
        try:
            return asyncio.run(asyncio.wait_for(browse(hub.ports[2], meter), BROWSE_S))
        finally:
            node.close()


def test_every_property_of_every_object_is_read_but_those_that_cannot_be(seen):
    refused = {key: value for key, value in seen["properties"].items() if isinstance(value, tuple) and len(value) == 2}
    aborted = refused.pop(("DE", 1, OBJECT_LIST))
    assert aborted[0] == "abort"
    unreadable = {("TL", instance, LOG_BUFFER): (2, 27) for instance in (1, 2, 3)}
    unknown = {(each.kind, each.instance, number): (2, 32) for each in OBJECTS for number in ABSENT[each.kind]}
    assert refused == unreadable | unknown
    assert len(seen["properties"]) - len(unknown) == 83 * 10 + 11 * 10 + 15 * 10 + 3 * 15 + 26


def test_it_pages_a_full_log(seen, meter):
    records = meter.trend_logs[2].records()
    assert len(seen["log"]) == len(records) == RECORDS


def test_it_is_refused_as_the_manual_says(seen):
    assert seen["refusals"] == [
        (2, 37), (2, 9), (2, 40), (2, 40), (1, 31), (2, 32), (2, 37), (2, 37), (2, 37),
    ]  # fmt: skip


def test_what_it_writes_reads_back(seen):
    assert seen["location"] == "Panel 7"
    assert seen["max master"] == 5
