"""Wireshark's word on our captures: it finds nothing malformed in good frames, and its CRC verdicts are ours."""

import contextlib
import os
import random
import shutil
import subprocess
import time

import pytest

from drivers.meter.errors import MeterTimeout
from drivers.mstp.capture import PcapngWriter, read_pcapng
from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.listener import BusListener

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed (Debian package: tshark)"),
]

READ_ANALOG_INPUT_1 = bytes.fromhex("0104 0203 01 0c 0c00000001 1955")
ITS_VALUE = bytes.fromhex("0100 30 01 0c 0c00000001 1955 3e 4441200000 3f")
WHO_IS = bytes.fromhex("0120 ffff00ff 1008")
DISTURBED_EVERY_S = 1.0


def tshark(path, *options, fields):
    """One list of field values for each packet; several values of one field are joined by commas."""
    wanted = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-r", str(path), *options, "-T", "fields", *wanted],
        capture_output=True, text=True, check=True, timeout=1200,
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.splitlines()]


def assert_wireshark_agrees(path):
    frames = read_pcapng(path).frames
    verdicts = [(seen.header_crc_ok, None if len(seen.octets) == 8 else seen.data_crc_ok) for seen in frames]
    # Without BACnet: the octets of a damaged frame can make that dissector give up before the data CRC is looked at.
    checked = tshark(path, "--disable-protocol", "bacnet", fields=["mstp.checksum.status"])
    theirs = [[word == "1" for word in status.split(",")] for (status,) in checked]
    assert [(header, data[0] if data else None) for header, *data in theirs] == verdicts
    dissected = tshark(path, fields=["_ws.malformed", "mstp.len.bad"])
    malformed = [seen.octets.hex(" ") for seen, row in zip(frames, dissected, strict=True) if seen.valid and any(row)]
    assert not malformed
    return frames


class Disturber:
    """Somebody who has no place on the bus: now and then sends a damaged frame, or part of one."""

    def __init__(self, device):
        self._random = random.Random(20)
        self._handle = os.open(device, os.O_RDWR | os.O_NOCTTY)
        self._next_s = time.monotonic()

    def disturb(self):
        """Send something damaged if the last time is long enough ago: each may cost the ring its token."""
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + DISTURBED_EVERY_S
            self.send_damaged()

    def send_damaged(self):
        octets = bytearray(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 9, 8, self._random.randbytes(30)).encode())
        octets[self._random.randrange(2, len(octets))] ^= 1 << self._random.randrange(8)
        os.write(self._handle, octets[: len(octets) if self._random.random() < 0.8 else 20])

    def close(self):
        os.close(self._handle)


def captured_until(listener, writer, count, work):
    """Write what the listener hears, doing ``work`` in between, until there are ``count`` frames."""
    done = 0
    while done < count:
        work()
        while (heard := listener.listen(0.0)) is not None:
            writer.write(heard.frames)
            done += len(heard.frames)


def test_wireshark_reads_a_ring_and_then_damaged_frames_as_we_do(make_bridge, open_port, tmp_path):
    bridge = make_bridge(4)
    client, server = open_port(bridge.ports[0], 0, max_master=1), open_port(bridge.ports[1], 1, max_master=1)
    path = tmp_path / "bus.pcapng"

    def exchange():
        client.send(1, READ_ANALOG_INPUT_1, expecting_reply=True)
        client.send(255, WHO_IS, expecting_reply=False)
        for _ in range(2):
            asked = server.receive(0.5)
            if asked is not None and asked.expecting_reply:
                server.send(0, ITS_VALUE, expecting_reply=False)
        client.receive(0.5)

    with (
        contextlib.closing(Disturber(bridge.ports[3])) as disturber,
        BusListener(bridge.ports[2], 76800) as listener,
        path.open("wb") as stream,
    ):
        writer = PcapngWriter(stream, bridge.ports[2], 76800)
        bridge.muted.add(3)  # nobody reads there
        captured_until(listener, writer, 1500, exchange)
        client.close()
        server.close()
        bridge.muted |= {0, 1}
        bridge.muted.discard(3)
        captured_until(listener, writer, 500, disturber.send_damaged)
    frames = assert_wireshark_agrees(path)
    assert len(frames) >= 2000
    assert any(not seen.header_crc_ok for seen in frames)
    assert any(seen.header_crc_ok and not seen.data_crc_ok for seen in frames)
    assert {seen.frame.frame_type for seen in frames if seen.valid} >= {0, 5, 6}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_wireshark_reads_100000_frames_of_an_emulated_bench_as_we_do(tmp_path, monkeypatch):
    from rig.bench import open_bench

    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    bench = tmp_path / "ring.yaml"
    bench.write_text(
        "schema: 1\nextends: emulated\nname: ring\nsource: null\nanalyzer: null\n"
        "launch: {extra_argv: ['--meters', '2', '--max-master', '3', '--spare-ports', '2']}\n"
        "bus: {max_master: 3, max_info_frames: 5, apdu_timeout_s: 1, apdu_repeats: 5}\n"
    )
    path = tmp_path / "bus.pcapng"
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_bench(bench))
        listening, disturbing = opened.launched.endpoints["bus_ports"]
        disturber = stack.enter_context(contextlib.closing(Disturber(disturbing)))
        listener = stack.enter_context(BusListener(listening, 76800))
        writer = PcapngWriter(stack.enter_context(path.open("wb")), listening, 76800)

        def read_the_meter():
            disturber.disturb()
            with contextlib.suppress(MeterTimeout):
                opened.positions[0].meter.read_inputs(range(1, 30))

        captured_until(listener, writer, 100_000, read_the_meter)
    frames = assert_wireshark_agrees(path)
    assert len(frames) >= 100_000
    assert any(not seen.header_crc_ok for seen in frames)
    assert any(seen.header_crc_ok and not seen.data_crc_ok for seen in frames)
