"""The emulated AMETEK California Instruments AC source (Lx, iX, MX tree): its SCPI commands over a voltage output.

Read: the Lx/Ls Series II programming manual (7004-981) pages 68, 71, 86, 130 and 154, the BPS/MX/RS manual (7003-961)
pages 80, 115 and 147, the Sequoia manual pages 73 and 157. From these: what INSTrument:COUPle reaches, the sign of
PHASe (positive leads) and its *RST values, that VOLTage:RANGe goes through 0 V and clips a current limit without a
word, the trip and its delay, the bits of the questionable register. Recalled, not read: limits of frequency and slew,
resolution of settings, the text of *IDN?, that a latched output refuses OUTPut ON with -221. An output that is
switched on is taken to jump to what it is set to: the reading that a driver has to survive.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import event, kept, only
from rig.emulation.scpi.status import QUESTIONABLE_SUMMARY
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, Text, as_bit, parse_number
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_output import PHASES
from rig.emulation.sources.three_phase_source import ThreePhaseSource
from rig.emulation.world.surroundings import Surroundings

RANGES_A = {150.0: 16.0, 300.0: 8.0}
"""Voltage ranges (rms volts), and the highest current limit in each (rms amperes a phase)."""

FREQUENCY_HZ = (16.0, 1000.0)
HIGHEST_SLEW = 200e3
START_ANGLES_DEG = (0.0, 240.0, 120.0)
"""PHASe after *RST; positive is leading."""

_COUPLED = "ALL"
_LIMITS = Choice(("MINimum", "MAXimum"))
_OVER_CURRENT, _CURRENT_LIMITED = 2, 4096

_Limits = Callable[[], tuple[float, float]]


class AmetekSource(ThreePhaseSource):
    """One emulated source. All methods but ``engine.execute`` expect the world to be held."""

    def __init__(self, around: Surroundings[SourceErrors]) -> None:
        super().__init__(around)
        self._acquired: tuple[tuple[float, float], ...] = ((0.0, 0.0),) * 3
        self._reset_settings()
        identity = f"CALIFORNIA INSTRUMENTS,4500LX,{around.serial_number},REV 1.10"
        summaries = {QUESTIONABLE_SUMMARY: self._status}
        self.engine = ScpiEngine(
            self._commands(), identity, around.world, self._reset, summaries=summaries, version="1995.0"
        )

    def _reset_settings(self) -> None:
        self._coupling = _COUPLED
        self._number = 1
        self._range_v = 150.0
        self._angles_deg = list(START_ANGLES_DEG)
        self.output.set_limit(1.0)
        self.output.set_slew(HIGHEST_SLEW)
        self.output.set_response(trips=True, response_s=0.1)
        self.output.set_frequency(60.0)
        for phase, angle_deg in zip(PHASES, START_ANGLES_DEG, strict=True):
            self.output.set_phase(angle_deg, [phase])

    @property
    def _reached(self) -> tuple[int, ...]:
        """The phases that a command reaches; PHASe reaches the selected one only, with any coupling."""
        return PHASES if self._coupling == _COUPLED else (self._number - 1,)

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        voltage, current = "[SOURce]:VOLTage", "[SOURce]:CURRent"
        output, name = self.output, f"{voltage}[:LEVel][:IMMediate][:AMPLitude]"
        return (
            kept("INSTrument:COUPle", Choice(("ALL", "NONE")), self, "_coupling"),
            kept("INSTrument:NSELect", Number(1, 3), self, "_number", take=round),
            *(
                self._quantity(header, "V", self._voltage_limits, self._set_voltage, lambda: output.programmed_v, 1)
                for header in (name, f"{voltage}:AC")
            ),
            Command(
                f"{voltage}:RANGe", (Number(unit="V"),), self._set_range, self._get_range, read_parameters=(_LIMITS,)
            ),
            self._quantity(
                f"{voltage}:SLEW[:IMMediate]",
                "",
                lambda: (0.0, HIGHEST_SLEW),
                self._set_slew,
                lambda: output.slew_v_per_s,
                3,
            ),
            self._quantity(
                "[SOURce]:FREQuency[:CW][:IMMediate]",
                "HZ",
                lambda: FREQUENCY_HZ,
                lambda hertz: output.set_frequency(round(hertz, 2)),
                lambda: (output.frequency_hz,) * 3,
                2,
            ),
            self._quantity(
                "[SOURce]:PHASe[:IMMediate]",
                "",
                lambda: (-360.0, 360.0),
                self._set_phase,
                lambda: tuple(self._angles_deg),
                1,
            ),
            only("[SOURce]:FUNCtion[:SHAPe][:IMMediate]", Choice(("SINusoid",)), "SIN"),
            self._quantity(
                f"{current}[:LEVel][:IMMediate][:AMPLitude]",
                "A",
                lambda: (0.0, RANGES_A[self._range_v]),
                lambda amperes: output.set_limit(round(amperes, 2), self._reached),
                lambda: output.limit_a,
                2,
            ),
            Command(f"{current}:PROTection:STATe", (Boolean(),), self._set_trips, lambda _: as_bit(output.trips)),
            self._quantity(
                f"{current}:PROTection:DELay",
                "S",
                lambda: (0.1, 5.0),
                lambda delay_s: output.set_response(trips=output.trips, response_s=delay_s),
                lambda: (output.response_s,) * 3,
                3,
            ),
            *self._output_commands(),
            event("ABORt"),
            *self._measurements(),
            *self._status.commands("STATus:QUEStionable", filters=False, highest=32767),
            Command("STATus:OPERation[:EVENt]", read=lambda _: "0"),
            Command("STATus:OPERation:CONDition", read=lambda _: "0"),
        )

    def _measurements(self) -> tuple[Command, ...]:
        def volts() -> float:
            return self._acquired[self._number - 1][0]

        def amperes() -> float:
            return self._acquired[self._number - 1][1]

        quantities: tuple[tuple[str, Callable[[], float], int], ...] = (
            ("VOLTage[:AC]", volts, 2),
            ("CURRent[:AC]", amperes, 4),
            ("POWer:AC[:REAL]", lambda: volts() * amperes(), 3),
            ("POWer:AC:APParent", lambda: volts() * amperes(), 3),
            ("FREQuency", lambda: self.output.frequency_hz, 2),
        )

        def reading(of: Callable[[], float], decimals: int, *, is_new: bool) -> Callable[[Call], str]:
            def read(_call: Call) -> str:
                if is_new:
                    self._acquire()
                return f"{of():.{decimals}f}"

            return read

        return tuple(
            Command(f"{root}[:SCALar]:{name}", read=reading(of, decimals, is_new=root == "MEASure"))
            for root in ("MEASure", "FETCh")
            for name, of, decimals in quantities
        )

    def _quantity(
        self,
        header: str,
        unit: str,
        limits: _Limits,
        take: Callable[[float], None],
        values: Callable[[], tuple[float, ...]],
        decimals: int,
    ) -> Command:
        """Return the row of a number, MINimum or MAXimum: the query answers for the selected phase."""

        def write(call: Call) -> None:
            low, high = limits()
            text = call.word(0)
            word = {"MIN": low, "MINIMUM": low, "MAX": high, "MAXIMUM": high}.get(text)
            value = parse_number(text, unit) if word is None else word
            if not low <= value <= high:
                raise ScpiError(-222)
            take(value)

        def read(call: Call) -> str:
            low, high = limits()
            value = {"MIN": low, "MAX": high}[call.word(0)] if call.values else values()[self._number - 1]
            return f"{value:.{decimals}f}"

        return Command(header, (Text(),), write, read, (_LIMITS,))

    def _voltage_limits(self) -> tuple[float, float]:
        return 0.0, self._range_v

    # Handlers

    def _set_voltage(self, volts: float) -> None:
        self.output.set_voltage(round(volts, 1), self._reached)

    def _set_slew(self, slew_v_per_s: float) -> None:
        if slew_v_per_s == 0.0:
            raise ScpiError(-222)
        self.output.set_slew(slew_v_per_s, self._reached)

    def _set_phase(self, angle_deg: float) -> None:
        self._angles_deg[self._number - 1] = round(angle_deg, 1)
        self.output.set_phase(round(angle_deg, 1), [self._number - 1])

    def _set_range(self, call: Call) -> None:
        range_v = call.number(0)
        if range_v not in RANGES_A:
            raise ScpiError(-222)
        if max(self.output.programmed_v) > range_v:
            raise ScpiError(-221)
        self._range_v = range_v
        for phase, limit_a in zip(PHASES, self.output.limit_a, strict=True):
            self.output.set_limit(min(limit_a, RANGES_A[range_v]), [phase])
        self.output.change_range()
        self._log.write("source-range", high=range_v, unit="V")

    def _get_range(self, call: Call) -> str:
        if call.values:
            return f"{min(RANGES_A) if call.word(0) == 'MIN' else max(RANGES_A):g}"
        return f"{self._range_v:g}"

    def _set_trips(self, call: Call) -> None:
        self.output.set_response(trips=call.flag(0), response_s=self.output.response_s)

    def _acquire(self) -> None:
        now_s = self._now()
        self._acquired = tuple((self.output.volts(p, now_s), self.output.amperes(p, now_s)) for p in PHASES)

    def _questionable(self) -> int:
        tripped = _OVER_CURRENT if self.output.protection is not None else 0
        return tripped | (_CURRENT_LIMITED if self.output.is_limiting else 0)
