"""Looking for the bus: by listening first; a silent port hears nothing from the rig unless somebody named it."""

import os
import select
import termios
import threading
import tty

import pytest

from drivers.mstp.codec.frames import Frame, FrameType
from rig.bench.discovery import bus_found
from rig.bench.discovery.bus_found import find_bus

pytestmark = pytest.mark.realtime


@pytest.fixture
def pty():
    ours, theirs = os.openpty()
    tty.setraw(ours)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def heard_by(ours):
    """What has come from the rig so far."""
    octets = b""
    while select.select([ours], [], [], 0.0)[0]:
        octets += os.read(ours, 4096)
    return octets


def test_nothing_is_sent_on_a_silent_port_and_the_advice_says_how_to_ask(pty, monkeypatch):
    monkeypatch.setattr(bus_found, "_SILENT_S", 0.4)
    ours, device = pty
    found = find_bus(device)
    assert not found.is_bus
    assert f"--port {device}" in found.advice
    assert heard_by(ours) == b""


@pytest.mark.soak
def test_named_silent_port_is_asked_at_every_rate_as_its_only_master(pty, monkeypatch):
    monkeypatch.setattr(bus_found, "_SILENT_S", 0.2)
    monkeypatch.setattr(bus_found, "_WHO_IS_S", 0.1)
    monkeypatch.setattr(bus_found, "RATES", (76_800, 9_600))
    monkeypatch.setattr(bus_found, "HIGHEST_MASTER", 2)
    ours, device = pty
    lines = []
    found = find_bus(device, may_talk=True, report=lines.append)
    assert not found.is_bus
    assert "no device answered Who-Is at any baud rate" in found.said
    assert [line for line in lines if "only master" in line and ("76800" in line or "9600" in line)] == lines[-2:]
    assert b"\x55\xff\x01" in heard_by(ours)  # a Poll For Master


def test_a_port_that_is_not_there_is_told_of():
    found = find_bus("/dev/no-such-port")
    assert (found.is_bus, "there is no such device" in found.said) == (False, True)


class Talker:
    """A lone master at ``baud``: what it sends reads as rubbish where the port is set to another rate."""

    def __init__(self, ours, baud):
        self._ours, self._speed = ours, getattr(termios, f"B{baud}")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._poll = Frame(FrameType.POLL_FOR_MASTER, 9, 3).encode()

    def _run(self):
        while not self._end.wait(0.02):
            is_right = termios.tcgetattr(self._ours)[5] == self._speed
            os.write(self._ours, self._poll if is_right else bytes(octet ^ 0xA5 for octet in self._poll))

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


def test_the_baud_rate_is_the_one_at_which_good_frames_come(pty, monkeypatch):
    """Asking is left out: here it is about the rate, and the free address."""
    asked = []
    monkeypatch.setattr(bus_found, "_LISTEN_S", 0.3)
    monkeypatch.setattr(bus_found, "_ask", lambda *given: asked.append(given))
    ours, device = pty
    with Talker(ours, 38400):
        find_bus(device, "an adapter")
    assert asked == [(device, "an adapter", 38400, 0)]


@pytest.mark.soak
def test_octets_that_are_no_frames_at_any_rate_are_no_bus(pty, monkeypatch):
    monkeypatch.setattr(bus_found, "_LISTEN_S", 0.15)
    monkeypatch.setattr(bus_found, "RATES", (76_800,))
    ours, device = pty
    with Talker(ours, 1200):
        found = find_bus(device)
    assert not found.is_bus
    assert "MS/TP at no baud rate" in found.said
