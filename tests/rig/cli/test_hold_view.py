"""The table of ``rig hold``: it never says that an output is on when it is not."""

import io

import pytest
from rich.console import Console

from rig.cli import hold_view as _hold_view
from rig.cli.hold_view import View, plain_line
from rig.events import SwitchedOff
from rig.load_point import LoadPoint
from rig.procedures.hold import Followed, Moment

POINT = LoadPoint(277.0, 20.0, 0.0)


def moment(reference=101.0, read=None):
    instances = (70, 71, 72, 73, 74, 75, 11, 18)
    return Moment(
        12.34, tuple(Followed(i, f"AI{i}", "V", 100.0, reference, read) for i in instances), (None,) * 3, (), ()
    )


@pytest.fixture
def screen(monkeypatch):
    """A terminal, and what is on it."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=50, color_system=None, legacy_windows=False)
    monkeypatch.setattr(_hold_view, "make_console", lambda **_: console)
    return out


def last_title(screen):
    return [line for line in screen.getvalue().splitlines() if POINT.label in line][-1]


@pytest.mark.parametrize(
    "end", ["finish", SwitchedOff(True, ("off",)), SwitchedOff(False, ("THE ANALYZER STILL SEES 277 V",))]
)
def test_once_it_is_over_the_table_does_not_say_that_the_output_is_on(screen, end):
    with View(POINT, False, lambda _why: None) as view:
        view.show(moment())
        assert "OUTPUT ON" in last_title(screen)
        if end == "finish":
            view.finish()
        else:
            view.hear(end)
        assert "OUTPUT ON" not in last_title(screen)
        assert "last seen" in last_title(screen)


def test_an_error_leaves_no_table_that_says_so_either(screen):
    def breaks():
        with View(POINT, False, lambda _why: None) as view:
            view.show(moment())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks()
    assert "OUTPUT ON" not in last_title(screen)


def test_line_shows_the_reference_or_without_one_what_was_asked_for():
    assert "U 101.000 / 101.000 / 101.000 V" in plain_line(moment())
    assert "meter P 102.010 kW (+1.000 %)" in plain_line(moment(read=102.01))
    assert "U set to 100.000" in plain_line(moment(reference=None))
    assert "meter P QNAN kW (–)" in plain_line(moment(read=float("nan")))
