"""Which constant stimuli a sampled meter reads differently from second to second, for any unit.

The meter takes 2520 samples a second (manual page 1), at instants that are not locked to the signal. Components whose
images in the samples meet (order 21 at 60 Hz lies on half the sample rate, 42 on the rate itself, 41 comes back as the
fundamental) add up with an angle that depends on where the sampling instants happen to lie. Such a reading has no
expected value. Closed form; imports nothing of the sampled road.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement

from meter_model.behaviour.profile import DEFAULT, AntiAlias, BehaviourProfile
from meter_model.stimulus import Spectrum, Stimulus

LIMIT = 3e-4
"""Part of an rms product that may depend on the sampling phase: what a fractional frequency costs at most anyway."""

SAMPLE_RATE_HZ = 2520.0
"""Manual page 1."""

_WHOLE_CYCLE_TOLERANCE = 1e-3
_WHOLE_SAMPLE_TOLERANCE = 1e-3
_IMAGES = range(-2, 3)
_CHANNELS = ("V_A", "V_B", "V_C", "I_A", "I_B", "I_C")

_ByOrder = Mapping[int, float]


class SamplingPhaseDependent(ValueError):
    """A reading of this stimulus depends on where the meter's sampling instants lie.

    ``channels``: names of the inputs (V_A to I_C) whose components' images meet, ``orders``: of those components, the
    lower one first; ``part``: how much of their rms product depends on it, 0 to about 1.
    """

    def __init__(self, channels: tuple[str, str], orders: tuple[int, int], frequency_hz: float, part: float) -> None:
        self.channels = channels
        self.orders = orders
        self.part = part
        low, high = orders
        which = f"{channels[1]}: " + (f"order {high}" if low == high else f"orders {low} and {high}")
        if channels[0] != channels[1]:
            which = f"order {low} of {channels[0]} and order {high} of {channels[1]}"
        super().__init__(
            f"{which} at {frequency_hz:g} Hz: the images in the meter's {SAMPLE_RATE_HZ:g} samples a second "
            f"meet, so that {100.0 * part:.2g} % of the reading depends on the sampling phase and no value can be "
            f"predicted; use another order or frequency"
        )


def require_determined(stimulus: Stimulus, profile: BehaviourProfile = DEFAULT, *, has_neutral: bool = True) -> None:
    """Raise SamplingPhaseDependent where more than ``LIMIT`` of a reading depends on the sampling phase.

    Judged for each channel with itself (rms), for each two voltages (line to line) and for each phase's voltage with
    its current (powers). ``has_neutral`` False (system types 11 and 31): every voltage is in each phase's power.
    """
    frequency_hz = stimulus.frequency_hz
    channels = [_by_order(each, frequency_hz, profile) for each in (*stimulus.voltages, *stimulus.ct_inputs)]
    highest = max((order for each in channels for order in each), default=1)
    if 2 * highest * frequency_hz < SAMPLE_RATE_HZ / 2.0:
        return  # all products lie below half the rate: whole cycles cancel them
    window = _Window(frequency_hz)
    for one, other in combinations_with_replacement(range(6), 2):
        is_used = other < 3 or one == other or other - one == 3 or (one < 3 and not has_neutral)
        if is_used:
            _check((one, other), channels, frequency_hz, window)


def _check(pair: tuple[int, int], channels: Sequence[_ByOrder], frequency_hz: float, window: _Window) -> None:
    one, other = channels[pair[0]], channels[pair[1]]
    scale = math.sqrt(math.fsum(x * x for x in one.values()) * math.fsum(x * x for x in other.values()))
    if scale == 0.0:
        return
    terms = list(_phase_dependent(one, other, frequency_hz, window))
    part = math.fsum(size for size, _ in terms) / scale
    if part > LIMIT:
        _, orders = max(terms)
        (low, first), (high, second) = sorted(zip(orders, pair, strict=True))
        raise SamplingPhaseDependent((_CHANNELS[first], _CHANNELS[second]), (low, high), frequency_hz, part)


def _phase_dependent(
    one: _ByOrder, other: _ByOrder, frequency_hz: float, window: _Window
) -> Iterator[tuple[float, tuple[int, int]]]:
    """Yield the size of each product of two components that should average to nothing, and the two orders."""
    for first, a in one.items():
        for second, b in other.items():
            yield a * b * window.passes((first + second) * frequency_hz), (first, second)
            if first != second:
                yield a * b * window.passes((first - second) * frequency_hz), (first, second)


def _by_order(spectrum: Spectrum, frequency_hz: float, profile: BehaviourProfile) -> _ByOrder:
    found: dict[int, complex] = {}
    for each in spectrum:
        if profile.anti_alias is AntiAlias.IDEAL and each.order * frequency_hz >= SAMPLE_RATE_HZ / 2.0:
            continue
        found[each.order] = found.get(each.order, 0j) + cmath.rect(each.rms, math.radians(each.phase_deg))
    return {order: abs(value) for order, value in found.items()}


class _Window:
    """The meter's averaging window: whole cycles of about a second, soft edges where it ends between samples."""

    def __init__(self, frequency_hz: float) -> None:
        cycles = max(1, math.floor(frequency_hz + _WHOLE_CYCLE_TOLERANCE))
        self._samples = cycles * SAMPLE_RATE_HZ / frequency_hz
        self._is_whole = abs(self._samples - round(self._samples)) < _WHOLE_SAMPLE_TOLERANCE

    def passes(self, frequency_hz: float) -> float:
        """Return the part of a component of this frequency that the mean over the window keeps, 0 to 1."""
        nearest = math.remainder(frequency_hz / SAMPLE_RATE_HZ, 1.0)
        parts = (self._one_image(nearest + image) for image in _IMAGES)
        return min(1.0, math.fsum(parts))

    def _one_image(self, cycles_per_sample: float) -> float:
        if self._is_whole:  # the nearest image stands for all: they add up to the sum of a rectangle of samples
            return abs(_sinc(cycles_per_sample * self._samples)) if abs(cycles_per_sample) <= 0.5 else 0.0
        edges = _sinc(cycles_per_sample) ** 4
        return abs(_sinc(cycles_per_sample * self._samples)) * edges


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if abs(x) > 1e-12 else 1.0
