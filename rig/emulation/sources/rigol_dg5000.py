"""The emulated Rigol DG5000 Pro, a four-channel generator: three CT inputs, and a square wave that others follow.

Command tree as in the programming guides of Rigol's generators (DG1000Z, DG4000, DG5000 Pro: one tree); how numbers
are written and what is refused as there. SYNChro:BENChmark and SYNChro:BUNDle are in two public programs for a DG5000
Pro, which send them before PHASe:SYNChronize. Where they are silent: a channel whose frequency or shape changes loses
its alignment until PHASe:SYNChronize; that aligns the channels of a bundle, or a channel with its neighbour only (1 and
2, 3 and 4) where it is in none; what is aligned by itself stands at any angle to the rest; what an amplifier cannot
give is refused with -222. Questions about the bundle are in neither program, so they are not answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from meter_model.stimulus import Phasor, Spectrum
from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import kept
from rig.emulation.scpi.syntax import Boolean, Choice, Number, Parameter, ScpiError, Text, parse_number
from rig.emulation.sources.output import NoisySource, OutputStage, SourceErrors
from rig.emulation.world.physics import NOTHING, SourceTerminals
from rig.emulation.world.surroundings import Surroundings

CHANNELS = 4
REFERENCE = 3
"""Index of the channel whose square wave goes to the voltage source's external reference, by the bench's cables."""

OUTPUT_OHM = 50.0
VPP_OPEN = (2e-3, 20.0)
"""Lowest and highest peak-to-peak volts, open circuit; with an offset the peak is 10 V at most."""

FREQUENCY_HZ = (1e-6, 500e6)
_PEAK_OPEN = 10.0
_SHAPES = Choice(("SINusoid", "SQUare"))
_UNITS = Choice(("VPP", "VRMS"))
_NUMBERS = tuple(f"CH{number}" for number in range(1, CHANNELS + 1))
_CHANNEL = Choice(_NUMBERS)
_CLOCKS = Choice(("INTernal", "EXTernal"))
_SQUARE_ORDERS = range(1, 16, 2)
_INFINITE = "9.900000E+37"


@dataclass(slots=True)
class _Channel:
    """One channel's settings: volts are open circuit, however the front panel would show them."""

    frequency_hz: float = 1e3
    phase_deg: float = 0.0
    shape: str = "SIN"
    vpp: float = 10.0
    offset_v: float = 0.0
    unit: str = "VPP"
    load_ohm: float = 50.0
    start_deg: float = 0.0
    stage: OutputStage = field(default_factory=OutputStage)

    @property
    def shown(self) -> float:
        """What a volt of the open circuit is taken to be at the load that is set."""
        return 1.0 if math.isinf(self.load_ohm) else self.load_ohm / (self.load_ohm + OUTPUT_OHM)

    @property
    def rms_per_vpp(self) -> float:
        """Rms volts of one volt peak to peak."""
        return 0.5 / math.sqrt(2.0) if self.shape == "SIN" else 0.5

    @property
    def unit_per_vpp(self) -> float:
        """What the amplitude's unit is, in volts peak to peak of the open circuit."""
        return self.shown * (self.rms_per_vpp if self.unit == "VRMS" else 1.0)

    def spectrum(self, zero_deg: float) -> Spectrum:
        """Return the waveform as set, against one that starts at ``zero_deg`` (no DC: the wiring carries none)."""
        angle_deg = self.phase_deg + self.start_deg - zero_deg
        if self.shape == "SIN":
            return (Phasor(1, self.vpp * self.rms_per_vpp, angle_deg),)
        top = self.vpp / 2.0
        return tuple(Phasor(n, 4.0 / math.pi * top / n / math.sqrt(2.0), n * angle_deg) for n in _SQUARE_ORDERS)


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The outputs of the CT channels as one: on where any is."""

    stages: tuple[OutputStage, ...]

    @property
    def is_on(self) -> bool:
        return any(stage.is_on for stage in self.stages)

    @property
    def is_stuck(self) -> bool:
        return any(stage.is_stuck for stage in self.stages)


class RigolGenerator(NoisySource):
    """One emulated generator. All methods but ``engine.execute`` expect the world to be held.

    Channels 1 to 3 drive the CT inputs of phases A to C; those at another frequency than the first one that is on are
    not seen there. Channel 4 is the reference that the voltage source follows (``is_locked``).
    """

    def __init__(self, around: Surroundings[SourceErrors]) -> None:
        super().__init__(around.errors, around.generator(0x52))
        self._now = around.now
        self._log = around.log
        self._channels = [_Channel() for _ in range(CHANNELS)]
        self._clock = "INT"
        self._benchmark, self._bundle = 0, {0}
        identity = f"Rigol Technologies,DG5254 Pro,DG5P{around.serial_number},00.02.07"
        self.engine = ScpiEngine(self._commands(), identity, around.world, self._reset, version="1999.0")

    @property
    def output(self) -> _Outputs:
        """The outputs that drive the CT inputs."""
        return _Outputs(tuple(channel.stage for channel in self._channels[:REFERENCE]))

    @property
    def is_locked(self) -> bool:
        """Whether channel 4 gives the voltage source a square wave of the CT channels' frequency."""
        reference = self._channels[REFERENCE]
        is_square = reference.stage.is_on and reference.shape == "SQU"
        return is_square and reference.frequency_hz == self._frequency_hz

    def stick(self, on: bool) -> None:
        """Make the relays of the CT channels stay closed for ever (a fault), or mend them."""
        for channel in self._channels[:REFERENCE]:
            channel.stage.is_stuck = on
        self.revision += 1

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the outputs may be taken as constant (while nothing is set)."""
        return min(channel.stage.next_change_s(now_s) for channel in self._channels)

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what is at the output terminals of the CT channels at a moment of bench time."""
        frequency_hz = self._frequency_hz

        def one(index: int) -> Spectrum:
            channel = self._channels[index]
            level = channel.stage.level(at_s)
            if level == 0.0 or channel.frequency_hz != frequency_hz:
                return ()
            return self._distorted(channel.spectrum(self._channels[REFERENCE].start_deg), index + 3, level)

        return SourceTerminals(
            frequency_hz * (1.0 + self._errors.frequency), NOTHING, (one(0), one(1), one(2)), (True, True, True)
        )

    @property
    def _frequency_hz(self) -> float:
        feeding = [channel for channel in self._channels[:REFERENCE] if channel.stage.is_on or channel.stage.is_stuck]
        return (feeding or self._channels)[0].frequency_hz

    def _reset(self) -> None:
        stages = [channel.stage for channel in self._channels]
        self._channels = [_Channel(stage=stage) for stage in stages]
        self._clock = "INT"
        self._benchmark, self._bundle = 0, {0}
        for number, stage in enumerate(stages, start=1):
            stage.switch_off()
            self._noted(number, False, "internal", "*RST")
        self.revision += 1

    def _noted(self, number: int, on: bool, peer: str, command: str) -> None:
        self._log.write("low-level-output", channel=number, on=on, peer=peer, command=command)

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        source, level = f"[SOURce<1:{CHANNELS}>]", "VOLTage[:LEVel][:IMMediate]"
        output = f"OUTPut<1:{CHANNELS}>"
        return (
            self._kept(f"{source}:FREQuency[:FIXed]", "frequency_hz", Number(*FREQUENCY_HZ, "HZ")),
            self._kept(f"{source}:FUNCtion[:SHAPe]", "shape", _SHAPES),
            self._kept(f"{source}:PHASe[:ADJust]", "phase_deg", Number(0.0, 360.0)),
            Command(f"{source}:PHASe:SYNChronize", write=self._synchronize),
            Command(f"{source}:PHASe:INITiate", write=self._synchronize),
            Command(
                f"{source}:{level}[:AMPLitude]",
                (Number(0.0, 1e3, "V"),),
                self._changing(_set_amplitude),
                lambda call: _number(self._of(call).vpp * self._of(call).unit_per_vpp),
            ),
            Command(
                f"{source}:{level}:OFFSet",
                (Number(-1e3, 1e3, "V"),),
                self._changing(_set_offset),
                lambda call: _number(self._of(call).offset_v * self._of(call).shown),
            ),
            self._kept(f"{source}:VOLTage:UNIT", "unit", _UNITS),
            Command(
                f"{output}[:STATe]",
                (Boolean(),),
                self._switch,
                lambda call: "ON" if self._of(call).stage.is_on else "OFF",
            ),
            self._kept(f"{output}:LOAD", "load_ohm", Text(), _load_ohm),
            Command("SYNChro:BENChmark", (_CHANNEL,), self._set_benchmark),
            Command("SYNChro:BUNDle", (_CHANNEL, Boolean()), self._set_bundle),
            kept("SYSTem:ROSCillator:SOURce", _CLOCKS, self, "_clock"),
        )

    def _of(self, call: Call) -> _Channel:
        return self._channels[(call.suffixes[0] if call.suffixes else 1) - 1]

    def _changing(self, change: Callable[[_Channel, Call], None]) -> Callable[[Call], None]:
        """Return a handler of what changes a channel; another frequency or shape loses its alignment."""

        def write(call: Call) -> None:
            channel = self._of(call)
            before = (channel.frequency_hz, channel.shape)
            change(channel, call)
            if (channel.frequency_hz, channel.shape) != before:
                channel.start_deg = float(self._generator.uniform(1.0, 359.0))
            self.revision += 1

        return write

    def _kept(
        self, header: str, name: str, parameter: Parameter, take: Callable[[Any], object] = lambda value: value
    ) -> Command:
        row = kept(header, parameter, self._of, name, _shown)

        def change(channel: _Channel, call: Call) -> None:
            setattr(channel, name, take(call.values[0]))

        return replace(row, write=self._changing(change))

    def _synchronize(self, call: Call) -> None:
        index = (call.suffixes[0] if call.suffixes else 1) - 1
        together = {self._benchmark, *self._bundle}
        if index not in together or len(together) == 1:
            together = {index, index ^ 1}
        start_deg = float(self._generator.uniform(1.0, 359.0))
        for each in together:
            self._channels[each].start_deg = start_deg
        self.revision += 1

    def _set_benchmark(self, call: Call) -> None:
        self._benchmark = _NUMBERS.index(call.word(0))

    def _set_bundle(self, call: Call) -> None:
        index = _NUMBERS.index(call.word(0))
        (self._bundle.add if call.flag(1) else self._bundle.discard)(index)

    def _switch(self, call: Call) -> None:
        stage = self._of(call).stage
        if call.flag(0):
            stage.switch_on(self._now(), 0.0)
        else:
            stage.switch_off()
        self.revision += 1
        self._noted(call.suffixes[0], call.flag(0), call.peer, call.text)


