"""The front panel of an emulated meter beside the prompts: a thread looks at it, since its bench may be slow."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from drivers.errors import RigError
from rig.operator.panel_link import PanelLink, PanelView

KEYS = ("PLUS", "MINUS", "ENTER", "BACK")

_LOOK_EVERY_S = 0.4


class PanelWatch:
    """Follows the panel of the meter at one position while ``look_at`` names one; ``view`` is what it showed last.

    ``where`` gives the control endpoint and the number of the meter at a position, None on a real bench.
    """

    def __init__(self, where: Callable[[str], tuple[str, int] | None]) -> None:
        self.view: PanelView | None = None
        self._where = where
        self._position: str | None = None
        self._changed = threading.Event()
        self._pressed: list[str] = []
        threading.Thread(target=self._follow, name="panel", daemon=True).start()

    def look_at(self, position: str | None) -> None:
        """Follow the panel at ``position`` from now on, None for none."""
        if position != self._position:
            self._position, self.view = position, None
            self._pressed.clear()
            self._changed.set()

    def press(self, key: str) -> None:
        """Press a key of the panel that is followed; one that it has not is ignored."""
        if key in KEYS:
            self._pressed.append(key)
            self._changed.set()

    def _follow(self) -> None:
        while True:
            self._changed.wait(None if self._position is None else _LOOK_EVERY_S)
            self._changed.clear()
            position = self._position
            found = self._find(position) if position is not None else None
            if position == self._position:
                self.view = found

    def _find(self, position: str) -> PanelView | None:
        with contextlib.suppress(RigError, OSError, KeyError):
            where = self._where(position)
            if where is not None:
                endpoint, meter = where
                keys, self._pressed = self._pressed, []
                with PanelLink(endpoint) as link:
                    return link.press(meter, *keys) if keys else link.view(meter)
        return None
