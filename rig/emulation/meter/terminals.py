"""What is at one meter besides its stimulus: control power, a contact at the pulse input, a finger at its panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from meter_model.device.meter import S4100
from meter_model.device.supply import SupplyKind, is_sufficient
from meter_model.panel.panel import Panel
from meter_model.stimulus import Stimulus
from rig.emulation.world.lines import Line

NOMINAL_AC_V = 120.0
"""What "on" means: the control power for which the manual states the ride-through time."""

MOST_PULSES = 100_000


class TerminalsRefused(ValueError):
    """What is asked for cannot be connected; the message is one sentence."""


Watcher = Callable[[bool, float], None]
"""Called with a state and the exact bench time at which it began."""


class MeterTerminals:
    """One meter with its control power, which is on at first, and a contact at its pulse input, which is open.

    ``interrupting``: lines in series with control power, each of which interrupts it while active. ``closing``: lines
    in parallel at the pulse input. ``watching_power`` and ``watching_contact`` are called at every change. ``now_s``
    gives the bench time at which ``advance`` begins. ``panel``: its front panel (None: one without a defect). The world
    is held by who changes anything.

    ``on_powered`` may be set to a function; it is called with False when the meter loses control power, and with True
    when it has started again (True). A meter that restarts with control power present still has its answer to send.
    """

    def __init__(self, meter: S4100, now_s: Callable[[], float], panel: Panel | None = None) -> None:
        self.on_powered: Callable[[bool], None] | None = None
        self._panel = panel
        self._meter = meter
        self._is_out = False
        self._now_s = now_s
        self._is_sufficient = True
        self._returns_at_s = math.inf
        self._supply = (SupplyKind.AC, NOMINAL_AC_V)
        self._is_closed_by_hand = False
        self._has_power, self._is_closed = True, False
        self.interrupting: list[Line] = []
        self.closing: list[Line] = []
        self.watching_power: list[Watcher] = []
        self.watching_contact: list[Watcher] = []

    @property
    def panel(self) -> Panel:
        """The front panel of the meter."""
        if self._panel is None:
            self._panel = Panel(self._meter)
        return self._panel

    @property
    def alarm_contact_closed(self) -> bool:
        """What can be sensed at the alarm contact's terminals."""
        return self._meter.alarm_contact_closed

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Let the meter live through ``dt_s`` seconds; each change at its terminals takes effect exactly when due."""
        at_s = self._now_s()
        end_s = at_s + dt_s
        lines = (*self.interrupting, *self.closing)
        while at_s < end_s:
            until_s = min(end_s, self._returns_at_s, *(line.next_edge_s(at_s) for line in lines))
            self._look(at_s, (at_s + until_s) / 2.0)
            self._advance_meter(until_s - at_s, stimulus)
            at_s = until_s
            if at_s >= self._returns_at_s:
                self._feed(SupplyKind.AC, NOMINAL_AC_V)

    def _advance_meter(self, dt_s: float, stimulus: Stimulus) -> None:
        self._meter.advance(dt_s, stimulus, self._has_power)
        is_out = not self._meter.is_running and (self._is_out or not self._has_power)
        if is_out != self._is_out:
            self._is_out = is_out
            if self.on_powered is not None:
                self.on_powered(not is_out)

    def _look(self, from_s: float, at_s: float) -> None:
        """Find out how the terminals are from ``from_s`` on, of which ``at_s`` is a moment."""
        has_power = self._is_sufficient and not any(line.is_active(at_s) for line in self.interrupting)
        is_closed = self._is_closed_by_hand or any(line.is_active(at_s) for line in self.closing)
        if has_power != self._has_power:
            self._has_power = has_power
            for watcher in self.watching_power:
                watcher(has_power, from_s)
        if is_closed != self._is_closed:
            self._is_closed = is_closed
            self._meter.pulse_input(is_closed)
            for watcher in self.watching_contact:
                watcher(is_closed, from_s)

    def set_control_power(self, wanted: dict[str, Any]) -> None:
        """Switch control power: ``{"on": false}``, or ``{"kind": "dc", "volts": 100}``.

        With ``"for_s"`` 120 V AC returns after so many seconds of bench time. Raises TerminalsRefused.
        """
        kind, volts = SupplyKind.AC, NOMINAL_AC_V
        if "on" in wanted:
            volts = NOMINAL_AC_V if _flag(wanted, "on") else 0.0
        else:
            if wanted.get("kind", "ac") not in list(SupplyKind):
                raise TerminalsRefused('"kind" must be "ac" or "dc"')
            kind = SupplyKind(wanted.get("kind", "ac"))
            volts = _number(wanted, "volts", 0.0, math.inf)
        returns_in_s = _number(wanted, "for_s", 0.0, math.inf) if "for_s" in wanted else math.inf
        self._feed(kind, volts)
        self._returns_at_s = self._now_s() + returns_in_s

    def set_pulse_input(self, wanted: dict[str, Any]) -> None:
        """Work the contact: ``{"closed": true}``, or ``{"count": 10, "width_s": 0.05, "period_s": 0.1}``.

        A train begins now and goes on in bench time. Raises TerminalsRefused.
        """
        if "closed" in wanted:
            self._is_closed_by_hand = _flag(wanted, "closed")
            return
        count = _number(wanted, "count", 0, MOST_PULSES)
        width_s = _number(wanted, "width_s", 0.0, math.inf)
        period_s = _number(wanted, "period_s", 0.0, math.inf)
        if count != int(count) or width_s >= period_s:
            raise TerminalsRefused('"count" must be whole, and "period_s" longer than "width_s"')
        for number in range(int(count)):
            self._meter.pulse_input(True, number * period_s)
            self._meter.pulse_input(False, number * period_s + width_s)

    def status(self) -> dict[str, Any]:
        """Return what can be seen from outside."""
        kind, volts = self._supply
        return {
            "control_power": {"kind": str(kind), "volts": volts},
            "is_running": self._meter.is_running,
            "alarm_contact_closed": self._meter.alarm_contact_closed,
        }

    def _feed(self, kind: SupplyKind, volts: float) -> None:
        try:
            self._is_sufficient = is_sufficient(kind, volts)
        except ValueError as error:
            raise TerminalsRefused(str(error)) from error
        self._supply = (kind, volts)
        self._returns_at_s = math.inf


def _flag(wanted: dict[str, Any], name: str) -> bool:
    value = wanted[name]
    if not isinstance(value, bool):
        raise TerminalsRefused(f'"{name}" must be true or false')
    return value


def _number(wanted: dict[str, Any], name: str, low: float, high: float) -> float:
    value = wanted.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise TerminalsRefused(f'"{name}" must be a number from {low:g} to {high:g}')
    return float(value)
