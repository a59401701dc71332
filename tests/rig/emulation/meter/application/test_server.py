"""The meter's APDU server, octet by octet: answers, refusals, and what is not answered."""

import contextlib
import datetime

import pytest
from bacpypes3.apdu import APDU, ReadPropertyMultipleACK
from bacpypes3.pdu import PDU
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.emulation.meter.application.server import ApduServer
from tests.rig.emulation.meter.fixed_meter import SERVICES, FixedMeter

HEADER = bytes.fromhex("0104")
AI1 = "0c00000001"
DEVICE = "0c0212d687"
READ, READ_MULTIPLE, WRITE = "0c", "0e", "0f"


@pytest.fixture
def meter():
    return FixedMeter()


@pytest.fixture
def server(meter):
    return ApduServer(meter, contextlib.nullcontext())


def ask(server, service, body="", max_response="05", first="00"):
    """The APDU, in hex, with which the server answers a confirmed request of invoke id 7."""
    reply = server.answer(HEADER + bytes.fromhex(first + max_response + "07" + service + body))
    if reply is None:
        return None
    assert not reply.broadcast
    assert reply.npdu[:2] == b"\x01\x00"
    return reply.npdu[2:].hex()


def tell(server, service, body=""):
    """The NPDU, in hex, with which the server answers an unconfirmed request."""
    reply = server.answer(bytes.fromhex("0120ffff00ff10" + service + body), broadcast=True)
    if reply is None:
        return None
    assert reply.broadcast
    return reply.npdu.hex()


def test_request_vector_of_the_standard_is_answered_in_seventeen_octets(server):
    reply = server.answer(bytes.fromhex("01040203010C0C000000011955"))
    assert reply.npdu.hex() == "010030010c0c0000000119553e443fc000003f"
    assert len(reply.npdu) - 2 == 17


def test_a_value_that_is_not_there_is_the_quiet_nan_of_the_reference(server):
    assert ask(server, READ, "0c0000001c1955").endswith("3e447fc000003f")


@pytest.mark.parametrize(
    ("place", "number", "value"),
    [
        (AI1, "194d", "7508004b57685f4e6574"),  # object-name
        (AI1, "196f", "820400"),  # status-flags
        (AI1, "1924", "9100"),  # event-state
        (AI1, "1951", "10"),  # out-of-service
        (AI1, "1975", "9113"),  # units: kWh is 19
        (AI1, "1967", "9100"),  # reliability
        (AI1, "194b", "c400000001"),  # object-identifier
        (AI1, "194f", "9100"),  # object-type
        ("0c00c00001", "1955", "9101"),  # BI1 active
        ("0c00c00001", "1954", "9100"),  # polarity normal
        (DEVICE, "1961", "8506" + "00" + "000b4000f0"),  # protocol-services-supported
        (DEVICE, "1960", "8505" + "07" + "b0800800"),  # protocol-object-types-supported
        (DEVICE, "193e", "2201e0"),  # max-apdu-length-accepted
        (DEVICE, "196b", "9103"),  # segmentation-supported
        (DEVICE, "190b", "22ea60"),  # apdu-timeout
        (DEVICE, "1938", "a471010102"),  # local-date, a Tuesday
        (DEVICE, "1939", "b40c22384e"),  # local-time
        (DEVICE, "191e", ""),  # device-address-binding
        (DEVICE, "1978", "2185"),  # vendor-identifier
    ],
)
def test_every_datatype_stands_on_the_wire_as_the_standard_says(server, place, number, value):
    assert ask(server, READ, place + number) == f"30070c{place}{number}3e{value}3f"


def test_the_services_bits_are_the_forty_of_revision_four():
    assert len(SERVICES) == 40


