"""The front end: waveforms at the terminals become 2520 samples a second, with a unit's own errors.

Road of its own: imports nothing of power and prediction.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from meter_model.behaviour.profile import AntiAlias
from meter_model.sampled.unit_errors import CHANNELS, UnitErrors
from meter_model.stimulus import Spectrum, Stimulus

__all__ = ["CHANNELS", "SAMPLES_PER_SECOND", "FrontEnd", "UnitErrors"]

SAMPLES_PER_SECOND = 2520
"""Sample rate, no blind time (manual page 1)."""

_COLUMNS = 42  # samples are laid out 60 x 42: a rotation by n samples is one by rows and one by columns
_ROWS = SAMPLES_PER_SECOND // _COLUMNS
_STEPS = np.concatenate([np.arange(_ROWS + 1) * float(_COLUMNS), np.arange(_COLUMNS)])

_RATED_V = 347.0
_VOLTAGE_FULL_SCALE = 1100.0  # peak volts against the common point: 600 V corner-grounded, +20 % and some
_CT_FULL_SCALE = 2.1  # peak, in CT rated RMS: +20 % and some
_REFERENCE_TEMPERATURE_C = 25.0
_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
_FOUR_BYTES_MEAN = np.int16(4 * 255 // 2)
_FOUR_BYTES_SIGMA = math.sqrt(4.0 * (256.0**2 - 1.0) / 12.0)
_TIME_TOLERANCE = 1e-6  # of a sample: 0.1 s ten times is a second


class FrontEnd:
    """Six sampled channels with a running phase that stays continuous when frequency and spectrum change.

    Without ``anti_alias`` a component beyond half the sample rate folds back into the samples.
    """

    def __init__(self, errors: UnitErrors, seed: int, anti_alias: AntiAlias = AntiAlias.NONE) -> None:
        self._errors = errors
        self._anti_alias = anti_alias
        self._rng = np.random.Generator(np.random.SFC64([0xFE, seed]))  # the fastest of numpy's for this much noise
        self._rate_hz = SAMPLES_PER_SECOND * (1.0 + errors.clock_ppm * 1e-6)
        self._phase_rad = 0.0  # of the fundamental, now
        self._to_next = 0.0  # samples until the next sample instant
        self._gain_noise = np.ones(6)
        self._since_gain_noise = SAMPLES_PER_SECOND
        self._stimulus: Stimulus | None = None
        self._amplitudes = np.zeros((6, 1), dtype=np.complex128)
        # The buffers are kept: allocating them each second costs as much as the arithmetic.
        self._samples = np.empty(6 * (_ROWS + 1) * _COLUMNS)
        self._noise = np.empty(6 * (_ROWS + 1) * _COLUMNS, dtype=np.float32)
        self._turned = np.empty(0, dtype=np.complex128)

    def sample(self, dt_s: float, stimulus: Stimulus, ct_rated_v: float) -> NDArray[np.float64]:
        """Return the samples that fall into the next ``dt_s`` (at most 1 s): shape (6, n), volts at the terminals.

        The array is valid until the next call, which uses its memory again.
        ``ct_rated_v``: RMS of the CT input's range, 1 or 1/3, to which noise and quantisation refer.
        """
        if stimulus is not self._stimulus:
            is_filtered = self._anti_alias is AntiAlias.IDEAL
            self._amplitudes = _complex_amplitudes(stimulus, self._rate_hz / 2.0 if is_filtered else math.inf)
            self._stimulus = stimulus
        omega_rad = 2.0 * math.pi * stimulus.frequency_hz / self._rate_hz  # per sample
        span = dt_s * self._rate_hz
        count = max(0, math.ceil(span - self._to_next - _TIME_TOLERANCE))
        first_phase_rad = self._phase_rad + omega_rad * self._to_next
        self._phase_rad = math.fmod(self._phase_rad + omega_rad * span, 2.0 * math.pi)
        self._to_next = max(0.0, self._to_next + count - span)
        if not count:
            return np.zeros((6, 0))
        samples = self._waveforms(count, omega_rad, first_phase_rad, stimulus, ct_rated_v)
        self._since_gain_noise += count
        return samples

    @property
    def rate_hz(self) -> float:
        """Samples in a second of true time."""
        return self._rate_hz

    def span_s(self, count: int) -> float:
        """Return the time in which ``count`` samples fall, so that the next one is due at its end."""
        return (self._to_next + count) / self._rate_hz

    def pass_over(self, count: int, stimulus: Stimulus) -> None:
        """Let the time of ``count`` samples go by without taking them; the waveforms run on."""
        turn_rad = 2.0 * math.pi * math.fmod(stimulus.frequency_hz / self._rate_hz * count, 1.0)
        self._phase_rad = math.fmod(self._phase_rad + turn_rad, 2.0 * math.pi)
        self._since_gain_noise += count

    def _waveforms(
        self, count: int, omega_rad: float, first_phase_rad: float, stimulus: Stimulus, ct_rated_v: float
    ) -> NDArray[np.float64]:
        errors = self._errors
        orders = self._amplitudes.shape[1]
        rows = -(-count // _COLUMNS)
        base = np.exp(1j * omega_rad * _STEPS)
        powers = harmonic_powers(base, orders)
        by_row, by_column = np.ascontiguousarray(powers[:, :rows].T), powers[:, _ROWS + 1 :]

        order_numbers = np.arange(1, orders + 1)
        turn_rad = first_phase_rad - omega_rad * self._rate_hz * np.asarray(errors.delay_s)[:, None]
        start = self._amplitudes * np.exp(1j * turn_rad * order_numbers)
        start *= self._gains(stimulus.temperature_c)[:, None]

        rated = np.array([_RATED_V] * 3 + [ct_rated_v] * 3)
        lsb = self._lsb(ct_rated_v)
        start /= lsb[:, None]

        if self._turned.size < 6 * (_ROWS + 1) * orders:
            self._turned = np.empty(6 * (_ROWS + 1) * orders, dtype=np.complex128)
        turned = self._turned[: 6 * rows * orders].reshape(6, rows, orders)
        np.multiply(start[:, None, :], by_row[None, :, :], out=turned)
        left = turned.view(np.float64).reshape(6 * rows, 2 * orders)
        right = np.empty((orders, 2, _COLUMNS))
        right[:, 0] = by_column.imag
        right[:, 1] = by_column.real
        laid_out = self._samples[: 6 * rows * _COLUMNS].reshape(6 * rows, _COLUMNS)
        np.matmul(left, right.reshape(2 * orders, _COLUMNS), out=laid_out)
        samples = laid_out.reshape(6, rows * _COLUMNS)
        samples = samples[:, :count]
        if any(errors.offset_pct):
            samples += (np.asarray(errors.offset_pct) / 100.0 * rated / lsb)[:, None]
        if errors.noise_pct:
            sigma = (errors.noise_pct / 100.0 / _FOUR_BYTES_SIGMA * rated / lsb).astype(np.float32)
            noise = self._noise[: 6 * count].reshape(6, count)
            np.multiply(self._four_bytes(6 * count).reshape(6, count), sigma[:, None], out=noise)
            samples += noise
        if errors.adc_bits:
            np.rint(samples, out=samples)
            if np.abs(start).sum(axis=1).max() > 0.99 * 2 ** (errors.adc_bits - 1):
                half = 2.0 ** (errors.adc_bits - 1)
                np.clip(samples, -half, half - 1.0, out=samples)
            samples *= lsb[:, None]
        return samples

    def _four_bytes(self, count: int) -> NDArray[np.int16]:
        """Return sums of four random bytes about their mean: bell-shaped, white, a third of the cost of a normal.

        Excess kurtosis is -0.3; what a second makes of 2520 of them looks like the normal. Four sums are
        made in each 64-bit word.
        """
        words = -(-count // 4)
        drawn = self._rng.integers(0, 2**64, size=2 * words, dtype=np.uint64)
        pairs = drawn & _EVEN_BYTES
        drawn >>= np.uint64(8)
        drawn &= _EVEN_BYTES
        pairs += drawn
        sums = (pairs[:words] + pairs[words:]).view(np.int16)[:count]
        sums -= _FOUR_BYTES_MEAN
        return sums

    def _lsb(self, ct_rated_v: float) -> NDArray[np.float64]:
        """Volts of one step of each channel's converter; 1 without quantisation."""
        if not self._errors.adc_bits:
            return np.ones(6)
        full_scale = np.array([_VOLTAGE_FULL_SCALE] * 3 + [_CT_FULL_SCALE * ct_rated_v] * 3)
        return full_scale / 2.0 ** (self._errors.adc_bits - 1)

    def _gains(self, temperature_c: float) -> NDArray[np.float64]:
        errors = self._errors
        if errors.gain_noise_pct and self._since_gain_noise >= SAMPLES_PER_SECOND:
            self._since_gain_noise %= SAMPLES_PER_SECOND
            self._gain_noise = 1.0 + errors.gain_noise_pct / 100.0 * self._rng.standard_normal(6)
        warmth_k = temperature_c - _REFERENCE_TEMPERATURE_C
        steady = 1.0 + np.asarray(errors.gain_pct) / 100.0 + np.asarray(errors.tempco_ppm_per_k) * (warmth_k * 1e-6)
        return np.asarray(steady * self._gain_noise)


