"""The emulated Keysight AC6801B: one phase, two ranges, no slew, an I/O watchdog.

Written from the AC6800B operating and service guide, chapter 3 (syntax p. 97-99, status registers p. 103) and p. 79
(current limits); the VOLTage subsystem from the page of the AC6800 guide (p. 153). Its watchdog chapter was not at
hand: OUTPut:PROTection:WDOG is that of the N6900/N7900 guide p. 252, where the output is latched off, the programmed
output state is not changed, and OUTPut:PROTection:CLEar restores the output. Where the pages are silent the stricter
reading is taken: a range that does not hold what is set is refused (-221).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from rig.emulation.scpi.engine import Call, Command, Dialect
from rig.emulation.scpi.rows import kept, reading
from rig.emulation.scpi.status import OPERATION_SUMMARY, QUESTIONABLE_SUMMARY, StatusRegister, preset_command
from rig.emulation.scpi.syntax import Boolean, Choice, ScpiError, Unit, Value, as_bit, parse_number
from rig.emulation.sources.io_watchdog import DELAY_S, WatchedEngine, WatchedSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.surroundings import Surroundings

OVER_RANGE = 157.5 / 155.0
"""The highest voltage that can be set, as a part of the range (A guide p. 153: 137.5 V in the 135 V range)."""

LARGEST_A = {155.0: 5.25, 310.0: 2.625}
FREQUENCY_HZ = (40.0, 500.0)
_ONLY = (0,)
_TRIP_S = 1.0
_LIMITS = (Choice(("MINimum", "MAXimum")),)
_COUPLINGS = Choice(("AC", "DC", "ACDC"))
_MODES = Choice(("FIXed", "STEP"))
_OVER_CURRENT, _WATCHDOG, _LIMITING, _CONSTANT_VOLTAGE = 1 << 1, 1 << 5, 1 << 12, 1 << 8
_LATCHED = {"over current": _OVER_CURRENT, "watchdog": _WATCHDOG}


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with a unit, or the word for its lowest or highest value."""

    unit: str

    def parse(self, text: str) -> Value:
        """Read the number, or return MIN or MAX; raises ScpiError."""
        if text[:1].isalpha():
            return _LIMITS[0].parse(text)
        return parse_number(text, self.unit)


