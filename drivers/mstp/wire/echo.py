"""Remove own octets that come back: many RS-485 adapters receive what they send."""

from __future__ import annotations

from collections import deque

from drivers.mstp.settings import EchoMode

_PATIENCE_S = 0.100
"""An echo comes with what a USB adapter's latency adds, 16 ms as a rule; after this long it counts as missing."""
_TELLING_OCTETS = 5
"""Preamble, type, destination and source: no other station sends these just now."""
_FRAMES_TO_DECIDE = 5


class EchoFilter:
    """Compares what is heard with what was sent. Times are seconds on any one clock.

    ``is_echoing`` is None until it is known. ``damaged`` counts own frames of an echoing adapter that came back changed
    or not at all: another station talked at the same time, or the adapter did not drive the line.
    """

    def __init__(self, mode: EchoMode) -> None:
        self.is_echoing: bool | None = {"on": True, "off": False, "detect": None}[mode]
        self.damaged = 0
        self._expected: deque[tuple[bytes, float]] = deque()
        self._held = b""
        self._without_echo = 0

    def sent(self, octets: bytes, end_s: float, now_s: float) -> None:
        """Learn of an own frame whose last octet leaves at ``end_s``."""
        self._give_up_late_ones(now_s)
        if self.is_echoing is not False:
            self._expected.append((octets, end_s))

    def heard(self, octets: bytes, now_s: float) -> bytes:
        """Return what of the octets read at ``now_s``, and of those kept back before, others have sent.

        Octets that begin like the expected echo are kept back until they are identified as echo, or not.
        """
        if self._expected:
            self._give_up_late_ones(now_s)
        if not self._expected:
            octets, self._held = self._held + octets, b""
            return octets
        left, others = self._held + octets, bytearray()
        while left and self._expected:
            expected = self._expected[0][0]
            same = _common_prefix(left, expected)
            if same == len(expected):
                self._found()
                left = left[same:]
            elif same == len(left):
                break
            elif same >= _TELLING_OCTETS:
                self.damaged += 1
                self._found()
                left = left[same:]
            else:
                start = left.find(expected[:1], 1)
                end = len(left) if start < 0 else start
                others += left[:end]
                left = left[end:]
        if self._expected:
            self._held = left
        else:
            self._held = b""
            others += left
        return bytes(others)

    def _found(self) -> None:
        self.is_echoing = True
        self._expected.popleft()

    def _give_up_late_ones(self, now_s: float) -> None:
        while self._expected and now_s > self._expected[0][1] + _PATIENCE_S:
            self._expected.popleft()
            if self.is_echoing:
                self.damaged += 1
                continue
            self._without_echo += 1
            if self._without_echo >= _FRAMES_TO_DECIDE:
                self.is_echoing = False
                self._expected.clear()


def _common_prefix(left: bytes, right: bytes) -> int:
    if left.startswith(right):
        return len(right)
    if right.startswith(left):
        return len(left)
    return next(index for index, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
