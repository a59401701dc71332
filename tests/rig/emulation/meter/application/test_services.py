"""DeviceCommunicationControl, ReinitializeDevice and ReadRange of the meter's APDU server, octet by octet."""

import contextlib
import struct

import pytest
from bacpypes3.apdu import APDU, ReadRangeACK
from bacpypes3.pdu import PDU
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.meter.application.server import ApduServer
from tests.rig.emulation.meter.application.test_server import AI1, DEVICE, READ, ask, tell
from tests.rig.emulation.meter.fixed_meter import DEVICE_INSTANCE, FixedLog, FixedMeter

CONTROL, RESTART, RANGE = "11", "14", "1a"
TL1_BUFFER = "0c050000011983"
ENABLE, DISABLE, DISABLE_INITIATION = "1900", "1901", "1902"


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def meter():
    return FixedMeter()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(meter, clock):
    return ApduServer(meter, contextlib.nullcontext(), clock)


def communicates(server):
    return ask(server, READ, AI1 + "1955") is not None


# --- DeviceCommunicationControl


def test_a_meter_that_is_told_to_be_silent_answers_nobody_but_who_ends_it(server):
    assert ask(server, CONTROL, DISABLE) == "200711"
    assert not communicates(server)
    assert ask(server, "06") is None
    assert tell(server, "08") is None
    assert tell(server, "07", "2c00000001") is None
    assert ask(server, CONTROL, ENABLE) == "200711"
    assert communicates(server)
    assert tell(server, "08") is not None


def test_a_silent_meter_does_not_take_the_time(server, meter):
    ask(server, CONTROL, DISABLE)
    tell(server, "06", "a47e0b16ff" + "b410203000")
    assert meter.clock is None


def test_a_meter_that_is_to_initiate_nothing_answers_as_ever(server):
    assert ask(server, CONTROL, DISABLE_INITIATION) == "200711"
    assert communicates(server)
    assert tell(server, "08") is not None


def test_silence_ends_after_its_minutes_of_the_meter_s_own_time(server, clock):
    ask(server, CONTROL, "0905" + DISABLE)
    clock.now_s += 299.9
    assert not communicates(server)
    clock.now_s += 0.2
    assert communicates(server)
    assert tell(server, "08") is not None


def test_a_later_request_replaces_the_duration_of_an_earlier_one(server, clock):
    ask(server, CONTROL, "0901" + DISABLE)
    ask(server, CONTROL, DISABLE)
    clock.now_s += 1e9
    assert not communicates(server)


def test_reinitialize_and_a_loss_of_power_end_the_silence(server, meter):
    ask(server, CONTROL, DISABLE)
    assert ask(server, RESTART, "0901") == "200714"
    assert communicates(server)
    ask(server, CONTROL, DISABLE)
    meter.update()  # AI81 counts one power-up more
    assert communicates(server)


def test_a_password_is_neither_needed_nor_looked_at(server):
    assert ask(server, CONTROL, DISABLE_INITIATION + "2d0800666c75666679" + "21") == "200711"
    assert ask(server, RESTART, "0900" + "1c00666c75") == "200714"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "05"),  # missing-required-parameter
        ("0905", "05"),
        ("1903", "08"),  # undefined-enumeration
        ("0b010000" + DISABLE, "06"),  # 65536 minutes: parameter-out-of-range
        (DISABLE + "29", "05"),
        (DISABLE + "3901", "07"),  # too-many-arguments
        ("9101", "04"),  # an application tag: invalid-tag
    ],
)
def test_malformed_communication_control_is_rejected_without_effect(server, body, reason):
    assert ask(server, CONTROL, body) == "6007" + reason
    assert communicates(server)


# --- ReinitializeDevice


def test_cold_and_warm_start_the_meter_anew(server, meter):
    assert ask(server, RESTART, "0900") == "200714"
    assert ask(server, RESTART, "0901") == "200714"
    assert meter.restarts == 2


