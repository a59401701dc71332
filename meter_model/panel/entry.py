"""A value that is being entered: its text, the digit that blinks, and what each key does with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from meter_model.behaviour.panel_choices import PanelChoices, PanelDigitKeys
from meter_model.panel.keys import Key


class Ending(Enum):
    """How an entry ends."""

    ACCEPTED = auto()
    LEFT = auto()
    """Nothing is stored."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``text`` with the digit at ``position`` blinking, or one of ``options``."""

    text: str
    position: int = 0
    options: tuple[str, ...] = ()


def entry_of(text: str, options: tuple[str, ...], profile: PanelChoices) -> Entry:
    """Begin with the text that is stored."""
    if options:
        return Entry(text, 0, options)
    places = _places(text)
    starts_right = profile.panel_digit_keys is PanelDigitKeys.MINUS_MOVES
    return Entry(text, places[-1 if starts_right else 0])


def pressed(entry: Entry, key: Key, profile: PanelChoices) -> Entry | Ending:
    """Return the entry after a key, or how it has ended."""
    if entry.options:
        return _chosen(entry, key)
    if profile.panel_digit_keys is PanelDigitKeys.MINUS_MOVES:
        match key:
            case Key.PLUS:
                return _turned(entry, 1)
            case Key.MINUS:
                return _moved(entry, -1) or replace(entry, position=_places(entry.text)[-1])
            case Key.ENTER:
                return Ending.ACCEPTED
            case Key.BACK:
                return Ending.LEFT
    match key:
        case Key.PLUS:
            return _turned(entry, 1)
        case Key.MINUS:
            return _turned(entry, -1)
        case Key.ENTER:
            return _moved(entry, 1) or Ending.ACCEPTED
        case Key.BACK:
            return _moved(entry, -1) or Ending.LEFT


def _chosen(entry: Entry, key: Key) -> Entry | Ending:
    if key in (Key.ENTER, Key.BACK):
        return Ending.ACCEPTED if key is Key.ENTER else Ending.LEFT
    place = entry.options.index(entry.text) if entry.text in entry.options else -1
    step = 1 if key is Key.PLUS else -1
    return replace(entry, text=entry.options[(place + step) % len(entry.options)])


def _places(text: str) -> list[int]:
    return [place for place, each in enumerate(text) if each.isdigit()]


def _turned(entry: Entry, step: int) -> Entry:
    digit = (int(entry.text[entry.position]) + step) % 10
    text = f"{entry.text[: entry.position]}{digit}{entry.text[entry.position + 1 :]}"
    return replace(entry, text=text)


def _moved(entry: Entry, step: int) -> Entry | None:
    """Return the entry with the next digit to the right (1) or left (-1), None where there is none."""
    places = _places(entry.text)
    place = places.index(entry.position) + step
    return replace(entry, position=places[place]) if 0 <= place < len(places) else None
