"""The master node with extended data frames: requests, answers and broadcasts longer than 501 octets."""

from drivers.mstp.codec.frames import BROADCAST, Frame, FrameType
from drivers.mstp.events import FrameReceived
from drivers.mstp.node.master import MasterState
from tests.drivers.mstp.node.master_harness import ANSWER, DER, DNER, PEER, REQUEST, TOKEN, TS, WHO_IS, Harness

EXTENDED_DER = FrameType.EXTENDED_DATA_EXPECTING_REPLY
EXTENDED_DNER = FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY
LONG_REQUEST = REQUEST + bytes(600)
LONG_ANSWER = ANSWER + bytes(1400)
LONG_WHO_IS = WHO_IS + bytes(500)


def test_a_long_request_goes_up_and_its_answer_goes_out_at_once(lone):
    lone.hear(EXTENDED_DER, data=LONG_REQUEST)
    assert lone.names == ["IDLE.ReceivedDataNeedingReply"]
    assert list(lone.node.received) == [FrameReceived(PEER, TS, True, LONG_REQUEST)]
    lone.submit(DNER, PEER, ANSWER)
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]


def test_a_long_answer_to_a_short_request_goes_out_at_once(lone):
    lone.hear(DER, data=REQUEST)
    lone.submit(EXTENDED_DNER, PEER, LONG_ANSWER)
    assert lone.names[-1] == "ANSWER_DATA_REQUEST.Reply"
    assert lone.sent == [Frame(EXTENDED_DNER, PEER, TS, LONG_ANSWER)]


def test_a_long_answer_is_the_reply_waited_for(waiting):
    waiting.hear(EXTENDED_DNER, data=LONG_ANSWER)
    assert waiting.names[0] == "WAIT_FOR_REPLY.ReceivedReply"
    assert list(waiting.node.received) == [FrameReceived(PEER, TS, False, LONG_ANSWER)]


def test_a_long_request_of_ours_is_waited_for(ring):
    ring.submit(EXTENDED_DER, PEER, LONG_REQUEST)
    ring.hear(TOKEN)
    assert ring.names[-1] == "USE_TOKEN.SendAndWait"
    assert ring.sent == [Frame(EXTENDED_DER, PEER, TS, LONG_REQUEST)]


def test_a_long_broadcast_goes_up_unless_it_holds_a_confirmed_request(lone):
    lone.hear(EXTENDED_DNER, destination=BROADCAST, data=LONG_WHO_IS)
    lone.hear(EXTENDED_DNER, destination=BROADCAST, data=LONG_REQUEST)
    lone.hear(EXTENDED_DER, destination=BROADCAST, data=LONG_REQUEST)
    assert lone.names == [
        "IDLE.ReceivedDataNoReply",
        "IDLE.ReceivedUnwantedFrame",
        "IDLE.BroadcastDataNeedingReply",
    ]
    assert [frame.npdu for frame in lone.node.received] == [LONG_WHO_IS]


def test_early_revision_node_hears_no_extended_frame_and_stays_silent():
    lone = Harness(receive_extended=False)
    lone.hear(EXTENDED_DER, data=LONG_REQUEST)
    assert (lone.names, lone.take(), list(lone.node.received)) == ([], [], [])
    lone.hear(DER, data=REQUEST)
    assert lone.node.state is MasterState.ANSWER_DATA_REQUEST
