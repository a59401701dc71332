"""The picture of the panel, and the keyboard as its keys."""

from __future__ import annotations

import os

import pytest
from rich.console import Console

from rig.cli.panel import view
from rig.operator.panel_link import PanelView

SHOWN = PanelView(("MAC", "001", ""), ("heart", "alert", "wrench"), "MAC", "", "", "001", "", 1, is_on=True)
DARK = PanelView(("", "", ""), (), "", "", "", "", "", None, is_on=False)


def drawn(shown):
    console = Console(width=60, color_system=None, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(view.picture("bench b, meter 1", shown))
    return console.export_text()


def test_picture_has_title_icons_label_and_value():
    text = drawn(SHOWN)
    assert all(each in text for each in ("bench b, meter 1", "♥", "▲", "wrench", "MAC", "001"))


def test_dark_panel_says_why_it_is_dark():
    assert "no control power" in drawn(DARK)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (b"+", ["PLUS"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", ["PLUS", "MINUS", "ENTER", "BACK"]),
        (b"\n\x7f-", ["ENTER", "BACK", "MINUS"]),
        (b"x", [None]),
    ],
)
def test_keyboard_gives_the_panels_keys(typed, keys):
    reading, writing = os.pipe()
    os.write(writing, typed)
    os.close(writing)
    assert [view._KEYS.get(key) for key in view._typed(reading)] == keys
    assert view._typed(reading) == [b"q"]  # the input has ended
    os.close(reading)
