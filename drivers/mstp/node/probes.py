"""Addresses that a master polls once each while it holds the token, beyond its Max_Master too; for a diagnosis.

A master that answers is given the token, as clause 9.5.6.6 says (ReceivedReplyToPFM). When the token has come round,
the token goes to the former successor again: the ring is left as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class Probes:
    """Addresses still to be polled, the one being polled (``current``), and the results."""

    def __init__(self) -> None:
        self.current: int | None = None
        self.answered: dict[int, bool] = {}
        self._waiting: deque[int] = deque()
        self._former: int | None = None

    @property
    def left(self) -> int:
        """How many addresses have not been polled yet."""
        return len(self._waiting) + (self.current is not None)

    @property
    def waits(self) -> bool:
        """Whether there is one to be polled with the token held now."""
        return bool(self._waiting) and self._former is None

    def order(self, addresses: Iterable[int]) -> None:
        """Have these addresses polled."""
        self._waiting.extend(addresses)

    def begin(self) -> int:
        """Return the address to be polled now."""
        self.current = self._waiting.popleft()
        return self.current

    def end(self, answered: bool, former: int | None = None) -> None:
        """Note the result of the poll; ``former`` is the successor before the one that answered."""
        if self.current is not None:
            self.answered[self.current] = answered
            self._former = former if answered else None
            self.current = None

    def give_back(self) -> None:
        """The poll was disturbed: it is made again later."""
        if self.current is not None:
            self._waiting.append(self.current)
            self.current = None

    def take_former(self) -> int | None:
        """Return the successor to go back to, once."""
        former, self._former = self._former, None
        return former