def _set_amplitude(channel: _Channel, call: Call) -> None:
    vpp = call.number(0) / channel.unit_per_vpp
    _require_possible(vpp, channel.offset_v)
    channel.vpp = vpp


def _set_offset(channel: _Channel, call: Call) -> None:
    offset_v = call.number(0) / channel.shown
    _require_possible(channel.vpp, offset_v)
    channel.offset_v = offset_v


def _load_ohm(word: str) -> float:
    if word in ("INF", "INFINITY", "MAX", "MAXIMUM"):
        return math.inf
    ohms = 1.0 if word in ("MIN", "MINIMUM") else parse_number(word, "OHM")
    if not 1.0 <= ohms <= 1e4:
        raise ScpiError(-222)
    return ohms


def _require_possible(vpp: float, offset_v: float) -> None:
    # A driver's decimal text of a limit may round just beyond it.
    low, high = VPP_OPEN[0] * (1.0 - 1e-6), VPP_OPEN[1] * (1.0 + 1e-6)
    if not low <= vpp <= high or vpp / 2.0 + abs(offset_v) > _PEAK_OPEN * (1.0 + 1e-6):
        raise ScpiError(-222)


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return _INFINITE if math.isinf(value) else _number(value)


def _number(value: float) -> str:
    return f"{value:.6E}"
