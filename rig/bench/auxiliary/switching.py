"""Devices on a bench's switch unit, and pulses that a generator times and a counter measures."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.counter.base import CounterInput, Polarity, WidthCounter
from drivers.generator.base import PulseGenerator, PulseTrain
from drivers.switch.base import SwitchUnit
from rig.bench.clock import BenchClock
from rig.bench.config.files import TIMED_ROLES
from rig.bench.drivers import Opener
from rig.bench.schema.switch import SafetyInputsPart
from rig.errors import BenchFault
from rig.events import Events, Stated
from rig.safety.inputs import SafetyInputs

_START_UP_S = 10.0
"""Bench seconds that a meter is given to start once control power has been switched on."""

_AFTER_S = 0.2
_LONGEST_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class TimedPulses:
    """Pulses at one terminal of the meter: the generator times them, the counter measures each of them there.

    A pulse of ``pulse_input`` is a closed contact, one of ``control_power`` an interruption.
    """

    name: str
    generator: PulseGenerator
    output: int
    high_v: float
    counter: WidthCounter
    watched: CounterInput
    clock: BenchClock

    @property
    def uncertainty_s(self) -> float:
        """Half-width of the limits of error of a measured width, seconds."""
        return self.counter.capabilities.width_uncertainty_s

    def give(self, train: PulseTrain) -> tuple[float, ...]:
        """Give a train of pulses and return the width of each as measured, in seconds; the generator is off then.

        Raises BenchFault where the counter has not seen as many pulses as were given.
        """
        self.generator.arm(self.output, train, self.high_v)
        try:
            self.counter.arm(self.watched, train.count, max(_LONGEST_WAIT_S, 2.0 * train.period_s))
            self.generator.trigger(self.output)
            self.clock.sleep(train.duration_s + _AFTER_S)
            widths_s = self.counter.widths_s()
        finally:
            self.generator.make_safe()
        if len(widths_s) != train.count:
            raise BenchFault(
                f"{train.count} pulses of {train.width_s:g} s were given at {self.name}, the counter has seen "
                f"{len(widths_s)}; check the driver stage, the counter's input and its threshold"
            )
        return widths_s


def open_switch(opener: Opener, events: Events) -> SwitchUnit | None:
    """Open the switch unit, with the pulse contact open and control power on; its relays come to rest at the end.

    Raises the errors of its driver; a meter that had no control power is given time to start.
    """
    part = opener.parts.switch
    switch: SwitchUnit | None = opener.open("switch")
    if switch is None or part is None:
        return None
    opener.stack.callback(switch.make_safe)
    if part.pulse_input is not None:
        switch.set_pulse_contact(False)
    if part.control_power is not None and not switch.control_power_is_on():
        switch.set_control_power(True)
        events.publish(Stated("control power switched on"))
        opener.clock.sleep(_START_UP_S)
    return switch


def safety_inputs(part: SafetyInputsPart | None, switch: SwitchUnit | None) -> SafetyInputs:
    """Return the reader of a bench's interlock and emergency stop; without wired inputs, a reader that reports that."""
    if part is None or switch is None:
        return SafetyInputs.none()
    wired = {"interlock": part.interlock, "emergency_stop": part.emergency_stop}
    return SafetyInputs(
        switch.safety_contacts, {name: each.safe_when for name, each in wired.items() if each is not None}
    )


def open_timed_pulses(opener: Opener) -> dict[str, TimedPulses]:
    """Open generator and counter, outputs off; return pulses by what they work, where both instruments are there."""
    generator: PulseGenerator | None = opener.open("generator")
    if generator is not None:
        opener.stack.callback(generator.make_safe)
        generator.make_safe()
    counter: WidthCounter | None = opener.open("counter")
    timed: dict[str, TimedPulses] = {}
    given, seen = opener.parts.generator, opener.parts.counter
    if given is None or seen is None or generator is None or counter is None:
        return timed
    for role in TIMED_ROLES:
        output, watched = getattr(given.outputs, role), getattr(seen.inputs, role)
        if output is not None and watched is not None:
            polarity: Polarity = "positive" if watched.active == "high" else "negative"
            at = CounterInput(watched.channel, watched.level_v, polarity)
            name = role.replace("_", " ")
            timed[role] = TimedPulses(name, generator, output, given.high_v, counter, at, opener.clock)
    return timed
