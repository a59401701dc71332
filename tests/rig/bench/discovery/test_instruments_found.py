"""Looking for instruments: they are asked who they are, with a deadline, and nothing else ever reaches them."""

import threading

import pytest

from rig.bench.discovery import instruments_found
from rig.bench.discovery.instruments_found import ask, find_instruments, listed_resources, visa_libraries
from tests.rig.bench.instrument_on_a_socket import Instrument
from tests.waiting import wait_for


@pytest.fixture
def instrument():
    made = []

    def make(answer, line_end=b"\n"):
        made.append(Instrument(answer, line_end))
        return made[-1]

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch):
    monkeypatch.setattr(instruments_found, "ANSWER_S", 0.4)


def test_an_instrument_is_asked_for_its_identity_and_nothing_else(instrument):
    one = instrument("ACME,X1,7,1.0")
    found = ask(one.resource, ["@py"])
    assert (found.identity, found.trouble) == ("ACME,X1,7,1.0", "")
    assert one.received == [b"*IDN?\n"]


def test_one_that_does_not_answer_is_listed_as_such_and_sent_nothing_more(instrument):
    one = instrument(None)
    found = ask(one.resource, ["@py"])
    assert found.identity is None
    assert "no answer within" in found.trouble
    wait_for(lambda: len(one.received) == 2, "the second question, with another line end")
    assert one.received == [b"*IDN?\n", b"*IDN?\r"]


def test_one_that_ends_its_lines_with_a_carriage_return_is_understood(instrument):
    one = instrument("FLUKE,1620A,1,1.0", b"\r")
    assert ask(one.resource, ["@py"]).identity == "FLUKE,1620A,1,1.0"


def test_an_empty_answer_is_no_identity(instrument):
    assert "with nothing" in ask(instrument("").resource, ["@py"]).trouble


@pytest.mark.parametrize("resource", ["TCPIP0::127.0.0.1::1::SOCKET", "no resource name", "GPIB0::99::INSTR", ""])
def test_what_cannot_be_opened_is_told_in_words_and_raises_nothing(resource):
    found = ask(resource, ["@py", "@no-such-library"])
    assert found.identity is None
    assert found.trouble


def test_a_library_that_does_not_return_is_given_up(monkeypatch):
    stuck = threading.Event()
    monkeypatch.setattr(instruments_found, "_listed", lambda _library: stuck.wait())
    monkeypatch.setattr(instruments_found, "_LIST_S", 0.1)
    try:
        assert "did not return" in listed_resources("@ivi").trouble
    finally:
        stuck.set()


def test_serial_ports_are_never_asked(monkeypatch):
    names = ("ASRL/dev/ttyUSB0::INSTR", "asrl3::INSTR", "GPIB0::3::INSTR")
    monkeypatch.setattr(instruments_found, "_listed", lambda _library: names)
    assert listed_resources("@py").resources == ("GPIB0::3::INSTR",)


def test_an_instrument_under_two_names_is_one(instrument, monkeypatch):
    """Its serial number says so; and a name that two libraries list is asked once."""
    one, other = instrument("ACME,X1,7,1.0"), instrument("ACME,X1,7,1.0")
    monkeypatch.setattr(instruments_found, "visa_libraries", lambda: ("@ivi", "@py"))
    monkeypatch.setattr(instruments_found, "_listed", lambda _library: (one.resource.replace("TCPIP0", "tcpip0"),))
    _, found = find_instruments([one.resource, other.resource])
    assert [bool(each.identity) for each in found] == [True, False]
    assert f"the same instrument as {one.resource}" in found[1].trouble
    assert len(one.received) == len(other.received) == 1


def test_the_libraries_that_are_there_are_named_as_bench_files_name_them():
    assert visa_libraries()[-1] == "@py"
