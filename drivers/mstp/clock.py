"""The clock of all stamps: monotonic, the same in all processes, with one offset to wall time."""

from __future__ import annotations

import time

from drivers.mstp.host import monotonic_s

__all__ = ["monotonic_s", "wall_offset_s"]


def wall_offset_s() -> float:
    """Return what is to be added to ``monotonic_s`` for seconds since 1970 (UTC), as the system's clock stands now.

    Take it once for each file or record: two offsets differ where the system's clock was set in between.
    """
    return time.time() - monotonic_s()
