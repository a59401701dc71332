"""Energy registers: the step in which one counts, found from its readings, and what it adds to an uncertainty."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from rig.metrology.uncertainty import Component, register_quantisation

LARGEST_STEP_AT_ZERO_KWH = 1.0
"""The largest step that a register reading 0 is taken to have: 0 is a multiple of every step, so it tells nothing."""

DEAD_AFTER_STEPS = 10.0
"""A register that has not moved over this many of the largest step that its value allows is dead."""

GATE_SHARE = 0.1
"""Part of the limit that the step may add to U (k = 2) in a gate of the length that is asked for."""

_TOLERANCE_STEPS = 1.5
"""Readings are multiples of a step to this many float32 steps: each is rounded to the nearest float32."""

_COARSE_STEPS = 8
"""From this many float32 steps on a common divisor of differences counts as a step of the register's own."""

_CLEAR_STEPS, _CLEAR_GATES = 100, 5
"""A divisor of whole gates is a step from this many float32 steps on, and to this part of a gate."""

_RESTS = 2
"""A register that reads the same this many times more, an update apart and under load, counts in coarse steps."""

_TELLING = 0.05
"""Part of a divisor that its multiples may be unknown by: then few readings are multiples of it by chance."""

_COVERAGE = 2.0
_FLOAT_BITS, _LEAST_EXPONENT = 24, -149
"""Digits of a float32, and the exponent of the smallest one."""


class GateStarts(StrEnum):
    """Where the gates of one register begin, relative to its steps.

    ``CONTIGUOUS``: each where the one before ended and nothing was counted between: together they are one long gate.
    ``INDEPENDENT``: at places that have nothing to do with each other. ``UNKNOWN``: they may all be at the same place,
    as after a reset before each gate, so that their mean is no better than one gate.
    """

    CONTIGUOUS = "contiguous"
    INDEPENDENT = "independent"
    UNKNOWN = "unknown"


def float_step(value: float) -> float:
    """Return the distance of two neighbouring float32 numbers at ``value`` (same unit): no register is finer."""
    try:
        [nearest] = struct.unpack("f", struct.pack("f", abs(value)))
    except OverflowError:  # beyond float32
        return math.nan
    if not math.isfinite(nearest):
        return math.nan
    return math.ldexp(1.0, max(math.frexp(nearest)[1] - _FLOAT_BITS, _LEAST_EXPONENT) if nearest else _LEAST_EXPONENT)


def largest_step(value: float) -> float:
    """Return the largest decimal step, 1, 2 or 5 times a power of ten, of which ``value`` is a multiple, in its unit.

    What is known of a register that has not moved. A value of 0 allows any step: it is taken as
    ``LARGEST_STEP_AT_ZERO_KWH``. Never finer than float32.
    """
    finest = float_step(value)
    if value == 0.0:
        return LARGEST_STEP_AT_ZERO_KWH
    return next((step for step in _decimal_steps(abs(value), finest) if _is_multiple(abs(value), step, finest)), finest)


def step_seen(readings: Sequence[float], loaded: Sequence[float] | None = None) -> float | None:
    """Return the step in which a register counts, from its ``readings`` in order; None where it never moved.

    ``loaded``: those that are an update apart at a constant load, by default all. The largest decimal step that all
    readings are multiples of, or the common divisor of their differences, to the rounding of float32; else the float32
    step at the largest reading. A fine register grows by the same energy in each update, and in gates by multiples of
    what flows in the times that they are made of: a divisor counts only where the loaded readings show one that is
    smaller than an update's energy, or stood still several times, or where the readings are multiples of it. Few
    readings may agree with a multiple of the true step, which errs to the safe side. Raises ValueError where a reading
    is not finite.
    """
    if not all(math.isfinite(value) for value in readings):
        raise ValueError("a step is found from readings that are finite numbers")
    differences = _differences(readings)
    if not differences:
        return None
    finest = float_step(max(readings, key=abs))
    distinct = sorted({abs(value) for value in readings})
    decimal = next(
        (
            step
            for step in _decimal_steps(differences[0] + _TOLERANCE_STEPS * finest, 2.0 * finest)
            if all(_is_multiple(value, step, finest) for value in distinct)
        ),
        finest,
    )
    divisor, limit = _common_divisor(differences, finest)
    is_own = _shows_a_step(readings if loaded is None else loaded, finest) or _counts_in(
        distinct, divisor, limit + 0.5 * finest * divisor / distinct[-1]
    )
    return max(finest, decimal, divisor if is_own else 0.0)


def _differences(readings: Sequence[float]) -> list[float]:
    return sorted({abs(later - earlier) for earlier, later in pairwise(readings) if later != earlier})


def _shows_a_step(loaded: Sequence[float], finest: float) -> bool:
    """Whether readings an update apart at a constant load are those of a register that counts in steps of its own."""
    if _longest_rest(loaded) >= _RESTS:
        return True
    differences = _differences(loaded)
    if not differences:
        return False
    # A reading that fell into the update before is made up for by a double move; of rests at both ends, one is left.
    if rests(loaded) >= _RESTS and differences[-1] < 1.5 * differences[0]:
        return True
    return 0.0 < _common_divisor(differences, finest)[0] < 0.75 * differences[0]


def rests(readings: Sequence[float]) -> int:
    """Return how many readings were those before."""
    return sum(1 for earlier, later in pairwise(readings) if earlier == later)


