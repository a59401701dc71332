"""No-load and starting tests on registers: permitted energy, how long the test takes, and what its budget holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rig.metrology.registers import float_step, gate_energy, step_seen
from rig.metrology.uncertainty import Component

STEPS_IN_PERMITTED = 4.0
"""The energy that a no-load test permits is at least so many steps of the register: then one step proves nothing."""

_STILL_COUNTS = 0.2
"""A part of the starting test counts nothing where it has less than this part of the mean advance of all parts."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """What a register may count without current: mean ``power_w`` on the primary side (W, var), for ``least_s`` s."""

    power_w: float
    least_s: float

    def energy(self, duration_s: float) -> float:
        """Return the energy that is permitted in so many seconds, in kWh (kvarh)."""
        return self.power_w * duration_s / 3.6e6

    def needed_s(self, step: float) -> float:
        """Return how long the test takes for a register of ``step`` (kWh, kvarh), s; infinite where it has none."""
        if not math.isfinite(step):
            return math.inf
        return max(self.least_s, STEPS_IN_PERMITTED * step * 3.6e6 / self.power_w)


def without_current(
    step: float, permitted: float, duration_s: float, update_s: float, advance: float = 0.0
) -> tuple[Component, ...]:
    """Return the budget of a no-load test in percent of the ``permitted`` energy (unit of ``step`` and ``advance``).

    The register may have been anywhere in its step at both ends; its readings are one update old at most.
    """
    return (
        Component.triangular("register quantisation", 100.0 * step / permitted),
        aged(duration_s, update_s, advance / permitted),
    )


def power_shown(readings_w: Sequence[float], permitted_w: float, reference_w: float) -> tuple[Component, ...]:
    """Return the budget of the power that a meter shows without current, in percent of ``permitted_w``.

    ``readings_w``: what it showed (W, var), at least three. Its resolution is the step in which the readings differ,
    never finer than float32 at the larger of them and of what is permitted. ``reference_w``: what the analyzer showed
    at the open current inputs, as power at power factor 1. No lines where a reading is no number.
    """
    if not all(map(math.isfinite, readings_w)):
        return ()
    kilowatts = [each / 1000.0 for each in readings_w]
    finest = float_step(max(permitted_w / 1000.0, *map(abs, kilowatts)))
    step_w = 1000.0 * max(finest, step_seen(kilowatts) or 0.0)
    shares = [100.0 * each / permitted_w for each in readings_w]
    return (
        Component.type_a("repeatability", shares),
        Component.rectangular("resolution of the reading", 100.0 * step_w / 2.0 / permitted_w),
        Component.rectangular("current that the reference shows", 100.0 * abs(reference_w) / permitted_w),
    )


def starting_s(step: float, power_kw: float, tolerance_pct: float, update_s: float) -> float:
    """Return how long a starting test takes, s: step and age of the readings each add a tenth of the tolerance to U.

    ``step`` in kWh, ``power_kw`` the magnitude that flows; infinite where either tells nothing.
    """
    if not (math.isfinite(step) and power_kw > 0.0):
        return math.inf
    of_step = 3600.0 * gate_energy(step, tolerance_pct) / power_kw
    return max(of_step, gate_energy(update_s, tolerance_pct))


def aged(duration_s: float, update_s: float, share: float = 1.0) -> Component:
    """Return the budget line, percent of the expected energy, of two readings that are each up to an update old.

    ``share``: what was registered as a part of what was expected, where it is more.
    """
    return Component.triangular("age of the readings", 100.0 * update_s / duration_s * max(1.0, share))


def stopped_in(readings: Sequence[float], step: float) -> int | None:
    """Return in which part between two ``readings`` (1 is the first) a register stopped counting; None where it ran on.

    Parts are of equal energy. Where they are too small for the ``step`` to show it nothing can be said: None.
    """
    advances = [after - before for before, after in pairwise(readings)]
    if not advances:
        return None
    mean = math.fsum(advances) / len(advances)
    if not mean > 4.0 * step:
        return None
    return next((place for place, each in enumerate(advances, 1) if each < _STILL_COUNTS * mean), None)
