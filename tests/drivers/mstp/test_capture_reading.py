"""Captures of other tools: classic pcap in both byte orders and resolutions, stamps of starts or ends, any pcapng."""

import struct

import pytest

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.capture import CaptureInvalid, read_capture, write_pcapng
from drivers.mstp.codec.frames import Frame, FrameType, SeenFrame, frame_time_s
from tests.drivers.mstp.tape import Tape

LONG = bytes.fromhex("010030010c") + bytes(300)


def traffic(baud=38400):
    tape = Tape(baud, start_s=1_700_000_000.0)
    for _ in range(12):
        tape.ring(0, 1, after_s=0.001).request(0, 1, 0.001)
        tape.say(FrameType.DATA_NOT_EXPECTING_REPLY, 1, 0, LONG, 0.004)
    return tape


def classic(frames, order="<", nano=False, at_end=False, link_type=165):
    unit = 1_000_000_000 if nano else 1_000_000
    octets = struct.pack(f"{order}IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for seen in frames:
        stamp = round((seen.end_s if at_end else seen.start_s) * 1_000_000)
        parts = stamp % 1_000_000 * (unit // 1_000_000)
        octets += (
            struct.pack(f"{order}IIII", stamp // 1_000_000, parts, len(seen.octets), len(seen.octets)) + seen.octets
        )
    return octets


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_classic_file_is_read_with_rate_and_kind_of_stamps_found_out(tmp_path, order, nano, at_end):
    path, tape = tmp_path / "x.cap", traffic()
    path.write_bytes(classic(tape.frames, order, nano, at_end))
    capture = read_capture(path)
    assert [seen.octets for seen in capture.frames] == [seen.octets for seen in tape.frames]
    assert (capture.baud, capture.is_estimated, capture.stamped_at_end) == (38400, True, at_end)
    for read, written in zip(capture.frames, tape.frames, strict=True):
        assert (read.start_s, read.end_s) == pytest.approx((written.start_s, written.end_s), abs=2e-6)
    analysis = BusAnalysis(capture.baud, capture.frames[0].start_s)
    analysis.take_batch(capture.frames, 0)
    node = next(node for node in analysis.figures(capture.frames[-1].end_s).nodes if node.mac == 1)
    assert node.reply.mean_s == pytest.approx(0.004, abs=1e-5)


@pytest.mark.parametrize("baud", [9600, 19200, 76800, 115200])
def test_the_rate_is_found_from_long_frames_at_every_rate(tmp_path, baud):
    path = tmp_path / "x.pcap"
    path.write_bytes(classic(traffic(baud).frames, at_end=True))
    assert read_capture(path).baud == baud


def test_a_rate_given_moves_the_ends_or_the_starts(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(classic(traffic(38400).frames, at_end=True))
    capture = read_capture(path)
    other = capture.at_baud(76800)
    assert [seen.end_s for seen in other.frames] == pytest.approx([seen.end_s for seen in capture.frames])
    assert other.frames[0].end_s - other.frames[0].start_s == pytest.approx(frame_time_s(8, 76800), abs=1e-6)
    assert (other.baud, other.is_estimated) == (76800, False)


def test_a_classic_file_cut_short_is_read_up_to_there(tmp_path):
    path, octets = tmp_path / "x.pcap", classic(traffic().frames)
    path.write_bytes(octets[:-5])
    assert len(read_capture(path).frames) == len(traffic().frames) - 1


def test_packets_too_short_for_a_frame_are_stray_octets(tmp_path):
    path = tmp_path / "x.pcap"
    noise = SeenFrame(Frame(0, 0, 0), 1.0, 1.0, False, False, b"\x55\x00\x01")
    path.write_bytes(classic([*traffic().frames, noise]))
    assert (read_capture(path).stray_octets, len(read_capture(path).frames)) == (3, len(traffic().frames))


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "does not begin"),
        (b"no capture at all", "does not begin"),
        (classic([], link_type=1), "link type 1"),
        (b"\xd4\xc3\xb2\xa1" + bytes(4), "cut short"),
        (classic([]) + struct.pack("<IIII", 0, 0, 1 << 30, 1 << 30), "a packet of"),
    ],
    ids=["empty", "text", "ethernet", "header-cut", "absurd-size"],
)
def test_what_is_no_capture_of_ms_tp_is_refused(tmp_path, octets, told):
    path = tmp_path / "other"
    path.write_bytes(octets)
    with pytest.raises(CaptureInvalid, match=told):
        read_capture(path)


def block(kind, body, order):
    size = 12 + len(body)
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


@pytest.mark.parametrize(("order", "resolution"), [("<", b"\x09"), (">", b"\x06"), (">", b"\x94"), ("<", None)])
def test_pcapng_of_other_tools_is_read_whatever_its_order_and_resolution(tmp_path, order, resolution):
    power = resolution[0] if resolution else 6
    unit_s = 2.0 ** -(power & 0x7F) if power & 0x80 else 10.0**-power
    about = struct.pack(f"{order}HH", 9, 1) + resolution + bytes(3) + bytes(4) if resolution else b""
    octets = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    octets += block(1, struct.pack(f"{order}HHI", 165, 0, 65535) + about, order)
    frames = traffic().frames
    for seen in frames:
        units, size = round(seen.start_s / unit_s), len(seen.octets)
        head = struct.pack(f"{order}IIIII", 0, units >> 32, units & 0xFFFFFFFF, size, size)
        octets += block(6, head + seen.octets + bytes(-size % 4), order)
    path = tmp_path / "x.pcapng"
    path.write_bytes(octets)
    capture = read_capture(path)
    assert [seen.octets for seen in capture.frames] == [seen.octets for seen in frames]
    assert capture.frames[5].start_s == pytest.approx(frames[5].start_s, abs=3e-6)
    assert capture.baud == 38400


def test_what_the_rig_wrote_keeps_its_rate_and_device(tmp_path):
    path = tmp_path / "x.pcapng"
    write_pcapng(path, Tape(start_s=5.0).ring(0, 1).frames, "/dev/ttyUSB0", 9600)
    capture = read_capture(path)
    assert (capture.device, capture.baud, capture.is_estimated) == ("/dev/ttyUSB0", 9600, False)
