"""The measuring part of the meter: samples become seconds, seconds become updates of all Analog and Binary Inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum

import numpy as np

from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.clock import RealTimeClock
from meter_model.device.demand import Demand
from meter_model.device.pulse_input import LARGEST_COUNT, PulseInput
from meter_model.device.readout import Counters, Readout
from meter_model.sampled.energy import EnergyAccumulators
from meter_model.sampled.measurement import SecondMeter, SecondReading
from meter_model.sampled.sampling import SAMPLES_PER_SECOND, FrontEnd
from meter_model.sampled.steady import SHORTEST_SKIP_S, SteadyLoad
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Stimulus

_ROUNDING = 1e-6


class _Command(IntEnum):
    """What may be written to AV1 (manual page 23)."""

    CLEAR_ENERGY = 30078
    NEW_SUBINTERVAL = 21211
    RESET_MAXIMA = 21212
    CLEAR_PULSES = 16498


class Metering:
    """Registers, demand and the latest update.

    ``second_ended(subinterval_ended)`` is called after each update; ``clock`` runs with the samples, from the same
    time base, so that it reads the end of the second then however fast that is.
    """

    def __init__(
        self,
        configuration: Configuration,
        errors: UnitErrors,
        profile: BehaviourProfile,
        seed: int,
        clock: RealTimeClock,
        second_ended: Callable[[bool], None],
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._second_ended = second_ended
        self._front_end = FrontEnd(errors, seed, profile.anti_alias)
        self._steady = SteadyLoad(errors, profile)
        self.energy = EnergyAccumulators(profile)
        self.demand = Demand(configuration.subintervals, configuration.subinterval_cs / 100.0, profile)
        self.pulses = PulseInput()
        self.energy_resets = 0
        self.power_ups = 1
        self.update_count = 0
        self.running_s = 0.0
        self._commands: list[int] = []
        self._second = np.zeros((6, SAMPLES_PER_SECOND))
        self._filled = 0
        self.configure(configuration)
        self.publish_before_first_update()

    def configure(self, configuration: Configuration) -> None:
        """Measure by another configuration from the next second on; demand is left alone."""
        self.configuration = configuration
        self._measurement = SecondMeter(configuration, self._profile)
        self._readout = Readout(configuration, self._profile)

    def restart_demand(self) -> None:
        """Restart the demand interval with the configured lengths; present demand is reset, maximum demand kept."""
        self.demand.reconfigure(self.configuration.subintervals, self.configuration.subinterval_cs / 100.0)

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Measure for at most a second."""
        self._take(self._front_end.sample(dt_s, stimulus, self.configuration.ct_rated_v), dt_s)

    def cycle_left_s(self) -> float:
        """Return how much of the running one-second cycle is left."""
        return self._front_end.span_s(SAMPLES_PER_SECOND - self._filled)

    def skip(self, at_most_s: float, stimulus: Stimulus) -> float:
        """Count one-second cycles of a constant load without sampling them; returns the time that passes, or 0.

        No update is published for them and no sub-interval ends in them: the last of ``at_most_s``, and the one that
        ends a sub-interval, are left to be sampled. Skipped cycles count what the load is expected to read, see
        ``SteadyLoad``.
        """
        if self._filled or self._commands or not self._steady.can_skip:
            return 0.0
        cycle_s = SAMPLES_PER_SECOND / self._front_end.rate_hz
        count = math.floor(min(at_most_s / cycle_s, self.demand.running_s) + _ROUNDING) - 1
        if count < SHORTEST_SKIP_S:
            return 0.0
        reading = self._steady.reading(stimulus, self.configuration)
        self._account(reading, float(count))
        self._front_end.pass_over(count * SAMPLES_PER_SECOND, stimulus)
        self._pass_time(count * cycle_s)
        self.update_count += count
        return count * cycle_s

    def command(self, command: int) -> None:
        """Execute what was written to AV1: clearing at once, the rest at the end of the running one-second cycle."""
        match command:
            case _Command.CLEAR_ENERGY:
                self.energy.clear()
                self.energy_resets += 1
            case _Command.CLEAR_PULSES:
                self.pulses.count = 0
            case _:
                self._commands.append(command)

    def lose_power(self) -> None:
        """Forget the running second, the running demand interval and commands that wait."""
        self._filled = 0
        self._commands.clear()
        self.restart_demand()

    def publish_before_first_update(self) -> None:
        """Show what a meter shows that has just been powered up."""
        self.update = self._readout.first(
            self.energy.totals(),
            self.energy.phases(),
            [*self.demand.present(), *self.demand.maxima()],
            self._counters(),
        )

    def _take(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]], dt_s: float) -> None:
        """Gather samples into seconds; each full second is an update."""
        count = samples.shape[1]
        if self._filled == 0 and count == SAMPLES_PER_SECOND:
            self._pass_time(dt_s)
            self._end_second(samples)
            return
        if not count:
            self._pass_time(dt_s)
        while samples.shape[1]:
            taken = samples[:, : SAMPLES_PER_SECOND - self._filled]
            end = self._filled + taken.shape[1]
            self._second[:, self._filled : end] = taken
            samples = samples[:, taken.shape[1] :]
            self._filled = end
            self._pass_time(dt_s * taken.shape[1] / count)
            if end == SAMPLES_PER_SECOND:
                self._filled = 0
                self._end_second(self._second)

    def true_s(self, clock_s: float) -> float:
        """Return how long the clock takes to count so many seconds."""
        return clock_s * SAMPLES_PER_SECOND / self._front_end.rate_hz

    def _pass_time(self, dt_s: float) -> None:
        self.running_s += dt_s
        self._clock.advance(dt_s * self._front_end.rate_hz / SAMPLES_PER_SECOND)

    def _end_second(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        self._pass_second(self._measurement.measure(samples))

    def _pass_second(self, reading: SecondReading) -> None:
        subinterval_ended = self._account(reading, 1.0)
        for command in self._commands:
            if command == _Command.RESET_MAXIMA:
                self.demand.reset_maxima()
            elif not self.configuration.subinterval_cs:
                self.demand.end_subinterval()
                subinterval_ended = True
        self._commands.clear()
        self.update = self._readout.update(
            reading,
            self.energy.totals(),
            self.energy.phases(),
            [*self.demand.present(), *self.demand.maxima()],
            self._counters(),
            self._clock.is_set,
        )
        self.update_count += 1
        self._second_ended(subinterval_ended)

    def _account(self, reading: SecondReading, duration_s: float) -> bool:
        """Add to energies and demand; returns whether a sub-interval has ended."""
        total_s_va = self._readout.total_apparent_va(reading)
        self.energy.add(reading.energy_p_w, reading.energy_q_var, reading.s_va, total_s_va, duration_s)
        return self.demand.add(sum(reading.energy_p_w), sum(reading.energy_q_var), total_s_va, duration_s)

    def _counters(self) -> Counters:
        return Counters(min(self.pulses.count, LARGEST_COUNT), self.energy_resets, self.power_ups)