def test_the_wildcard_instance_of_a_device_means_this_device(server):
    assert ask(server, READ, "0c023fffff194b") == f"30070c{DEVICE}194b3ec40212d6873f"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("0c000000541955", "9101911f"),  # AI84: object, unknown-object
        ("0c004000011955", "9101911f"),  # an analog output: object, unknown-object
        ("0c020000011955", "9101911f"),  # another device: object, unknown-object
        (AI1 + "1a0173", "91029120"),  # property-list came later: property, unknown-property
        (AI1 + "1957", "91029120"),  # priority-array: property, unknown-property
        (AI1 + "19552901", "91029132"),  # property-is-not-an-array
        (DEVICE + "194c2972", "9102912a"),  # object-list[114]: invalid-array-index
        ("0c050000011983", "9102911b"),  # log-buffer by ReadProperty: read-access-denied
    ],
)
def test_a_read_that_cannot_be_done_is_refused_with_class_and_code(server, body, error):
    assert ask(server, READ, body) == f"50070c{error}"


def test_the_object_list_is_too_long_as_a_whole_and_readable_by_index(server):
    assert ask(server, READ, DEVICE + "194c") == "710704"
    assert ask(server, READ, DEVICE + "194c2900") == f"30070c{DEVICE}194c29003e21713f"
    assert ask(server, READ, DEVICE + "194c2902") == f"30070c{DEVICE}194c29023ec4000000013f"


def rpm_body(instances, numbers=("0955",), kind=0):
    return "".join(f"0c{kind << 22 | n:08x}1e{''.join(numbers)}1f" for n in instances)


def test_29_present_values_fill_467_octets_and_30_are_aborted(server):
    answer = ask(server, READ_MULTIPLE, rpm_body(range(1, 30)))
    assert len(answer) // 2 == 467
    assert answer.startswith("30070e0c000000011e29554e443fc000004f1f")
    assert ask(server, READ_MULTIPLE, rpm_body(range(1, 31))) == "710704"


def test_the_client_s_own_maximum_counts_when_it_is_smaller(server):
    assert ask(server, READ_MULTIPLE, rpm_body([1, 2]), max_response="00").startswith("30")
    assert ask(server, READ_MULTIPLE, rpm_body([1, 2, 3]), max_response="00") == "710704"
    assert len(ask(server, READ_MULTIPLE, rpm_body(range(1, 13)), max_response="02")) // 2 == 195


def test_one_bad_reference_does_not_spoil_the_others(server):
    answer = ask(server, READ_MULTIPLE, rpm_body([1, 84], ("0955", "0957")))
    assert answer == (
        "30070e0c000000011e29554e443fc000004f29575e910291205f1f0c000000541e29555e9101911f5f29575e9101911f5f1f"
    )


@pytest.mark.parametrize(("special", "count"), [("0908", 10), ("0969", 8), ("0950", 2)])
def test_all_required_and_optional_name_the_properties_of_revision_four(server, special, count):
    answer = bytes.fromhex(ask(server, READ_MULTIPLE, rpm_body([76], (special,))))
    ack = ReadPropertyMultipleACK.decode(APDU.decode(PDU(answer)))
    (result,) = ack.listOfReadAccessResults
    assert len(result.listOfResults) == count
    names = {str(element.propertyIdentifier) for element in result.listOfResults}
    assert not names & {"property-list", "priority-array"}


def test_a_request_for_all_of_an_object_that_is_not_there_says_so(server):
    assert ask(server, READ_MULTIPLE, rpm_body([84], ("0908",))) == "30070e0c000000541e29085e9101911f5f1f"


def test_a_result_is_read_under_one_lock(meter):
    class Lock:
        held = entered = 0

        def __enter__(self):
            self.held = 1
            self.entered += 1

        def __exit__(self, *_):
            self.held = 0

    lock = Lock()
    server = ApduServer(meter, lock)
    read = meter.read

    def watched(*arguments):
        assert lock.held
        return read(*arguments)

    meter.read = watched
    ask(server, READ_MULTIPLE, rpm_body(range(1, 30)))
    assert lock.entered == 1


