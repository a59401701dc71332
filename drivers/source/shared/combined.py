"""Two sources as one: a voltage source for the voltage inputs and a phase-locked low-level source for the CT inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

from drivers.errors import DriverError, RigError
from drivers.instrument import Identity
from drivers.source.base import AcSource, Channel, Protection, SafeOff, SourceCapabilities, SourceSetting
from drivers.source.shared.checks import check_setting, is_off, range_for

_NOTHING: tuple[Channel, Channel, Channel] = ((), (), ())


class CombinationRefused(DriverError):
    """Two sources cannot be used as one; ``missing`` says what the pair lacks."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"this combination cannot inject what a meter needs: {missing}")
        self.missing = missing


def combined_capabilities(voltage: SourceCapabilities, low_level: SourceCapabilities) -> SourceCapabilities:
    """Return what two sources can do together; raises CombinationRefused where they cannot be used as one.

    Frequencies and harmonic orders are those that both can give; soft start, watchdog and current limit are the
    voltage source's, whose output is the one that can hurt. Does no I/O.
    """
    if not voltage.voltage_ranges:
        raise CombinationRefused("the voltage source has no voltage channels; choose another")
    if not low_level.low_level_ranges:
        raise CombinationRefused("the low-level source has no low-level channels; choose another")
    for name, can in (("voltage", voltage), ("low-level", low_level)):
        if not can.phase_lock:
            raise CombinationRefused(
                f"the {name} source has no phase lock, so the angle between voltage and current would drift; choose a "
                "source that follows or gives an external reference"
            )
    low_hz = max(voltage.frequency_hz[0], low_level.frequency_hz[0])
    high_hz = min(voltage.frequency_hz[1], low_level.frequency_hz[1])
    if low_hz > high_hz:
        raise CombinationRefused("there is no frequency that both sources can give; choose another source")
    return replace(
        voltage,
        low_level_ranges=low_level.low_level_ranges,
        current_ranges=(),
        frequency_hz=(low_hz, high_hz),
        max_order=min(voltage.max_order, low_level.max_order),
    )


class CombinedSource(AcSource):
    """A voltage source and a low-level source with one interface; the latter's current channels drive the CT inputs.

    Switching off goes to both, even where the first fails. Raises CombinationRefused at once where the two
    cannot be used together; nothing is sent.
    """

    def __init__(self, voltage: AcSource, low_level: AcSource) -> None:
        self.capabilities = combined_capabilities(voltage.capabilities, low_level.capabilities)
        self.voltage = voltage
        self.low_level = low_level
        self._has_current = False

    def identify(self) -> Identity:
        """Read both identities, and check that the drivers fit; return the voltage source's identity."""
        identity = self.voltage.identify()
        self.low_level.identify()
        return identity

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select ranges of both (V rms, as each declares them); raises SettingOutOfRange before any I/O to either."""
        check_setting(envelope, self.capabilities)
        for kind, channels, ranges in (
            ("voltage", envelope.voltage, self.capabilities.voltage_ranges),
            ("current", envelope.current, self.capabilities.low_level_ranges),
        ):
            for number, channel in enumerate(channels, start=1):
                if not is_off(channel):
                    range_for(f"{kind} channel {number}", channel, ranges)
        self.low_level.select_ranges(_low_level_part(envelope))
        self.voltage.select_ranges(_voltage_part(envelope))

    def set_point(self, setting: SourceSetting) -> None:
        """Program both (V rms, degrees relative to voltage channel 1) and read back; the outputs stay as they are.

        Voltages before currents; where currents are to vanish they do so before the voltage changes.
        """
        parts: list[tuple[AcSource, SourceSetting]] = [
            (self.voltage, _voltage_part(setting)),
            (self.low_level, _low_level_part(setting)),
        ]
        self._has_current = not all(is_off(channel) for channel in setting.current)
        for source, part in parts if self._has_current else reversed(parts):
            source.set_point(part)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch on the voltage with its soft start of ``ramp_s`` seconds, then the low level; off in reverse.

        Where one does not switch off, the other is switched off too before the error is raised.
        """
        if on:
            self.voltage.set_output(True, ramp_s)
            self.low_level.set_output(True)
            return
        _all_of(lambda: self.low_level.set_output(False), lambda: self.voltage.set_output(False, ramp_s))

    def output_is_on(self) -> bool:
        """Ask both whether their output is on (no unit); raises DriverError where only one of them is.

        A low-level source that has nothing to give may say that it is off.
        """
        voltage, low_level = self.voltage.output_is_on(), self.low_level.output_is_on()
        if voltage == low_level or (voltage and not self._has_current):
            return voltage
        on, off = ("voltage", "low-level") if voltage else ("low-level", "voltage")
        raise DriverError(f"the {on} source's output is on and the {off} source's is off; look at both")

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how anyone may switch both off and verify them, as data (no unit, no range)."""
        return (*self.voltage.safe_off(), *self.low_level.safe_off())

    def make_safe(self) -> None:
        """Switch both off at once, without ramp (0 s), and verify; the second even where the first fails."""
        _all_of(self.voltage.make_safe, self.low_level.make_safe)

    def protection(self) -> Protection | None:
        """Ask the voltage source which current limit is in force (A rms), None where it is not for the rig to set."""
        return self.voltage.protection()

    def arm_watchdog(self, delay_s: float) -> None:
        """Arm the watchdog of the voltage source, and of the low-level source where it has one for that delay (s)."""
        self.voltage.arm_watchdog(delay_s)
        if self._low_level_watches(delay_s):
            self.low_level.arm_watchdog(delay_s)

    def disarm_watchdog(self) -> None:
        """Stop the watchdogs of both, and verify (no unit, no range)."""
        self.voltage.disarm_watchdog()
        if self.low_level.capabilities.watchdog_s is not None:
            self.low_level.disarm_watchdog()

    def close(self) -> None:
        """Give both connections back; the outputs stay as they are (no unit, no range)."""
        _all_of(self.low_level.close, self.voltage.close)

    def _low_level_watches(self, delay_s: float) -> bool:
        limits = self.low_level.capabilities.watchdog_s
        return limits is not None and limits[0] <= delay_s <= limits[1]


def _voltage_part(setting: SourceSetting) -> SourceSetting:
    return replace(setting, current=_NOTHING)


def _low_level_part(setting: SourceSetting) -> SourceSetting:
    return replace(setting, voltage=_NOTHING)


def _all_of(*acts: Callable[[], None]) -> None:
    """Do all of them, even where some raise; then raise the first error, the others noted on it."""
    errors: list[RigError] = []
    with contextlib.ExitStack() as stack:
        for act in reversed(acts):
            stack.callback(_collecting, act, errors)
    if errors:
        first, *others = errors
        for other in others:
            first.add_note(str(other))
        raise first


def _collecting(act: Callable[[], None], errors: list[RigError]) -> None:
    try:
        act()
    except RigError as error:
        errors.append(error)
