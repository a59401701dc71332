"""The page of SCPI hazards says what the tests show and nothing else; and hazards that need a peer of their own."""

import contextlib
import re
import socket
import threading
from pathlib import Path

import pytest

from drivers.errors import InstrumentLost, InstrumentRefused
from drivers.scpi.session import ScpiSession
from drivers.testing import SCRIPTED_RESOURCE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "scpi-hazards.md"
ROW = re.compile(r"^\| (?P<hazard>[^|]+) \| (?P<what>[^|]+) \| `(?P<file>[\w/.]+)::(?P<test>\w+)` \|$", re.MULTILINE)
ABOUT_HAZARDS = ("test_scpi_session.py", "test_visa_libraries.py", "test_serial_instruments.py", "test_scpi_hazards.py")
NO_HAZARD = {
    # What a session does when nothing goes wrong, and this page's own checks.
    "test_scpi_session.py": {
        "test_commands_are_joined_from_the_root_up_to_the_message_limit",
        "test_progress_is_reported_for_completed_transactions_only",
        "test_numbers_are_read_and_no_data_is_none",
        "test_an_answer_that_makes_no_sense_is_an_error_that_shows_it",
        "test_a_recorded_session_is_a_script_that_plays",
    },
    "test_visa_libraries.py": set(),
    "test_serial_instruments.py": {
        "test_messages_and_answers_end_as_the_line_says",
        "test_a_line_that_says_nothing_of_its_ends_takes_those_of_the_driver",
        "test_the_line_is_set_as_the_bench_file_says",
        "test_parity_and_data_bits_are_set_too",
        "test_a_device_that_is_not_there_is_one_clear_error",
    },
    "test_scpi_hazards.py": {
        "test_every_test_that_the_page_names_exists",
        "test_every_test_about_a_hazard_is_on_the_page",
        "test_no_hazard_stands_twice",
    },
}


def names_in(file):
    path = ROOT / file if "/" in file else ROOT / "tests" / "drivers" / "scpi" / file
    return set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE))


def rows():
    return [(match["hazard"], match["file"], match["test"]) for match in ROW.finditer(PAGE.read_text())]


def test_every_test_that_the_page_names_exists():
    assert len(rows()) == PAGE.read_text().count("::test_") > 30
    assert [(file, test) for _, file, test in rows() if test not in names_in(file)] == []


@pytest.mark.parametrize("file", ABOUT_HAZARDS)
def test_every_test_about_a_hazard_is_on_the_page(file):
    named = {test for _, where, test in rows() if where == file}
    assert names_in(file) - named == NO_HAZARD[file]


def test_no_hazard_stands_twice():
    hazards = [hazard for hazard, _, _ in rows()]
    assert sorted(hazards) == sorted(set(hazards))


class Talker:
    """A peer that answers a question with what ``talk(connection)`` sends, until the session ends."""

    def __init__(self, talk):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP0::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        self._talk = talk
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            self._talk(connection)
            connection.recv(4096)

    def close(self):
        self._thread.join(10)
        self._listener.close()


@pytest.fixture
def asked():
    """Ask a question of a peer that answers in its own way; returns what is raised."""
    with contextlib.ExitStack() as stack:

        def ask(talk, deadline_s=5.0):
            talker = stack.enter_context(contextlib.closing(Talker(talk)))
            session = stack.enter_context(contextlib.closing(ScpiSession(talker.resource, deadline_s=deadline_s)))
            with pytest.raises(InstrumentLost) as caught:
                session.query("VALUE?")
            return str(caught.value)

        yield ask


def test_an_answer_that_comes_in_drops_ends_at_the_deadline(asked):
    stop = threading.Event()

    def drip(connection):
        while not stop.wait(0.02):
            connection.sendall(b"1")

    said = asked(drip, deadline_s=0.2)
    stop.set()
    assert "no answer within 0.2 s, only b'1" in said


def test_an_answer_that_comes_for_ever_ends(asked):
    def pour(connection):
        while True:
            connection.sendall(b"1" * 65536)

    assert "an answer of more than 1048576 octets that has no end" in asked(pour)


def test_two_answers_to_one_question_are_none(asked):
    assert "sent b'2\\n' unasked after its answer b'1'" in asked(lambda connection: connection.sendall(b"1\n2\n"))


class Answering:
    """A transport that answers, or raises, what it is given; ``asked`` counts the questions."""

    def __init__(self, answer):
        self._answer = answer
        self.asked = 0
        self.is_closed = False

    def write(self, message, deadline_s):
        pass

    def query(self, message, deadline_s):
        self.asked += 1
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def close(self):
        self.is_closed = True


def test_an_interrupt_throws_the_connection_away():
    interrupted, after = transports = [Answering(KeyboardInterrupt()), Answering("7")]
    waiting = iter(transports)
    session = ScpiSession(SCRIPTED_RESOURCE, open_transport=lambda: next(waiting))
    with pytest.raises(KeyboardInterrupt):
        session.query("VALUE?")
    assert interrupted.is_closed
    assert session.query("VALUE?") == "7"
    assert not after.is_closed


def test_an_error_queue_that_never_becomes_empty_is_an_error_and_no_loop():
    stuck = Answering('-113,"Undefined header"')
    session = ScpiSession(SCRIPTED_RESOURCE, error_query="SYST:ERR?", open_transport=lambda: stuck)
    with pytest.raises(InstrumentRefused) as refused:
        session.write("VALUE 1")
    assert stuck.asked < 200
    assert str(refused.value).count("-113") == 1
