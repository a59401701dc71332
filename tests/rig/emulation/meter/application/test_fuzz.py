"""Random and mutated NPDUs against the meter: it never stops, always answers, and changes by valid writes only."""

import contextlib
import random
import struct

import pytest

from meter_model.device.meter import S4100
from rig.emulation.meter.application.network import InvalidNpdu, NpduHeader
from rig.emulation.meter.application.server import ApduServer
from tests.drivers.meter.conftest import NO_LOAD
from tests.rig.emulation.meter.application.test_server_with_s4100 import everything

ALIVE = bytes.fromhex("01040005070c0c000000521955")
OUTPUT_CONFIG = bytes.fromhex("010030070c0c0000005219553e44413000003f")
HEADERS = [bytes.fromhex(text) for text in ("0104", "0100", "0120ffff00ff", "010c00020142", "0124000501420a")]
SIMPLE_ACK, UNCONFIRMED, TIME_SYNCHRONIZATION = 0x20, 0x10, 6
STEP = 25


def place(kind, instance):
    types = {"AI": 0, "AV": 2, "BI": 3, "DE": 8, "TL": 20}
    return b"\x0c" + (types[kind] << 22 | instance).to_bytes(4, "big")


def confirmed(service, body):
    return bytes((0x01, 0x04, 0x00, 0x05, 0x07, service)) + body


def write(kind, instance, number, value):
    return confirmed(15, place(kind, instance) + bytes((0x19, number, 0x3E)) + value + b"\x3f")


def real(value):
    return b"\x44" + struct.pack(">f", value)


SEEDS = [
    ALIVE,
    confirmed(14, b"".join(place("AI", n) + b"\x1e\x09\x55\x09\x67\x1f" for n in range(11, 19))),
    confirmed(14, place("DE", 1_000_001) + b"\x1e\x09\x08\x1f"),
    confirmed(14, place("BI", 15) + b"\x1e\x09\x69\x09\x50\x1f"),
    confirmed(12, place("DE", 4_194_303) + b"\x19\x4c\x29\x05"),
    *(write("AV", n, 85, real(value)) for n, value in ((1, 21212), (2, 31), (3, 250), (5, 2), (6, 480), (8, 12))),
    *(write("AV", n, 85, real(value)) for n, value in ((1, 16498), (10, 3), (11, 60000), (3, 4), (4, 2), (9, -1))),
    write("DE", 1_000_001, 58, b"\x75\x05\x00room"),
    write("DE", 1_000_001, 64, b"\x21\x1f"),
    write("TL", 1, 133, b"\x10"),
    write("TL", 2, 142, bytes.fromhex("a47e0b16ffb410203000")),
    write("TL", 3, 132, place("AI", 11) + b"\x19\x55"),
    write("TL", 1, 144, b"\x11"),
    write("TL", 1, 141, b"\x21\x00"),
    confirmed(26, place("TL", 1) + bytes.fromhex("19833e210131053f")),
    confirmed(26, place("TL", 2) + bytes.fromhex("19836e210131fb6f")),
    confirmed(17, bytes.fromhex("19022d0800666c7566667921")),
    confirmed(17, b"\x19\x00"),
    confirmed(20, b"\x09\x02"),
    bytes.fromhex("0120ffff00ff1008"),
    bytes.fromhex("0120ffff00ff10080900190a"),
    bytes.fromhex("0120ffff00ff10072c00000001"),
    bytes.fromhex("0120ffff00ff10073d08004b57685f4e6574"),
    bytes.fromhex("0100" + "1006a47e0b16ffb410203000"),
]


def mutated(source, generator):
    octets = bytearray(source)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(octets) + 1)
        match generator.randrange(6):
            case 0 if at < len(octets):
                octets[at] = generator.randrange(256)
            case 1 if at < len(octets):
                octets[at] ^= 1 << generator.randrange(8)
            case 2:
                octets[at:at] = generator.randbytes(generator.randint(1, 4))
            case 3:
                del octets[at : at + generator.randint(1, 3)]
            case 4:
                del octets[at:]
            case _:
                other = generator.choice(SEEDS)
                octets[at:] = other[generator.randrange(len(other)) :]
    return bytes(octets)


def example(generator):
    if generator.random() < 0.15:
        return generator.choice(HEADERS) + generator.randbytes(generator.randrange(40))
    if generator.random() < 0.05:
        return generator.randbytes(generator.randrange(501))
    return mutated(generator.choice(SEEDS), generator)


def could_change(npdu, reply):
    """Whether a valid write may have been in it: acknowledged, or an unconfirmed TimeSynchronization."""
    if reply is not None:
        return NpduHeader.decode(reply.npdu).apdu[0] == SIMPLE_ACK
    with contextlib.suppress(InvalidNpdu):
        apdu = NpduHeader.decode(npdu).apdu
        return len(apdu) > 1 and (apdu[0] & 0xF0, apdu[1]) == (UNCONFIRMED, TIME_SYNCHRONIZATION)
    return False


def bombard(count, seed):
    """Send ``count`` examples to a meter; returns how many of them were answered and how many may have written."""
    generator = random.Random(seed)
    meter = S4100()
    meter.advance(2.0, NO_LOAD)
    server = ApduServer(meter, contextlib.nullcontext())
    answered = written = 0
    state = everything(meter)
    for start in range(0, count, STEP):
        sent, may_differ = [], False
        for _ in range(min(STEP, count - start)):
            npdu, broadcast = example(generator), generator.random() < 0.1
            sent.append(npdu.hex())
            reply = server.answer(npdu, broadcast)
            assert reply is None or len(reply.npdu) <= 501, npdu.hex()
            answered += reply is not None
            if could_change(npdu, reply):
                written += 1
                may_differ = True
                meter.advance(3.0, NO_LOAD)  # a written value is stored, a restarted meter runs again
                server.answer(confirmed(17, b"\x19\x00"))  # a silenced one speaks again
        now = everything(meter)
        assert may_differ or now == state, sent
        state = now
        reply = server.answer(ALIVE)
        assert reply is not None, sent
        assert reply.npdu == OUTPUT_CONFIG, sent
    return answered, written


def test_five_thousand_random_requests_leave_a_meter_that_answers():
    answered, written = bombard(5_000, seed=20261122)
    assert answered > 2_000
    assert 100 < written < 2_000


@pytest.mark.soak
def test_hundred_thousand_random_requests_leave_a_meter_that_answers():
    answered, written = bombard(100_000, seed=4100)
    assert answered > 40_000
    assert 2_000 < written < 40_000
