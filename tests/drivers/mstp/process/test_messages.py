"""What crosses between a port process and its owner arrives as it was."""

import inspect
import math

from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp import FrameReceived, PortSettings, Statistics, statistics
from drivers.mstp.codec import receive
from drivers.mstp.codec.frames import Frame, SeenFrame
from drivers.mstp.node import master, node
from drivers.mstp.process import messages as _messages


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=1), st.binary(max_size=600)), max_size=6), st.integers(1, 700))
def test_messages_arrive_however_the_stream_is_cut(messages, size):
    stream = b"".join(_messages.pack(kind, body) for kind, body in messages)
    unpacker, got = _messages.Unpacker(), []
    for begin in range(0, len(stream), size):
        got += unpacker.feed(stream[begin : begin + size])
    assert got == messages


@given(st.integers(0, 255), st.integers(0, 255), st.booleans(), st.binary(max_size=501))
def test_npdus_arrive_whole(source, destination, expecting_reply, npdu):
    body = _messages.npdu_body(source, destination, expecting_reply, npdu)
    assert _messages.read_npdu(body) == FrameReceived(source, destination, expecting_reply, npdu)


def test_settings_and_statistics_arrive_whole():
    settings = PortSettings("/dev/ttyUSB0", 38400, 7, max_info_frames=3, further_macs=(8, 9))
    assert _messages.read_settings(_messages.settings_text(settings)) == settings
    counted = Statistics(tokens_received=5, reply_timeouts=2)
    assert _messages.read_statistics(_messages.statistics_body(counted)) == counted


@given(st.lists(st.tuples(st.binary(max_size=50), st.floats(0, 1e6)), max_size=5))
def test_captured_frames_arrive_with_their_times_moved(entries):
    seen = [SeenFrame.of(Frame(6, 1, 0, data).encode(), at_s, at_s) for data, at_s in entries]
    moved = [SeenFrame.of(entry.octets, entry.start_s + 1.5, entry.end_s + 1.5) for entry in seen]
    assert _messages.read_captured(_messages.captured_body(seen, 1.5)) == moved


def test_every_counted_transition_is_one_that_the_state_machines_take():
    source = "".join(inspect.getsource(module) for module in (master, node, receive))
    counted = {**statistics._MASTER_TRANSITIONS, **statistics._RECEIVE_TRANSITIONS}
    named = {name for names in counted.values() for name in names if not name.endswith((".Timeout", ".Abandoned"))}
    assert {name for name in named if f'"{name}"' not in source} == set()
    assert set(counted) <= set(Statistics.__dataclass_fields__)


@given(st.integers(0, 127), st.integers(0, 254), st.integers(0, 255), st.floats(0.0, 1e9) | st.just(math.inf))
def test_what_is_to_be_sent_arrives_with_its_time_and_can_be_taken_back(source, destination, invoke_id, expires_s):
    body = _messages.submission_body(source, destination, True, b"npdu", expires_s)
    assert _messages.read_submission(body) == (FrameReceived(source, destination, True, b"npdu"), expires_s)
    withdrawal = _messages.withdrawal_body(source, destination, invoke_id)
    assert _messages.read_withdrawal(withdrawal) == (source, destination, invoke_id)


@given(st.integers(0, 127), st.integers(1, 127))
def test_orders_and_questions_name_their_node(mac, max_master):
    assert _messages.read_max_master(_messages.max_master_body(mac, max_master)) == (mac, max_master)
    assert _messages.read_online(_messages.online_body(mac, mac < max_master)) == (mac, mac < max_master)
    assert _messages.read_statistics_query(_messages.statistics_query(mac)) == mac


@given(
    st.integers(0, 127),
    st.binary(max_size=128),
    st.dictionaries(st.integers(0, 127), st.booleans()),
    st.integers(0, 128),
)
def test_ordered_polls_and_what_came_of_them_are_read_back(mac, addresses, answered, left):
    assert _messages.read_probe(_messages.probe_body(mac, addresses)) == (mac, addresses)
    assert _messages.read_probed(_messages.probed_body(answered, left)) == (answered, left)