class AC6800Source(WatchedSource):
    """One emulated unit, which feeds phase A. All methods but ``engine.execute`` expect the world to be held.

    ``wall_s`` is the wall clock that the watchdog goes by.
    """

    def __init__(self, around: Surroundings[SourceErrors], wall_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(around, wall_s)
        self._operation = StatusRegister(follow=lambda: _CONSTANT_VOLTAGE * self.output.is_on)
        self._reset_settings()
        identity = f"Keysight Technologies,AC6801B,MY{around.serial_number},B.01.00"
        dialect = Dialect(explicit_plus=True)
        summaries = {QUESTIONABLE_SUMMARY: self._status, OPERATION_SUMMARY: self._operation}
        arguments = (self._heard, self._commands(), identity, around.world, self._reset, dialect)
        self.engine = _Engine(*arguments, summaries=summaries, version="1999.0")

    def _reset_settings(self) -> None:
        self._range_v = 155.0
        self._coupling = "AC"
        self._modes = {"VOLT": "FIX", "FREQ": "FIX"}
        self._soft = {"VOLT": (0.0, 155.0 * OVER_RANGE), "FREQ": FREQUENCY_HZ}
        self._is_soft = {"VOLT": False, "FREQ": False}
        self._is_wanted_on = False
        self._trips = True
        self.output.set_limit(LARGEST_A[self._range_v], _ONLY)
        self._apply_trip()

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        volts, hertz, amperes = _Quantity("V"), _Quantity("HZ"), _Quantity("A")
        watchdog = "OUTPut:PROTection:WDOG"
        return (
            Command(
                "[SOURce]:VOLTage[:LEVel][:IMMediate][:AMPLitude]",
                (volts, volts, volts),
                lambda call: self.output.set_voltage(round(self._wanted("VOLT", call), 1), _ONLY),
                lambda call: _number(self._asked("VOLT", call, self.output.programmed_v[0])),
                read_parameters=_LIMITS,
                optional=2,
            ),
            Command(
                "[SOURce]:FREQuency[:CW][:IMMediate]",
                (hertz, hertz, hertz),
                lambda call: self.output.set_frequency(round(self._wanted("FREQ", call), 1)),
                lambda call: _number(self._asked("FREQ", call, self.output.frequency_hz)),
                read_parameters=_LIMITS,
                optional=2,
            ),
            Command(
                "[SOURce]:CURRent[:LEVel][:IMMediate][:AMPLitude]",
                (amperes,),
                lambda call: self.output.set_limit(self._wanted("CURR", call), _ONLY),
                lambda call: _number(self._asked("CURR", call, self.output.limit_a[0])),
                read_parameters=_LIMITS,
            ),
            Command("[SOURce]:VOLTage:RANGe", (volts,), self._set_range, lambda _: f"{self._range_v:.0f}"),
            kept("[SOURce]:CURRent:PROTection:STATe", Boolean(), self, "_trips", then=self._apply_trip),
            *(row for name in ("VOLTage", "FREQuency") for row in self._mode_commands(name)),
            Command("OUTPut[:STATe]", (Boolean(),), self._switch, lambda _: as_bit(self._is_wanted_on)),
            kept("OUTPut:COUPling", _COUPLINGS, self, "_coupling"),
            Command("OUTPut:PROTection:CLEar", write=self._clear_protection),
            kept(f"{watchdog}[:STATe]", Boolean(), self._watchdog, "is_enabled"),
            Command(
                f"{watchdog}:DELay",
                (_Quantity("S"),),
                self._set_delay,
                lambda call: f"{self._asked('WDOG', call, self._watchdog.delay_s):.0f}",
                read_parameters=_LIMITS,
            ),
            *(command for verb in ("MEASure", "FETCh") for command in self._measurements(verb)),
            *self._status.commands("STATus:QUEStionable"),
            *self._operation.commands("STATus:OPERation"),
            preset_command((self._status, self._operation)),
        )

    def _mode_commands(self, name: str) -> tuple[Command, ...]:
        short = name[:4].upper()
        return (
            kept(f"[SOURce]:{name}:MODE", _MODES, lambda _: self._modes, short),
            kept(f"[SOURce]:{name}:LIMit:STATe", Boolean(), lambda _: self._is_soft, short),
        )

    def _measurements(self, verb: str) -> tuple[Command, ...]:
        return (
            reading(f"{verb}[:SCALar]:VOLTage[:AC]", lambda: self.output.volts(0, self._now()), _number),
            reading(f"{verb}[:SCALar]:CURRent[:AC]", lambda: self.output.amperes(0, self._now()), _number),
            reading(f"{verb}[:SCALar]:FREQuency", lambda: self.output.frequency_hz, _number),
        )

    # Values, their limits and soft limits

    def _bounds(self, name: str) -> tuple[float, float]:
        return {
            "VOLT": (0.0, self._range_v * OVER_RANGE),
            "FREQ": FREQUENCY_HZ,
            "CURR": (0.0, LARGEST_A[self._range_v]),
            "WDOG": DELAY_S,
        }[name]

    def _asked(self, name: str, call: Call, present: float) -> float:
        """Return what a query asks for: the value, or the lowest or highest that can be set."""
        if not call.values:
            return present
        return self._bounds(name)[call.word(0) == "MAX"]

    def _wanted(self, name: str, call: Call) -> float:
        """Return what a setting's first parameter means, and take the soft limits that may follow it."""
        bounds = self._bounds(name)
        values = [bounds[each == "MAX"] if isinstance(each, str) else float(each) for each in call.values]
        if len(values) == 2:
            raise ScpiError(-109)  # one limit without the other
        if not all(bounds[0] <= each <= bounds[1] for each in values):
            raise ScpiError(-222)
        low, high = (values[1], values[2]) if len(values) == 3 else self._soft.get(name, bounds)
        if self._is_soft.get(name, False) and not low <= values[0] <= high:
            raise ScpiError(-222)
        if name in self._soft:
            self._soft[name] = (low, high)
        return values[0]

    # Handlers

    def _set_range(self, call: Call) -> None:
        value = call.values[0]
        if value not in LARGEST_A:
            raise ScpiError(-222)
        assert isinstance(value, float)
        if self.output.programmed_v[0] > value * OVER_RANGE or self.output.limit_a[0] > LARGEST_A[value]:
            raise ScpiError(-221)
        if value == self._range_v:
            return
        self._range_v = value
        self._soft["VOLT"] = (0.0, value * OVER_RANGE)
        self.output.change_range()

    def _apply_trip(self, _call: Call | None = None) -> None:
        self.output.set_response(trips=self._trips, response_s=_TRIP_S)

    def _switch(self, call: Call) -> None:
        self._is_wanted_on = call.flag(0)
        # Where a protection has latched the output stays off; OUTPut ON does not change that.
        self.output.switch(call.flag(0), call.peer, call.text)

    def _clear_protection(self, call: Call) -> None:
        if self.output.protection is None:
            return
        super()._clear_protection(call)
        if self._is_wanted_on:
            self.output.switch(True, call.peer, call.text)

    def _set_delay(self, call: Call) -> None:
        self._watchdog.delay_s = round(self._wanted("WDOG", call))

    def _questionable(self) -> int:
        latched = _LATCHED[self.output.protection] if self.output.protection is not None else 0
        return latched | (_LIMITING if self.output.is_limiting else 0)


class _Engine(WatchedEngine):
    """The engine, which after ``FREQuency 100,90,110`` takes ``MODE`` for ``FREQuency:MODE`` (guide p. 97)."""

    _here = threading.local()

    def execute(self, line: str, peer: str) -> str | None:
        """Execute one program message of ``peer``; returns the answer without terminator, or None if there is none."""
        self._here.path = ()
        return super().execute(line, peer)

    def _find(self, unit: Unit) -> tuple[Command, tuple[int, ...]]:
        before: tuple[str, ...] = self._here.path
        self._here.path = () if unit.is_common else unit.path
        try:
            return super()._find(unit)
        except ScpiError:
            if unit.is_common or unit.text.startswith(":") or not before:
                raise
        self._here.path = (*before, *unit.path[len(before) - 1 :])
        return self._tree.find(self._here.path)


def _number(value: float) -> str:
    return f"{value:+.6E}"
