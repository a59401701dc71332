"""The rig's own device as others ask it: read, never written, rejecting what it does not execute; and whom it heard."""

import asyncio

import pytest
from bacpypes3.comm import Server
from bacpypes3.pdu import PDU, LocalBroadcast, LocalStation

from drivers.meter.application import RigApplication, rig_device
from drivers.mstp.settings import PortSettings

INSTANCE = 4_000_123
OWN = "0c" + (8 << 22 | INSTANCE).to_bytes(4, "big").hex()
ANY = "0c023fffff"


class Wire(Server):
    def __init__(self):
        super().__init__()
        self.sent = []

    async def indication(self, pdu):
        self.sent.append(bytes(pdu.pduData))


def told(*npdus, source=5, destination=None):
    """What the rig's device sends, in hex, after it has heard ``npdus``; and the application."""

    async def play():
        application = RigApplication.of(rig_device(3.0, PortSettings("/dev/null", 76800, 2, 9, 4), INSTANCE))
        wire = Wire()
        application.nsap.bind(wire, address=LocalStation(b"\x02"))
        for npdu in npdus:
            pdu = PDU(
                bytes.fromhex(npdu),
                source=LocalStation(bytes((source,))),
                destination=destination or LocalStation(b"\x02"),
            )
            await wire.response(pdu)
            for _ in range(20):
                await asyncio.sleep(0)
        return [octets.hex() for octets in wire.sent], application

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        (f"000307 0c {OWN} 1940", "30070c" + OWN + "19403e21093f"),  # Max_Master
        (f"000307 0c {OWN} 193f", "30070c" + OWN + "193f3e21043f"),  # Max_Info_Frames
        (f"000308 0f {OWN} 194d 3e72007 83f", "50080f91029128"),  # Object_Name: write-access-denied
        (f"000308 0f {ANY} 1940 3e21073f", "50080f91029128"),  # Max_Master of "this device"
        (f"000308 0f {OWN} 1955 3e44000000003f", "50080f91029120"),  # unknown-property
        ("000308 0f 0c00000001 1955 3e44000000003f", "50080f9101911f"),  # unknown-object
        ("000309 63", "600909"),  # an unknown service: Reject unrecognized-service
        (f"000309 10 {OWN}", "600909"),  # WritePropertyMultiple
        ("000309 11 1901", "600909"),  # DeviceCommunicationControl
        (f"08030a 00 01 0c {OWN} 194d", "710a04"),  # segmented: Abort segmentation-not-supported
    ],
)  # fmt: skip
def test_what_the_rigs_own_device_answers(apdu, answer):
    sent, _ = told("0104" + apdu.replace(" ", ""))
    assert sent == ["0100" + answer]


@pytest.mark.parametrize("cut", ["0c", "0c02", "", "3e"])
def test_a_request_that_cannot_be_read_is_rejected_and_not_left_waiting(cut):
    sent, _ = told("01040003 0b 0c".replace(" ", "") + cut)
    (answer,) = sent
    assert answer.startswith("0100600b")


def test_an_answer_to_the_rig_is_no_request_to_it():
    assert told("0100 30 07 0c".replace(" ", "") + OWN + "194d3e7200783f")[0] == []


def i_am(instance, npci):
    return npci + "1000c4" + (8 << 22 | instance).to_bytes(4, "big").hex() + "2201e091032203e7"


def test_a_device_behind_a_router_is_kept_with_its_network():
    _, application = told(
        i_am(1001, "0120ffff00ff"), i_am(7002, "0128ffff00000701" + "02ff"), source=1, destination=LocalBroadcast()
    )
    assert [(one.network, one.address, one.device_instance) for one in application.heard] == [
        (0, 1, 1001),
        (7, 2, 7002),
    ]


def test_an_object_behind_a_router_is_kept_with_its_network():
    have = "1001c402001b5ac4000000017500".replace("7500", "740061 6263".replace(" ", ""))
    _, application = told("0128ffff00000701" + "02ff" + have, source=1, destination=LocalBroadcast())
    assert [(one.network, one.address, one.device_instance) for one in application.objects] == [(7, 2, 7002)]
