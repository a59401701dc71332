"""Lock the memory of a process in RAM, so that it needs nothing from the disk when it has to act."""

from __future__ import annotations

import ctypes
import sys

_MCL_CURRENT = 1


def lock_memory() -> bool:
    """Hold what is loaded now in RAM, where the system permits (mlockall, MCL_CURRENT); returns whether it did.

    What is loaded later is not held: MCL_FUTURE would have every later request for memory fail at the limit.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT) == 0)
    except (OSError, AttributeError):
        return False
