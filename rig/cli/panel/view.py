"""The picture of a front panel in the terminal, drawn again four times a second, and the keyboard as its keys."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterator
from types import ModuleType

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from rig.operator.panel_link import PanelLink, PanelView

termios: ModuleType | None
try:
    import termios
    import tty
except ImportError:  # Windows: the panel is shown, and --key presses keys
    termios = None

_EVERY_S = 0.25
_WIDTH = 26
_SIGNS = {"heart": "♥", "alert": "▲", "wrench": "wrench"}
_KEYS = {
    b"+": "PLUS", b"\x1b[A": "PLUS", b"-": "MINUS", b"\x1b[B": "MINUS",
    b"\r": "ENTER", b"\n": "ENTER", b"\x1b[C": "ENTER",
    b"\x7f": "BACK", b"\x08": "BACK", b"\x1b[D": "BACK", b"\x1b": "BACK",
}  # fmt: skip
_ENDS = (b"q", b"Q", b"\x03", b"\x04")
_HELP = "+ -  Enter  Backspace (or the arrows);  q ends"


def picture(title: str, view: PanelView) -> Group:
    """Draw the display: icons, label, value and unit; the digit that is being set is inverse."""
    icons = "  ".join(sign for name, sign in _SIGNS.items() if name in view.icons)
    value = Text(view.value, style="bold", justify="right")
    if view.blinking is not None:
        value.stylize("reverse", view.blinking, view.blinking + 1)
    lines = (
        Text(icons or " "),
        Text(view.label if view.is_on else "no control power"),
        value,
        Text(view.unit or " ", justify="right"),
    )
    return Group(Text(title), Panel(Group(*lines), width=_WIDTH, box=box.ROUNDED, style="blue"))


def watch_panel(link: PanelLink, meter: int, title: str, console: Console) -> None:
    """Show the panel until q or Ctrl-C; the keys of the keyboard press its keys."""
    with _keyboard() as descriptor, Live(console=console, auto_refresh=False) as live:
        while True:
            shown = picture(title, link.view(meter))
            live.update(
                Group(shown, Text(_HELP if descriptor is not None else "Ctrl-C ends", style="dim")), refresh=True
            )
            for key in _typed(descriptor):
                if key in _ENDS:
                    return
                if key in _KEYS:
                    link.press(meter, _KEYS[key])


def _typed(descriptor: int | None) -> list[bytes]:
    """Return what was typed within a quarter of a second; without a keyboard only wait."""
    if descriptor is None:
        time.sleep(_EVERY_S)
        return []
    if not select.select([descriptor], [], [], _EVERY_S)[0]:
        return []
    read = os.read(descriptor, 64)
    keys = []
    while read:
        size = 3 if read.startswith(b"\x1b[") else 1
        keys.append(read[:size])
        read = read[size:]
    return keys or [_ENDS[0]]


@contextlib.contextmanager
def _keyboard() -> Iterator[int | None]:
    """Give the terminal's descriptor with keys coming one by one; None where there is no keyboard."""
    if termios is None or not sys.stdin or not sys.stdin.isatty():
        yield None
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
