"""SCPI over a serial line, on pseudo-terminals: line settings, ends of messages, and answers from before."""

import contextlib
import os
import select
import termios
import threading
import tty

import pytest
from pyvisa import constants

from drivers.errors import InstrumentLost
from drivers.scpi.serial_line import ENDS, SerialLine
from drivers.scpi.session import ScpiSession
from tests.drivers.scpi import scripted_visa
from tests.waiting import wait_for

IDN = "MAKER,MODEL,1,1.0"


class SerialInstrument:
    """An instrument at the far end of a line; ``answers`` by question, ``received`` what came."""

    def __init__(self, end="\n"):
        self.far, self._near = os.openpty()
        tty.setraw(self._near)
        self.resource = f"ASRL{os.ttyname(self._near)}::INSTR"
        self.answers = {"*IDN?": IDN, "SYST:ERR?": '0,"No error"'}
        self.received = []
        self._end = end.encode()
        self._wake_reader, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def say(self, text):
        os.write(self.far, text.encode() + self._end)

    def speed(self):
        return termios.tcgetattr(self._near)[4]

    def settings(self):
        return termios.tcgetattr(self._near)[2]

    def _serve(self):
        pending = b""
        while self._wake_reader not in select.select([self.far, self._wake_reader], [], [])[0]:
            *lines, pending = (pending + os.read(self.far, 4096)).split(self._end)
            for line in lines:
                self.received.append(line.decode())
                if (answer := self.answers.get(line.decode())) is not None:
                    self.say(answer)

    def close(self):
        os.write(self._wake, b"x")
        self._thread.join(5)
        for descriptor in (self.far, self._near, self._wake, self._wake_reader):
            os.close(descriptor)


@pytest.fixture
def instrument_on():
    with contextlib.ExitStack() as stack:

        def make(end="\n"):
            return stack.enter_context(contextlib.closing(SerialInstrument(end)))

        yield make


@pytest.fixture
def session_to():
    with contextlib.ExitStack() as stack:

        def make(instrument, **options):
            options.setdefault("deadline_s", 3.0)
            session = ScpiSession(instrument.resource, error_query="SYST:ERR?", **options)
            return stack.enter_context(contextlib.closing(session))

        yield make


@pytest.mark.parametrize("termination", ENDS)
def test_messages_and_answers_end_as_the_line_says(instrument_on, session_to, termination):
    instrument = instrument_on(ENDS[termination])
    session = session_to(instrument, line=SerialLine(termination=termination))
    assert session.identify() == IDN
    session.write("VOLT 5")
    assert instrument.received == ["SYST:ERR?", "*IDN?", "VOLT 5", "SYST:ERR?"]


def test_a_line_that_says_nothing_of_its_ends_takes_those_of_the_driver(instrument_on, session_to):
    instrument = instrument_on("\r\n")
    assert session_to(instrument, line=SerialLine(), termination="\r\n").identify() == IDN


def test_the_line_is_set_as_the_bench_file_says(instrument_on, session_to):
    instrument = instrument_on()
    session_to(instrument, line=SerialLine(19200, stop_bits=2, flow="rts-cts")).identify()
    assert instrument.speed() == termios.B19200
    assert instrument.settings() & (termios.CSTOPB | termios.CRTSCTS) == termios.CSTOPB | termios.CRTSCTS


def test_parity_and_data_bits_are_set_too(monkeypatch):
    visa = scripted_visa.install(monkeypatch)  # a pseudo-terminal knows eight bits without parity only
    visa.answers = {b"*IDN?\n": b"MAKER,MODEL,1,1.0\n"}
    line = SerialLine(1200, data_bits=7, parity="even", flow="xon-xoff")
    with contextlib.closing(ScpiSession("ASRL1::INSTR", backend="@scripted", line=line)) as session:
        assert session.identify() == IDN
    attributes = visa._attributes
    assert attributes[constants.VI_ATTR_ASRL_BAUD] == 1200
    assert attributes[constants.VI_ATTR_ASRL_DATA_BITS] == 7
    assert attributes[constants.VI_ATTR_ASRL_PARITY] == constants.Parity.even
    assert attributes[constants.VI_ATTR_ASRL_FLOW_CNTRL] == constants.ControlFlow.xon_xoff


def test_what_was_on_the_line_before_is_no_answer(instrument_on, session_to):
    instrument = instrument_on()
    session = session_to(instrument)
    instrument.say("0.333")
    instrument.say("LEFT OVER")
    assert session.identify() == IDN


def test_a_late_answer_never_becomes_the_answer_to_the_next_question(instrument_on, session_to):
    instrument = instrument_on()
    session = session_to(instrument)
    session.identify()
    with pytest.raises(InstrumentLost, match="connection lost at 'LATE\\?'"):
        session.query("LATE?", deadline_s=0.05)
    instrument.say("the late answer")
    instrument.answers["VALUE?"] = "7"
    assert session.query("VALUE?") == "7"
    assert instrument.received.count("LATE?") == 1


def test_an_answer_that_nobody_asked_for_is_not_taken_as_the_next_one(instrument_on, session_to):
    instrument = instrument_on()
    session = session_to(instrument)
    session.identify()
    instrument.say("42")
    calls = session._transport._calls
    wait_for(lambda: calls._visa.bytes_in_buffer, "the arrival of what nobody asked for", 10.0)
    with pytest.raises(InstrumentLost, match="unasked"):
        session.query("*IDN?")
    assert session.query("*IDN?") == IDN


@pytest.mark.realtime
def test_a_line_that_is_never_quiet_is_refused(instrument_on, session_to):
    instrument = instrument_on()
    stop = threading.Event()

    def chatter():
        while not stop.wait(0.01):
            instrument.say("noise")

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        with pytest.raises(InstrumentLost, match="does not become quiet"):
            session_to(instrument, deadline_s=0.5).identify()
    finally:
        stop.set()
        thread.join()


def test_a_device_that_is_not_there_is_one_clear_error():
    with pytest.raises(InstrumentLost, match=r"^ASRL/dev/nosuch::INSTR: cannot be opened \(.*No such file"):
        ScpiSession("ASRL/dev/nosuch::INSTR").query("*IDN?")
