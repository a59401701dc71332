"""What crosses between a port process and its owner arrives as it was."""

import inspect
import math
from dataclasses import asdict, astuple, fields

from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp import FrameReceived, PortSettings, Statistics
from drivers.mstp.codec import receive
from drivers.mstp.codec.frames import Frame, SeenFrame
from drivers.mstp.node import master, node
from drivers.mstp.process import messages as _messages


def arrived(kind, *values):
    ((found, got),) = _messages.Unpacker().feed(_messages.pack(kind, *values))
    assert found == kind
    return got


@given(st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=600)), max_size=6), st.integers(1, 700))
def test_messages_arrive_however_the_stream_is_cut(messages, size):
    stream = b"".join(_messages.pack(kind, octets) for kind, octets in messages)
    unpacker, got = _messages.Unpacker(), []
    for begin in range(0, len(stream), size):
        got += unpacker.feed(stream[begin : begin + size])
    assert got == [(kind, (octets,)) for kind, octets in messages]


@given(
    st.integers(0, 255),
    st.integers(0, 255),
    st.booleans(),
    st.binary(max_size=501),
    st.floats(0.0, 1e9) | st.just(math.inf),
)
def test_npdus_arrive_whole_with_the_time_until_they_may_be_sent(source, destination, expecting_reply, npdu, expires_s):
    frame = FrameReceived(source, destination, expecting_reply, npdu)
    assert FrameReceived(*arrived(_messages.NPDU, *astuple(frame))) == frame
    assert arrived(_messages.SUBMIT, *astuple(frame), expires_s) == (*astuple(frame), expires_s)


def test_settings_and_statistics_arrive_whole():
    settings = PortSettings("/dev/ttyUSB0", 38400, 7, max_info_frames=3, further_macs=(8, 9))
    assert _messages.read_settings(_messages.settings_text(settings)) == settings
    counted = Statistics(tokens_received=5, reply_timeouts=2)
    (counts,) = arrived(_messages.STATISTICS, asdict(counted))
    assert Statistics(**counts) == counted


@given(st.lists(st.tuples(st.binary(max_size=50), st.floats(0, 1e6), st.floats(0, 1), st.integers(0, 9)), max_size=5))
def test_captured_frames_arrive_with_their_times(entries):
    seen = [SeenFrame.of(Frame(6, 1, 0, data).encode(), at_s, at_s + 1.5, *rest) for data, at_s, *rest in entries]
    assert [SeenFrame.of(*each) for each in arrived(_messages.CAPTURED, *_messages.seen_values(seen))] == seen


def test_every_counted_transition_is_one_that_the_state_machines_take():
    source = "".join(inspect.getsource(module) for module in (master, node, receive))
    counted = [name for each in fields(Statistics) for name in each.metadata.get("transitions", ())]
    named = {name for name in counted if not name.endswith((".Timeout", ".Abandoned"))}
    assert "IDLE.ReceivedToken" in named
    assert {name for name in named if f'"{name}"' not in source} == set()


@given(
    st.integers(0, 127),
    st.lists(st.integers(0, 127)),
    st.dictionaries(st.integers(0, 127), st.booleans()),
    st.integers(0, 128),
)
def test_orders_and_what_came_of_them_are_read_back(mac, addresses, answered, left):
    assert arrived(_messages.PROBE, mac, addresses) == (mac, addresses)
    assert arrived(_messages.PROBED, answered, left) == (answered, left)
    assert arrived(_messages.ONLINE, mac, left > 9) == (mac, left > 9)
