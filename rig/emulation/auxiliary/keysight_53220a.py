"""The emulated Keysight 53220A counter: widths of the pulses on its two inputs, to the exact edge plus its own errors.

Written from the 53220A/53230A Programmer's Reference. A line of the bench gives its inputs 5 V while active and 0 V
at rest. Where the reference states nothing, the emulator takes the stricter reading: a query for readings that are
not there is an error, never an old reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rig.emulation.scpi.engine import Call, Command, Dialect, ScpiEngine, Wait
from rig.emulation.scpi.rows import kept, shown
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, Text
from rig.emulation.world.surroundings import Surroundings

_HIGH_V = 5.0
_MOST_SAMPLES = 1_000_000
_NOT_A_NUMBER = 9.91e37
_JITTER_S = 5e-9
_CLOCK_PPM = 0.1
_LIST = re.compile(r"\(@([12])\)\Z")


@dataclass(slots=True)
class _Input:
    coupling: str = "AC"
    impedance_ohm: float = 1e6
    range_v: float = 5.0
    level_v: float = 0.0
    is_automatic: bool = True
    slope: str = "POS"

    def sees(self) -> bool:
        """Whether the threshold lies between the two states of a line."""
        return self.coupling == "DC" and (self.is_automatic or 0.0 < self.level_v < _HIGH_V)


class KeysightCounter:
    """One emulated counter. ``edge`` is called for each edge at its inputs, with the world held."""

    _readings: list[float]
    _is_measuring: bool
    _left: int
    _began_s: float | None

    def __init__(self, around: Surroundings[bool]) -> None:
        self._now = around.now
        is_ideal = around.errors
        self._generator = around.generator(0x43)
        self._clock_error = 0.0 if is_ideal else float(self._generator.uniform(-_CLOCK_PPM, _CLOCK_PPM)) * 1e-6
        self._jitter_s = 0.0 if is_ideal else _JITTER_S
        self._reset()
        identity = f"Agilent Technologies,53220A,{around.serial_number},02.05-1519.666-1.19-4.15-127-155-35"
        dialect = Dialect(explicit_plus=True)
        self.engine = ScpiEngine(self._commands(), identity, around.world, self._reset, dialect, version="1999.0")

    def edge(self, channel: int, is_active: bool, at_s: float) -> None:
        """Take note that the line at input ``channel`` (1 or 2) became active or went to rest at ``at_s``."""
        self._note_time_outs(at_s)
        if not self._is_measuring or channel != self._channel or not self._inputs[channel - 1].sees():
            return
        if is_active == self._is_positive:
            self._began_s = at_s
        elif self._began_s is not None:
            jitter_s = float(self._generator.normal(0.0, self._jitter_s))
            self._note((at_s - self._began_s) * (1.0 + self._clock_error) + jitter_s)
            self._began_s, self._waiting_since_s = None, at_s

    def _note(self, reading_s: float) -> None:
        self._readings.append(reading_s)
        self._left -= 1
        self._is_measuring = self._left > 0

    def _note_time_outs(self, now_s: float) -> None:
        while self._is_measuring and now_s - self._waiting_since_s > self._timeout_s:
            self._note(_NOT_A_NUMBER)
            self._waiting_since_s += self._timeout_s
            self._began_s = None

    def _reset(self) -> None:
        self._inputs = (_Input(), _Input())
        self._channel, self._is_positive, self._is_width = 1, True, False
        self._samples, self._timeout_s, self._trigger_source = 1, 1.0, "IMM"
        self._readings = []
        self._is_measuring, self._left = False, 0
        self._began_s = None
        self._waiting_since_s = 0.0

    def _commands(self) -> tuple[Command, ...]:
        widths = (Text(), Text())
        inputs = "INPut<1:2>"
        return (
            Command("CONFigure:PWIDth", widths, lambda call: self._configure(call, True), optional=2),
            Command("CONFigure:NWIDth", widths, lambda call: self._configure(call, False), optional=2),
            Command("CONFigure", read=self._configuration),
            Command("MEASure:PWIDth", read=lambda call: self._measure(call, True), read_parameters=widths),
            Command("MEASure:NWIDth", read=lambda call: self._measure(call, False), read_parameters=widths),
            Command("READ", read=self._read),
            Command("FETCh", read=self._fetch),
            Command("INITiate[:IMMediate]", write=self._initiate),
            Command("ABORt", write=self._abort),
            Command("DATA:POINts", read=self._points),
            Command("DATA:REMove", read=self._remove, read_parameters=(Number(1, _MOST_SAMPLES),)),
            kept("SAMPle:COUNt", Number(1, _MOST_SAMPLES), self, "_samples", "{:+.14E}".format, take=round),
            kept("TRIGger:SOURce", Choice(("IMMediate", "EXTernal", "BUS")), self, "_trigger_source"),
            kept("SYSTem:TIMeout", Number(0.01, 9.9e37, "S"), self, "_timeout_s", "{:+.14E}".format),
            self._of_input(f"{inputs}:COUPling", "coupling", Choice(("AC", "DC"))),
            self._of_input(f"{inputs}:IMPedance", "impedance_ohm", Number(50.0, 1e6, "OHM")),
            self._of_input(f"{inputs}:RANGe", "range_v", Number(5.0, 50.0, "V")),
            self._of_input(f"{inputs}:SLOPe", "slope", Choice(("POSitive", "NEGative"))),
            replace(
                self._of_input(f"{inputs}:LEVel[:ABSolute]", "level_v", Number(-51.25, 51.25, "V")),
                write=self._set_level,
            ),
            self._of_input(f"{inputs}:LEVel:AUTO", "is_automatic", Boolean()),
        )

    # Inputs

    def _of_input(self, header: str, name: str, parameter: Choice | Number | Boolean) -> Command:
        def show(value: object) -> str:
            return f"{value:+.14E}" if isinstance(value, float) else shown(value)

        return kept(header, parameter, lambda call: self._inputs[call.suffixes[0] - 1], name, show)

    def _set_level(self, call: Call) -> None:
        """A threshold that is set by number is no longer found automatically."""
        chosen = self._inputs[call.suffixes[0] - 1]
        if abs(call.number(0)) > chosen.range_v * 1.025:
            raise ScpiError(-222)
        chosen.level_v, chosen.is_automatic = call.number(0), False

    # Measuring

    def _configure(self, call: Call, is_positive: bool) -> None:
        """Select function and input; trigger, sample count and thresholds go back to their presets."""
        channel = 1
        words = [str(value) for value in call.values]
        if words and (match := _LIST.match(words[-1])):
            channel = int(match[1])
            words = words[:-1]
        if len(words) > 1:
            raise ScpiError(-224)
        for word in words:
            if word not in ("DEF", "MIN", "MAX"):
                Number(10.0, 90.0).parse(word)
        self._abort(call)
        self._readings = []
        self._channel, self._is_positive, self._is_width = channel, is_positive, True
        self._samples, self._trigger_source = 1, "IMM"
        chosen = self._inputs[channel - 1]
        chosen.level_v, chosen.is_automatic = 0.0, True

    def _configuration(self, _call: Call) -> str:
        return f'"{"PWID" if self._is_positive else "NWID"} +5.00000000000000E+01,(@{self._channel})"'

    def _initiate(self, _call: Call) -> None:
        if self._is_measuring:
            raise ScpiError(-213)
        if not self._is_width:
            raise ScpiError(-221)
        self._readings = []
        self._is_measuring, self._left = True, self._samples
        self._began_s, self._waiting_since_s = None, self._now()

    def _abort(self, _call: Call) -> None:
        self._note_time_outs(self._now())
        self._is_measuring, self._left = False, 0

    def _measure(self, call: Call, is_positive: bool) -> Wait:
        self._configure(call, is_positive)
        return self._read(call)

    def _read(self, call: Call) -> Wait:
        self._initiate(call)
        return self._all()

    def _fetch(self, _call: Call) -> Wait:
        if not self._is_measuring and not self._readings:
            raise ScpiError(-230)
        return self._all()

    def _all(self) -> Wait:
        def is_over() -> bool:
            self._note_time_outs(self._now())
            return not self._is_measuring

        return Wait(
            is_over=is_over,
            due_s=lambda: self._waiting_since_s + self._timeout_s,
            answer=lambda: _listed(self._readings),
        )

    def _points(self, _call: Call) -> str:
        self._note_time_outs(self._now())
        return f"+{len(self._readings)}"

    def _remove(self, call: Call) -> str:
        if not call.values:
            raise ScpiError(-109)
        count = round(call.number(0))
        self._note_time_outs(self._now())
        if count > len(self._readings):
            raise ScpiError(-222)
        taken, self._readings = self._readings[:count], self._readings[count:]
        return _listed(taken)


def _listed(readings: list[float]) -> str:
    return ",".join(f"{reading:+.14E}" for reading in readings)
