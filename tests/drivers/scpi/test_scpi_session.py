"""A SCPI session on real local sockets: what goes wrong on real benches must end in one clear error, and in time."""

import contextlib
import select
import socket
import threading

import pytest

from drivers.errors import AnswerInvalid, InstrumentLost, InstrumentRefused
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import RecordingTransport
from drivers.scpi.visa import VisaTransport
from drivers.testing import ScriptedTransport

DROP = "<drop>"  # the server's word for closing the connection
NO_ERROR = '0,"No error"'


class Instrument:
    """A small instrument: an error queue, and a register that can be set and read."""

    def __init__(self, idn="MAKER,MODEL,1,1.0"):
        self.idn = idn
        self.errors = []
        self.value = "0"

    def __call__(self, line):
        answer = None
        for unit in line.split(";"):
            match unit.lstrip(":").split(" "):
                case ["*IDN?"]:
                    answer = self.idn
                case ["SYST:ERR?"]:
                    answer = self.errors.pop(0) if self.errors else NO_ERROR
                case ["VALUE", value]:
                    self.value = value
                case ["VALUE?"]:
                    answer = self.value
                case ["SILENT?"]:
                    return None
                case ["DROP?"]:
                    return DROP
                case _:
                    self.errors.append('-113,"Undefined header"')
                    return None
        return answer


def until_something_has_come(session):
    readable, _, _ = select.select([session._transport._lan.connection], [], [], 5)
    assert readable


def repeat(action):
    for _ in range(100_000):
        action()


@pytest.fixture
def session_to():
    with contextlib.ExitStack() as stack:

        def make(server, **options):
            options.setdefault("error_query", "SYST:ERR?")
            options.setdefault("deadline_s", 5.0)
            resource = server if isinstance(server, str) else server.resource
            session = ScpiSession(resource, **options)
            stack.callback(session.close)
            return session

        yield make


def test_nothing_is_sent_or_opened_before_the_first_transaction(serve, session_to):
    server = serve(Instrument())
    session = session_to(server)
    assert session.generation == 0
    assert server.connections == 0


def test_a_write_is_followed_by_the_error_queue_and_a_query_is_not(serve, session_to):
    server = serve(Instrument())
    session = session_to(server)
    session.write("VALUE 5")
    assert session.query("VALUE?") == "5"
    assert server.lines() == ["SYST:ERR?", "VALUE 5", "SYST:ERR?", "VALUE?"]


def test_refused_command_raises_with_its_number_and_empties_the_queue(serve, session_to):
    session = session_to(serve(Instrument()))
    with pytest.raises(InstrumentRefused) as caught:
        session.write("NONSENSE 1")
    assert (caught.value.code, caught.value.command) == (-113, "NONSENSE 1")
    session.write("VALUE 5")


def test_all_errors_of_one_write_are_in_the_text_and_the_first_one_counts(serve, session_to):
    instrument = Instrument()
    session = session_to(serve(instrument))
    session.write("VALUE 1")
    instrument.errors += ['-222,"Data out of range"', '-221,"Settings conflict"']
    with pytest.raises(InstrumentRefused, match="Settings conflict") as caught:
        session.write("VALUE 2")
    assert caught.value.code == -222


def test_error_from_before_the_session_is_not_blamed_on_the_first_command(serve, session_to):
    instrument = Instrument()
    instrument.errors.append('-410,"Query INTERRUPTED"')
    session_to(serve(instrument)).write("VALUE 1")
    assert instrument.value == "1"


def test_commands_are_joined_from_the_root_up_to_the_message_limit(serve, session_to):
    server = serve(Instrument())
    session = session_to(server, message_limit=20)
    session.write("VALUE 1", "VALUE 2", ":VALUE 3")
    assert server.lines() == ["SYST:ERR?", "VALUE 1;:VALUE 2", "SYST:ERR?", ":VALUE 3", "SYST:ERR?"]


def test_several_queries_give_one_answer_each_or_are_refused(session_to):
    transport = ScriptedTransport([("A?;:B?", '1;"x;y"'), ("A?;:B?", "1")])
    session = session_to("SCRIPT", error_query=None, open_transport=lambda: transport)
    assert session.query_all(["A?", "B?"]) == ["1", '"x;y"']
    with pytest.raises(AnswerInvalid):
        session.query_all(["A?", "B?"])