@pytest.mark.parametrize("state", range(2, 7))
def test_backup_and_restore_are_refused_as_functionality_not_supported(server, meter, state):
    assert ask(server, RESTART, f"090{state}") == "5007149105912d"
    assert meter.restarts == 0


@pytest.mark.parametrize(("body", "reason"), [("", "05"), ("0907", "08"), ("09002901", "07")])
def test_a_malformed_reinitialize_is_rejected(server, meter, body, reason):
    assert ask(server, RESTART, body) == "6007" + reason
    assert meter.restarts == 0


def test_a_meter_that_is_not_running_answers_nobody(server, meter):
    meter.is_running = False
    assert not communicates(server)
    assert tell(server, "08") is None
    assert ask(server, CONTROL, DISABLE) is None


# --- ReadRange


def by_position(reference, count):
    return f"3e{unsigned(reference)}{signed(count)}3f"


def by_sequence(reference, count):
    return f"6e{unsigned(reference)}{signed(count)}6f"


def unsigned(number):
    octets = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return f"2{len(octets)}{octets.hex()}"


def signed(number):
    return f"34{number.to_bytes(4, 'big', signed=True).hex()}"


def read_log(server, body):
    """Flags as text, item count, values, first sequence number, and the octets of the whole APDU."""
    answer = bytes.fromhex(ask(server, RANGE, TL1_BUFFER + body))
    assert len(answer) <= 480
    assert answer[0] == 0x30, answer.hex()
    ack = ReadRangeACK.decode(APDU.decode(PDU(answer)))
    flags = "".join(letter for letter, bit in zip("FLM", ack.resultFlags, strict=True) if bit)
    position = answer.index(b"\x5e") + 1
    values = [
        answer[i + 1 : i + 5] for i in range(position, len(answer)) if answer[i] == 0x2C and answer[i - 1] == 0x1E
    ]
    assert ack.itemCount == len(values)
    return flags, values, ack.firstSequenceNumber, len(answer)


def numbers(values):
    return [struct.unpack(">f", octets)[0] - 0.5 for octets in values]


def test_a_record_stands_on_the_wire_as_the_reference_says(server, meter):
    meter.trend_logs[1] = FixedLog(1)
    assert ask(server, RANGE, TL1_BUFFER + by_position(1, 1)) == (
        "30071a" + "0c05000001" + "1983" + "3a05c0" + "4901" + "5e"
        "0e" + "a471010102" + "b400010000" + "0f" + "1e" + "2c3fc00000" + "1f" + "2a0400" + "5f"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("special", "octets"),
    [
        (("status", (True, False), False), "1e0a06801f"),
        (("status", (False, True), False), "1e0a06401f"),
        (("time-change", -3600.0, False), "1e9cc56100001f"),
        (("value", float("nan"), False), "1e2c7fc000001f2a0400"),
        (("value", 1.0, True), "1e2c3f8000001f2a0440"),
    ],
)
def test_what_is_no_value_says_what_it_is_and_a_faulty_value_that_it_is(server, meter, special, octets):
    meter.trend_logs[1] = FixedLog(1)
    meter.trend_logs[1].special[1] = special
    assert ask(server, RANGE, TL1_BUFFER + by_position(1, 1)).endswith("0f" + octets + "5f")


def test_twenty_one_values_fit_by_position_and_twenty_by_sequence_number(server, meter):
    meter.trend_logs[1] = FixedLog(5760, total=100_000)
    flags, values, first, octets = read_log(server, by_position(1, 5760))
    assert (flags, numbers(values), first) == ("FM", list(range(1, 22)), None)
    assert octets == 17 + 21 * 22
    flags, values, first, octets = read_log(server, by_sequence(100_000 - 5759, 5760))
    assert (flags, numbers(values), first) == ("FM", list(range(1, 21)), 100_000 - 5759)
    assert octets == 17 + 20 * 22 + 4


def test_records_that_are_no_values_fit_in_greater_number(server, meter):
    meter.trend_logs[1] = FixedLog(50)
    meter.trend_logs[1].special = dict.fromkeys(range(1, 51), ("time-change", 1.0, False))
    answer = bytes.fromhex(ask(server, RANGE, TL1_BUFFER + by_position(1, 50)))
    assert ReadRangeACK.decode(APDU.decode(PDU(answer))).itemCount == 24
    assert len(answer) == 17 + 24 * 19


