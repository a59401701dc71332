"""From one second of samples to frequency, RMS values and powers; the sampled road's own arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from meter_model.behaviour import BehaviourProfile, ReactivePower, RmsWindow
from meter_model.configuration import Configuration
from meter_model.sampling import SAMPLES_PER_SECOND

_COLUMNS = 42
_ROWS = SAMPLES_PER_SECOND // _COLUMNS
_STEPS = np.concatenate([np.arange(_ROWS) * float(_COLUMNS), np.arange(_COLUMNS)])
_HALF = SAMPLES_PER_SECOND // 2
_SEARCH_HZ = (40, 70)
_COARSE_STEP = 2  # every other sample will do to find the strongest component near the fundamental
_WHOLE_CYCLE_TOLERANCE = 1e-3  # of a cycle: 59.99999 cycles are sixty
_PAIRS = ("AB", "BC", "CA")
_NOMINAL_HZ = 60.0

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SecondReading:
    """One second, primary side; arrays of three are phases A, B, C (or pairs AB, BC, CA), unused phases zero.

    ``frequency_hz``: of phase A, NaN without voltage there; not yet judged against 45 to 65 Hz. ``p_w`` ... are
    taken over the RMS window; ``energy_p_w`` and ``energy_q_var`` are means over every sample of the second.
    """

    frequency_hz: float
    line_to_neutral_v: list[float]
    line_to_line_v: list[float]
    currents_a: list[float]
    p_w: list[float]
    q_var: list[float]
    s_va: list[float]
    energy_p_w: list[float]
    energy_q_var: list[float]


class SecondMeter:
    """Measures seconds of samples for one configuration and profile."""

    def __init__(self, configuration: Configuration, profile: BehaviourProfile) -> None:
        system = configuration.system
        self._profile = profile
        self._system_type = configuration.system_type
        self._used = ["ABC".index(phase) for phase in system.phases]
        self._ln = ["ABC".index(phase) for phase in system.line_to_neutral]
        self._ll = [_PAIRS.index(pair) for pair in system.line_to_line]
        self._volt_scale = configuration.pt_ratio
        self._ampere_scale = configuration.amperes_per_ct_volt
        self._floor_v = profile.minimum_voltage_v
        self._floor_ct_v = profile.no_load_current_pct / 100.0 * configuration.ct_rated_v

    def measure(self, samples: _Array) -> SecondReading:
        """Return the reading of one second: ``samples`` (6, 2520), volts at the terminals."""
        elements = self._element_samples(samples)
        volts, amperes = elements[:3], elements[3:]
        frequency_hz = self._frequency(volts[0], self._floor_v)
        track_hz = frequency_hz if not math.isnan(frequency_hz) else self._fallback_frequency(elements)
        length, start, lost_weight = self._window(track_hz)

        raw = samples[:3]
        pairs = raw - raw[[1, 2, 0]]
        v_rms = _rms(volts, length, start, lost_weight)
        ll_rms = _rms(pairs, length, start, lost_weight)
        i_rms = _rms(amperes, length, start, lost_weight)
        product = np.einsum("ij,ij->i", volts[:, start:], amperes[:, start:])
        head = np.einsum("ij,ij->i", volts[:, :start], amperes[:, :start]) if start else np.zeros(3)
        p_mean = (product - lost_weight * volts[:, start] * amperes[:, start]) / length
        p_energy = (product + head) / SAMPLES_PER_SECOND

        v_rms[v_rms < self._floor_v] = 0.0
        ll_rms[ll_rms < self._floor_v] = 0.0
        i_rms[i_rms < self._floor_ct_v] = 0.0
        loaded = (v_rms > 0.0) & (i_rms > 0.0)
        s = v_rms * i_rms
        q_mean, q_energy = self._reactive(elements, track_hz, length, start, lost_weight, s, p_mean)

        power_scale = self._volt_scale * self._ampere_scale
        mask = np.zeros(3)
        mask[self._used] = power_scale
        mask *= loaded
        ln_rms = v_rms if self._ln else np.zeros(3)
        return SecondReading(
            frequency_hz,
            (ln_rms * self._volt_scale).tolist(),
            (ll_rms * self._volt_scale).tolist(),
            (i_rms * self._ampere_scale).tolist(),
            (p_mean * mask).tolist(),
            (q_mean * mask).tolist(),
            (s * mask).tolist(),
            (p_energy * mask).tolist(),
            (q_energy * mask).tolist(),
        )

    def _element_samples(self, samples: _Array) -> _Array:
        """Six channels, the voltages as each phase's current sees them."""
        if self._system_type not in (11, 31):
            return samples
        elements = samples.copy()
        common = samples[1] if self._system_type == 11 else samples[:3].mean(axis=0)
        elements[:3] -= common
        return elements

    def _frequency(self, wave: _Array, floor_rms: float) -> float:
        """Frequency of one channel from the turn of its phase between the two halves of the second, or NaN.

        The halves are windowed (cos⁴: side lobes fall with the fifth power), so that harmonics and the mirror image
        do not reach the fundamental; both halves see the same window, so the turn itself is exact.
        """
        low, high = _SEARCH_HZ
        spectrum = np.abs(np.fft.rfft(wave[::_COARSE_STEP])[low : high + 1])
        near_hz = low + int(spectrum.argmax())
        rotation, window_sum = _rotation(near_hz)
        halves = wave.reshape(2, _HALF) @ rotation
        first, second = complex(*halves[0]), complex(*halves[1])
        if math.sqrt(2.0) * min(abs(first), abs(second)) / window_sum < 0.98 * floor_rms:
            return math.nan
        turn = second * first.conjugate() * (-1) ** near_hz
        return near_hz + math.atan2(turn.imag, turn.real) / math.pi

    def _fallback_frequency(self, elements: _Array) -> float:
        """Frequency to measure by while phase A has no voltage: the next channel that has a signal, or NaN."""
        for row in (1, 2, 3, 4, 5):
            found = self._frequency(elements[row], self._floor_v if row < 3 else self._floor_ct_v)
            if not math.isnan(found):
                return found
        return math.nan

    def _window(self, frequency_hz: float) -> tuple[float, int, float]:
        """Length in samples, first sample, and the part of the first sample's weight that falls outside."""
        if self._profile.rms_window is RmsWindow.FIXED_1S or math.isnan(frequency_hz):
            return float(SAMPLES_PER_SECOND), 0, 0.0
        cycles = math.floor(frequency_hz + _WHOLE_CYCLE_TOLERANCE)
        length = min(cycles * SAMPLES_PER_SECOND / frequency_hz, float(SAMPLES_PER_SECOND))
        start = SAMPLES_PER_SECOND - math.ceil(length - 1e-6)
        return length, start, max(0.0, SAMPLES_PER_SECOND - start - length)

    def _reactive(
        self,
        elements: _Array,
        frequency_hz: float,
        length: float,
        start: int,
        lost_weight: float,
        s: _Array,
        p: _Array,
    ) -> tuple[_Array, _Array]:
        """Reactive power over the window, and its mean over every sample of the second.

        Voltages and currents are projected on the harmonics below half the sample rate. A quarter period is 10.5
        samples at 60 Hz; on the projections the shift is an exact turn of each harmonic.
        """
        kind = self._profile.reactive_power
        base_hz = _NOMINAL_HZ if math.isnan(frequency_hz) else frequency_hz
        whole_band = kind in (ReactivePower.QUARTER_PERIOD_SHIFT, ReactivePower.BUDEANU)
        orders = math.ceil(SAMPLES_PER_SECOND / 2.0 / base_hz - 1e-6) - 1 if whole_band else 1
        full, windowed = _projections(elements, base_hz, orders, start, lost_weight)
        weights = _shift_weights(orders, kind is ReactivePower.QUARTER_PERIOD_SHIFT)
        cross = windowed[:3] * windowed[3:].conj()
        q_mean = 2.0 / length**2 * (cross.real @ weights.real - cross.imag @ weights.imag)
        if kind is ReactivePower.FRYZE:
            fryze = np.sqrt(np.maximum(s * s - p * p, 0.0))
            q_mean = np.where(q_mean < -1e-9 * s, -fryze, fryze)
            return q_mean, q_mean
        cross = windowed[:3] * full[3:].conj()
        q_energy = 2.0 / (length * SAMPLES_PER_SECOND) * (cross.real @ weights.real - cross.imag @ weights.imag)
        return q_mean, q_energy


