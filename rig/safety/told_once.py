"""Report the supervisor's events, a repeated "safe" once only: several places on the way down confirm it."""

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