def _longest_rest(readings: Sequence[float]) -> int:
    """Return how many times in a row a reading was that before, between two steps."""
    longest = run = 0
    for earlier, later in pairwise(readings):
        run = run + 1 if earlier == later else 0
        longest = max(longest, run)
    return longest


def step_of_advances(advances: Sequence[float], finest: float) -> float:
    """Return the step that the ``advances`` of several gates show where it was taken too fine, else ``finest``.

    The largest power of ten of which all are multiples; or their common divisor, where some gates have one step more
    than others. ``finest`` and the advances share a unit. Fewer than three advances, or one of zero, say nothing.
    """
    magnitudes = [abs(value) for value in advances]
    if len(magnitudes) < 3 or not min(magnitudes) > 0.0:
        return finest
    tens = (10.0**exponent for exponent in range(math.floor(math.log10(min(magnitudes))), -12, -1))
    step = next((ten for ten in tens if all(_is_multiple(value, ten, finest) for value in magnitudes)), finest)
    divisor, _ = _common_divisor(sorted(set(magnitudes)), finest)
    differs = max(magnitudes) - min(magnitudes) > 0.5 * divisor
    is_clear = _CLEAR_STEPS * finest <= divisor <= min(magnitudes) / _CLEAR_GATES
    return max(step, finest, divisor if differs and is_clear else 0.0)


def _decimal_steps(at_most: float, at_least: float) -> list[float]:
    exponent = math.floor(math.log10(at_most)) + 1
    steps = []
    while (scale := 10.0**exponent) * 5.0 >= at_least and exponent > -12:
        steps += [step for step in (5.0 * scale, 2.0 * scale, scale) if at_least <= step <= at_most * (1.0 + 1e-9)]
        exponent -= 1
    return steps


def _is_multiple(value: float, step: float, finest: float) -> bool:
    return abs(value - round(value / step) * step) <= 0.5 * finest * (1.0 + 1e-6) + 1e-12 * value


def _counts_in(values: Sequence[float], divisor: float, limit: float) -> bool:
    """Whether ``values`` are multiples of ``divisor``, where it is known well enough (to ``limit``) to tell."""
    if not divisor > 0.0 or limit * values[-1] / divisor > _TELLING * divisor:
        return False
    return all(abs(each - round(each / divisor) * divisor) <= limit * each / divisor for each in values)


def _common_divisor(differences: Sequence[float], finest: float) -> tuple[float, float]:
    """Return the common divisor of differences that are rounded to ``finest``, and the limit to which it is known.

    0 where there is none but ``finest``. ``differences`` ascend. Euclid's algorithm on numbers that are known to a
    limit: a remainder within that limit counts as zero, and each longer difference narrows the divisor.
    """
    slack = _TOLERANCE_STEPS * finest
    divisor, limit = differences[0], slack
    for difference in differences[1:]:
        divisor, limit = _divisor_of_two((difference, slack), (divisor, limit))
        if divisor < _COARSE_STEPS * finest:
            return 0.0, 0.0
    counts = [round(each / divisor) for each in differences]
    divisor = math.fsum(n * each for n, each in zip(counts, differences, strict=True)) / sum(n * n for n in counts)
    agrees = all(abs(each - round(each / divisor) * divisor) <= slack for each in differences)
    return (divisor, slack / max(counts)) if divisor >= _COARSE_STEPS * finest and agrees else (0.0, 0.0)


def _divisor_of_two(larger: tuple[float, float], smaller: tuple[float, float]) -> tuple[float, float]:
    """Return the common divisor of two numbers, each given with the limit it is known to, and its own limit."""
    while True:
        count = round(larger[0] / smaller[0])
        rest, limit = abs(larger[0] - count * smaller[0]), larger[1] + count * smaller[1]
        if rest <= limit:
            better = (larger[0] / count, larger[1] / count)
            return min(better, smaller, key=lambda each: each[1])
        larger, smaller = smaller, (rest, limit)


def gate_energy(step: float, limit_pct: float) -> float:
    """Return the energy of a gate, in the unit of ``step``, in which the step adds ``GATE_SHARE`` of the limit to U.

    A difference of two truncated readings is triangular, ±step; its expanded part is 2 step / sqrt(6).
    """
    return 100.0 * _COVERAGE * step / math.sqrt(6.0) / (GATE_SHARE * limit_pct)


def quantisation(step: float, energies: Sequence[float], starts: GateStarts = GateStarts.UNKNOWN) -> Component:
    """Return the budget line, in percent, of a register of ``step`` over gates of these reference ``energies``.

    The mean error of contiguous gates is that of one gate over their sum. Independent starts average out by the
    square root of their number. Where nothing is known of the starts, nothing is gained by the number of gates.
    Raises ValueError where an energy is not above zero.
    """
    magnitudes = [abs(energy) for energy in energies]
    if not magnitudes or not min(magnitudes) > 0.0:
        raise ValueError("register quantisation: no energy has flowed, so no relative uncertainty exists")
    if starts is GateStarts.CONTIGUOUS:
        energy = math.fsum(magnitudes)
    elif starts is GateStarts.INDEPENDENT:
        energy = min(magnitudes) * math.sqrt(len(magnitudes))
    else:
        energy = min(magnitudes)
    return register_quantisation(step, energy)
