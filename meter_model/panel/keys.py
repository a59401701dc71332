"""The panel's four keys and the words for them."""

from __future__ import annotations

from enum import StrEnum


class Key(StrEnum):
    """One key (manual pages 11 and 16); the arrows are those of the keys to the right and to the left."""

    PLUS = "PLUS"
    MINUS = "MINUS"
    ENTER = "ENTER"
    """Goes to the right: into a menu, to the next digit, and accepts."""
    BACK = "BACK"
    """Goes to the left: to the digit before, and out of a menu."""


_WORDS = {
    "+": Key.PLUS,
    "UP": Key.PLUS,
    "-": Key.MINUS,
    "DOWN": Key.MINUS,
    "RIGHT": Key.ENTER,
    "NEXT": Key.ENTER,
    "LEFT": Key.BACK,
    "ESC": Key.BACK,
    **{each.value: each for each in Key},
}


def key_named(word: str) -> Key:
    """Return the key that a word means; raises ValueError with the names of all keys."""
    key = _WORDS.get(word.strip().upper())
    if key is None:
        raise ValueError(f"{word!r} is no key of the panel; they are {', '.join(Key)}")
    return key
