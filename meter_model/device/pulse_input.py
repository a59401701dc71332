"""The pulse input: closures of a contact are counted, those shorter than 20 ms are not (manual pages 2 and 26)."""

from __future__ import annotations

import heapq

MINIMUM_PULSE_S = 0.020
"""A contact that has changed is believed after so long, whether it closed or opened."""

LARGEST_COUNT = 4294967040
"""The most that AI29 reads: the largest float32 below 2**32."""

_ROLL_OVER = 2**32
_ROUNDING_S = 1e-9


class PulseInput:
    """One contact, open at first. Changes are announced ahead and happen as time passes."""

    def __init__(self) -> None:
        self.count = 0
        self._now_s = 0.0
        self._coming: list[tuple[float, int, bool]] = []
        self._announced = 0
        self._is_closed = self._believed_closed = False
        self._changed_s = 0.0

    def change(self, closed: bool, in_s: float = 0.0) -> None:
        """Close or open the contact ``in_s`` seconds (not negative) from now."""
        if in_s < 0.0:
            raise ValueError(f"the contact cannot change {-in_s:g} s ago")
        heapq.heappush(self._coming, (self._now_s + in_s, self._announced, closed))
        self._announced += 1

    def advance(self, dt_s: float, is_powered: bool = True) -> None:
        """Let ``dt_s`` pass; a meter without power counts nothing."""
        end_s = self._now_s + dt_s
        while self._coming and self._coming[0][0] <= end_s:
            at_s, _, closed = heapq.heappop(self._coming)
            self._live_until(at_s, is_powered)
            if closed != self._is_closed:
                self._is_closed, self._changed_s = closed, at_s
        self._live_until(end_s, is_powered)

    def power_up(self, count: int) -> None:
        """Begin with a count and take the contact as it stands: what closed while the meter was off is no pulse."""
        self.count = count
        self._believed_closed = self._is_closed

    def _live_until(self, at_s: float, is_powered: bool) -> None:
        has_settled = at_s - self._changed_s >= MINIMUM_PULSE_S - _ROUNDING_S
        if is_powered and has_settled and self._is_closed != self._believed_closed:
            self._believed_closed = self._is_closed
            self.count = (self.count + self._believed_closed) % _ROLL_OVER
        self._now_s = at_s
