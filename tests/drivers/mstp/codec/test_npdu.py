"""Which NPDU answers which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.npdu import NpduSummary, summarize

REQUEST = bytes.fromhex("0104 0203 07 0C 0C00000001 1955")  # confirmed ReadProperty, invoke id 7
ROUTED_REQUEST = bytes.fromhex("010C 0005 01 2A 0203 07 0C 0C00000001 1955")  # the same from network 5, station 2A


@pytest.mark.parametrize(
    ("reply", "answers"),
    [
        ("0100 20 07 0F", True),  # SimpleACK
        ("0100 30 07 0C 0C00000001 1955 3E 44 00000000 3F", True),  # ComplexACK
        ("0100 50 07 0C 9101 911F", True),  # Error
        ("0100 60 07 09", True),  # Reject
        ("0100 71 07 04", True),  # Abort by the server
        ("0100 70 07 04", False),  # Abort by a client: of a request of ours that happens to have the same id
        ("0100 41 07 00 01", True),  # SegmentACK by the server
        ("0100 40 07 00 01", False),  # SegmentACK by a client
        ("0100 30 08 0C", False),  # answers another request
        ("0104 0203 07 0C 0C00000001 1955", False),  # a request of ours with the same id
        ("0100 10 08", False),  # Who-Is
        ("0180 01", False),  # a network message
        ("0120 0005 01 2A FF 30 07 0C", False),  # for a station beyond a router, which is not who asked
        ("0100 30", False),  # cut short
        ("", False),
    ],
)
def test_only_the_answer_with_the_same_invoke_id_answers(reply, answers):
    assert summarize(bytes.fromhex(reply)).answers(summarize(REQUEST)) is answers


def test_a_request_through_a_router_is_answered_to_the_station_beyond_it():
    asked = summarize(ROUTED_REQUEST)
    assert asked == NpduSummary(source=bytes.fromhex("0005012A"), apdu_type=0, invoke_id=7)
    assert summarize(bytes.fromhex("0120 0005 01 2A FF 20 07 0F")).answers(asked)
    assert not summarize(bytes.fromhex("0120 0005 01 2B FF 20 07 0F")).answers(asked)
    assert not summarize(bytes.fromhex("0100 20 07 0F")).answers(asked)


def test_question_without_invoke_id_is_answered_by_any_npdu_but_a_request():
    asked = summarize(bytes.fromhex("0184 12"))  # a network message
    assert summarize(bytes.fromhex("0180 13 0001 00")).answers(asked)
    assert not summarize(REQUEST).answers(asked)


@given(st.binary(max_size=40))
def test_no_octets_break_the_summary(npdu):
    assert isinstance(summarize(npdu), NpduSummary)
