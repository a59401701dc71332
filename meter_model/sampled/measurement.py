"""From one second of samples to frequency, RMS values and powers; the sampled road's own arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from meter_model.behaviour.profile import BehaviourProfile, ReactivePower, RmsWindow
from meter_model.configuration import Configuration
from meter_model.sampled.sampling import SAMPLES_PER_SECOND, harmonic_powers

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


_WHOLE_SAMPLE_TOLERANCE = 1e-3
_FADE_SAMPLES = 4
_TAIL_LOSS = np.array([1.0 / 24.0, 0.5, 23.0 / 24.0])


@dataclass(frozen=True, slots=True)
class _Window:
    """Samples from ``start`` on with weight 1; the sum of the weights is ``length``.

    A soft window's first four samples lose ``head_loss`` of their weight, its last three ``_TAIL_LOSS``.
    """

    length: float
    start: int
    head_loss: _Array | None = None

    def cut(self, rows: _Array, memory: _Array) -> _Array:
        """Return the rows from ``start`` on, such that products of two of them carry the weights.

        ``memory``: as large as ``rows``, used where the weights need a copy.
        """
        inside = rows[:, self.start :]
        if self.head_loss is not None:
            np.copyto(memory, rows)
            inside = memory[:, self.start :]
            inside[:, :_FADE_SAMPLES] *= np.sqrt(1.0 - self.head_loss)
            inside[:, -3:] *= np.sqrt(1.0 - _TAIL_LOSS)
        return inside

    def removed(self, rows: _Array) -> tuple[_Array, list[int]]:
        """Return what the window takes away, as blocks of 42 samples (channels, blocks, 42), and their numbers."""
        head_blocks = (self.start + _FADE_SAMPLES - 1) // _COLUMNS + 1
        gone = np.zeros((rows.shape[0], (head_blocks + 1) * _COLUMNS))
        gone[:, : self.start] = rows[:, : self.start]
        if self.head_loss is not None:
            fading = slice(self.start, self.start + _FADE_SAMPLES)
            gone[:, fading] = rows[:, fading] * self.head_loss
            gone[:, -3:] = rows[:, -3:] * _TAIL_LOSS
        return gone.reshape(rows.shape[0], head_blocks + 1, _COLUMNS), [*range(head_blocks), _ROWS - 1]


_WHOLE_SECOND = _Window(float(SAMPLES_PER_SECOND), 0)


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
        self._cut = np.empty((6, SAMPLES_PER_SECOND))  # memory that is kept, see FrontEnd
        self._pairs = np.empty((3, SAMPLES_PER_SECOND))
        self._inner: _Array = np.empty(0)
        self._floor_ct_v = profile.no_load_current_pct / 100.0 * configuration.ct_rated_v

    def measure(self, samples: _Array) -> SecondReading:
        """Return the reading of one second: ``samples`` (6, 2520), volts at the terminals."""
        elements = self._element_samples(samples)
        volts, amperes = elements[:3], elements[3:]
        frequency_hz = self._frequency(volts[0], self._floor_v)
        track_hz = frequency_hz if not math.isnan(frequency_hz) else self._fallback_frequency(elements)
        window = self._window(track_hz)

        inside = window.cut(elements, self._cut)
        v_rms = np.sqrt(_products(inside[:3], inside[:3]) / window.length)
        i_rms = np.sqrt(_products(inside[3:], inside[3:]) / window.length)
        pairs = self._pairs[:, window.start :]
        np.subtract(inside[:2], inside[1:3], out=pairs[:2])  # the common point that elements refer to cancels
        np.subtract(inside[2], inside[0], out=pairs[2])
        ll_rms = np.sqrt(_products(pairs, pairs) / window.length)
        p_mean = _products(inside[:3], inside[3:]) / window.length
        p_energy = _products(volts, amperes) / SAMPLES_PER_SECOND

        v_rms[v_rms < self._floor_v] = 0.0
        ll_rms[ll_rms < self._floor_v] = 0.0
        i_rms[i_rms < self._floor_ct_v] = 0.0
        loaded = (v_rms > 0.0) & (i_rms > 0.0)
        s = v_rms * i_rms
        q_mean, q_energy = self._reactive(elements, track_hz, window, s, p_mean)

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

    def _window(self, frequency_hz: float) -> _Window:
        if self._profile.rms_window is RmsWindow.FIXED_1S or math.isnan(frequency_hz):
            return _WHOLE_SECOND
        cycles = math.floor(frequency_hz + _WHOLE_CYCLE_TOLERANCE)
        while True:
            length = cycles * SAMPLES_PER_SECOND / frequency_hz
            whole = round(length)
            if abs(length - whole) < _WHOLE_SAMPLE_TOLERANCE and whole <= SAMPLES_PER_SECOND:
                return _Window(float(whole), SAMPLES_PER_SECOND - whole)
            if length <= SAMPLES_PER_SECOND - 3:
                return _soft_window(length)
            cycles -= 1

    def _reactive(
        self, elements: _Array, frequency_hz: float, window: _Window, s: _Array, p: _Array
    ) -> tuple[_Array, _Array]:
        """Reactive power over the window, and its mean over every sample of the second.

        Voltages and currents are projected on the harmonics below half the sample rate. A quarter period is 10.5
        samples at 60 Hz; on the projections the shift is an exact turn of each harmonic.
        """
        kind = self._profile.reactive_power
        base_hz = _NOMINAL_HZ if math.isnan(frequency_hz) else frequency_hz
        whole_band = kind in (ReactivePower.QUARTER_PERIOD_SHIFT, ReactivePower.BUDEANU)
        orders = math.ceil(SAMPLES_PER_SECOND / 2.0 / base_hz - 1e-6) - 1 if whole_band else 1
        full, windowed = self._projections(elements, base_hz, orders, window)
        weights = _shift_weights(orders, kind is ReactivePower.QUARTER_PERIOD_SHIFT)
        cross = windowed[:3] * windowed[3:].conj()
        q_mean = 2.0 / window.length**2 * (cross.real @ weights.real - cross.imag @ weights.imag)
        if kind is ReactivePower.FRYZE:
            fryze = np.sqrt(np.maximum(s * s - p * p, 0.0))
            q_mean = np.where(q_mean < -1e-9 * s, -fryze, fryze)
            return q_mean, q_mean
        cross = windowed[:3] * full[3:].conj()
        q_energy = 2.0 / (window.length * SAMPLES_PER_SECOND) * (cross.real @ weights.real - cross.imag @ weights.imag)
        return q_mean, q_energy

    def _projections(
        self, elements: _Array, frequency_hz: float, orders: int, window: _Window
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Sum of x[n]·exp(-j·h·w·n) by channel and order: over the whole second, and over the window."""
        base = np.exp(-2j * math.pi * frequency_hz / SAMPLES_PER_SECOND * _STEPS)
        powers = harmonic_powers(base, orders)
        by_row, by_column = (np.ascontiguousarray(each.T) for each in (powers[:, :_ROWS], powers[:, _ROWS:]))
        right = by_column.view(np.float64)  # (42, 2·orders), real and imaginary side by side
        if self._inner.size < 6 * _ROWS * 2 * orders:
            self._inner = np.empty(6 * _ROWS * 2 * orders)
        product = self._inner[: 6 * _ROWS * 2 * orders].reshape(6 * _ROWS, 2 * orders)
        np.matmul(elements.reshape(6 * _ROWS, _COLUMNS), right, out=product)
        inner = product.view(np.complex128).reshape(6, _ROWS, orders)
        full = np.multiply(inner, by_row, out=inner).sum(axis=1)
        if window.start == 0 and window.head_loss is None:
            return full, full
        gone, blocks = window.removed(elements)
        inner = (gone.reshape(-1, _COLUMNS) @ right).view(np.complex128).reshape(6, len(blocks), orders)
        return full, full - (inner * by_row[blocks]).sum(axis=1)


def _soft_window(length: float) -> _Window:
    """Return a window of fractional length whose edges fade like the integral of a cubic B-spline.

    Its spectrum has zeros at the harmonics like the rectangle's, and what sampling folds back is damped by sinc⁴: a
    fractional length does not let the ripple of the products through.
    """
    begin = SAMPLES_PER_SECOND - 2.0 - length
    start = max(0, math.floor(begin - 2.0) + 1)
    head_loss = np.array([1.0 - _fade(index - begin) for index in range(start, start + _FADE_SAMPLES)])
    return _Window(length, start, head_loss)


def _products(first: _Array, second: _Array) -> _Array:
    """Sum of products, row by row."""
    return np.asarray(np.einsum("ij,ij->i", first, second))


def _fade(x: float) -> float:
    """Integral of the centred cubic B-spline up to ``x``: 0 at -2, 1 at 2."""
    if x > 0.0:
        return 1.0 - _fade(-x)
    if x <= -2.0:
        return 0.0
    return (2.0 + x) ** 4 / 24.0 if x < -1.0 else 0.5 + 2.0 * x / 3.0 - x**3 / 3.0 - x**4 / 8.0


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
