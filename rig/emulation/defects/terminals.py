"""Seeded defects of a meter's other terminals: control power, the pulse input, the alarm contact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from meter_model.device.meter import S4100
from meter_model.stimulus import Stimulus
from rig.emulation.defects.behaviour import DefectiveMeter, of, reading

_PRESENT_VALUE = "present-value"
_CLEAR_ENERGY = 30078.0
_GAP_S = 0.1
_STRETCHED_S, _SHORTENED_S, _LONG_S = 0.025, 0.015, 0.5


class _PowerWatcher(DefectiveMeter):
    """Does something when the meter comes back: ``returned`` gets the seconds for which it was off."""

    _off_s = 0.0
    _latest: Stimulus

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        if self._meter.is_running:
            self.goes_on()
        self._latest = stimulus
        self._meter.advance(dt_s, stimulus, control_power)
        if self._meter.is_running:
            if self._off_s:
                off_s, self._off_s = self._off_s, 0.0
                self.returned(off_s)
        elif not control_power or self._off_s:
            self._off_s += dt_s

    def goes_on(self) -> None:
        """Look at the meter while it runs."""

    def returned(self, off_s: float) -> None:
        """Do what a good meter would not."""


class _ClockKept(_PowerWatcher):
    """The clock has a battery, though the manual says that it has none."""

    _time = datetime(2000, 1, 1)

    def goes_on(self) -> None:
        day = self._meter.read("DE", self._meter.device_instance, "local-date")
        hour = self._meter.read("DE", self._meter.device_instance, "local-time")
        self._time = datetime.combine(day, hour)

    def returned(self, off_s: float) -> None:
        self._meter.synchronise_time(self._time + timedelta(seconds=off_s))


def _when_back(work: Callable[[S4100], None]) -> type[DefectiveMeter]:
    class Loses(_PowerWatcher):
        def returned(self, off_s: float) -> None:
            work(self._meter)

    return Loses


def _lose_configuration(meter: S4100) -> None:
    meter.write("AV", 9, _PRESENT_VALUE, 1.0 if meter.configuration.imbalance_pct != 1.0 else 2.0)


class _CountsOn(_PowerWatcher):
    """The registers count on while the meter is off."""

    def returned(self, off_s: float) -> None:
        self._meter.advance(off_s, self._latest)


class _StaysOnBus(DefectiveMeter):
    """The gateway takes its power from the bus: it answers and passes the token without control power."""

    is_running = True


class _NoRideThrough(DefectiveMeter):
    """Every gap in control power, however short, is a loss of it."""

    _has_power = True

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        if self._has_power and not control_power:
            self._meter.advance(_GAP_S, stimulus, control_power=False)
        self._has_power = control_power
        self._meter.advance(dt_s, stimulus, control_power)


class _TimedPulses(DefectiveMeter):
    """A meter whose contact is worked by the time that has passed, and by when it closed last."""

    _now_s, _closed_s = 0.0, 0.0

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        self._now_s += dt_s
        self._meter.advance(dt_s, stimulus, control_power)


class _ShortPulsesCounted(_TimedPulses):
    """A pulse is believed however short it is."""

    def pulse_input(self, closed: bool, in_s: float = 0.0) -> None:
        """Keep the contact closed for longer than it is."""
        at_s = self._now_s + in_s
        if closed:
            self._closed_s = at_s
        else:
            in_s += max(0.0, self._closed_s + _STRETCHED_S - at_s)
        self._meter.pulse_input(closed, in_s)


class _LongPulsesMissed(DefectiveMeter):
    """A pulse has to last 35 ms."""

    def pulse_input(self, closed: bool, in_s: float = 0.0) -> None:
        """Take note of a closed contact too late."""
        self._meter.pulse_input(closed, in_s + _SHORTENED_S * closed)


class _OpeningCounted(_TimedPulses):
    """The opening of a contact that was closed for a while is counted too."""

    def pulse_input(self, closed: bool, in_s: float = 0.0) -> None:
        """Add a pulse after the contact has opened."""
        at_s = self._now_s + in_s
        self._meter.pulse_input(closed, in_s)
        if closed:
            self._closed_s = at_s
        elif at_s - self._closed_s > _LONG_S:
            self._meter.pulse_input(True, in_s + _STRETCHED_S)
            self._meter.pulse_input(False, in_s + 2.0 * _STRETCHED_S)


class _ContactStuck(DefectiveMeter):
    alarm_contact_closed = True


class _ContactOpenWithoutPower(DefectiveMeter):
    @property
    def alarm_contact_closed(self) -> bool:
        """A contact that is held closed: without control power it opens."""
        return self._meter.is_running and self._meter.alarm_contact_closed


TERMINAL_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "alarm-contact-opens-without-power": _ContactOpenWithoutPower,
    "alarm-contact-stuck": _ContactStuck,
    "clock-kept-without-power": _ClockKept,
    "configuration-lost-without-power": _when_back(_lose_configuration),
    "energies-lost-without-power": _when_back(lambda meter: meter.write("AV", 1, _PRESENT_VALUE, _CLEAR_ENERGY)),
    "logs-lost-without-power": _when_back(lambda meter: meter.write("TL", 1, "record-count", 0)),
    "pulse-long-missed": _LongPulsesMissed,
    "pulse-opening-counted": _OpeningCounted,
    "pulse-short-counted": _ShortPulsesCounted,
    "power-up-not-counted": reading(_PRESENT_VALUE, of("AI", [81], lambda _: 1.0)),
    "registers-count-without-power": _CountsOn,
    "ride-through-missing": _NoRideThrough,
    "stays-on-bus-without-power": _StaysOnBus,
}
"""Every defect of the terminals by name; it is there or not, without a value."""
