"""Demand: block, rolling and sync-to-comms (manual pages 17, 23, 24 and 26)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile, MaximumReactiveDirection, RollingStart


class Demand:
    """Present demand AI19 to AI21 and maximum demand AI22 to AI27, in kW, kvar and kVA.

    A demand interval is 1 to 6 sub-intervals; present demand is the mean power over the last completed ones and is
    renewed at the end of each sub-interval. Maximum import is the largest mean with P (or Q) positive, maximum export
    the largest with it negative; apparent demand follows the direction of P, reactive too if the profile says so.
    """

    def __init__(self, subintervals: int, subinterval_s: float, profile: BehaviourProfile = DEFAULT) -> None:
        self._profile = profile
        self._maxima = [0.0] * 6
        self.reconfigure(subintervals, subinterval_s)

    def reconfigure(self, subintervals: int, subinterval_s: float) -> None:
        """Restart with another interval (0 s = sync-to-comms): present demand is reset, maximum demand kept."""
        self._subinterval_s = subinterval_s
        self._interval_length = subintervals if subinterval_s else 1
        self._completed: deque[tuple[float, float, float]] = deque(maxlen=self._interval_length)
        self._sums = [0.0, 0.0, 0.0]
        self._elapsed_s = 0.0
        self._present = [0.0, 0.0, 0.0]

    def add(self, p_w: float, q_var: float, s_va: float, duration_s: float = 1.0) -> bool:
        """Add one update's mean powers; return whether a sub-interval of the configured length is complete."""
        for index, power in enumerate((p_w, q_var, abs(s_va))):
            self._sums[index] += power * duration_s / 1000.0
        self._elapsed_s += duration_s
        if self._subinterval_s and self._elapsed_s >= self._subinterval_s - 1e-6:
            self.end_subinterval()
            return True
        return False

    @property
    def running_s(self) -> float:
        """How much longer the running sub-interval lasts; infinite in sync-to-comms mode."""
        return self._subinterval_s - self._elapsed_s if self._subinterval_s else math.inf

    def end_subinterval(self) -> None:
        """Complete the running sub-interval now: by its own length, or by 21211 in sync-to-comms mode."""
        if not self._elapsed_s:
            return
        p, q, s = (each / self._elapsed_s for each in self._sums)
        self._completed.append((p, q, s))
        self._sums = [0.0, 0.0, 0.0]
        self._elapsed_s = 0.0
        is_whole = self._profile.rolling_start is RollingStart.FULL_INTERVAL
        count = self._interval_length if is_whole else len(self._completed)
        self._present = [sum(each[index] for each in self._completed) / count for index in range(3)]
        self._raise_maxima()

    def reset_maxima(self) -> None:
        """Set maximum demand to present demand (21212)."""
        self._maxima = [0.0] * 6
        self._raise_maxima()

    def restore_maxima(self, maxima: Sequence[float]) -> None:
        """Take over what ``maxima`` gave, from non-volatile memory."""
        self._maxima = list(maxima)

    def present(self) -> list[float]:
        """Return AI19 to AI21."""
        return list(self._present)

    def maxima(self) -> list[float]:
        """Return AI22 to AI27: import P, Q, S, then export P, Q, S."""
        return list(self._maxima)

    def _raise_maxima(self) -> None:
        p, q, s = self._present
        importing = p >= 0.0
        reactive = q
        if self._profile.maximum_reactive_direction is MaximumReactiveDirection.SIGN_OF_P:
            reactive = abs(q) if importing else -abs(q)
        candidates = (p, reactive, s if importing else 0.0, -p, -reactive, 0.0 if importing else s)
        self._maxima = [max(old, new) for old, new in zip(self._maxima, candidates, strict=True)]
