"""E_n numbers: whether two measured values agree within their expanded uncertainties."""

from __future__ import annotations

import math


def e_n(value: float, expanded: float, reference: float, expanded_reference: float) -> float | None:
    """Return (value - reference) / sqrt(U² + U_ref²) (ISO 13528:2022 9.7), all in one unit; None without uncertainty.

    Magnitudes up to 1 agree. Both U are expanded for about 95 %. Where both values come from one reference its
    errors are in both, so that the number is too small: it then shows what changed, not whether both are right.
    """
    together = math.hypot(expanded, expanded_reference)
    return None if together == 0.0 else (value - reference) / together
