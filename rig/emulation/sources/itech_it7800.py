"""The emulated ITECH IT7800: one or three phases, a slope in V/ms, an I/O watchdog.

No programming guide of the IT7800 was found. Headers are those of open drivers of an IT7821E and an IT7803J, the
parameter ``,CH1|CH2|CH3`` is that of the IT7900 programming guide p. 33 ("only valid in multi-channel mode"). Inferred
are: that the channel parameter goes with VOLTage and PHASe in the three-phase mode, that angles count as lead from CH1,
that the slope is in V/ms and holds when the output is switched on, too. Where nothing is known the stricter reading is
taken: nothing is set before SYSTem:REMote, the mode is not changed under load, and what a protection or the watchdog
latched off stays off until OUTPut:PROTection:CLEar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from rig.emulation.scpi.engine import Call, Command, Wait
from rig.emulation.scpi.rows import event, kept
from rig.emulation.scpi.status import QUESTIONABLE_SUMMARY
from rig.emulation.scpi.syntax import Boolean, Choice, Number, Parameter, ScpiError
from rig.emulation.sources.io_watchdog import DELAY_S, WatchedEngine, WatchedSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_output import PHASES
from rig.emulation.world.surroundings import Surroundings

HIGHEST_V = 350.0
LARGEST_A = 30.0
FREQUENCY_HZ = (16.0, 2400.0)
_START_LEAD_DEG = (0.0, 240.0, 120.0)
_CHANNELS = Choice(("CH1", "CH2", "CH3"))
_COUPLINGS = Choice(("AC", "DC", "ACDC"))
_FUNCTIONS = Choice(("ONE", "THREE"))
_DELAYS_S = {"IMM": 0.02, "DEL": 1.0}
_MODES = Choice(("IMMediate", "DELay"))
_QUESTIONABLE = {"over current": 1 << 1}


class ItechSource(WatchedSource):
    """One emulated source. All methods but ``engine.execute`` expect the world to be held.

    ``wall_s`` is the wall clock that the watchdog goes by.
    """

    def __init__(self, around: Surroundings[SourceErrors], wall_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(around, wall_s, slews_when_switched_on=True)
        self._is_remote = False
        self._reset_settings()
        identity = f"ITECH Ltd.,IT7809-350-90,{around.serial_number},1.08"
        summaries = {QUESTIONABLE_SUMMARY: self._status}
        self.engine = WatchedEngine(
            self._heard, self._commands(), identity, around.world, self._reset, summaries=summaries, version="1999.0"
        )

    def _reset_settings(self) -> None:
        self._function = "ONE"
        self._coupling = "AC"
        self._volts = [0.0] * 3
        self._lead_deg = list(_START_LEAD_DEG)
        self._slope, self._frequency_slope = 1.0, 1.0
        self._limits = {"HIGH": HIGHEST_V, "LOW": 0.0, "PEAK": 500.0}
        self._limit_a = [LARGEST_A] * 3
        self._trip_a = LARGEST_A
        self._mode = "DEL"
        self._apply()

    def _apply(self) -> None:
        """Hand what is set to the output: in the single-phase mode all three give what the first does."""
        is_one = self._function == "ONE"
        for phase in PHASES:
            used = 0 if is_one else phase
            self.output.set_slew(1e3 * self._slope, (phase,))
            if self.output.programmed_v[phase] != self._volts[used]:
                self.output.set_voltage(self._volts[used], (phase,))
            self.output.set_phase(self._lead_deg[used], (phase,))
            self.output.set_limit(min(self._trip_a, self._limit_a[used]), (phase,))
        self.output.set_response(trips=True, response_s=_DELAYS_S[self._mode])

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        volts, amperes = Number(0.0, HIGHEST_V, "V"), Number(0.1, LARGEST_A, "A")
        slope = Number(1e-4, 1e3)
        watchdog = "OUTPut:PROTection:WDOG"
        return (
            self._per_channel("VOLTage[:LEVel][:IMMediate][:AMPLitude][:AC]", volts, self._set_volts, self._volts_of),
            self._per_channel("PHASe", Number(-360.0, 360.0), self._set_lead, lambda phase: self._lead_deg[phase]),
            self._per_channel("CURRent:LIMit:HIGH", amperes, self._set_limit, lambda phase: self._limit_a[phase]),
            self._remote(
                Command(
                    "[SOURce]:FREQuency[:IMMediate]",
                    (Number(*FREQUENCY_HZ, "HZ"),),
                    lambda call: self.output.set_frequency(call.number(0)),
                    lambda _: _number(self.output.frequency_hz),
                )
            ),
            self._kept("[SOURce]:VOLTage:SLOPe[:AC]", slope, "_slope", _number),
            self._kept("[SOURce]:FREQuency:SLOPe", slope, "_frequency_slope", _number),
            self._kept("[SOURce]:FUNCtion", _COUPLINGS, "_coupling"),
            self._remote(Command("SYSTem:FUNCtion", (_FUNCTIONS,), self._set_function, lambda _: self._function)),
            self._kept("[SOURce]:CURRent:PROTection:RMS", amperes, "_trip_a", _number),
            self._kept("[SOURce]:CURRent:PROTection:MODE", _MODES, "_mode"),
            self._bound("[SOURce]:VOLTage:LIMit:HIGH", "HIGH", HIGHEST_V),
            self._bound("[SOURce]:VOLTage:LIMit:LOW", "LOW", HIGHEST_V),
            self._bound("[SOURce]:VOLTage:PROTection:PEAK", "PEAK", 500.0),
            *(self._remote(row) for row in self._output_commands()),
            self._remote(kept(f"{watchdog}[:STATe]", Boolean(), self._watchdog, "is_enabled")),
            self._remote(
                kept(f"{watchdog}:DELay", Number(*DELAY_S, "S"), self._watchdog, "delay_s", "{:.0f}".format, take=round)
            ),
            self._measurement("VOLTage[:AC]", self.output.volts),
            self._measurement("CURRent[:AC]", self.output.amperes),
            self._measurement("POWer[:REAL]", self._watts),
            *self._status.commands("STATus:QUEStionable", filters=False),
            event("SYSTem:REMote", lambda: self._set_remote(True)),
            event("SYSTem:LOCal", lambda: self._set_remote(False)),
        )

    def _remote(self, row: Command) -> Command:
        """Return ``row`` with a setting that is refused before remote control was asked for."""

        def checked(call: Call) -> Wait | None:
            if not self._is_remote or row.write is None:
                raise ScpiError(-221)
            return row.write(call)

        return replace(row, write=checked)

    def _kept(self, header: str, parameter: Parameter, name: str, show: Callable[..., str] = str) -> Command:
        return self._remote(kept(header, parameter, self, name, show, lambda _: self._apply()))

    def _per_channel(
        self, name: str, quantity: Number, write: Callable[[float, Sequence[int]], None], read: Callable[[int], float]
    ) -> Command:
        """Make a row whose last parameter may be a channel."""

        def change(call: Call) -> None:
            write(call.number(0), PHASES if len(call.values) == 1 else (self._channel(call, 1),))
            self._apply()

        def ask(call: Call) -> str:
            return _number(read(self._channel(call, 0) if call.values else 0))

        return self._remote(
            Command(f"[SOURce]:{name}", (quantity, _CHANNELS), change, ask, read_parameters=(_CHANNELS,), optional=1)
        )

    def _bound(self, header: str, name: str, highest: float) -> Command:
        return self._remote(kept(header, Number(0.0, highest, "V"), lambda _: self._limits, name, _number))

    def _measurement(self, name: str, read: Callable[[int, float], float]) -> Command:
        def measure(call: Call) -> str:
            return _number(read(self._channel(call, 0) if call.values else 0, self._now()))

        return Command(f"MEASure[:SCALar]:{name}", read=measure, read_parameters=(_CHANNELS,))

    def _channel(self, call: Call, index: int) -> int:
        if self._function != "THREE":
            raise ScpiError(-221)
        return int(call.word(index)[-1]) - 1

    # Handlers

    def _set_volts(self, volts: float, phases: Sequence[int]) -> None:
        if not self._limits["LOW"] <= volts <= self._limits["HIGH"]:
            raise ScpiError(-222)
        for phase in phases:
            self._volts[phase] = round(volts, 2)

    def _volts_of(self, phase: int) -> float:
        return self._volts[phase]

    def _set_lead(self, lead_deg: float, phases: Sequence[int]) -> None:
        for phase in phases:
            self._lead_deg[phase] = round(lead_deg, 1)

    def _set_limit(self, amperes: float, phases: Sequence[int]) -> None:
        for phase in phases:
            self._limit_a[phase] = amperes

    def _set_function(self, call: Call) -> None:
        if self.output.is_on:
            raise ScpiError(-221)
        self._function = call.word(0)
        self._apply()

    def _set_remote(self, on: bool) -> None:
        self._is_remote = on

    def _watts(self, phase: int, at_s: float) -> float:
        return self.output.volts(phase, at_s) * self.output.amperes(phase, at_s)

    def _questionable(self) -> int:
        protection = self.output.protection
        return 0 if protection is None else _QUESTIONABLE.get(protection, 0)


def _number(value: float) -> str:
    return f"{value:.4f}"
