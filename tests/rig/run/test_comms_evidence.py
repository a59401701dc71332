"""What a failed test leaves of the bus: a capture where the bus was used, nothing where it was not."""

from types import SimpleNamespace
from typing import Any

import pytest

from drivers.meter.errors import BusFailed
from drivers.mstp.capture import read_pcapng
from rig.errors import BenchFault
from rig.run.comms_evidence import keep_bus_capture
from rig.run.events import CaptureKept, Event, Failed
from rig.run.run import Run, RunOptions
from tests.drivers.mstp.tape import Tape

FRAMES = Tape(start_s=1000.0).ring(0, 1).request(0, 1).reply(1, 0).token(0, 1).frames
TEST = "test_x.py::test_value[AI 1]"


class OpenBus:
    settings = SimpleNamespace(mac=0, baud=76800, device="/dev/ttyUSB0")
    last_used_s = 1000.0

    def captured(self):
        return FRAMES


class LostBus(OpenBus):
    def captured(self):
        raise BusFailed("/dev/ttyUSB0", "the device hung up")


@pytest.fixture
def session(tmp_path):
    run: Any = Run(RunOptions("emulated", "certify", out=tmp_path / "out"))
    run.buses = [OpenBus()]
    run.heard = []
    run.events.subscribe(Event, run.heard.append)
    return run


def test_the_last_frames_are_in_the_runs_folder_and_the_record_names_them(session):
    path = keep_bus_capture(session, TEST, 999.0, AssertionError())
    assert path.parent == session.out_folder() / "bus"
    assert path.name == "test_x.py_test_value_AI_1.pcapng"
    assert [seen.octets for seen in read_pcapng(path).frames] == [seen.octets for seen in FRAMES]
    (event,) = session.heard
    assert event == CaptureKept(TEST, len(FRAMES), path)
    assert event.noted().kind == "bus capture"
    assert f"bus/{path.name}" in str(event)


def test_a_test_that_did_not_use_the_bus_leaves_nothing(session):
    assert keep_bus_capture(session, TEST, 1001.0, AssertionError()) is None
    session.buses = []
    assert keep_bus_capture(session, TEST, 0.0, AssertionError()) is None
    assert not (session.out_folder() / "bus").exists()


def test_request_pushed_out_of_the_kept_frames_by_tokens_still_counts(session):
    session.buses[0].captured = lambda: Tape(start_s=1006.0).ring(0, 1).frames
    session.buses[0].last_used_s = 1000.0
    assert keep_bus_capture(session, TEST, 999.0, AssertionError()).exists()


def test_a_bus_that_could_not_be_joined_leaves_what_was_heard(session):
    session.buses = []
    failed = BusFailed("/dev/ttyUSB0", "no token")
    failed.frames = tuple(FRAMES[:2])
    assert len(read_pcapng(keep_bus_capture(session, TEST, 0.0, failed)).frames) == 2


def test_a_port_that_has_ended_has_nothing_to_leave(session):
    session.buses = [LostBus()]
    assert keep_bus_capture(session, TEST, 0.0, AssertionError()) is None


def test_a_record_that_cannot_be_written_does_not_hide_the_test(session):
    def refuse(*_event):
        raise BenchFault("the database is gone")

    session.record = SimpleNamespace(event=refuse)
    assert keep_bus_capture(session, TEST, 0.0, AssertionError()).exists()
    assert session.heard[-1] == Failed("the database is gone", session.heard[-1].error)
