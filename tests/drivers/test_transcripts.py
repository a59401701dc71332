"""The transcript helpers: they must fail when a driver says something else, something more or something less."""

import subprocess
import sys

import pytest

from drivers.errors import InstrumentLost
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import Exchange
from drivers.testing import ScriptedTransport, ScriptMismatch, expected_protocol, scripted_session


class Driver:
    def __init__(self, session):
        self.session = session


def test_a_driver_that_says_what_the_script_says_passes():
    with expected_protocol(Driver, [Exchange("SET 1"), ("SET?", "1")]) as driver:
        driver.session.write("SET 1")
        assert driver.session.query("SET?") == "1"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([("GET?", "1")], "expected 'GET\\?', the driver sent 'SET\\?'"),
        ([], "after the end of the script"),
        ([("SET?", None)], "has no answer to it"),
        ([("SET?", "1"), ("MORE?", "2")], "never sent: \\['MORE\\?'\\]"),
    ],
)
def test_other_further_unanswered_and_missing_questions_are_mismatches(script, words):
    with pytest.raises(ScriptMismatch, match=words), scripted_session(script) as session:
        session.query("SET?")


def test_a_write_that_the_script_answers_is_a_mismatch():
    with pytest.raises(ScriptMismatch, match="was written"), scripted_session([("SET 1", "1")]) as session:
        session.write("SET 1")


def test_each_connection_plays_its_own_script_and_none_follows_the_last():
    lost = InstrumentLost("X", "gone")
    with scripted_session([("A?", lost)], [("B?", "2"), ("C?", lost)]) as session:
        with pytest.raises(InstrumentLost):
            session.query("A?")
        assert session.query("B?") == "2"
        with pytest.raises(InstrumentLost):
            session.query("C?")
        with pytest.raises(InstrumentLost, match="no further connection"):
            session.query("D?")


def test_a_session_gives_its_connection_back():
    transport = ScriptedTransport([("A?", "1")])
    session = ScpiSession("X", open_transport=lambda: transport)
    session.query("A?")
    session.close()
    session.close()
    assert transport.closed


def test_a_process_that_only_needs_the_data_classes_does_not_load_visa():
    code = "import sys, drivers.source, drivers.analyzer; sys.exit('pyvisa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
