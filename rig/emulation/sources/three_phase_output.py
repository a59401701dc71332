"""The output of an emulated three-phase voltage source: relay, slew, range change, current limit, latch, own errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from meter_model.stimulus import Phasor, Spectrum
from rig.emulation.sources.output import RAMP_SLICE_S, RELAY_S, NoisySource, OutputStage, SourceErrors
from rig.emulation.sources.voltage_course import Course, still
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import NOTHING, SourceTerminals

PHASES = (0, 1, 2)
BURDEN_OHM = (0.5e6, 2e6)
"""What the meter and the leads draw from a phase is drawn between these two: far less than a milliampere."""

_ROUNDING = 1e-9


class ThreePhaseOutput(NoisySource):
    """Three voltage channels behind one output relay, in bench time; all methods expect the world to be held.

    Volts are rms, angles degrees relative to phase A with negative = lag, slew volts a second (``math.inf`` is at
    once), currents rms amperes. Switching on: the relay closes after ``RELAY_S``; then the voltages rise from 0 with
    the slew, or, without ``slews_when_switched_on``, are there at once, for any slew. Off is always at once.

    A current above ``limit_a`` for ``response_s`` without a break trips the output (``trips``) and latches it as
    ``protection`` "over current", or folds the phase's voltage back to what keeps the limit. Where ``limit_a`` is left
    at infinity nothing happens. The load is the meter's burden unless ``set_load`` puts a resistor across a phase.
    ``latch`` is for all other protection (a watchdog): the output stays off until ``clear_protection``.
    What is set can be read: ``programmed_v``, ``phase_deg``, ``slew_v_per_s``, ``limit_a``, ``frequency_hz``,
    ``response_s`` (for how long a current may be above its limit) and ``trips``.
    """

    def __init__(
        self,
        errors: SourceErrors,
        seed: int,
        now: Callable[[], float],
        log: EventLog,
        *,
        frequency_hz: float = 60.0,
        slews_when_switched_on: bool = False,
    ) -> None:
        super().__init__(errors, np.random.default_rng([seed, 0x53]), channels=3)
        self._now = now
        self._log = log
        self._burden_ohm: list[float] = np.random.default_rng([seed, 0x54]).uniform(*BURDEN_OHM, 3).tolist()
        infinite: tuple[float, ...] = (math.inf,) * 3
        self._load_ohm = infinite
        self._stage = OutputStage()
        self._closed_s = -math.inf
        self._courses = [still(0.0)] * 3
        self._over_since_s, self._response_at_s = list(infinite), list(infinite)
        self.limit_a = infinite
        self._slews_when_switched_on = slews_when_switched_on
        self.frequency_hz = frequency_hz
        nothing: tuple[float, ...] = (0.0,) * 3
        self.programmed_v = self._third = nothing
        self.phase_deg: tuple[float, ...] = (0.0, -120.0, 120.0)
        self.slew_v_per_s = infinite
        self.response_s, self.trips = 0.1, True
        self._protection: str | None = None

    def set_voltage(self, volts: float, phases: Sequence[int] = PHASES) -> None:
        """Go to ``volts`` with the slew of each phase; while the output is off, at once."""
        self._catch_up()
        now_s = self._now()
        self.programmed_v = _put(self.programmed_v, phases, volts)
        for phase in phases:
            if self._stage.is_on:
                start_s = max(now_s, self._closed_s)
                here_v = self._courses[phase].volts(start_s)
                self._courses[phase] = self._course(start_s, here_v, volts, self.slew_v_per_s[phase])
            else:
                self._courses[phase] = still(volts)
        self._changed()

    def set_phase(self, phase_deg: float, phases: Sequence[int] = PHASES) -> None:
        """Turn phases to an angle, at once."""
        self.phase_deg = _put(self.phase_deg, phases, phase_deg)
        self.revision += 1

    def set_third_harmonic(self, fraction: float, phases: Sequence[int] = PHASES) -> None:
        """Have phases carry so much third harmonic, as a fraction of their fundamental; their rms stays."""
        self._third = _put(self._third, phases, fraction)
        self.revision += 1

    def set_frequency(self, frequency_hz: float) -> None:
        """Change the frequency of all phases, at once."""
        self.frequency_hz = frequency_hz
        self.revision += 1

    def set_slew(self, slew_v_per_s: float, phases: Sequence[int] = PHASES) -> None:
        """Change the slew (above 0) of what is set from now on; a voltage that is under way keeps its own."""
        self.slew_v_per_s = _put(self.slew_v_per_s, phases, slew_v_per_s)

    def set_limit(self, limit_a: float, phases: Sequence[int] = PHASES) -> None:
        """Change the current limit of phases."""
        self._catch_up()
        self.limit_a = _put(self.limit_a, phases, limit_a)
        self._changed()

    def set_response(self, *, trips: bool, response_s: float) -> None:
        """Say what a current above its limit does, and after how many seconds."""
        self._catch_up()
        self.trips, self.response_s = trips, response_s
        self._changed()

    def set_load(self, load_ohm: float, phases: Sequence[int] = PHASES) -> None:
        """Put a resistor across phases (a fault on the bench); infinite takes it away."""
        self._catch_up()
        self._load_ohm = _put(self._load_ohm, phases, load_ohm)
        self._changed()

    def change_range(self) -> None:
        """Go through a change of range: the voltages drop to 0, and rise again with the slew after ``RELAY_S``."""
        self._catch_up()
        if self._stage.is_on:
            start_s = max(self._now(), self._closed_s) + RELAY_S
            self._courses = [
                self._course(start_s, 0.0, volts, slew)
                for volts, slew in zip(self.programmed_v, self.slew_v_per_s, strict=True)
            ]
        self._changed()

    def reset(self, angles_deg: Sequence[float] = (0.0, -120.0, 120.0), frequency_hz: float = 60.0) -> None:
        """Switch off and forget all settings; a protection that has latched stays, and so do faults of the bench."""
        self.switch(False, "internal", "*RST")
        self.programmed_v = self._third = (0.0,) * 3
        self._courses = [still(0.0)] * 3
        self.phase_deg = tuple(angles_deg)
        self.slew_v_per_s = self.limit_a = (math.inf,) * 3
        self.frequency_hz, self.response_s, self.trips = frequency_hz, 0.1, True
        self._changed()

    # The relay and what protects

    @property
    def is_on(self) -> bool:
        """Whether the instrument reports its output on."""
        self._catch_up()
        return self._stage.is_on

    @property
    def is_stuck(self) -> bool:
        """Whether the output relay stays closed for ever (a fault)."""
        return self._stage.is_stuck

    @property
    def protection(self) -> str | None:
        """What has latched the output off, None where nothing has."""
        self._catch_up()
        return self._protection

    @property
    def is_limiting(self) -> bool:
        """Whether a phase's voltage is folded back now to keep its current limit."""
        self._catch_up()
        now_s = self._now()
        return not self.trips and any(
            now_s >= self._response_at_s[phase] and self._courses[phase].volts(now_s) > self._threshold_v(phase)
            for phase in PHASES
        )

    def switch(self, on: bool, peer: str, command: str) -> bool:
        """Switch the output for ``peer`` who said ``command``; False where a latched protection keeps it off."""
        self._catch_up()
        if on and self._protection is not None:
            return False
        if on and not self._stage.is_on:
            now_s = self._now()
            self._stage.switch_on(now_s, 0.0)
            self._closed_s = now_s + RELAY_S
            slews = self.slew_v_per_s if self._slews_when_switched_on else (math.inf,) * 3
            self._courses = [
                self._course(self._closed_s, 0.0, volts, slew)
                for volts, slew in zip(self.programmed_v, slews, strict=True)
            ]
        elif not on:
            self._stage.switch_off()
        self._changed()
        self._log.write("output", on=on, peer=peer, command=command)
        return True

    def latch(self, cause: str) -> None:
        """Switch off because of ``cause`` and stay off until ``clear_protection``."""
        self._catch_up()
        self._trip(cause, self._now())

    def clear_protection(self) -> None:
        """Let the output be switched on again."""
        self._catch_up()
        self._protection = None

    def stick(self, on: bool) -> None:
        """Make the output relay stay closed for ever (a fault), or mend it."""
        self._catch_up()
        self._stage.is_stuck = on
        self.revision += 1

    # What comes out

    def volts(self, phase: int, at_s: float) -> float:
        """Return the rms volts that the instrument itself sees at its output at a moment of bench time."""
        if self._level(at_s) == 0.0:
            return 0.0
        volts = self._courses[phase].volts(at_s)
        if not self.trips and at_s >= self._response_at_s[phase]:
            volts = min(volts, self.limit_a[phase] * self._resistance_ohm(phase))
        return volts

    def amperes(self, phase: int, at_s: float) -> float:
        """Return the rms current out of a phase at a moment of bench time."""
        return self.volts(phase, at_s) / self._resistance_ohm(phase)

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the output may be taken as constant (while nothing is set)."""
        if now_s >= self._trip_s():
            self._catch_up()
        if not self._stage.is_on:
            return math.inf
        changes = [self._stage.next_change_s(now_s), self._trip_s()]
        changes += [at_s for at_s in self._response_at_s if at_s > now_s]
        for course in self._courses:
            if now_s < course.start_s:
                changes.append(course.start_s)
            elif now_s < course.end_s:
                slices = math.floor((now_s - course.start_s) / RAMP_SLICE_S + _ROUNDING) + 1
                changes.append(min(course.end_s, course.start_s + slices * RAMP_SLICE_S))
        return min(changes)

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what is at the output terminals at a moment of bench time; there are no current channels."""

        def one(phase: int) -> Spectrum:
            volts = self.volts(phase, at_s)
            if volts == 0.0:
                return ()
            return self._distorted(self._spectrum(phase, volts), phase)

        frequency_hz = self.frequency_hz * (1.0 + self._errors.frequency)
        return SourceTerminals(frequency_hz, (one(0), one(1), one(2)), NOTHING, (True, True, True))

    # Inside

    def _spectrum(self, phase: int, volts: float) -> Spectrum:
        third, angle_deg = self._third[phase], self.phase_deg[phase]
        if third == 0.0:
            return (Phasor(1, volts, angle_deg),)
        fundamental = volts / math.hypot(1.0, third)
        return (Phasor(1, fundamental, angle_deg), Phasor(3, third * fundamental, 3.0 * angle_deg))

    def _level(self, at_s: float) -> float:
        if at_s >= self._trip_s():
            return 1.0 if self._stage.is_stuck else 0.0
        return self._stage.level(at_s)

    def _resistance_ohm(self, phase: int) -> float:
        return 1.0 / (1.0 / self._burden_ohm[phase] + 1.0 / self._load_ohm[phase])

    def _course(self, start_s: float, start_v: float, target_v: float, slew_v_per_s: float) -> Course:
        if math.isinf(slew_v_per_s):
            # The whole way in no time, from the moment it begins.
            return Course(start_s, start_v, target_v, math.inf) if start_s > self._now() else still(target_v)
        return Course(start_s, start_v, target_v, slew_v_per_s)

    def _changed(self) -> None:
        """Compute again when a current will have been above its limit for too long."""
        self.revision += 1
        now_s = self._now()
        for phase in PHASES:
            since_s = self._over_since(phase, now_s)
            self._over_since_s[phase] = since_s
            self._response_at_s[phase] = since_s + self.response_s if self._stays_over(phase, since_s) else math.inf

    def _threshold_v(self, phase: int) -> float:
        return self.limit_a[phase] * self._resistance_ohm(phase) * (1.0 + _ROUNDING)

    def _over_since(self, phase: int, now_s: float) -> float:
        """When the current went, or will go, above its limit; infinite where it does not."""
        if not self._stage.is_on:
            return math.inf
        course, threshold_v = self._courses[phase], self._threshold_v(phase)
        begin_s = max(now_s, self._closed_s)
        if course.volts(begin_s) > threshold_v:
            return min(begin_s, self._over_since_s[phase])
        return course.crosses_s(threshold_v) if course.target_v > threshold_v else math.inf

    def _stays_over(self, phase: int, since_s: float) -> bool:
        """Whether a current that went above its limit at ``since_s`` is still there after ``response_s``."""
        course, threshold_v = self._courses[phase], self._threshold_v(phase)
        if course.target_v > threshold_v:
            return not math.isinf(since_s)
        return course.start_v > threshold_v and since_s + self.response_s < course.crosses_s(threshold_v)

    def _trip_s(self) -> float:
        return min(self._response_at_s) if self.trips and self._stage.is_on else math.inf

    def _catch_up(self) -> None:
        """Take note of a trip that bench time has passed."""
        if self._now() >= (trip_s := self._trip_s()):
            self._trip("over current", trip_s)

    def _trip(self, cause: str, at_s: float) -> None:
        self._stage.switch_off()
        self._protection = cause
        self._changed()
        self._log.write("output", on=False, peer="internal", command=cause, at_s=round(at_s, 6))


def _put(values: tuple[float, ...], phases: Sequence[int], value: float) -> tuple[float, ...]:
    """Return ``values`` with another one for some phases."""
    return tuple(value if phase in phases else before for phase, before in enumerate(values))
