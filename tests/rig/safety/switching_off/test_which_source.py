"""Switching off names the instrument that it asked: another model is sent nothing, only the same one confirms."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.instrument import Identity
from drivers.source.base import SafeOff
from rig.safety.switching_off.answers import Who, plain, says_off, who_says
from rig.safety.switching_off.raw_off import Reserve, recipe_from_json, recipe_to_json, switch_all_off, switch_off

KNOWN = "FLUKE,6105A,123456,1.0"
RECIPE = SafeOff(
    "R", ("OUTP OFF",), "OUTP?", ("0", "OFF"),
    family=r"\b6105A\b", identification=KNOWN, identity=Identity("FLUKE", "6105A", "123456", "1.0"),
)  # fmt: skip
CHROMA = replace(
    RECIPE,
    identification="Chroma ATE 61600,777,1.00,1.01,1.02",
    identity=Identity("Chroma ATE", "61600", "777", "1.00,1.01,1.02"),
)


@pytest.mark.parametrize(
    ("recipe", "line", "who"),
    [
        (RECIPE, KNOWN, Who.SAME),
        (RECIPE, "fluke, 6105a , 123456 ,1.0", Who.SAME),
        (RECIPE, "FLUKE,6105A,123456,2.5", Who.SAME),
        (RECIPE, "FLUKE,6105A,654321,1.0", Who.OTHER_NUMBER),
        (RECIPE, "FLUKE,6105A,1.0,123456", Who.OTHER_NUMBER),
        (RECIPE, "Chroma ATE 61600,123456,1.0,1.0", Who.OTHER_MODEL),
        (RECIPE, "FLUKE,6105AB,123456,1.0", Who.OTHER_MODEL),
        (RECIPE, "FLUKE,61", Who.UNKNOWN),
        (RECIPE, "Welcome to the source", Who.UNKNOWN),
        (RECIPE, "FLU\ufffdE,6105A,123456,1.0", Who.UNKNOWN),
        (RECIPE, "1,2,3,4", Who.UNKNOWN),
        (RECIPE, "", Who.UNKNOWN),
        (CHROMA, "Chroma ATE 61600,777,9.99,1.01,1.02", Who.SAME),
        (CHROMA, "Chroma ATE 61600,778,1.00,1.01,1.02", Who.OTHER_NUMBER),
        (CHROMA, "FLUKE,6105A,777,1.0", Who.OTHER_MODEL),
        (replace(RECIPE, identity=None, identification=""), "FLUKE,6105A,9,1", Who.SAME),
        (replace(RECIPE, identity=None, identification=""), "Chroma,61600,9,1", Who.OTHER_MODEL),
    ],
)
def test_an_identification_is_compared_with_the_one_that_is_known(recipe: SafeOff, line: str, who: Who) -> None:
    assert who_says(line, recipe) is who


@pytest.mark.parametrize(
    "octets",
    [b"FLUKE,\t6105A,\t123456,\t1.0", b"\xef\xbb\xbfFLUKE, 6105A, 123456, 1.0\r\0", b"\tFLUKE\t,6105A,123456\t,1.0 "],
)
def test_blanks_of_any_kind_between_fields_make_no_other_instrument(octets: bytes) -> None:
    assert who_says(plain(octets), RECIPE) is Who.SAME


@given(line=st.text(max_size=60))
def test_no_line_but_an_identification_of_three_fields_is_another_model(line: str) -> None:
    if line.count(",") < 2:
        assert who_says(line, RECIPE) is Who.UNKNOWN


@pytest.mark.parametrize(
    ("query", "line", "off"),
    [
        ("OUTP?", "0", True),
        ("OUTP?", "+0", True),
        ("OUTP?", "Off", True),
        ("OUTP?", '"0"', True),
        ("OUTP?", "1", False),
        ("OUTP?", "+1", False),
        ("OUTP?", "On", False),
        ("OUTP?", "OK", None),
        ("OUTP?", "", None),
        ("OUTP?", "0;0", None),
        ("OUTP?", "OUTP OFF", None),
        ("A?;B?;C?", "OFF;OFF;OFF", True),
        ("A?;B?;C?", "+0;off;0", True),
        ("A?;B?;C?", "0;1;0", False),
        ("A?;B?;C?", "0", None),
    ],
)
def test_an_answer_is_read_as_the_session_reads_it(query: str, line: str, off: bool | None) -> None:
    assert says_off(line, replace(RECIPE, verify_query=query, off_answers=())) is off


def test_the_recipe_takes_who_it_is_for_to_another_process() -> None:
    assert recipe_from_json(recipe_to_json(RECIPE)) == RECIPE


@pytest.fixture
def fluke(fake_source):
    fake_source.identification = KNOWN.encode()
    fake_source.known = fake_source.recipe_for(KNOWN, "6105A")
    return fake_source


@pytest.mark.realtime
class TestOnASocket:
    def test_the_instrument_that_was_known_confirms_and_is_named(self, fluke):
        result = switch_off(fluke.known)
        assert (result.confirmed, result.verdict, result.answered_by) == (True, "OFF, verified", KNOWN)
        assert fluke.received == ["*IDN?", "OUTP:STAT OFF", "OUTP:STAT?"]

    def test_another_model_is_sent_nothing_unless_forced_and_never_confirms(self, fluke):
        fluke.identification = b"Chroma ATE 61600,5,1.00,1.01"
        result = switch_off(fluke.known)
        assert (result.confirmed, result.sent, fluke.is_on) == (False, False, True)
        assert "another model than FLUKE 6105A number 123456" in result.details
        assert set(fluke.received) == {"*IDN?"}
        forced = switch_off(fluke.known, deadline_s=1.0, force=True)
        assert (forced.confirmed, forced.sent, fluke.is_on) == (False, True, False)

    @pytest.mark.parametrize("identification", [None, b"\xff\xfe?", b"FLUKE,61", b"FLUKE,6105A,9,1.0"])
    def test_source_that_does_not_identify_itself_is_sent_off_all_the_same(self, fluke, identification):
        fluke.identification = identification
        result = switch_off(fluke.known, deadline_s=0.7)
        assert not fluke.is_on
        assert (result.confirmed, result.sent, result.verdict) == (False, True, "SENT, NOT CONFIRMED OFF")
        assert "123456" in result.details

    def test_commands_do_not_wait_for_an_instrument_that_identifies_late(self, fluke):
        fluke.late_s = 1.0
        began_s = time.monotonic()
        results = []
        thread = threading.Thread(target=lambda: results.append(switch_off(fluke.known)))
        thread.start()
        assert fluke.wait_until_off(2.0)  # it obeys in order: after the answer to the first question
        thread.join()
        assert time.monotonic() - began_s < 3.2
        assert results[0].confirmed

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda answer: re.sub(rb"^([01])$", rb"+\1", answer) + b"\n",
            lambda answer: {b"0": b"Off", b"1": b"On"}.get(answer, answer) + b"\r\n",
            lambda answer: re.sub(rb"^([01])$", rb'"\1"', answer) + b"\n\0",
            lambda answer: b"\n\0" + answer + b" \n",
            lambda answer: b"\xef\xbb\xbf" + answer + b"\n\r",
        ],
        ids=["plus", "words", "quotes", "blank lines", "byte order mark"],
    )
    def test_answers_in_the_forms_that_instruments_have_are_read(self, fluke, wrap):
        fluke.wrap = wrap
        assert switch_off(fluke.known).confirmed
        fluke.is_on, fluke.behaviour = True, "stuck"
        assert not switch_off(fluke.known, deadline_s=0.5).confirmed

    def test_a_banner_and_an_echo_are_no_answers(self, fluke):
        fluke.greeting, fluke.echoes = b"Welcome to the source\r\n", True
        assert switch_off(fluke.known).confirmed
        fluke.is_on, fluke.behaviour = True, "stuck"
        assert "answered '1'" in switch_off(fluke.known, deadline_s=2.0).details

    def test_an_answer_is_reported_though_the_source_is_deaf_after_it(self, fluke):
        def answer_once(answer):
            if answer == b"1":
                fluke.behaviour = "deaf"
            return answer + b"\n"

        fluke.is_on, fluke.behaviour, fluke.wrap = True, "stuck", answer_once
        details = switch_off(fluke.known, deadline_s=2.5).details
        assert "answered '1', which is not off; after that no answer to OUTP:STAT? in time" in details

    def test_a_line_that_says_on_outweighs_one_that_says_off(self, fluke):
        fluke.wrap = lambda answer: b"0\n" + answer + b"\n" if answer == b"1" else answer + b"\n"
        fluke.behaviour = "stuck"
        assert not switch_off(fluke.known, deadline_s=0.5).confirmed


@pytest.mark.realtime
class TestWithoutAnythingNew:
    @pytest.fixture
    def no_threads(self, monkeypatch):
        def refuse(_thread):
            raise RuntimeError("can't start new thread")

        def begin():
            monkeypatch.setattr(threading.Thread, "start", refuse)

        yield begin
        monkeypatch.undo()

    def test_no_thread_can_be_started(self, fluke, second_source, no_threads):
        """The sources serve each connection on a thread: those are there already."""
        sources = [Held(), Held()]
        no_threads()
        results = switch_all_off([source.recipe for source in sources], deadline_s=1.0)
        assert [result.sent for result in results] == [True, True]
        assert [source.heard() for source in sources] == [b"OUTP OFF\nOUTP?\n"] * 2

    def test_source_behind_a_visa_library_reports_that_no_thread_could_start(self, no_threads):
        reserve = Reserve([SafeOff("ASRL/dev/no-such-port::INSTR", ("OUTP OFF",), "OUTP?", ("0",))])
        no_threads()
        (result,) = reserve.switch_off(deadline_s=0.3)
        assert "no thread for the VISA library" in result.details

    def test_no_descriptor_is_free(self):
        """The kernel takes the connections: a source that accepts here would need descriptors of this process."""
        taken, source = [], Held()
        with contextlib.closing(Reserve([source.recipe])) as reserve, contextlib.ExitStack() as stack:
            limit_to_what_is_open(stack)
            with pytest.raises(OSError, match="Too many open files"):
                taken.append(socket.socket())
            results = [reserve.switch_off(deadline_s=0.5, but=[]) for _ in range(2)]
        assert all("Too many open files" not in result.details for (result,) in results)
        assert source.heard() == b"OUTP OFF\nOUTP?\n"

    def test_no_name_can_be_looked_up_any_more(self, fluke, monkeypatch):
        named = replace(fluke.known, resource=fluke.known.resource.replace("127.0.0.1", "localhost"))
        with contextlib.closing(Reserve([named])) as reserve:
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: 1 / 0)
            (result,) = reserve.switch_off()
        assert result.confirmed, result.details

    def test_a_name_that_cannot_be_looked_up_is_no_traceback(self):
        recipe = SafeOff("TCPIP0::no-such-host.invalid::5025::SOCKET", ("OUTP OFF",), "OUTP?", ("0",))
        assert not switch_off(recipe, deadline_s=0.3).confirmed


def limit_to_what_is_open(stack: contextlib.ExitStack) -> None:
    """Let this process open nothing any more, until ``stack`` ends."""
    import os
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    while (filled := os.dup(0)) <= highest:  # no number below the limit may be free
        stack.callback(os.close, filled)
    os.close(filled)
    resource.setrlimit(resource.RLIMIT_NOFILE, (filled, before[1]))
    stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)


class Held:
    """A listener without a server: the kernel accepts the connection and buffers what is sent."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        resource = f"TCPIP0::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        self.recipe = SafeOff(resource, ("OUTP OFF",), "OUTP?", ("0",))

    def heard(self) -> bytes:
        near, _ = self._listener.accept()
        with near, self._listener:
            near.settimeout(2.0)
            return near.recv(4096)[:15]
