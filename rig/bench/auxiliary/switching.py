"""Devices on a bench's switch unit, and pulses that a generator times and a counter measures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from drivers.counter import COUNTERS, CounterInput, WidthCounter
from drivers.counter.base import Polarity
from drivers.generator import GENERATORS, PulseGenerator, PulseTrain
from drivers.instrument import Identity
from drivers.switch import SWITCHES, RelayRole, SenseRole, SwitchRoles, SwitchUnit
from rig.bench.clock import BenchClock
from rig.bench.config.files import TIMED_ROLES
from rig.bench.off import scpi_session
from rig.bench.schema.bench import AlarmContactPart, CounterPart, GeneratorPart, SwitchPart
from rig.bench.schema.safety import SafetyInputPart, SafetyInputsPart
from rig.errors import BenchFault
from rig.events import Events, Stated
from rig.safety.contactor.link import ContactorLink
from rig.safety.contactor.proof import BenchContactor
from rig.safety.contactor.recipe import ContactorRecipe
from rig.safety.guardian.link import GuardianLink
from rig.safety.inputs import SafetyInputs

_START_UP_S = 10.0
"""Bench seconds that a meter is given to start once control power has been switched on."""

_AFTER_S = 0.2
_LONGEST_WAIT_S = 10.0


class TimedPulses:
    """Pulses at one terminal of the meter: the generator times them, the counter measures each of them there.

    A pulse of ``pulse_input`` is a closed contact, one of ``control_power`` an interruption.
    """

    def __init__(
        self,
        name: str,
        generator: PulseGenerator,
        output: int,
        high_v: float,
        counter: WidthCounter,
        watched: CounterInput,
        clock: BenchClock,
    ) -> None:
        self._name = name
        self._generator, self._output, self._high_v = generator, output, high_v
        self._counter, self._watched = counter, watched
        self._clock = clock

    @property
    def uncertainty_s(self) -> float:
        """Half-width of the limits of error of a measured width, seconds."""
        return self._counter.capabilities.width_uncertainty_s

    def give(self, train: PulseTrain) -> tuple[float, ...]:
        """Give a train of pulses and return the width of each as measured, in seconds; the generator is off then.

        Raises BenchFault where the counter has not seen as many pulses as were given.
        """
        self._generator.arm(self._output, train, self._high_v)
        try:
            self._counter.arm(self._watched, train.count, max(_LONGEST_WAIT_S, 2.0 * train.period_s))
            self._generator.trigger(self._output)
            self._clock.sleep(train.duration_s + _AFTER_S)
            widths_s = self._counter.widths_s()
        finally:
            self._generator.make_safe()
        if len(widths_s) != train.count:
            raise BenchFault(
                f"{train.count} pulses of {train.width_s:g} s were given at {self._name}, the counter has seen "
                f"{len(widths_s)}; check the driver stage, the counter's input and its threshold"
            )
        return widths_s


def open_switch(
    part: SwitchPart | None,
    safety: SafetyInputsPart | None,
    clock: BenchClock,
    beat: Callable[[], None],
    stack: ExitStack,
    identities: dict[str, Identity],
    events: Events,
) -> SwitchUnit | None:
    """Open the switch unit, with the pulse contact open and control power on; ``stack`` puts its relays to rest.

    Where control power was off the meter is given time to start. ``safety``: contacts that it reads as well.
    """
    if part is None:
        return None
    switch = SWITCHES[part.driver](scpi_session(part, beat), switch_roles(part, safety))
    stack.callback(switch.close)
    identities["switch"] = switch.identify()
    stack.callback(switch.make_safe)
    if part.pulse_input is not None:
        switch.set_pulse_contact(False)
    if part.control_power is not None and not switch.control_power_is_on():
        switch.set_control_power(True)
        events.publish(Stated("control power switched on"))
        clock.sleep(_START_UP_S)
    return switch


def safety_inputs(part: SafetyInputsPart | None, switch: SwitchUnit | None) -> SafetyInputs:
    """Return the reader of a bench's interlock and emergency stop; without wired inputs, a reader that reports that."""
    if part is None or switch is None:
        return SafetyInputs.none()
    wired = {"interlock": part.interlock, "emergency_stop": part.emergency_stop}
    return SafetyInputs(
        switch.safety_contacts, {name: each.safe_when for name, each in wired.items() if each is not None}
    )


def contactor_of(recipe: ContactorRecipe | None, guardian: GuardianLink) -> BenchContactor | None:
    """Tell the guardian of the bench's contactor and return it, None where there is none; nothing is closed yet."""
    return None if recipe is None else BenchContactor(ContactorLink(guardian, recipe))


def open_timed_pulses(
    generator_part: GeneratorPart | None,
    counter_part: CounterPart | None,
    clock: BenchClock,
    beat: Callable[[], None],
    stack: ExitStack,
    identities: dict[str, Identity],
) -> dict[str, TimedPulses]:
    """Open generator and counter, outputs off; return pulses by what they work, where both instruments are there."""
    generator = counter = None
    if generator_part is not None:
        generator = GENERATORS[generator_part.driver](scpi_session(generator_part, beat))
        stack.callback(generator.close)
        identities["generator"] = generator.identify()
        stack.callback(generator.make_safe)
        generator.make_safe()
    if counter_part is not None:
        counter = COUNTERS[counter_part.driver](scpi_session(counter_part, beat))
        stack.callback(counter.close)
        identities["counter"] = counter.identify()
    timed: dict[str, TimedPulses] = {}
    if generator_part is None or counter_part is None or generator is None or counter is None:
        return timed
    for role in TIMED_ROLES:
        output, watched = getattr(generator_part.outputs, role), getattr(counter_part.inputs, role)
        if output is not None and watched is not None:
            polarity: Polarity = "positive" if watched.active == "high" else "negative"
            seen = CounterInput(watched.channel, watched.level_v, polarity)
            name = role.replace("_", " ")
            timed[role] = TimedPulses(name, generator, output, generator_part.high_v, counter, seen, clock)
    return timed


def switch_roles(part: SwitchPart, safety: SafetyInputsPart | None) -> SwitchRoles:
    """Tell the switch unit's driver what is wired to it, as the bench file says."""
    power, pulse, contactor = part.control_power, part.pulse_input, part.contactor
    return SwitchRoles(
        control_power=RelayRole(power.channel, power.on_when) if power else None,
        pulse_input=RelayRole(pulse.channel) if pulse else None,
        alarm_contact=_sense(part.alarm_contact),
        contactor=RelayRole(contactor.channel) if contactor else None,
        contactor_pulse=RelayRole(contactor.pulse_channel) if contactor else None,
        interlock=_sense(safety.interlock) if safety else None,
        emergency_stop=_sense(safety.emergency_stop) if safety else None,
    )


def _sense(part: AlarmContactPart | SafetyInputPart | None) -> SenseRole | None:
    return SenseRole(part.channel, part.method, part.bit) if part else None
