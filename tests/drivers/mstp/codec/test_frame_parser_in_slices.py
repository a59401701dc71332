"""A watcher of the bus sees the same in slices of octets as in one piece, damaged frames and noise included."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame, FrameParser

pieces = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"\x55", b"\xff", b"\x55\xff", b"\x55\x55\xff"]),
    st.builds(Frame, st.integers(0, 7), st.integers(0, 255), st.integers(0, 254), st.binary(max_size=20)).map(
        Frame.encode
    ),
)


@given(st.lists(pieces, max_size=8).map(b"".join), st.lists(st.integers(1, 9), min_size=1, max_size=6), st.data())
def test_frames_good_and_damaged_are_the_same_however_the_octets_are_cut(stream, sizes, data):
    octets = bytearray(stream)
    if octets:
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(0, 255))
    whole = FrameParser().feed(bytes(octets), 0.0, 0.001)
    parser, seen, begin, turn = FrameParser(), [], 0, 0
    while begin < len(octets):
        size = sizes[turn % len(sizes)]
        seen += parser.feed(bytes(octets[begin : begin + size]), begin * 0.001, 0.001)
        begin, turn = begin + size, turn + 1
    assert [(each.octets, each.valid, round(each.start_s, 6)) for each in seen] == [
        (each.octets, each.valid, round(each.start_s, 6)) for each in whole
    ]
