"""Keys of rows, unique in any database: UUIDs of version 7 (RFC 9562, 5.7), which sort by the time they state."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

_FRACTION_BITS = 12
_RANDOM_BITS = 62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_lock = threading.Lock()
_last_tick = 0


def new_uid() -> str:
    """Return a new key, in its usual form of 36 characters; one process makes them in rising order.

    The 12 bits after the milliseconds are their fraction (RFC 9562, 6.2, method 3), raised by one where the clock has
    not moved or went back.
    """
    global _last_tick
    milliseconds, fraction = divmod(time.time_ns(), 1_000_000)
    tick = (milliseconds << _FRACTION_BITS) | ((fraction << _FRACTION_BITS) // 1_000_000)
    with _lock:
        _last_tick = tick = max(tick, _last_tick + 1)
    return _uid(tick, secrets.randbits(_RANDOM_BITS))


def uid_of(time_utc: datetime | None, text: str) -> str:
    """Return the key that follows from ``text``, always the same; ``time_utc``: what it states, None for 1970."""
    milliseconds = max(0, ((time_utc or _EPOCH) - _EPOCH) // timedelta(milliseconds=1))
    bits = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16])
    fraction = bits >> _RANDOM_BITS & ((1 << _FRACTION_BITS) - 1)
    return _uid(milliseconds << _FRACTION_BITS | fraction, bits & ((1 << _RANDOM_BITS) - 1))


def _uid(tick: int, random: int) -> str:
    """Put a key together; ``tick``: milliseconds since 1970 and 12 bits after them."""
    milliseconds, fraction = tick >> _FRACTION_BITS, tick & ((1 << _FRACTION_BITS) - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << _RANDOM_BITS | random))
