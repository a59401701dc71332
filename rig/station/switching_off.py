"""Switch the bench off by ``rig off``, in a process of its own, until it confirms."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_AGAIN_S = 2.0
_HANGS_S = 20.0


@dataclass(frozen=True)
class OffSaid:
    """What ``rig off`` reported: ``confirmed`` by source or guardian, ``by_analyzer`` where that sees no voltage."""

    confirmed: bool
    by_analyzer: bool
    text: str


class SwitchingOff:
    """Runs ``rig off`` again and again until it confirms that the outputs are off; ``look`` is called often.

    A process that hangs for 20 s is ended, and another one started. Nothing waits for it.
    """

    def __init__(self, command: Sequence[str], now_s: Callable[[], float] = time.monotonic) -> None:
        self._command = tuple(command)
        self._now_s = now_s
        self._child: subprocess.Popen[bytes] | None = None
        self._began_s = self._next_s = now_s()
        self.attempts = 0
        self.said: OffSaid | None = None
        """What the last attempt that came to its end reported."""
        self._start()

    @property
    def confirmed(self) -> bool:
        """Whether an attempt has confirmed it."""
        return self.said is not None and self.said.confirmed

    def look(self) -> None:
        """Take the report of an attempt that has ended; begin the next one where it did not confirm."""
        if self.confirmed:
            return
        now_s = self._now_s()
        if self._child is None:
            if now_s >= self._next_s:
                self._start()
            return
        if self._child.poll() is None:
            if now_s - self._began_s > _HANGS_S:
                self._child.kill()
            return
        octets, _ = self._child.communicate()
        self._child, self._next_s = None, now_s + _AGAIN_S
        self.said = _read(octets)

    def _start(self) -> None:
        self.attempts += 1
        self._began_s = self._now_s()
        try:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._child, self._next_s = None, self._began_s + _AGAIN_S
            self.said = OffSaid(False, False, f"rig off could not be started: {error.strerror}")


def _read(octets: bytes) -> OffSaid:
    try:
        report: dict[str, Any] = json.loads(octets)
        confirmed = report["confirmed"] is True
        analyzers = [each.get("dead") for each in report.get("analyzers", ())]
        said = [
            *(f"{each['source']}: {each['details']}" for each in report.get("sources", ())),
            *(f"{each['analyzer']}: {each['details']}" for each in report.get("analyzers", ())),
            *map(str, report.get("not_known", ())),
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return OffSaid(False, False, "rig off gave no report")
    text = "; ".join(said) or "no bench is open or was left on"
    return OffSaid(confirmed, confirmed and bool(analyzers) and all(dead is True for dead in analyzers), text)
