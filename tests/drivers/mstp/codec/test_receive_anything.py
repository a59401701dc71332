"""The receiver fed with anything: it agrees with the clause's machine at each step, and finds the next good frame."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mstp.codec import crc
from drivers.mstp.codec.frames import MAX_LENGTH_FIELD, Frame, FrameType, data_frame
from drivers.mstp.codec.receive import FRAME_ABORT_S, FrameReceiver, ReceiveState
from tests.drivers.mstp.codec.mirrored_receiver import MirroredReceiver

STATION = 3
TOKEN = Frame(FrameType.TOKEN, STATION, 9)
DATA = Frame(FrameType.DATA_EXPECTING_REPLY, STATION, 9, b"\x01\x04\x55\xffdata")
LONGEST_SKIP = MAX_LENGTH_FIELD + 2


def headed(frame_type, destination, source, length):
    body = bytes((frame_type, destination, source, length >> 8, length & 0xFF))
    return b"\x55\xff" + body + bytes((crc.header_crc(body),))


stations = st.sampled_from([STATION, 255, 0, 7])
types = st.one_of(st.integers(0, 7), st.integers(0, 255))
frames = st.builds(
    Frame, types.filter(lambda number: not 32 <= number < 128), stations, st.just(9), st.binary(max_size=30)
)
extended = st.builds(data_frame, st.just(9), stations, st.binary(min_size=502, max_size=560), st.booleans())
good = st.one_of(frames, frames, extended).map(Frame.encode)
lengths = st.one_of(st.integers(0, 40), st.sampled_from([501, 502, 506, 1506, 1507, 2043, 2044, 65535]))
headers = st.builds(headed, st.one_of(types, st.sampled_from([32, 33, 34, 127])), stations, st.just(9), lengths)


@st.composite
def damaged(draw):
    octets = bytearray(draw(good))
    bit = draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << bit % 8
    return bytes(octets[: draw(st.integers(1, len(octets)))])


noise = st.binary(max_size=20)
preambles = st.sampled_from([b"\x55", b"\x55\x55", b"\x55\xff", b"\xff", b"\x55\x31"])
pieces = st.one_of(good, damaged(), headers, noise, preambles)
steps = st.one_of(pieces, pieces, st.sampled_from([0.001, 0.099, 0.1, 0.2]), st.just("line error"))


def feed(receiver, octets, now_s, cut):
    """All indications of ``octets``, given in lumps of ``cut``."""
    indications = []
    for begin in range(0, len(octets), cut):
        lump, position = octets[begin : begin + cut], 0
        while position < len(lump):
            position, indication = receiver.receive(lump, position, now_s)
            if indication is not None:
                indications.append(indication)
    return indications


def play(receiver, script, cut):
    """Feed the steps of ``script``: octets, seconds of silence, or line errors; returns the time when it is over."""
    now_s = 0.0
    for step in script:
        if isinstance(step, float):
            now_s += step
            receiver.check_silence(now_s)
        elif isinstance(step, bytes):
            feed(receiver, step, now_s, cut)
        else:
            receiver.line_error(now_s)
    return now_s


@settings(max_examples=200)
@given(st.lists(steps, max_size=12), st.sampled_from([1, 3, 8, 4096]), st.booleans())
def test_whatever_comes_the_receiver_and_the_machine_of_the_clause_agree(script, cut, receive_extended):
    play(MirroredReceiver(STATION, receive_extended=receive_extended), script, cut)


@given(st.lists(steps, max_size=8), st.sampled_from([1, 5, 4096]))
def test_after_any_octets_and_tframe_abort_next_good_frame_is_received(script, cut):
    receiver = FrameReceiver(STATION)
    now_s = play(receiver, script, cut) + FRAME_ABORT_S
    receiver.check_silence(now_s)
    assert feed(receiver, DATA.encode(), now_s, cut) == [DATA]
    assert receiver.state is ReceiveState.IDLE


@settings(max_examples=40)
@given(st.lists(steps, max_size=8))
def test_without_any_silence_no_more_than_the_longest_frame_is_lost(script):
    receiver = FrameReceiver(STATION)
    now_s = play(receiver, script, 4096)
    token = TOKEN.encode()
    feed(receiver, token * (LONGEST_SKIP // len(token) + 3), now_s, 4096)
    assert feed(receiver, token, now_s, 4096) == [TOKEN]


@given(noise.filter(lambda octets: 0x55 not in octets), good)
def test_noise_without_a_preamble_costs_no_frame_at_all(octets, frame):
    quiet, noisy = FrameReceiver(STATION), FrameReceiver(STATION)
    assert feed(noisy, octets + frame + octets, 0.0, 4096) == feed(quiet, frame, 0.0, 4096)