def test_a_write_reaches_the_meter_and_is_acknowledged(server, meter):
    assert ask(server, WRITE, "0c00800003" + "1955" + "3e44437a00003f") == "20070f"
    assert meter.written == [("AV", 3, "present-value", 250.0, None)]
    assert ask(server, WRITE, "0c00800003" + "1955" + "3e44437a00003f" + "4908") == "20070f"
    assert meter.written[-1] == ("AV", 3, "present-value", 250.0, 8)
    assert ask(server, WRITE, DEVICE + "193a" + "3e7405007370743f".replace("740500", "7400")) == "20070f"
    assert meter.written[-1] == ("DE", 1234567, "location", "spt", None)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("0c0080000319553e44479c40003f", "50070f91029125"),  # 80000: value-out-of-range
        ("0c0080000319553e21053f", "50070f91029109"),  # an unsigned: invalid-data-type
        ("0c0080000319553e003f", "50070f91029109"),  # NULL: invalid-data-type
        (AI1 + "19553e44000000003f", "50070f91029128"),  # an input: write-access-denied
        (AI1 + "19753e91053f", "50070f91029128"),  # units: write-access-denied
        (AI1 + "19573e44000000003f", "50070f91029120"),  # unknown-property
        ("0c0000005419553e44000000003f", "50070f9101911f"),  # unknown-object
        ("0c00800003195529013e44000000003f", "50070f91029132"),  # property-is-not-an-array
        (DEVICE + "193a3e7404737074" + "3f", "50070f91029129"),  # UCS-2: character-set-not-supported
        ("0c0080000319553e44437a00003f4911", "600706"),  # priority 17: Reject parameter-out-of-range
    ],
)
def test_a_write_that_cannot_be_done_is_refused_and_changes_nothing(server, meter, body, answer):
    assert ask(server, WRITE, body) == answer
    assert meter.written == []


def test_what_a_trend_log_logs_is_written_as_a_reference_to_a_property(server, meter):
    assert ask(server, WRITE, "0c05000001" + "1984" + "3e0c0000000b19553f") == "20070f"
    assert meter.written == [("TL", 1, "log-device-object-property", ("AI", 11, 85), None)]
    assert ask(server, WRITE, "0c05000001" + "1984" + "3e440000000b3f") == "50070f91029109"


@pytest.mark.parametrize("service", ["00", "05", "12", "19", "1b", "10", "06", "ff"])
def test_a_service_the_meter_does_not_have_is_rejected(server, service):
    assert ask(server, service, AI1) == "600709"


@pytest.mark.parametrize(
    ("service", "body", "answer"),
    [
        (READ, "", "600705"),  # nothing at all: missing-required-parameter
        (READ, "0c0000", "600705"),
        (READ, AI1, "600705"),
        (READ, AI1 + "1955" + "1955", "600707"),  # too-many-arguments
        (READ, "1955" + AI1, "600704"),  # invalid-tag
        (READ, "c400000001" + "1955", "600704"),
        (READ_MULTIPLE, "", "600705"),
        (READ_MULTIPLE, AI1, "600705"),
        (READ_MULTIPLE, AI1 + "1e1f", "600705"),
        (READ_MULTIPLE, AI1 + "1e0955", "600705"),
        (WRITE, AI1 + "19553e44000000", "600705"),
        (WRITE, AI1 + "1955", "600705"),
    ],
)
def test_a_malformed_request_gets_a_reject_that_says_why(server, service, body, answer):
    assert ask(server, service, body) == answer


def test_a_segmented_request_is_aborted(server):
    assert ask(server, "0004" + READ, AI1 + "1955", first="08") == "710704"


def test_who_is_is_answered_by_whoever_is_in_range(server):
    i_am = "0120ffff00ff" + "1000" + "c40212d687" + "2201e0" + "9103" + "2185"
    assert tell(server, "08") == i_am
    assert tell(server, "08", "0b12d6871b12d687") == i_am
    assert tell(server, "08", "09001b12d686") is None
    assert tell(server, "08", "0b12d687") is None
    assert tell(server, "08", "ff") is None


def test_who_has_is_answered_by_identifier_and_by_name(server):
    i_have = "0120ffff00ff" + "1001" + "c40212d687" + "c400000001" + "7508004b57685f4e6574"
    assert tell(server, "07", "2c00000001") == i_have
    assert tell(server, "07", "3d08004b57685f4e6574") == i_have
    assert tell(server, "07", "2c00000054") is None
    assert tell(server, "07", "09001900" + "2c00000001") is None
    assert tell(server, "07") is None


