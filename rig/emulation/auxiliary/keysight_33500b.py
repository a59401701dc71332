"""The emulated Keysight 33522B waveform generator: two outputs whose pulses and bursts drive lines of the bench.

Written from the 33500 Series Operating and Service Guide, SCPI chapter. Behind each output stands a driver stage that
takes at least 2.5 V for active and does not follow pulses of less than 0.1 ms; a waveform other than a pulse does
not move it. Where the guide's chapter states nothing, the emulator takes the stricter reading: conflicting settings
are limited as printed there, and reported as -221; a trigger that starts nothing is -211.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rig.emulation.scpi.engine import Call, Command, Dialect, ScpiEngine, Wait
from rig.emulation.scpi.rows import kept, shown
from rig.emulation.scpi.syntax import Boolean, Choice, Number, Parameter, ScpiError, Text, parse_number
from rig.emulation.world.surroundings import Surroundings

_THRESHOLD_V = 2.5
_SHORTEST_S = 1e-4
_SHORTEST_WIDTH_S, _LONGEST_S = 16e-9, 1e6
_MOST_CYCLES = 100_000_000
_LONGEST_DELAY_S = 1000.0
_CLOCK_PPM = 0.5

_FUNCTIONS = Choice(("SINusoid", "SQUare", "TRIangle", "RAMP", "PULSe", "PRBS", "NOISe", "ARB", "DC"))
_SOURCES = Choice(("IMMediate", "EXTernal", "TIMer", "BUS"))
_ROOT = "[SOURce<1:2>]"


@dataclass(slots=True)
class _Settings:
    """What ``*RST`` puts back, of one output."""

    function: str = "SIN"
    width_s: float = 1e-4
    period_s: float = 1e-3
    transition_s: float = 1e-8
    hold: str = "WIDT"
    high_v: float = 0.05
    low_v: float = -0.05
    load_ohm: float = 50.0
    is_inverted: bool = False
    bursts: bool = False
    burst_mode: str = "TRIG"
    cycles: float = 1.0
    burst_phase_deg: float = 0.0
    trigger_source: str = "IMM"
    trigger_delay_s: float = 0.0
    is_on: bool = False


class PulseOutput:
    """One output as a line: active while a pulse is high. ``started_s``: when the train began, None before."""

    def __init__(self, clock_error: float) -> None:
        self.settings = _Settings()
        self.started_s: float | None = None
        self._stretch = 1.0 + clock_error

    @property
    def _pulse(self) -> tuple[float, float, float] | None:
        """Width and period in bench seconds and the number of cycles, None where no pulse comes out."""
        now = self.settings
        reaches = not now.is_inverted and now.high_v * (1.0 if math.isinf(now.load_ohm) else 2.0) >= _THRESHOLD_V
        if self.started_s is None or not (now.is_on and now.function == "PULS" and reaches):
            return None
        if min(now.width_s, now.period_s - now.width_s) < _SHORTEST_S:
            return None
        return now.width_s * self._stretch, now.period_s * self._stretch, now.cycles if now.bursts else math.inf

    def is_active(self, at_s: float) -> bool:
        """Whether a pulse is high at a moment."""
        pulse = self._pulse
        if pulse is None or self.started_s is None or at_s < self.started_s:
            return False
        width_s, period_s, cycles = pulse
        number = math.floor((at_s - self.started_s) / period_s)
        return number < cycles and at_s - self.started_s - number * period_s < width_s

    def next_edge_s(self, after_s: float) -> float:
        """Return the next moment at which a pulse begins or ends."""
        pulse = self._pulse
        if pulse is None or self.started_s is None:
            return math.inf
        width_s, period_s, cycles = pulse
        number = max(0, math.floor((after_s - self.started_s) / period_s))
        for each in (number, number + 1):
            if each >= cycles:
                break
            rise_s = self.started_s + each * period_s
            for edge_s in (rise_s, rise_s + width_s):
                if edge_s > after_s:
                    return edge_s
        return math.inf

    def is_busy(self, at_s: float) -> bool:
        """Whether a train is under way."""
        pulse = self._pulse
        return pulse is not None and self.started_s is not None and at_s < self.started_s + pulse[1] * pulse[2]


class KeysightGenerator:
    """One emulated generator; ``outputs`` are its lines. All but ``engine.execute`` expect the world to be held."""

    def __init__(self, around: Surroundings[bool]) -> None:
        self._now = around.now
        self._log = around.log
        error = 0.0 if around.errors else float(around.generator(0x47).uniform(-_CLOCK_PPM, _CLOCK_PPM)) * 1e-6
        self.outputs = (PulseOutput(error), PulseOutput(error))
        identity = f"Agilent Technologies,33522B,{around.serial_number},2.09-1.19-2.00-52-00"
        dialect = Dialect(explicit_plus=True)
        self.engine = ScpiEngine(self._commands(), identity, around.world, self._reset, dialect, version="1999.0")

    def _commands(self) -> tuple[Command, ...]:
        volts = Number(-20.0, 20.0, "V")
        seconds = Number(_SHORTEST_WIDTH_S, _LONGEST_S, "S")
        pulse, burst, output = f"{_ROOT}:FUNCtion:PULSe", f"{_ROOT}:BURSt", "OUTPut<1:2>"
        return (
            self._kept(f"{_ROOT}:FUNCtion", "function", _FUNCTIONS),
            self._kept(f"{pulse}:WIDTh", "width_s", seconds, self._fit_width),
            self._kept(f"{pulse}:PERiod", "period_s", seconds, self._fit_width),
            self._kept(f"{pulse}:TRANsition[:BOTH]", "transition_s", Number(8.4e-9, 1e-6, "S")),
            self._kept(f"{pulse}:HOLD", "hold", Choice(("WIDTh", "DCYCle"))),
            self._kept(f"{_ROOT}:VOLTage:HIGH", "high_v", volts, self._fit_levels),
            self._kept(f"{_ROOT}:VOLTage:LOW", "low_v", volts, self._fit_levels),
            self._kept(f"{burst}:STATe", "bursts", Boolean()),
            self._kept(f"{burst}:MODE", "burst_mode", Choice(("TRIGgered", "GATed"))),
            kept(f"{burst}:NCYCles", Text(), self._settings, "cycles", _shown, self._changed, take=_cycles),
            self._kept(f"{burst}:PHASe", "burst_phase_deg", Number(-360.0, 360.0)),
            kept(f"{output}[:STATe]", Boolean(), self._settings, "is_on", then=self._switched),
            kept(f"{output}:LOAD", Text(), self._settings, "load_ohm", _shown, take=_load_ohm),
            Command(
                f"{output}:POLarity",
                (Choice(("NORMal", "INVerted")),),
                self._set_polarity,
                lambda call: "INV" if self._settings(call).is_inverted else "NORM",
            ),
            self._kept("TRIGger<1:2>:SOURce", "trigger_source", _SOURCES),
            self._kept("TRIGger<1:2>:DELay", "trigger_delay_s", Number(0.0, _LONGEST_DELAY_S, "S")),
            Command("TRIGger<1:2>[:IMMediate]", write=self._trigger_one),
            Command("*TRG", write=self._trigger_bus),
            Command("*OPC", write=lambda _call: None, read=self._wait_for_trains),
            Command("ABORt", write=self._abort),
        )

    def _of(self, call: Call) -> PulseOutput:
        return self.outputs[(call.suffixes[0] if call.suffixes else 1) - 1]

    def _settings(self, call: Call) -> _Settings:
        return self._of(call).settings

    def _changed(self, call: Call) -> None:
        """A setting that changes ends a train; without bursts pulses come from then on."""
        output = self._of(call)
        output.started_s = None if output.settings.bursts else self._now()

    def _kept(
        self, header: str, name: str, parameter: Parameter, fit: Callable[[_Settings, str], bool] | None = None
    ) -> Command:
        """Return a row that sets one thing; ``fit`` limits what conflicts with it, and says whether nothing did."""

        def then(call: Call) -> None:
            fits = fit is None or fit(self._settings(call), name)
            self._changed(call)
            if not fits:
                raise ScpiError(-221)

        return kept(header, parameter, self._settings, name, _shown, then)

    @staticmethod
    def _fit_width(settings: _Settings, _name: str) -> bool:
        longest_s = settings.period_s - _SHORTEST_WIDTH_S
        fits = settings.width_s <= longest_s
        settings.width_s = min(settings.width_s, longest_s)
        return fits

    @staticmethod
    def _fit_levels(settings: _Settings, name: str) -> bool:
        """High stays above low: the level that was not set gives way."""
        if settings.high_v > settings.low_v:
            return True
        if name == "high_v":
            settings.low_v = settings.high_v - 0.001
        else:
            settings.high_v = settings.low_v + 0.001
        return False

    # The others

    def _set_polarity(self, call: Call) -> None:
        self._settings(call).is_inverted = call.word(0) == "INV"

    def _switched(self, call: Call) -> None:
        self._changed(call)
        number = call.suffixes[0] if call.suffixes else 1
        self._log.write("generator", output=number, on=call.flag(0), peer=call.peer)

    def _trigger_one(self, call: Call) -> None:
        self._trigger(self._of(call))

    def _trigger_bus(self, _call: Call) -> None:
        waiting = [each for each in self.outputs if each.settings.trigger_source == "BUS"]
        if not waiting:
            raise ScpiError(-211)
        for each in waiting:
            self._trigger(each)

    def _trigger(self, output: PulseOutput) -> None:
        if not output.settings.bursts or output.settings.burst_mode != "TRIG" or output.is_busy(self._now()):
            raise ScpiError(-211)
        output.started_s = self._now() + output.settings.trigger_delay_s
        self._log.write("train", output=self.outputs.index(output) + 1, cycles=output.settings.cycles)

    def _wait_for_trains(self, _call: Call) -> Wait:
        def bursting() -> list[PulseOutput]:
            return [each for each in self.outputs if each.settings.bursts and each.is_busy(self._now())]

        return Wait(
            is_over=lambda: not bursting(),
            due_s=lambda: min((each.next_edge_s(self._now()) for each in bursting()), default=self._now()),
        )

    def _abort(self, _call: Call) -> None:
        for each in self.outputs:
            if each.settings.bursts:
                each.started_s = None

    def _reset(self) -> None:
        for each in self.outputs:
            each.settings = _Settings()
            each.started_s = None


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return shown(value)
    return "+9.9E+37" if math.isinf(value) else f"{value:+.15E}"


def _cycles(word: str) -> float:
    if word in ("INF", "INFINITY"):
        return math.inf
    cycles = parse_number(word, "")
    if not 1.0 <= cycles <= _MOST_CYCLES:
        raise ScpiError(-222)
    return float(round(cycles))


def _load_ohm(word: str) -> float:
    load_ohm = math.inf if word in ("INF", "INFINITY") else parse_number(word, "OHM")
    if not load_ohm >= 1.0 or 10e3 < load_ohm < math.inf:
        raise ScpiError(-222)
    return load_ohm