def test_a_late_answer_never_becomes_the_answer_to_the_next_question(serve, session_to):
    asked = threading.Event()
    may_answer = threading.Event()
    instrument = Instrument()

    def answers(line):
        if line == "LATE?":
            asked.set()
            may_answer.wait(5)
            return "the late answer"
        return instrument(line)

    server = serve(answers)
    session = session_to(server)
    session.identify()
    before = session.generation
    with pytest.raises(InstrumentLost, match=r"no answer within 0.05 s"):
        session.query("LATE?", deadline_s=0.05)
    assert asked.wait(5)
    may_answer.set()
    assert session.generation != before
    assert session.query("VALUE?") == "0"
    assert server.connections == 2
    assert server.lines().count("LATE?") == 1  # never asked again


def test_a_write_whose_confirmation_is_lost_is_never_repeated(serve, session_to):
    received = []

    def answers(line):
        received.append(line)
        unconfirmed = line == "SYST:ERR?" and received.count(line) == 2
        return None if unconfirmed else {"SYST:ERR?": NO_ERROR, "*IDN?": "ME"}.get(line)

    session = session_to(serve(answers))
    session.identify()
    with pytest.raises(InstrumentLost):
        session.write("OUTP ON", deadline_s=0.05)
    session.write("OUTP OFF")
    assert received == [
        *("SYST:ERR?", "*IDN?", "OUTP ON", "SYST:ERR?"),
        *("*IDN?", "SYST:ERR?", "OUTP OFF", "SYST:ERR?"),
    ]


def test_other_instrument_at_the_address_after_a_lost_link_is_refused(serve, session_to):
    instrument = Instrument()
    session = session_to(serve(instrument))
    session.identify()
    with pytest.raises(InstrumentLost):
        session.query("DROP?")
    instrument.idn = "MAKER,MODEL,2,1.0"
    with pytest.raises(InstrumentLost, match=r"'MAKER,MODEL,2,1\.0' answers where 'MAKER,MODEL,1,1\.0' was before"):
        session.query("VALUE?")
    instrument.idn = "MAKER,MODEL,1,1.0"
    assert session.query("VALUE?") == "0"


def test_a_closed_port_is_one_clear_error_at_once(session_to):
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    resource = f"TCPIP0::127.0.0.1::{port}::SOCKET"
    with pytest.raises(InstrumentLost, match=r"cannot be opened \(.*refused\); check address") as caught:
        session_to(resource).query("*IDN?")
    assert caught.value.resource == resource


@pytest.mark.parametrize("kind", ["INSTR", "hislip0,{port}::INSTR"])
def test_a_lan_instrument_that_is_not_there_is_found_out_before_opening(session_to, kind):
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    with pytest.raises(InstrumentLost, match="cannot be opened"):
        session_to(f"TCPIP0::127.0.0.1::{kind.format(port=port)}").query("*IDN?")


def test_a_resource_name_that_visa_does_not_know_is_one_clear_error(session_to):
    with pytest.raises(InstrumentLost, match="cannot be opened"):
        session_to("NONSENSE").query("*IDN?")


def test_a_peer_that_closes_is_noticed_at_once_and_not_at_the_deadline(serve, session_to):
    session = session_to(serve(Instrument()), deadline_s=60.0)  # the test's own time limit is shorter when it fails
    with pytest.raises(InstrumentLost, match="closed the connection"):
        session.query("DROP?")


def test_peer_closed_between_two_transactions_is_noticed_before_sending(serve, session_to):
    instrument = Instrument()
    server = serve(lambda line: DROP if line == "GO" else instrument(line))
    session = session_to(server, error_query=None)
    session.write("GO")
    until_something_has_come(session)
    with pytest.raises(InstrumentLost, match="closed the connection"):
        session.write("VALUE 1")
    assert instrument.value == "0"
    assert session.query("VALUE?") == "0"


