"""Extended frames between real ports: sent where enabled, taken by who knows them, else refused before the wire."""

import pytest

from drivers.mstp import FrameReceived, NpduRefused, PortSettings

pytestmark = pytest.mark.realtime

LONG_REQUEST = bytes.fromhex("01040203070C0C000000011955") + bytes(700)
LONG_ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F") + b"\x55\xff" * 700
WHO_IS = bytes.fromhex("01001008")


@pytest.fixture
def pair(make_bridge, open_port):
    def pair_(**of_second):
        bridge = make_bridge(2)
        first = open_port(bridge.ports[0], 0, max_master=1, send_extended=True)
        return first, open_port(bridge.ports[1], 1, max_master=1, **of_second)

    return pair_


def test_long_request_gets_a_long_answer_within_one_token_holding(pair):
    first, second = pair(send_extended=True)
    first.send(1, LONG_REQUEST, expecting_reply=True)
    assert second.receive(10.0) == FrameReceived(0, 1, True, LONG_REQUEST)
    second.send(0, LONG_ANSWER, expecting_reply=False)
    assert first.receive(10.0) == FrameReceived(1, 0, False, LONG_ANSWER)
    assert second.statistics().replies_sent == 1
    captured = [seen for seen in first.captured() if seen.frame.frame_type in (32, 33)]
    assert [seen.frame.data for seen in captured] == [LONG_REQUEST, LONG_ANSWER]
    assert all(seen.valid for seen in captured)


def test_a_peer_of_an_early_revision_hears_only_what_fits_a_normal_frame(pair):
    first, second = pair(receive_extended=False)
    first.send(1, LONG_ANSWER, expecting_reply=False)
    first.send(1, WHO_IS, expecting_reply=False)
    assert second.receive(10.0) == FrameReceived(0, 1, False, WHO_IS)


@pytest.mark.parametrize(("send_extended", "limit"), [(False, 501), (True, 1497)])
def test_an_npdu_beyond_what_is_sent_is_refused_with_the_limit(make_bridge, open_port, send_extended, limit):
    port = open_port(make_bridge(1).ports[0], 0, send_extended=send_extended)
    with pytest.raises(NpduRefused, match=f"1 to {limit} octets"):
        port.send(1, bytes(limit + 1), expecting_reply=False)


def test_nothing_extended_is_sent_unless_asked_for():
    assert PortSettings("/dev/null", 9600, 1).max_npdu_octets == 501
