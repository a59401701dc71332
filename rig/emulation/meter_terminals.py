"""What is connected to one meter besides its stimulus: control power, and a contact at the pulse input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from meter_model.stimulus import Stimulus
from meter_model.supply import SupplyKind, is_sufficient

NOMINAL_AC_V = 120.0
"""What "on" means: the control power for which the manual states the ride-through time."""

MOST_PULSES = 100_000


class TerminalsRefused(ValueError):
    """What is asked for cannot be connected; the message is one sentence."""


class Powered(Protocol):
    """A meter's physical side; ``meter_model.meter.S4100`` is one."""

    @property
    def is_running(self) -> bool:
        """Whether it has control power and has started."""
        ...

    @property
    def alarm_contact_closed(self) -> bool:
        """The normally closed alarm contact."""
        ...

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Live through ``dt_s`` seconds."""
        ...

    def pulse_input(self, closed: bool, in_s: float = 0.0) -> None:
        """Close or open the pulse contact, now or later."""
        ...


class MeterTerminals:
    """One meter with its control power, which is on at first. The world is held by who changes anything.

    ``on_powered`` may be set to a function that is told when the meter goes out for want of control power (False), and
    when it has started again (True). A meter that restarts with control power present still has its answer to send.
    """

    def __init__(self, meter: Powered) -> None:
        self.on_powered: Callable[[bool], None] | None = None
        self._meter = meter
        self._is_out = False
        self._is_sufficient = True
        self._returns_in_s = math.inf
        self._supply = (SupplyKind.AC, NOMINAL_AC_V)

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Let the meter live through ``dt_s`` seconds; a gap in its control power ends exactly when it should."""
        gap_s = min(dt_s, self._returns_in_s)
        self._returns_in_s -= gap_s
        if gap_s > 0.0:
            self._advance_meter(gap_s, stimulus)
        if self._returns_in_s <= 0.0:
            self._feed(SupplyKind.AC, NOMINAL_AC_V)
        if dt_s > gap_s:
            self._advance_meter(dt_s - gap_s, stimulus)

    def _advance_meter(self, dt_s: float, stimulus: Stimulus) -> None:
        self._meter.advance(dt_s, stimulus, self._is_sufficient)
        is_out = not self._meter.is_running and (self._is_out or not self._is_sufficient)
        if is_out != self._is_out:
            self._is_out = is_out
            if self.on_powered is not None:
                self.on_powered(not is_out)

    def set_control_power(self, wanted: dict[str, Any]) -> None:
        """Switch control power: ``{"on": false}``, or ``{"kind": "dc", "volts": 100}``.

        With ``"for_s"`` 120 V AC returns after so many seconds of bench time. Raises TerminalsRefused.
        """
        kind, volts = SupplyKind.AC, NOMINAL_AC_V
        if "on" in wanted:
            if not isinstance(wanted["on"], bool):
                raise TerminalsRefused('"on" must be true or false')
            volts = NOMINAL_AC_V if wanted["on"] else 0.0
        else:
            if wanted.get("kind", "ac") not in list(SupplyKind):
                raise TerminalsRefused('"kind" must be "ac" or "dc"')
            kind = SupplyKind(wanted.get("kind", "ac"))
            volts = _number(wanted, "volts", 0.0, math.inf)
        returns_in_s = _number(wanted, "for_s", 0.0, math.inf) if "for_s" in wanted else math.inf
        self._feed(kind, volts)
        self._returns_in_s = returns_in_s

    def set_pulse_input(self, wanted: dict[str, Any]) -> None:
        """Work the contact: ``{"closed": true}``, or ``{"count": 10, "width_s": 0.05, "period_s": 0.1}``.

        A train begins now and goes on in bench time. Raises TerminalsRefused.
        """
        if "closed" in wanted:
            if not isinstance(wanted["closed"], bool):
                raise TerminalsRefused('"closed" must be true or false')
            self._meter.pulse_input(wanted["closed"])
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
        self._returns_in_s = math.inf


def _number(wanted: dict[str, Any], name: str, low: float, high: float) -> float:
    value = wanted.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise TerminalsRefused(f'"{name}" must be a number from {low:g} to {high:g}')
    return float(value)
