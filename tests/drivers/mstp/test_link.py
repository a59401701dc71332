"""bacpypes3 applications over RS-485: their own services, unchanged, on the MS/TP link."""

import asyncio
import time

import pytest
from bacpypes3.apdu import AbortPDU
from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import Address, GlobalBroadcast
from bacpypes3.primitivedata import ObjectIdentifier

from drivers.mstp import PortFailed
from drivers.mstp.link import MstpLink

pytestmark = pytest.mark.realtime

DEADLINE_S = 10.0


def make_application(instance, value=None):
    device = DeviceObject(
        objectIdentifier=("device", instance),
        objectName=f"device {instance}",
        vendorIdentifier=999,
        maxApduLengthAccepted=480,
        segmentationSupported="noSegmentation",
        apduTimeout=6000,
        numberOfApduRetries=0,
    )
    objects = [device]
    if value is not None:
        objects.append(
            AnalogInputObject(
                objectIdentifier=("analog-input", 1), objectName="input", presentValue=value, units="volts"
            )
        )
    return Application.from_object_list(objects)


class Pair:
    """Two applications, 100 on MAC 0 and 200 on MAC 1, the latter with one analog input of 12.5."""

    def __init__(self, ports):
        self.failures = []
        self.links = [MstpLink(port, self.failures.append) for port in ports]
        self.applications = [make_application(100), make_application(200, value=12.5)]
        for link, application in zip(self.links, self.applications, strict=True):
            link.attach(application)

    def close(self):
        for link, application in zip(self.links, self.applications, strict=True):
            link.close()
            application.close()


@pytest.fixture
def run(make_bridge, open_port):
    """Run a coroutine function on a pair of applications on one bus."""

    def run_(question, **settings):
        bridge = make_bridge(2)
        ports = [open_port(bridge.ports[mac], mac, **{"max_master": 1, **settings}) for mac in (0, 1)]

        async def main():
            pair = Pair(ports)
            try:
                return await asyncio.wait_for(question(pair, bridge), DEADLINE_S)
            finally:
                pair.close()

        return asyncio.run(main())

    return run_


def test_who_is_is_answered(run):
    async def question(pair, bridge):
        return await pair.applications[0].who_is(200, 200)

    (i_am,) = run(question)
    assert i_am.iAmDeviceIdentifier == ObjectIdentifier("device,200")
    assert i_am.pduSource == Address("1")


def test_a_property_is_read(run):
    async def question(pair, bridge):
        return await pair.applications[0].read_property("1", "analog-input,1", "present-value")

    assert run(question) == pytest.approx(12.5)


def test_many_requests_at_once_share_the_token(run):
    async def question(pair, bridge):
        read = pair.applications[0].read_property
        return await asyncio.gather(*(read("1", "analog-input,1", "present-value") for _ in range(12)))

    assert run(question, max_info_frames=4) == [pytest.approx(12.5)] * 12


def test_a_request_to_nobody_ends_with_the_application_time_out(run):
    async def question(pair, bridge):
        pair.applications[0].device_object.apduTimeout = 1000
        begun_s = time.monotonic()
        with pytest.raises(AbortPDU):
            await pair.applications[0].read_property("9", "analog-input,1", "present-value")
        return time.monotonic() - begun_s

    assert run(question) < 5.0


def test_a_global_broadcast_is_one_broadcast_frame(run):
    async def question(pair, bridge):
        return await pair.applications[0].who_is(200, 200, address=GlobalBroadcast())

    assert len(run(question)) == 1


def test_a_lost_port_is_told_once_and_the_loop_goes_on(run):
    async def question(pair, bridge):
        await pair.applications[0].who_is(200, 200)
        bridge.hang_up(0)
        while not pair.failures:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        return pair.failures, pair.links[0].failure

    failures, failure = run(question)
    assert failures == [failure]
    assert isinstance(failure, PortFailed)
