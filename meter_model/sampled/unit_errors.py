"""The imperfections of one unit's front end, six channels: three voltages, then three CT inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

CHANNELS: tuple[str, ...] = ("voltage_a", "voltage_b", "voltage_c", "current_a", "current_b", "current_c")
"""Names of the six channels in the order of every six-tuple."""

_Six = tuple[float, float, float, float, float, float]
_ZERO: _Six = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_PHASE_REFERENCE_HZ = 60.0


@dataclass(frozen=True, slots=True)
class UnitErrors:
    """What separates a unit from an ideal meter; the default is the ideal.

    Per channel: ``gain_pct``; ``delay_s`` (positive: the channel lags, at any frequency by the same time);
    ``offset_pct`` of the rated RMS (347 V, or the CT's 1 V or 1/3 V); ``tempco_ppm_per_k`` of gain, from 25 °C.
    For all channels: ``noise_pct``, white noise of each sample in percent of the rated RMS; ``gain_noise_pct``,
    standard deviation of the gain from second to second; ``adc_bits``, 0 for no quantisation; ``clock_ppm``, positive:
    the sample clock is fast, and the real-time clock with it.
    """

    gain_pct: _Six = _ZERO
    delay_s: _Six = _ZERO
    offset_pct: _Six = _ZERO
    tempco_ppm_per_k: _Six = _ZERO
    noise_pct: float = 0.0
    gain_noise_pct: float = 0.0
    adc_bits: int = 0
    clock_ppm: float = 0.0

    @classmethod
    def none(cls) -> UnitErrors:
        """Return the ideal unit: no error, no noise, no quantisation."""
        return cls()

    @classmethod
    def drawn_from(cls, seed: int) -> UnitErrors:
        """Return a good unit: each active power within about a third of class 0.2S for every seed.

        Gain 0.015 % (at most 0.03 %) a channel, phase 0.004° (at most 0.01°) at 60 Hz, 6 ppm/K (at most 15), one
        second's RMS scatter 0.002 % at full scale, 18 effective bits.
        """
        rng = np.random.default_rng([0x5341, seed])
        phase_deg = _drawn(rng, 0.004, 0.01)
        return cls(
            gain_pct=_drawn(rng, 0.015, 0.03),
            delay_s=_six(lambda index: phase_deg[index] / 360.0 / _PHASE_REFERENCE_HZ),
            offset_pct=_drawn(rng, 0.001, 0.003),
            tempco_ppm_per_k=_drawn(rng, 6.0, 15.0),
            noise_pct=0.005,
            gain_noise_pct=0.002,
            adc_bits=18,
            clock_ppm=float(np.clip(rng.normal(0.0, 5.0), -15.0, 15.0)),
        )

    def replace_gain(self, channel: str, gain_pct: float) -> UnitErrors:
        """Return the same unit with the gain error of one channel (a name of ``CHANNELS``) set to ``gain_pct``."""
        changed = CHANNELS.index(channel)
        return replace(self, gain_pct=_six(lambda index: gain_pct if index == changed else self.gain_pct[index]))

    def add_gain(self, channel: str, gain_pct: float) -> UnitErrors:
        """Return the same unit with ``gain_pct`` added to the gain error that one channel has."""
        return self.replace_gain(channel, self.gain_pct[CHANNELS.index(channel)] + gain_pct)


def _six(value_of: Callable[[int], float]) -> _Six:
    a, b, c, d, e, f = (value_of(index) for index in range(6))
    return a, b, c, d, e, f


def _drawn(rng: np.random.Generator, sigma: float, limit: float) -> _Six:
    values = np.clip(rng.normal(0.0, sigma, 6), -limit, limit)
    return _six(lambda index: float(values[index]))
