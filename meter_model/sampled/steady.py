"""What a meter measures second after second while nothing changes: the expectation of its sampled reading.

With it, seconds of a constant load need not be sampled one by one. Sampled road.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meter_model.behaviour.profile import Accumulation, BehaviourProfile, RmsWindow
from meter_model.configuration import Configuration
from meter_model.sampled.measurement import SecondMeter, SecondReading
from meter_model.sampled.sampling import SAMPLES_PER_SECOND, FrontEnd
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Stimulus

SHORTEST_SKIP_S = 3
"""Fewer seconds than that are sampled: nothing would be gained."""

_CT_STEPS_FULL_SCALE = 2.1  # as the front end's converter
_ALTERNATING = np.tile([1.0, -1.0], SAMPLES_PER_SECOND // 2)


class SteadyLoad:
    """Readings of constant loads without a unit's noise, but with all its lasting errors.

    Mean powers are over whole cycles for any RMS window of the profile, so that n times the reading is what n
    sampled seconds add up to, save for the ripple of one unfinished cycle. Noise adds to a current's RMS value (a
    small current reads high); a component at half the sample rate, which no voltage has, stands for it.
    """

    def __init__(self, errors: UnitErrors, profile: BehaviourProfile) -> None:
        self._errors = errors
        self._is_noisy = bool(errors.noise_pct)
        quiet = replace(errors, noise_pct=0.0, gain_noise_pct=0.0, adc_bits=0 if self._is_noisy else errors.adc_bits)
        self._front_end = FrontEnd(quiet, 0, profile.anti_alias)
        self._profile = replace(profile, rms_window=RmsWindow.CYCLE_SYNC)
        self._configuration: Configuration | None = None
        self._stimulus: Stimulus | None = None
        self._seconds: SecondMeter | None = None
        self._reading: SecondReading | None = None

    @property
    def can_skip(self) -> bool:
        """Whether equal seconds may be added up as one: not where the registers round after each."""
        return self._profile.accumulation is Accumulation.DOUBLE

    def reading(self, stimulus: Stimulus, configuration: Configuration) -> SecondReading:
        """Return what each second of this load reads; ``energy_p_w`` and ``energy_q_var`` are the true means."""
        if self._seconds is None or configuration is not self._configuration:
            self._seconds = SecondMeter(configuration, self._profile)
            self._configuration, self._reading = configuration, None
        if self._reading is None or stimulus is not self._stimulus:
            # The ideal clock's 2520 samples; a unit's fast clock makes this a touch less than a second.
            taken = self._front_end.sample(
                self._front_end.span_s(SAMPLES_PER_SECOND), stimulus, configuration.ct_rated_v
            )
            if self._is_noisy:
                taken[3:] += self._noise_v(configuration.ct_rated_v) * _ALTERNATING
            found = self._seconds.measure(taken)
            self._reading = replace(found, energy_p_w=found.p_w, energy_q_var=found.q_var)
            self._stimulus = stimulus
        return self._reading

    def _noise_v(self, ct_rated_v: float) -> float:
        """RMS volts of noise and quantisation at a CT input."""
        noise = self._errors.noise_pct / 100.0 * ct_rated_v
        bits = self._errors.adc_bits
        step = _CT_STEPS_FULL_SCALE * ct_rated_v / 2.0 ** (bits - 1) if bits else 0.0
        return float(np.hypot(noise, step / np.sqrt(12.0)))