@given(
    count=st.integers(0, 60),
    reference=st.integers(0, 70),
    wanted=st.integers(-70, 70).filter(bool),
    total=st.one_of(st.integers(60, 1000), st.integers(2**32 - 40, 2**32 - 1)),
    is_sequence=st.booleans(),
)
def test_asked_records_come_in_order_of_time_and_flags_mark_the_ends(count, reference, wanted, total, is_sequence):
    meter = FixedMeter()
    log = meter.trend_logs[1] = FixedLog(count, total)
    server = ApduServer(meter, contextlib.nullcontext())
    sequence = log._sequence(reference) if is_sequence else reference
    body = by_sequence(sequence, wanted) if is_sequence else by_position(reference, wanted)
    flags, values, first, _ = read_log(server, body)
    there = range(1, count + 1)
    asked = [n for n in there if (reference <= n < reference + wanted) or (reference + wanted < n <= reference)]
    if reference not in there:
        asked = []
    fits = 20 if is_sequence else 21
    expected = asked[-fits:] if wanted < 0 else asked[:fits]
    assert numbers(values) == expected
    assert ("F" in flags) == (1 in expected)
    assert ("L" in flags) == (count in expected)
    assert ("M" in flags) == (len(asked) > len(expected))
    assert first == (log._sequence(expected[0]) if is_sequence and expected else None)


def test_without_a_range_the_whole_log_is_meant(server, meter):
    meter.trend_logs[1] = FixedLog(3)
    assert read_log(server, "")[:2] == ("FL", read_log(server, by_position(1, 3))[1])


def test_a_small_client_gets_fewer_records(server, meter):
    meter.trend_logs[1] = FixedLog(30)
    answer = ask(server, RANGE, TL1_BUFFER + by_position(1, 30), max_response="01")
    assert len(answer) // 2 <= 128
    assert ReadRangeACK.decode(APDU.decode(PDU(bytes.fromhex(answer)))).itemCount == 5


def test_the_other_list_of_the_meter_is_empty(server):
    assert ask(server, RANGE, DEVICE + "191e" + by_position(1, 5)) == f"30071a{DEVICE}191e3a050049005e5f"
    assert DEVICE.endswith(f"{DEVICE_INSTANCE:06x}")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            TL1_BUFFER + "7ea471010102b40001000031057f",
            "50071a9105912d",
        ),  # by time: optional-functionality-not-supported
        (TL1_BUFFER + "4ea4710101024f", "50071a9105912d"),  # by time as revision 3 had it
        ("0c050000041983" + "3e210131053f", "50071a9101911f"),  # TL4: unknown-object
        ("0c0500000119a83e210131053f", "50071a91029120"),  # profile-name: unknown-property
        (AI1 + "1955" + "3e210131053f", "50071a91059116"),  # property-is-not-a-list
        (DEVICE + "194c" + "3e210131053f", "50071a91059116"),  # an array is no list
        (TL1_BUFFER + "2901" + "3e210131053f", "50071a91029132"),  # property-is-not-an-array
        (TL1_BUFFER + "3e210131003f", "600706"),  # count 0: parameter-out-of-range
        (TL1_BUFFER + "3e31013105" + "3f", "600703"),  # a signed reference: invalid-parameter-datatype
        (TL1_BUFFER + "3e210121053f", "600703"),
        (TL1_BUFFER + "3e21013105", "600705"),  # missing-required-parameter
        (TL1_BUFFER + "3e210131053f00", "600707"),  # too-many-arguments
        (TL1_BUFFER + "9e9f", "600704"),  # invalid-tag
    ],
)
def test_a_range_that_cannot_be_read_is_refused_with_class_and_code(server, meter, body, answer):
    meter.trend_logs[1] = FixedLog(10)
    assert ask(server, RANGE, body) == answer
