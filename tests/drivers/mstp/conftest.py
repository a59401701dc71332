"""Buses of pseudo-terminals and ports on them."""

import pytest

from drivers.mstp import MstpPort, PortSettings
from drivers.mstp.node.master import MasterState
from tests.drivers.mstp.node.master_harness import DER, PEER, REQUEST, TOKEN, Harness
from tests.drivers.mstp.pty_bridge import PtyBridge


@pytest.fixture
def make_bridge():
    bridges = []

    def make(port_count, links=None):
        bridges.append(PtyBridge(port_count, links))
        return bridges[-1]

    yield make
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def open_port():
    ports = []

    def open_(device, mac, baud=76800, **settings):
        port = MstpPort(PortSettings(device, baud, mac, **{"max_master": 3, **settings}))
        ports.append(port)
        port.start()
        return port

    yield open_
    for port in ports:
        port.close()


@pytest.fixture
def lone():
    return Harness()


@pytest.fixture
def ring():
    return Harness().in_ring()


@pytest.fixture
def waiting():
    harness = Harness(max_info_frames=3).in_ring()
    harness.submit(DER, PEER, REQUEST)
    harness.hear(TOKEN)
    assert harness.node.state is MasterState.WAIT_FOR_REPLY
    harness.take()
    harness.names.clear()
    return harness
