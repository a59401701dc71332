"""The percentage error of a meter against the reference."""

from __future__ import annotations

import math

from drivers.errors import RigError


class ErrorNotDefined(RigError):
    """A percentage error does not exist: the reference is zero or a value is no number.

    ``quantity`` names it, ``reading`` is what the meter read, ``reference`` what the reference said (same unit).
    """

    def __init__(self, quantity: str, reading: float, reference: float, why: str) -> None:
        super().__init__(
            f"{quantity}: no percentage error of {reading:g} against {reference:g}: {why}; "
            "judge this quantity only where the reference is not zero"
        )
        self.quantity = quantity
        self.reading = reading
        self.reference = reference


def percentage_error(reading: float, reference: float, *, quantity: str = "reading") -> float:
    """Return (reading - reference) / reference in percent; positive = the meter reads too much of what there is.

    ``reading`` and ``reference`` share a unit and carry their signs (export negative). With a negative reference the
    error is still positive where the meter reads too large a magnitude. Raises ErrorNotDefined where either value is
    not finite or the reference is zero. As IEC 62052-11 defines it.
    """
    if not (math.isfinite(reading) and math.isfinite(reference)):
        raise ErrorNotDefined(quantity, reading, reference, "a value is not a finite number")
    if reference == 0.0:
        raise ErrorNotDefined(quantity, reading, reference, "the reference is zero")
    return 100.0 * (reading - reference) / reference
