"""Capture files: what is written can be read back, also after a kill; and times that never run backwards."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.capture import CaptureInvalid, PcapngWriter, read_pcapng, write_pcapng
from drivers.mstp.codec.frames import Frame, FrameType, SeenFrame, frame_time_s
from drivers.mstp.process.ring import FrameRing, OctetClock
from tests.drivers.mstp.tape import Tape

TIMES = st.integers(0, 4_000_000_000_000_000).map(lambda units: units / 1e6)
FRAMES = st.lists(
    st.builds(
        lambda kind, to, sender, data, start_s, flip: _seen(Frame(kind, to, sender, data), start_s, flip),
        st.sampled_from([*FrameType][:8]),
        st.integers(0, 255),
        st.integers(0, 254),
        st.binary(max_size=501),
        TIMES,
        st.none() | st.integers(0, 40),
    ),
    max_size=20,
)


def _seen(frame, start_s, flip):
    octets = bytearray(frame.encode())
    if flip is not None:
        octets[2 + flip % (len(octets) - 2)] ^= 1 << flip % 8
        if flip % (len(octets) - 2) + 2 < 8:
            del octets[8:]
    return SeenFrame.of(bytes(octets), start_s, start_s + frame_time_s(len(octets), 76800))


@given(FRAMES, st.sampled_from([9600, 76800, 115200]))
def test_what_is_written_is_read_back_to_the_microsecond(tmp_path_factory, frames, baud):
    path = tmp_path_factory.mktemp("capture") / "bus.pcapng"
    write_pcapng(path, frames, "/dev/ttyUSB0", baud)
    capture = read_pcapng(path)
    assert (capture.device, capture.baud) == ("/dev/ttyUSB0", baud)
    assert [seen.octets for seen in capture.frames] == [seen.octets for seen in frames]
    assert [seen.valid for seen in capture.frames] == [seen.valid for seen in frames]
    for read, written in zip(capture.frames, frames, strict=True):
        assert read.start_s == pytest.approx(written.start_s, abs=1e-6)


@given(FRAMES.filter(len), st.data())
def test_a_file_cut_anywhere_is_whole_up_to_the_cut(tmp_path_factory, frames, data):
    path = tmp_path_factory.mktemp("capture") / "bus.pcapng"
    write_pcapng(path, [], "x", 9600)
    head = path.stat().st_size
    write_pcapng(path, frames, "x", 9600)
    octets = path.read_bytes()
    cut = data.draw(st.integers(head, len(octets)))
    path.write_bytes(octets[:cut])
    read = read_pcapng(path).frames
    assert [seen.octets for seen in read] == [seen.octets for seen in frames[: len(read)]]
    if cut == len(octets):
        assert len(read) == len(frames)


def test_the_file_is_whole_after_every_write():
    stream = io.BytesIO()
    writer = PcapngWriter(stream, "/dev/ttyUSB0", 76800)
    sizes = [len(stream.getvalue())]
    for seen in Tape().ring(0, 1, 2).frames:
        writer.write([seen])
        sizes.append(len(stream.getvalue()))
    octets = stream.getvalue()
    position, ends = 0, []
    while position < len(octets):
        size = struct.unpack_from("<I", octets, position + 4)[0]
        assert octets[position + size - 4 : position + size] == struct.pack("<I", size)
        position += size
        ends.append(position)
    assert set(sizes) <= set(ends)


def test_the_file_says_that_it_is_ms_tp_in_microseconds(tmp_path):
    write_pcapng(tmp_path / "bus.pcapng", [], "", 0)
    octets = (tmp_path / "bus.pcapng").read_bytes()
    assert octets[:4] == bytes.fromhex("0a0d0d0a")
    interface = octets[struct.unpack_from("<I", octets, 4)[0] :]
    assert struct.unpack_from("<IIHH", interface) == (1, len(interface), 165, 0)
    assert bytes.fromhex("09000100 06000000") in interface


def test_a_damaged_frame_says_so_in_a_comment_and_a_good_one_does_not(tmp_path):
    path = tmp_path / "bus.pcapng"
    tape = Tape().reply(1, 0)
    write_pcapng(path, tape.frames)
    assert b"CRC" not in path.read_bytes()
    tape.reply(1, 0, damage="data").token(0, 1, damage="header")
    write_pcapng(path, tape.frames)
    assert b"the data CRC does not fit" in path.read_bytes()
    assert b"the header CRC does not fit" in path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"no capture", b"\xd4\xc3\xb2\xa1" + bytes(40)])
def test_what_is_no_capture_is_refused(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(CaptureInvalid, match="does not begin"):
        read_pcapng(path)


@given(st.lists(st.tuples(st.integers(1, 600), st.floats(0.0, 0.1)), min_size=1))
def test_times_of_octets_never_run_backwards_and_never_lie_in_the_future(lumps):
    clock = OctetClock(76800)
    now_s, last_end_s = 100.0, 0.0
    for count, later_s in lumps:
        now_s += later_s
        start_s, octet_s = clock.place(count, now_s)
        assert start_s >= last_end_s - 1e-9
        assert octet_s <= 10 / 76800 + 1e-12
        last_end_s = start_s + count * octet_s
        assert last_end_s == pytest.approx(now_s)


def test_octets_that_came_in_time_take_the_time_of_the_wire():
    start_s, octet_s = OctetClock(9600).place(10, 50.0)
    assert (start_s, octet_s) == pytest.approx((50.0 - 100 / 9600, 10 / 9600))


def test_the_ring_keeps_the_last_frames_heard_and_sent():
    ring = FrameRing(3, 76800)
    ring.heard(b"", 1.0)
    for mac in range(1, 4):
        ring.heard(Frame(FrameType.TOKEN, 0, mac).encode(), float(mac))
        ring.sent(Frame(FrameType.TOKEN, mac, 0).encode(), mac + 0.5)
    assert [(seen.frame.source, seen.end_s) for seen in ring.frames()] == [(0, 2.5), (3, pytest.approx(3.0)), (0, 3.5)]


def test_a_late_reader_keeps_what_it_heard_before_what_it_then_sent():
    ring = FrameRing(10, 76800)
    heard = Frame(FrameType.TOKEN, 1, 0).encode() + Frame(FrameType.TOKEN, 1, 0).encode()
    ring.heard(heard, 5.0, late_s=0.02)
    ring.sent(Frame(FrameType.TOKEN, 0, 1).encode(), 5.002)
    assert [(seen.frame.source, seen.late_s) for seen in ring.frames()] == [(0, 0.02), (0, 0.02), (1, 0.0)]


def test_a_frame_half_heard_when_an_own_one_began_stands_at_its_own_time():
    ring = FrameRing(10, 76800)
    halves = Frame(FrameType.TOKEN, 1, 7).encode()
    ring.heard(halves[:4], 1.0)
    ring.sent(Frame(FrameType.TOKEN, 0, 1).encode(), 1.002)
    ring.heard(halves[4:], 1.003)
    assert [seen.frame.source for seen in ring.frames()] == [7, 1]


def test_what_is_read_after_an_own_frame_was_not_on_the_wire_before_it():
    ring = FrameRing(30, 76800)
    ring.heard(Frame(FrameType.TOKEN, 1, 0).encode(), 1.0)
    ring.sent(Frame(FrameType.TOKEN, 0, 1).encode(), 1.002)
    ring.heard(Frame(FrameType.TOKEN, 1, 0).encode() * 20, 1.0025)
    assert [seen.frame.source for seen in ring.frames()] == [0, 1] + [0] * 20


def test_one_offset_makes_wall_time_of_a_whole_file(tmp_path):
    tape = Tape(start_s=10.0).ring(0, 1, rounds=3)
    write_pcapng(tmp_path / "bus.pcapng", tape.frames, "x", 76800, wall_offset_s=1_700_000_000.0)
    read = read_pcapng(tmp_path / "bus.pcapng").frames
    assert [seen.start_s - 1_700_000_000.0 for seen in read] == [
        pytest.approx(seen.start_s, abs=2e-6) for seen in tape.frames
    ]


def test_stray_octets_read_very_late_are_no_noise_of_the_bus():
    ring = FrameRing(10, 76800)
    ring.heard(b"rest of a frame" + Frame(FrameType.TOKEN, 1, 0).encode(), 1.0, late_s=0.3)
    assert (ring.stray_octets, len(ring.frames())) == (0, 1)
    ring.heard(b"noise" + Frame(FrameType.TOKEN, 0, 1).encode(), 2.0)
    assert ring.stray_octets == 5