def test_time_synchronization_sets_the_clock_and_a_wildcard_does_not(server, meter):
    assert tell(server, "06", "a47e0b16ff" + "b410203000") is None
    assert meter.clock == datetime.datetime(2026, 11, 22, 16, 32, 48)
    tell(server, "06", "a4ff0b16ff" + "b4102030ff")
    tell(server, "06", "a47e0d20ff" + "b410203000")
    assert meter.clock == datetime.datetime(2026, 11, 22, 16, 32, 48)


def test_an_asker_behind_a_router_is_answered_through_it(server):
    reply = server.answer(bytes.fromhex("010c0002060a0102030405" + "00050112" + "0c" + AI1 + "1955"))
    assert reply is None or reply.npdu.hex().startswith("01200002")
    reply = server.answer(bytes.fromhex("010c000201" + "42" + "0005010c" + AI1 + "1955"))
    assert reply.npdu.hex() == "01200002" + "0142" + "ff" + "30010c" + AI1 + "19553e443fc000003f"


@pytest.mark.parametrize(
    "npdu",
    [
        "",
        "01",
        "0104",
        "0204000501" + "0c" + AI1 + "1955",  # not version 1
        "018001",  # a network message
        "0124000501" + "42" + "ff" + "0005010c" + AI1 + "1955",  # for another network
        "0120ffff00ff" + "0005010c" + AI1 + "1955",  # a confirmed request to everybody
        "0104000501",  # no service
        "010030010c" + AI1,  # an answer, not a question
        "010020010f",
        "0100",
        "010c0002",
    ],
)
def test_what_is_not_for_a_server_is_not_answered(server, npdu):
    assert server.answer(bytes.fromhex(npdu)) is None


def test_a_confirmed_request_in_a_broadcast_frame_is_discarded(server):
    assert server.answer(bytes.fromhex("010400050112" + "0c" + AI1 + "1955"), broadcast=True) is None


GOOD_REQUESTS = [
    bytes.fromhex("01040203010c0c000000011955"),
    HEADER + bytes.fromhex("0005070e" + rpm_body(range(11, 19), ("0955", "0967"))),
    HEADER + bytes.fromhex("0005070e" + rpm_body([1234567], ("0908",), kind=8)),
    HEADER + bytes.fromhex("0005070f" + "0c0080000319553e44437a00003f"),
    bytes.fromhex("0120ffff00ff1008"),
    bytes.fromhex("0120ffff00ff10072c00000001"),
    bytes.fromhex("0120ffff00ff1006a47e0b16ffb410203000"),
]


def still_answers(server):
    assert server.answer(GOOD_REQUESTS[0]).npdu.hex() == "010030010c0c0000000119553e443fc000003f"


@settings(max_examples=300, deadline=None)
@given(
    octets=st.binary(max_size=120),
    broadcast=st.booleans(),
    front=st.sampled_from([b"", HEADER, HEADER + b"\x00\x05\x07"]),
)
def test_random_octets_never_stop_the_meter(octets, broadcast, front):
    server = ApduServer(FixedMeter(), contextlib.nullcontext())
    server.answer(front + octets, broadcast)
    still_answers(server)


@settings(max_examples=500, deadline=None)
@given(data=st.data(), request=st.sampled_from(GOOD_REQUESTS))
def test_mutated_requests_never_stop_the_meter_and_never_answer_too_long(data, request):
    mutated = bytearray(request)
    for _ in range(data.draw(st.integers(1, 4))):
        if mutated:
            place = data.draw(st.integers(0, len(mutated) - 1))
            match data.draw(st.sampled_from(["change", "delete", "insert", "cut"])):
                case "change":
                    mutated[place] = data.draw(st.integers(0, 255))
                case "delete":
                    del mutated[place]
                case "insert":
                    mutated.insert(place, data.draw(st.integers(0, 255)))
                case "cut":
                    del mutated[place:]
    meter = FixedMeter()
    server = ApduServer(meter, contextlib.nullcontext())
    reply = server.answer(bytes(mutated))
    assert reply is None or len(reply.npdu) <= 501
    still_answers(server)