def test_an_answer_that_nobody_asked_for_is_not_taken_as_the_next_one(serve, session_to):
    server = serve(Instrument())
    session = session_to(server)
    session.query("VALUE?")
    server.send_unasked("42")
    until_something_has_come(session)
    with pytest.raises(InstrumentLost, match="unasked"):
        session.query("VALUE?")
    assert session.query("VALUE?") == "0"


def test_a_peer_that_stops_reading_does_not_block_for_ever(serve, session_to):
    session = session_to(serve(Instrument(), reads=False), error_query=None, deadline_s=0.2)
    with pytest.raises(InstrumentLost):
        repeat(lambda: session.write("VALUE " + "1" * 3000))


def test_message_too_long_for_its_deadline_is_a_mistake_of_the_caller(serve, session_to):
    session = session_to(serve(Instrument()))
    with pytest.raises(ValueError, match="longer than"):
        session.query("VALUE " + "1" * 5000)


def test_nagles_algorithm_is_off(serve):
    transport = VisaTransport(serve(Instrument()).resource)
    try:
        assert transport._lan.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    finally:
        transport.close()
        transport.close()


def test_threads_get_their_own_answers(serve, session_to):
    session = session_to(serve(lambda line: {"SYST:ERR?": NO_ERROR}.get(line, line)))
    wrong = []

    def ask(name):
        for number in range(100):
            question = f"{name}{number}?"
            if session.query(question) != question:
                wrong.append(question)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "ABC"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_several_transactions_can_be_one_for_other_threads(serve, session_to):
    server = serve(Instrument())
    session = session_to(server)
    inside = threading.Event()
    other = threading.Thread(target=lambda: (inside.wait(5), session.write("VALUE 2")))
    other.start()
    with session.transaction():
        session.write("VALUE 1")
        inside.set()
        assert session.query("VALUE?") == "1"
    other.join()
    assert session.query("VALUE?") == "2"


def test_progress_is_reported_for_completed_transactions_only(serve, session_to):
    progress = []
    session = session_to(serve(Instrument()), on_progress=lambda: progress.append(1))
    session.query("VALUE?")
    assert len(progress) == 1
    with pytest.raises(InstrumentLost):
        session.query("SILENT?", deadline_s=0.05)
    assert len(progress) == 1


def test_instrument_with_an_unreadable_error_queue_is_refused(serve, session_to):
    server = serve(lambda line: "welcome" if line == "SYST:ERR?" else None)
    session = session_to(server)
    for _ in range(2):
        with pytest.raises(AnswerInvalid):
            session.write("VALUE 1")
    assert server.lines() == ["SYST:ERR?"] * 2


@pytest.mark.parametrize(("answer", "value"), [("1.44E1", 14.4), ("NAN", None), ("9.91E37", None), ("", None)])
def test_numbers_are_read_and_no_data_is_none(session_to, answer, value):
    transport = ScriptedTransport([("X?", answer)])
    assert session_to("S", error_query=None, open_transport=lambda: transport).query_float("X?") == value


def test_an_answer_that_makes_no_sense_is_an_error_that_shows_it(session_to):
    transport = ScriptedTransport([("X?", "abc"), ("B?", "2"), ("SET 1", None), ("SYST:ERR?", "what?")])
    session = session_to("S", error_query=None, open_transport=lambda: transport)
    with pytest.raises(AnswerInvalid, match="answered 'abc' to 'X\\?'"):
        session.query_float("X?")
    with pytest.raises(AnswerInvalid):
        session.query_bool("B?")
    session.error_query = "SYST:ERR?"
    with pytest.raises(AnswerInvalid):
        session.write("SET 1")


def test_a_recorded_session_is_a_script_that_plays(serve, session_to):
    server = serve(Instrument())
    recorders = []

    def open_recorded():
        recorders.append(RecordingTransport(VisaTransport(server.resource)))
        return recorders[-1]

    def talk(session):
        session.write("VALUE 7")
        return session.query("VALUE?")

    assert talk(session_to(server, open_transport=open_recorded)) == "7"
    script = ScriptedTransport(recorders[0].exchanges)
    assert talk(session_to("S", open_transport=lambda: script)) == "7"
    script.finish()
    assert "('VALUE 7', None)," in recorders[0].script()
