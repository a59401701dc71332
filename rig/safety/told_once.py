"""What the supervisor tells, with the end told once: on the way down each place that must be sure of it asks again."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, str], None]
"""Called with the kind of an event and its text."""


def told_once(tell: Tell) -> Tell:
    """Return what passes events on to ``tell``, but no "safe" after a "safe": nothing was switched on between."""
    last = ""

    def on_event(kind: str, text: str) -> None:
        nonlocal last
        is_repeated = kind == last == "safe"
        last = kind
        if not is_repeated:
            tell(kind, text)

    return on_event
