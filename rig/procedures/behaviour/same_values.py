"""Compare two readings of a meter: equal on the wire, or to the resolution of a float32."""

from __future__ import annotations

import math
import struct

_REAL = struct.Struct("<f")


def same_real(one: float, other: object) -> bool:
    """Whether two numbers are one and the same on the wire, where a REAL has 24 bits; NaN is the same as NaN."""
    if not isinstance(other, int | float):
        return False
    try:
        return _REAL.pack(one) == _REAL.pack(other)
    except OverflowError:
        return one == other


def same(one: float, other: float, rel: float = 1e-6) -> bool:
    """Whether two readings are the same number to float32's resolution, QNAN too."""
    return math.isclose(one, other, rel_tol=rel) or (math.isnan(one) and math.isnan(other))
