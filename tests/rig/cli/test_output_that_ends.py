"""An output that is gone or full: what prints without end stops, and the exit code says what was lost."""

import contextlib
import os
from types import SimpleNamespace

import pytest

from rig.cli.bus.capture import capture_bus
from rig.cli.bus.watch import watch_bus
from rig.cli.hold_view import View
from rig.cli.shared import output as _output
from rig.cli.shared.endings import with_lost_output
from rig.errors import BenchFault
from rig.load_point import LoadPoint
from rig.procedures.hold import Followed, Moment

LISTENER = SimpleNamespace(baud=76800, device="/dev/ttyX")
OUTPUTS = {
    "closed pipe": (0, "the reader of the output has gone"),
    "full disk": (10, "the output cannot be written (No space left on device)"),
}


@contextlib.contextmanager
def ended_output(kind):
    """A standard output that takes nothing, within this context."""
    _output.prepare_streams()
    if kind == "full disk":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        yield
    _output.prepare_streams()


def moment(note=""):
    followed = tuple(Followed(i, f"AI{i}", "V", 100.0, 100.0, None) for i in (70, 71, 72, 73, 74, 75, 11, 18))
    return Moment(1.0, followed, (None,) * 3, (), (note,) if note else ())


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_holding_is_ended_once_and_told_why(kind, as_json):
    gone = []
    # With JSON what people read goes to standard error, which the view gives up too.
    with os.fdopen(os.dup(2), "w") as errors, contextlib.redirect_stderr(errors), ended_output(kind):
        with View(LoadPoint(277.0, 20.0, 0.0), as_json, gone.append) as view:
            for _ in range(3):
                view.show(moment())
        code, why = OUTPUTS[kind]
        assert gone == [why]
        assert (with_lost_output(0), with_lost_output(13)) == (code, 13)


def test_a_text_from_a_meter_moves_no_cursor(capsys):
    with View(LoadPoint(277.0, 20.0, 0.0), False, lambda _why: None) as view:
        view.show(moment("the meter said \x1b[2J"))
    assert "\x1b" not in capsys.readouterr().out


def hears(times):
    """A bus on which nothing is heard, for so many looks."""
    return SimpleNamespace(hear=lambda _listener: iter([None] * times))


@pytest.mark.parametrize("kind", OUTPUTS)
def test_watching_a_bus_ends_when_its_output_does(kind):
    looks = iter([None] * 50)
    with ended_output(kind):
        watch_bus(LISTENER, "a bus", SimpleNamespace(hear=lambda _listener: looks), 0.0, as_json=True)
        assert with_lost_output(0) == OUTPUTS[kind][0]
    assert len(list(looks)) >= 48


def test_watching_a_bus_goes_on_while_its_output_is_read(capsys):
    _output.prepare_streams()
    watch_bus(LISTENER, "a bus", hears(5), 0.0, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_a_capture_on_a_full_disk_names_the_file_and_what_it_holds(tmp_path):
    full = tmp_path / "full.pcapng"
    full.symlink_to("/dev/full")
    with pytest.raises(BenchFault, match=r"full.pcapng: No space left on device; it holds the first 0 frames"):
        capture_bus(LISTENER, "a bus", full, hears(1), None)
