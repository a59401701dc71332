"""Bench time, and the process that a bench file launches."""

import json
import os
import socketserver
import sys
import threading
import time

import pytest

from rig.bench.clock import EndpointClock, WallClock
from rig.bench.launch import LaunchedProcess
from rig.errors import BenchFault


class FakeClockServer(socketserver.ThreadingTCPServer):
    """Lets bench time pass when asked; answers nonsense or hangs up on demand."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.asked = []
        self.bench_time_s = 100.0
        self.reply = None
        self.spends_at_most_s = None
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    question = json.loads(line)
                    server.asked.append(question)
                    server.bench_time_s += question.get("sleep_s", 0.0)
                    if server.reply == b"":
                        return
                    said = {"bench_time_s": server.bench_time_s}
                    if server.spends_at_most_s:
                        said["left_s"] = max(0.0, question.get("sleep_s", 0.0) - server.spends_at_most_s)
                    answer = json.dumps(said).encode()
                    self.wfile.write((server.reply or answer) + b"\n")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server():
    server = FakeClockServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def clock(server):
    clock = EndpointClock(server.endpoint)
    yield clock
    clock.close()


def test_long_sleep_is_spent_in_slices_with_progress_after_each(server):
    beats = []
    clock = EndpointClock(server.endpoint, lambda: beats.append(1))
    clock.sleep(1.7)
    assert [q["sleep_s"] for q in server.asked] == pytest.approx([0.5, 0.5, 0.5, 0.2])
    assert len(beats) == 4
    assert clock.now_s() == pytest.approx(101.7)
    clock.close()


def test_an_endpoint_that_tells_what_is_left_is_asked_for_all_of_it(server, clock):
    server.spends_at_most_s = 4000.0
    clock.sleep(10_000.0)
    assert [q["sleep_s"] for q in server.asked] == pytest.approx([0.5, 9999.5, 5999.5, 1999.5])
    assert all(0.0 < q["within_s"] <= 0.5 for q in server.asked)


def test_no_time_is_no_question(server, clock):
    clock.sleep(0.0)
    assert server.asked == []


@pytest.mark.parametrize(("reply", "says"), [(b"", "lost"), (b"nonsense", "not understood"), (b"{}", "not understood")])
def test_a_clock_that_fails_is_a_fault_and_its_late_answer_is_never_used(server, clock, reply, says):
    server.reply = reply
    with pytest.raises(BenchFault, match=says):
        clock.sleep(0.1)
    server.reply = None
    with pytest.raises(BenchFault, match="lost"):
        clock.now_s()


@pytest.mark.parametrize(
    ("reply", "spells"),
    [(b'{"late": [[1.0, 1.25], [2, 3]]}', ((1.0, 1.25), (2.0, 3.0))), (b'{"error": "what?"}', ()), (None, ())],
)
def test_an_endpoint_tells_when_its_bench_was_late_or_does_not_know(server, clock, reply, spells):
    server.reply = reply
    assert clock.late_spells(0.5) == spells
    assert server.asked[-1] == {"late_since": 0.5}
    server.reply = None
    clock.now_s()


def test_lateness_that_is_no_lateness_is_a_fault(server, clock):
    server.reply = b'{"late": [1.0]}'
    with pytest.raises(BenchFault, match="not understood"):
        clock.late_spells(0.5)


def test_a_wall_clock_has_no_lateness_to_tell():
    assert WallClock().late_spells(0.0) == ()


def test_a_clock_that_is_not_there_is_named():
    with pytest.raises(BenchFault, match=r"tcp://127.0.0.1:1 does not answer"):
        EndpointClock("tcp://127.0.0.1:1")


def test_the_wall_clock_sleeps_and_shows_progress():
    beats = []
    clock = WallClock(lambda: beats.append(1))
    before = clock.now_s()
    clock.sleep(0.02)
    assert clock.now_s() - before >= 0.02
    assert beats == [1]


def test_an_endless_sleep_is_refused():
    with pytest.raises(ValueError, match="cannot sleep"):
        WallClock().sleep(float("nan"))


READY = "import sys, json; print(json.dumps({'a': 1}), flush=True); sys.stdin.read()"


def launched(tmp_path, code, timeout_s=10.0):
    return LaunchedProcess([sys.executable, "-c", code], timeout_s, tmp_path / "errors.log")


@pytest.mark.realtime
def test_a_launched_process_gives_its_endpoints_and_ends_with_its_input(tmp_path):
    process = launched(tmp_path, READY)
    assert process.endpoints == {"a": 1}
    assert process.alive()
    process.close()
    assert not process.alive()


@pytest.mark.realtime
def test_a_launched_process_lives_as_long_as_anyone_holds_the_lifeline(tmp_path):
    process = launched(tmp_path, READY)
    other = os.dup(process.lifeline)
    os.close(process.lifeline)
    process.lifeline = None
    time.sleep(0.2)
    assert process.alive()
    os.close(other)
    process.close()
    assert not process.alive()


@pytest.mark.realtime
def test_a_process_that_dies_is_shown_with_its_last_words(tmp_path):
    with pytest.raises(BenchFault, match=r"ended with status 3 before it was ready(.|\n)*no such bus"):
        launched(tmp_path, "import sys; print('no such bus', file=sys.stderr); sys.exit(3)")


@pytest.mark.realtime
def test_a_process_that_says_nothing_is_ended_at_the_deadline(tmp_path):
    with pytest.raises(BenchFault, match=r"did not say within 0.3 s"):
        launched(tmp_path, "import sys; sys.stdin.read()", timeout_s=0.3)


@pytest.mark.realtime
def test_a_process_that_says_something_else_is_refused(tmp_path):
    with pytest.raises(BenchFault, match="said 'hello' where one JSON object"):
        launched(tmp_path, "import sys; print('hello', flush=True); sys.stdin.read()")


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BenchFault, match="cannot start '/no/such/program'"):
        LaunchedProcess(["/no/such/program"], 1.0, tmp_path / "errors.log")
