"""Ports of different baud rates hear garbage of each other once rates are compared; a wire changes its rate."""

from __future__ import annotations

import os
import tty

import pytest
import serial

from rig.emulation.bus.rates import LineRates
from rig.emulation.bus.wire import BITS_PER_OCTET, Wire

FRAME = b"\x55\xff\x00\x01\x02"


@pytest.fixture
def ports():
    pairs = [os.openpty() for _ in range(3)]
    opened = []
    for (_, slave), rate in zip(pairs, (76800, 76800, 38400), strict=True):
        tty.setraw(slave)
        opened.append(serial.Serial(os.ttyname(slave), rate))
    yield [slave for _, slave in pairs]
    for port in opened:
        port.close()
    for master, slave in pairs:
        os.close(master)
        os.close(slave)


def test_all_hear_all_until_rates_are_compared(ports):
    assert LineRates(ports).heard(0, 2, FRAME) == FRAME


def test_only_ports_of_one_rate_understand_each_other(ports):
    rates = LineRates(ports)
    rates.is_compared = True
    assert rates.heard(0, 1, FRAME) == FRAME
    for talker, listener in ((0, 2), (2, 0), (2, 1)):
        heard = rates.heard(talker, listener, FRAME)
        assert len(heard) == len(FRAME)
        assert not heard.startswith(b"\x55\xff")
    assert rates.heard(3, 2, FRAME) == FRAME  # a talker without a port


def test_wire_passes_octets_at_the_rate_it_is_changed_to():
    wire = Wire(76800)
    for baud, start_s in ((76800, 0.0), (38400, 10.0), (9600, 20.0)):
        wire.set_baud(baud)
        end_s = wire.transmit(0, FRAME, start_s)
        assert end_s - start_s == pytest.approx(len(FRAME) * BITS_PER_OCTET / baud)
        assert wire.advance(end_s - 1e-6) == [] or b"".join(p.heard for p in wire.advance(end_s)) != FRAME
        wire.advance(end_s)
        wire.advance(end_s + 1.0)