def harmonic_powers(base: NDArray[np.complex128], orders: int) -> NDArray[np.complex128]:
    """Return the powers 1 to ``orders`` of each element: shape (orders, len(base)); few long products, not many."""
    powers = np.empty((orders, base.size), dtype=np.complex128)
    powers[0] = base
    known = 1
    while known < orders:
        more = min(known, orders - known)
        np.multiply(powers[:more], powers[known - 1], out=powers[known : known + more])
        known += more
    return powers


def _complex_amplitudes(stimulus: Stimulus, below_hz: float) -> NDArray[np.complex128]:
    """Peak amplitude and angle by channel and order (first column: fundamental): the imaginary part is the wave.

    Components from ``below_hz`` on are left out.
    """
    spectra: tuple[Spectrum, ...] = (*stimulus.voltages, *stimulus.ct_inputs)
    parts = [
        (row, each.order, each.rms, each.phase_deg)
        for row, one in enumerate(spectra)
        for each in one
        if each.order * stimulus.frequency_hz < below_hz
    ]
    if not parts:
        return np.zeros((6, 1), dtype=np.complex128)
    rows, orders, rms, phase_deg = zip(*parts, strict=True)
    order_index = np.array(orders) - 1
    amplitudes = np.zeros((6, int(order_index.max()) + 1), dtype=np.complex128)
    values = math.sqrt(2.0) * np.array(rms) * np.exp(1j * np.radians(phase_deg))
    np.add.at(amplitudes, (np.array(rows), order_index), values)
    return amplitudes
