"""An MS/TP stack that is not ours (rusty-bacnet) on the same bus: it reads us, and we read it."""

import asyncio

import pytest
import rusty_bacnet

from drivers.mstp.link import MstpLink
from tests.drivers.mstp.test_link import make_application

pytestmark = pytest.mark.realtime

DEADLINE_S = 30.0
OURS, THEIRS = 1, 2
MAX_MASTER = 3


def peer_settings(device):
    return {
        "transport": "mstp",
        "serial_port": device,
        "mstp_baud": 76800,
        "mstp_mac": THEIRS,
        "mstp_max_master": MAX_MASTER,
    }


@pytest.fixture
def run(make_bridge, open_port):
    def run_(question):
        bridge = make_bridge(2)
        port = open_port(bridge.ports[0], OURS, max_master=MAX_MASTER)

        async def main():
            link = MstpLink(port)
            application = make_application(200, value=12.5)
            link.attach(application)
            try:
                return await asyncio.wait_for(question(application, bridge.ports[1], port), DEADLINE_S)
            finally:
                link.close()
                application.close()

        return asyncio.run(main())

    return run_


def test_it_reads_a_property_of_an_application_on_our_link(run):
    async def question(application, device, port):
        async with rusty_bacnet.BACnetClient(**peer_settings(device)) as client:
            value = await client.read_property(
                f"{OURS:02x}",
                rusty_bacnet.ObjectIdentifier(rusty_bacnet.ObjectType.ANALOG_INPUT, 1),
                rusty_bacnet.PropertyIdentifier.PRESENT_VALUE,
            )
            return value.value, port.statistics()

    value, statistics = run(question)
    assert value == pytest.approx(12.5)
    assert statistics.replies_sent >= 1


def test_it_discovers_an_application_on_our_link(run):
    async def question(application, device, port):
        async with rusty_bacnet.BACnetClient(**peer_settings(device)) as client:
            return [found.object_identifier.instance for found in await client.discover(timeout_ms=2000)]

    assert run(question) == [200]


def test_our_application_reads_a_property_of_it(run):
    async def question(application, device, port):
        settings = {name: value for name, value in peer_settings(device).items() if name != "transport"}
        endpoint = rusty_bacnet.MstpEndpoint(300, device_name="peer", **settings)
        endpoint.add_analog_input(1, "their input", 62, 0.25)
        await endpoint.start()
        try:
            return await application.read_property(str(THEIRS), "analog-input,1", "present-value")
        finally:
            await endpoint.close()

    assert run(question) == pytest.approx(0.25)
