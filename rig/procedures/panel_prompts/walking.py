"""Which keys lead from one place of the panel to another, found by pressing the keys of its model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from meter_model.behaviour.panel_choices import PanelDigitKeys
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.panel.keys import Key
from meter_model.panel.panel import Menu, Panel, Password, Place, Setting

Keys = tuple[Key, ...]

_MOST_PLACES = 5000
_ORDER = (Key.PLUS, Key.ENTER, Key.MINUS, Key.BACK)
_HOME = (Key.BACK,) * 8
"""Leaves any menu: five digits of an entry, its heading, the menu, and one column of the main menu."""


def home() -> Keys:
    """Return the keys that lead from anywhere into the main menu, to the first column of some row."""
    return _HOME


def keys_to(panel: Panel, is_there: Callable[[Place], bool]) -> Keys:
    """Return the fewest keys to a place, and leave the panel there; raises ValueError where none is found.

    Of ways of the same length it takes the one that PLUS and ENTER lead. An entry is passed with what it shows, so that
    nothing is stored on the way.
    """
    start = panel.place
    waiting: deque[tuple[Place, Keys]] = deque([(start, ())])
    seen = {start}
    while waiting and len(seen) < _MOST_PLACES:
        place, keys = waiting.popleft()
        if is_there(place):
            panel.place = place
            return keys
        for key in (Key.ENTER, Key.BACK) if isinstance(place, Password | Setting) else _ORDER:
            panel.place = place
            panel.press(key)
            if panel.place not in seen:
                seen.add(panel.place)
                waiting.append((panel.place, (*keys, key)))
    panel.place = start
    raise ValueError("no keys lead there")


def keys_to_menu(panel: Panel, row: int, column: int) -> Keys:
    """Return the keys to a screen of the main menu from another one."""
    return keys_to(panel, lambda place: place == Menu(row, column))


def typing(shown: str, wanted: str, profile: BehaviourProfile) -> Keys:
    """Return the keys that turn the digits that are shown into those that are wanted, and accept them."""
    turns = [
        (int(new) - int(old)) % 10 for old, new in zip(shown, wanted, strict=True) if old.isdigit() and new.isdigit()
    ]
    keys: list[Key] = []
    if profile.panel_digit_keys is PanelDigitKeys.MINUS_MOVES:
        for turn in reversed(turns):
            keys += [Key.PLUS] * turn + [Key.MINUS]
        return (*keys[:-1], Key.ENTER)
    for turn in turns:
        keys += ([Key.PLUS] * turn if turn <= 5 else [Key.MINUS] * (10 - turn)) + [Key.ENTER]
    return tuple(keys)
