"""The APDU server with the real meter behind it: all it has can be read, no random write breaks it."""

import contextlib
import struct

import pytest
from bacpypes3.apdu import APDU, ReadPropertyMultipleACK
from bacpypes3.pdu import PDU
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS, point
from meter_model.stimulus import Stimulus
from rig.emulation.meter.application.properties import special_set
from rig.emulation.meter.application.server import ApduServer

ALL = 8
HEADER = bytes.fromhex("0104000507")
READ_MULTIPLE, WRITE = b"\x0e", b"\x0f"
WRITABLE = [("AV", n, 85) for n in range(1, 12)] + [
    ("DE", 1_000_001, 75), ("DE", 1_000_001, 77), ("DE", 1_000_001, 58), ("DE", 1_000_001, 64),
    ("TL", 1, 133), ("TL", 1, 142), ("TL", 2, 143), ("TL", 3, 132), ("TL", 1, 134), ("TL", 1, 144), ("TL", 1, 141),
]  # fmt: skip


def served(meter):
    return ApduServer(meter, contextlib.nullcontext())


def identifier(kind, instance):
    return (point(kind, 1 if kind == "DE" else instance).object_type << 22 | instance).to_bytes(4, "big")


def read(server, kind, instance, number):
    body = b"\x0c" + identifier(kind, instance) + bytes((0x1E, 0x09, number, 0x1F))
    return server.answer(HEADER + READ_MULTIPLE + body).npdu[2:]


@pytest.mark.parametrize("entry", OBJECTS, ids=lambda entry: entry.label)
def test_every_property_is_encoded_as_bacpypes3_understands_it(entry):
    meter = S4100()
    server = served(meter)
    instance = meter.device_instance if entry.kind == "DE" else entry.instance
    for prop in special_set(entry.kind, ALL):
        answer = read(server, entry.kind, instance, prop.number)
        if prop.name == "object-list":
            assert answer == bytes.fromhex("710704")
            continue
        (result,) = ReadPropertyMultipleACK.decode(APDU.decode(PDU(answer))).listOfReadAccessResults
        (element,) = result.listOfResults
        refused = element.readResult.propertyAccessError
        assert (refused is None) == (prop.name != "log-buffer"), (prop.name, refused and str(refused.errorCode))


def test_what_is_written_reads_back_over_the_wire():
    meter = S4100()
    server = served(meter)
    value = struct.pack(">f", 250.0)
    request = b"\x0c" + identifier("AV", 3) + b"\x19\x55\x3e\x44" + value + b"\x3f"
    assert server.answer(HEADER + WRITE + request).npdu[2:].hex() == "20070f"
    assert value not in read(server, "AV", 3, 85), "it takes up to two seconds to validate and store"
    meter.advance(1.0, Stimulus(60.0, ((), (), ()), ((), (), ())))
    assert value in read(server, "AV", 3, 85)
    assert meter.configuration.ct_primary_a == 250.0


def test_meter_answers_to_a_new_device_instance_after_it_is_written():
    meter = S4100()
    server = served(meter)
    request = b"\x0c" + identifier("DE", 1_000_001) + b"\x19\x4b\x3e\xc4" + identifier("DE", 77) + b"\x3f"
    assert server.answer(HEADER + WRITE + request).npdu[2:].hex() == "20070f"
    assert read(server, "DE", 77, 75)[:1] == b"\x30"
    assert b"\x5e\x91\x01\x91\x1f" in read(server, "DE", 1_000_001, 75)


def everything(meter):
    """All that the meter says, as octets."""
    server = served(meter)
    return b"".join(
        read(server, entry.kind, meter.device_instance if entry.kind == "DE" else entry.instance, prop.number)
        for entry in OBJECTS
        if entry.kind != "AI"
        for prop in special_set(entry.kind, ALL)
    )


REST = S4100()
AT_REST = everything(REST)


@settings(max_examples=200, deadline=None)
@given(
    target=st.sampled_from(WRITABLE),
    value=st.one_of(
        st.binary(min_size=4, max_size=4).map(lambda octets: b"\x44" + octets),
        st.floats(width=32).map(lambda number: b"\x44" + struct.pack(">f", number)),
        st.binary(max_size=12),
        st.binary(min_size=1, max_size=4).map(lambda octets: bytes((0x20 | len(octets),)) + octets),
        st.binary(min_size=8, max_size=8).map(lambda octets: b"\xa4" + octets[:4] + b"\xb4" + octets[4:]),
        st.text(max_size=70).map(lambda text: b"\x75" + bytes((len(text.encode()) + 1, 0)) + text.encode()),
    ),
)
def test_a_random_write_is_taken_whole_or_refused_with_nothing_changed(target, value):
    kind, instance, number = target
    meter = S4100()
    request = b"\x0c" + identifier(kind, instance) + bytes((0x19, number, 0x3E)) + value + b"\x3f"
    reply = served(meter).answer(HEADER + WRITE + request)
    assert reply.npdu[2] in (0x20, 0x50, 0x60)
    if reply.npdu[2] != 0x20:
        assert everything(meter) == AT_REST
    else:
        everything(meter)
