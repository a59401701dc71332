"""Any VISA library: it cannot block a transaction, and a missing feature is one sentence."""

import time

import pytest
from pyvisa import constants, errors

from drivers.errors import InstrumentLost, VisaUnavailable
from drivers.scpi.session import ScpiSession
from drivers.scpi.visa import VisaTransport
from tests.drivers.scpi import scripted_visa
from tests.waiting import wait_for

GPIB = "GPIB0::5::INSTR"
IDENTITY = {b"*IDN?\n": b"MAKER,MODEL,1,1.0\n"}
NEVER_S = 20.0
"""A wait that only ends when what is tested does not work."""


@pytest.fixture
def visa(monkeypatch):
    library = scripted_visa.install(monkeypatch)
    monkeypatch.setattr("drivers.scpi.visa._LATE_S", 0.02)
    monkeypatch.setattr("drivers.scpi.visa._CLOSING_S", 0.05)
    yield library
    library.release()


def session_on(resource=GPIB, library="@scripted", deadline_s=0.1):
    return ScpiSession(resource, backend=library, deadline_s=deadline_s)


def test_an_instrument_on_gpib_is_cleared_before_it_is_asked(visa):
    visa.answers = IDENTITY
    session = session_on()
    assert session.identify() == "MAKER,MODEL,1,1.0"
    session.close()
    assert [call[0] for call in visa.calls] == ["open", "clear", "write", "read", "close"]


@pytest.mark.parametrize(
    ("resource", "cleared"),
    [("USB0::0x0957::0x1234::MY1::INSTR", True), ("TCPIP0::127.0.0.1::5025::SOCKET", False)],
)
def test_only_instruments_with_a_buffer_of_their_own_are_cleared(visa, resource, cleared):
    visa.answers = IDENTITY
    session = session_on(resource)
    session.identify()
    session.close()
    assert (("clear",) in visa.calls) is cleared


def test_a_library_that_cannot_clear_is_used_all_the_same(visa):
    visa.answers = IDENTITY
    visa.raises = {"clear": errors.VisaIOError(constants.StatusCode.error_nonsupported_operation)}
    session = session_on()
    assert session.identify() == "MAKER,MODEL,1,1.0"
    session.close()


@pytest.mark.parametrize("call", ["open", "clear", "write", "read"])
def test_a_call_that_does_not_come_back_is_a_lost_instrument(visa, call):
    visa.hangs_in = {call}
    session = session_on()
    begun_s = time.monotonic()
    with pytest.raises(InstrumentLost, match="the VISA library does not come back"):
        session.identify()
    assert time.monotonic() - begun_s < NEVER_S
    visa.release()
    assert visa.came_back.wait(10)


def test_instrument_is_lost_without_a_traceback_when_no_thread_starts(visa, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with pytest.raises(InstrumentLost, match="can't start new thread"):
        session_on().identify()


def test_a_close_that_does_not_come_back_keeps_nobody(visa):
    visa.answers, visa.hangs_in = IDENTITY, {"close"}
    session = session_on()
    session.identify()
    begun_s = time.monotonic()
    session.close()
    assert time.monotonic() - begun_s < NEVER_S


def test_a_resource_whose_call_comes_back_too_late_is_closed_then(visa):
    visa.hangs_in = {"read"}
    with pytest.raises(InstrumentLost):
        session_on().identify()
    assert ("close",) not in visa.calls
    visa.release()
    wait_for(lambda: ("close",) in visa.calls, "closing the resource", 10.0)


@pytest.mark.parametrize("call", ["open", "write", "read"])
@pytest.mark.parametrize(
    "error", [AssertionError(), KeyError("lock"), RuntimeError("Connection was dropped by server")]
)
def test_whatever_a_library_raises_is_a_lost_instrument(visa, call, error):
    visa.raises = {call: error}
    with pytest.raises(InstrumentLost):
        session_on().identify()


def test_an_answer_that_does_not_end_is_no_answer(visa):
    visa.answers = {b"*IDN?\n": b"A" * 20480}
    with pytest.raises(InstrumentLost, match="that has no end"):
        session_on(deadline_s=5.0).identify()


def test_instrument_is_opened_cleared_and_identified_after_a_lost_answer(visa):
    visa.answers = dict(IDENTITY)
    session = session_on()
    session.identify()
    with pytest.raises(InstrumentLost, match="VI_ERROR_TMO"):
        session.query("MEAS?")
    visa.calls.clear()
    visa.answers[b"VOLT?\n"] = b"7\n"
    assert session.query("VOLT?") == "7"
    session.close()
    assert [call[:2] for call in visa.calls if call[0] != "read"] == [
        *(("open", GPIB), ("clear",), ("write", b"*IDN?\n"), ("write", b"VOLT?\n")),
        ("close",),
    ]


@pytest.mark.parametrize("library", ["@ivi", "@nosuch", "/no/such/libvisa.so"])
def test_a_library_that_is_not_installed_is_one_clear_sentence(library, monkeypatch):
    monkeypatch.setattr("pyvisa.ctwrapper.highlevel.IVIVisaLibrary.get_library_paths", staticmethod(lambda: ()))
    with pytest.raises(VisaUnavailable) as caught:
        VisaTransport(GPIB, backend=library)
    text = str(caught.value)
    assert text.startswith(f"{GPIB}: VISA library {library!r} cannot be used (")
    assert text.endswith("set 'visa_library' in the bench file to @py (pyvisa-py), @ivi (NI-VISA or Keysight VISA) or "
                         "the path of a VISA library")  # fmt: skip
    assert "\n" not in text
    assert caught.value.library == library


def test_a_kind_that_pyvisa_py_cannot_reach_without_a_package_says_which(monkeypatch):
    from pyvisa.constants import InterfaceType
    from pyvisa_py.sessions import Session

    classes = dict(Session._session_classes)
    monkeypatch.setattr(Session, "_session_classes", classes)
    Session.register_unavailable(InterfaceType.gpib, "INSTR", "Please install linux-gpib to use this resource type.")
    with pytest.raises(VisaUnavailable, match="Please install linux-gpib"):
        VisaTransport(GPIB)
