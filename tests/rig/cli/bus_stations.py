"""Stations for an emulated bus: masters that answer as devices do, a router, and a slave that answers late."""

import contextlib
import os
import threading
import time
import tty

from drivers.mstp import FrameReceived, MstpPort, PortSettings
from drivers.mstp.codec.frames import Frame, FrameParser, FrameType

MAX_MASTER, MAX_INFO_FRAMES, OBJECT_NAME, OBJECT_IDENTIFIER = 64, 63, 77, 75
READ_PROPERTY, WHO_IS = 12, 8
ANY_DEVICE = 0x3FFFFF


def device(instance):
    return (8 << 22 | instance).to_bytes(4, "big")


def i_am(instance, network=0, address=b""):
    source = network.to_bytes(2, "big") + bytes((len(address),)) + address if network else b""
    head = bytes((1, 0x28 if network else 0x20)) + b"\xff\xff\x00" + source + b"\xff"
    return head + b"\x10\x00\xc4" + device(instance) + bytes.fromhex("2201e091032203e7")


def acknowledgement(npdu, instance, max_master):
    """The answer to a ReadProperty of the Device object, or an Error."""
    position = 2 + (3 + npdu[4] if npdu[1] & 0x20 else 0) + (1 if npdu[1] & 0x20 else 0)
    apdu = npdu[position:]
    values = {
        OBJECT_NAME: b"\x75\x06\x00" + f"st{instance % 1000:03}".encode(),
        OBJECT_IDENTIFIER: b"\xc4" + device(instance),
        MAX_MASTER: b"\x21" + bytes((max_master,)),
        MAX_INFO_FRAMES: b"\x21\x01",
    }
    if apdu[3] != READ_PROPERTY:
        return b"\x01\x00\x60" + apdu[2:3] + b"\x09"
    if apdu[5:9] not in (device(instance), device(ANY_DEVICE)):
        return b"\x01\x00\x50" + apdu[2:4] + b"\x91\x01\x91\x1f"
    if apdu[10] not in values:
        return b"\x01\x00\x50" + apdu[2:4] + b"\x91\x02\x91\x20"
    return b"\x01\x00\x30" + apdu[2:4] + b"\x0c" + device(instance) + apdu[9:11] + b"\x3e" + values[apdu[10]] + b"\x3f"


class Masters:
    """Masters at ``macs`` on one port of a bus, each a device ``first_instance`` + MAC; ``beyond`` hangs on the first.

    ``beyond``: (network, address, instance) of devices behind the first one, which is a router then. ``asks``: the
    first one reads from this MAC twice a second.
    """

    def __init__(self, path, baud, macs, max_master, first_instance=1000, beyond=(), asks=None):
        self._port = MstpPort(PortSettings(path, baud, macs[0], max_master, further_macs=tuple(macs[1:])))
        self._macs, self._max_master, self._first, self._beyond = macs, max_master, first_instance, beyond
        self._asks, self._ends = asks, threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._port.start()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        self._port.close()

    def _serve(self):
        invoke_id, asked_s = 0, time.monotonic()
        while not self._ends.is_set():
            if self._asks is not None and time.monotonic() > asked_s + 0.5:
                asked_s, invoke_id = time.monotonic(), (invoke_id + 1) % 256
                request = bytes.fromhex("01040003") + bytes((invoke_id, READ_PROPERTY)) + b"\x0c" + device(ANY_DEVICE)
                self._port.send(self._asks, request + b"\x19\x4b", expecting_reply=True)
            event = self._port.receive(0.05)
            if isinstance(event, FrameReceived):
                self._answer(event)

    def _answer(self, event):
        npdu = event.npdu
        if event.expecting_reply:
            answer = acknowledgement(npdu, self._first + event.destination, self._max_master)
            self._port.send(event.source, answer, expecting_reply=False, source=event.destination)
        elif npdu.endswith(bytes((0x10, WHO_IS))):
            for mac in self._macs:
                self._port.send(255, i_am(self._first + mac), expecting_reply=False, source=mac)
            for network, address, instance in self._beyond:
                self._port.send(255, i_am(instance, network, address), expecting_reply=False)


class LateSlave:
    """A slave at ``mac`` that answers each request ``late_s`` seconds after it."""

    def __init__(self, path, mac, late_s):
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._file)
        self._mac, self._late_s, self._ends = mac, late_s, threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        os.close(self._file)

    def _serve(self):
        parser = FrameParser()
        while not self._ends.wait(0.002):
            with contextlib.suppress(BlockingIOError):
                for seen in parser.feed(os.read(self._file, 4096), time.monotonic()):
                    frame = seen.frame
                    if (
                        seen.valid
                        and frame.destination == self._mac
                        and frame.frame_type == FrameType.DATA_EXPECTING_REPLY
                    ):
                        self._ends.wait(self._late_s)
                        answer = acknowledgement(frame.data, 1000 + self._mac, 127)
                        kind = FrameType.DATA_NOT_EXPECTING_REPLY
                        os.write(self._file, Frame(kind, frame.source, self._mac, answer).encode())