def _rms(rows: _Array, length: float, start: int, lost_weight: float) -> _Array:
    inside = rows[:, start:]
    total = np.einsum("ij,ij->i", inside, inside) - lost_weight * inside[:, 0] ** 2
    return np.asarray(np.sqrt(total / length))


def _projections(
    elements: _Array, frequency_hz: float, orders: int, start: int, lost_weight: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Sum of x[n]·exp(-j·h·w·n) by channel and order: over the whole second, and over the window."""
    base = np.exp(-2j * math.pi * frequency_hz / SAMPLES_PER_SECOND * _STEPS)
    powers = np.multiply.accumulate(np.broadcast_to(base, (orders, base.size)), axis=0)
    by_row, by_column = powers[:, :_ROWS].T, np.ascontiguousarray(powers[:, _ROWS:].T)
    right = by_column.view(np.float64)  # (42, 2·orders), real and imaginary side by side
    inner = (elements.reshape(6 * _ROWS, _COLUMNS) @ right).view(np.complex128).reshape(6, _ROWS, orders)
    full = np.einsum("cah,ah->ch", inner, by_row)
    if start == 0 and lost_weight == 0.0:
        return full, full
    head_rows = start // _COLUMNS + 1
    head = np.zeros((6, head_rows * _COLUMNS))
    head[:, :start] = elements[:, :start]
    head[:, start] = lost_weight * elements[:, start]
    inner = (head.reshape(6 * head_rows, _COLUMNS) @ right).view(np.complex128).reshape(6, head_rows, orders)
    return full, full - np.einsum("cah,ah->ch", inner, by_row[:head_rows])


@lru_cache(maxsize=64)
def _shift_weights(orders: int, quarter_period: bool) -> NDArray[np.complex128]:
    """Weights whose product with V·I* has the reactive power as its real part: (-j)^h, or -j for every order."""
    exponents = np.arange(1, orders + 1) % 4 if quarter_period else np.ones(orders)
    return np.asarray(np.round((-1j) ** exponents), dtype=np.complex128)


@lru_cache(maxsize=64)
def _rotation(near_hz: int) -> tuple[_Array, float]:
    """Windowed rotation by ``-near_hz`` over half a second as (1260, 2) real columns, and the window's sum."""
    index = np.arange(_HALF)
    window = np.sin(math.pi * (index + 0.5) / _HALF) ** 4
    turned = window * np.exp(-2j * math.pi * near_hz * index / SAMPLES_PER_SECOND)
    return np.ascontiguousarray(np.stack([turned.real, turned.imag], axis=1)), float(window.sum())
