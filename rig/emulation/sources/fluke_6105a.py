"""The emulated Fluke 6105A or 6100A: its SCPI command tree over an output stage with errors of its own.

Written from the Users Manual's remote-operation chapter (6100B/6105A, p. 5-36 and on). Where these pages state
nothing, the emulator takes the stricter reading: a range is not changed under load (-221), amplitudes outside the range
are refused (-222), OUTPut:STATe OFF acts at once for any OUTPut:RAMP:TIME (the ramp is a soft start only).
UNIT:MHARmonics:VOLTage and CURRent with ABS are in two laboratories' public programs; the other units and that *RST
makes them percent of the rms value are recalled, unverified. Switched on, it is as its user left it: absolute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meter_model.stimulus import Spectrum
from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import kept
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, as_bit, scientific
from rig.emulation.sources.fluke_6105a_channel import (
    AMPLIFIER_RANGES,
    CURRENT_RANGES,
    HIGHEST_ORDER,
    LOW_LEVEL_RANGES,
    OLD_CURRENT_RANGES,
    OLD_VOLTAGE_RANGES,
    VOLTAGE_RANGES,
    Harmonic,
    Mode,
    OutputRange,
    Scale,
    SourceChannel,
    narrowest,
)
from rig.emulation.sources.output import NoisySource, OutputStage, SourceErrors
from rig.emulation.world.physics import SourceTerminals, Spectra
from rig.emulation.world.surroundings import Surroundings

_PHASES = "PHASe<1:3>"
_AMPLIFIER = f"[SOURce]:{_PHASES}:CURRent:EAMPlifier"
_TERMINALS = Choice(("AUTO", "HIGH"))
_LIMIT = Choice(("LOW", "HIGH"))
_PART = Choice(("AMPLitude", "PANGle"))
_START_ANGLES_DEG = (0.0, -120.0, 120.0)
_SCALES = Choice(("ABSolute", "PRMS", "PFUN", "DBF"))
_KINDS = ("VOLTage", "CURRent")


@dataclass(frozen=True, slots=True)
class FlukeModel:
    """What the models do not have in common."""

    name: str
    voltage_ranges: tuple[OutputRange, ...]
    current_ranges: tuple[OutputRange, ...]


MODELS: Mapping[str, FlukeModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            FlukeModel("6105A", VOLTAGE_RANGES, CURRENT_RANGES),
            FlukeModel("6100A", OLD_VOLTAGE_RANGES, OLD_CURRENT_RANGES),
        )
    }
)


class FlukeSource(NoisySource):
    """One emulated source. All methods but ``engine.execute`` expect the world to be held.

    ``model``: a name in ``MODELS``.
    """

    def __init__(self, around: Surroundings[SourceErrors], model: str = "6105A") -> None:
        super().__init__(around.errors, around.generator(0x51))
        self._model = MODELS[model]
        self._scales = dict.fromkeys(_KINDS, Scale.ABSOLUTE)
        self._serial_number = around.serial_number
        self._now = around.now
        self._log = around.log
        self._has_amplifier = False
        self.output = OutputStage()
        self._reset_settings()
        identity = f"FLUKE,{model},{around.serial_number},2.02"
        self.engine = ScpiEngine(self._commands(), identity, around.world, self._reset, version="1999.0")

    def fit_amplifier(self) -> None:
        """Connect a 52120A amplifier to each phase."""
        self._has_amplifier = True

    def stick(self, on: bool) -> None:
        """Make the output relay stay closed for ever (a fault), or mend it."""
        self.output.is_stuck = on
        self.revision += 1

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the output may be taken as constant (while nothing is set)."""
        return self.output.next_change_s(now_s)

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what is at the output terminals at a moment of bench time."""
        level = self.output.level(at_s)
        return SourceTerminals(
            frequency_hz=self._frequency_hz * (1.0 + self._errors.frequency),
            voltages=self._outputs(self._voltage, 0, level),
            currents=self._outputs(self._current, 3, level),
            current_is_volts=(
                self._current[0].mode is Mode.VOLTS,
                self._current[1].mode is Mode.VOLTS,
                self._current[2].mode is Mode.VOLTS,
            ),
        )

    def _outputs(self, channels: tuple[SourceChannel, ...], first: int, level: float) -> Spectra:
        def one(index: int) -> Spectrum:
            if not channels[index].is_enabled or level == 0.0:
                return ()
            return self._distorted(channels[index].spectrum(), first + index, level)

        return one(0), one(1), one(2)

    # Settings as a whole

    def _reset_settings(self) -> None:
        self._frequency_hz = 50.0
        self._ramp_s = 0.0
        self._sense = False
        self._terminals = ["AUTO"] * 3
        low = self._model.voltage_ranges[0]
        self._voltage = tuple(SourceChannel(low, {1: Harmonic(low.low, angle)}) for angle in _START_ANGLES_DEG)
        amperes = self._model.current_ranges[0]
        self._current = tuple(
            SourceChannel(amperes, {1: Harmonic(amperes.low, angle)}, Mode.AMPERES) for angle in _START_ANGLES_DEG
        )
        self.revision += 1

    def _reset(self) -> None:
        self._switch(False, "internal", "*RST")
        self._scales = dict.fromkeys(_KINDS, Scale.PERCENT_OF_RMS)
        self._reset_settings()

    def _switch(self, on: bool, peer: str, command: str) -> None:
        if on:
            self.output.switch_on(self._now(), self._ramp_s)
        else:
            self.output.switch_off()
        self.revision += 1
        self._log.write("output", on=on, ramp_s=self._ramp_s if on else 0.0, peer=peer, command=command)

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        return (
            kept("[SOURce]:FREQuency", Number(16.0, 850.0, "HZ"), self, "_frequency_hz", scientific, self._changed),
            Command("OUTPut[:STATe]", (Boolean(),), self._set_output, lambda _call: as_bit(self.output.is_on)),
            kept("OUTPut:RAMP:TIME", Number(0.0, 60.0, "S"), self, "_ramp_s", scientific),
            kept("OUTPut:SENSe", Boolean(), self, "_sense"),
            Command(f"[SOURce]:{_PHASES}:FITTed", read=lambda _call: "1"),
            Command(f"[SOURce]:{_PHASES}:MODel", read=lambda _call: self._model.name),
            Command(f"[SOURce]:{_PHASES}:SERial", read=self._get_serial),
            Command(f"[SOURce]:{_PHASES}:POWer:WATT", read=lambda call: scientific(self._set_point_watts(call))),
            Command(f"[SOURce]:{_PHASES}:POWer:VA", read=lambda call: scientific(self._set_point_va(call))),
            Command(f"{_AMPLIFIER}:FITTed", read=lambda _call: as_bit(self._has_amplifier)),
            kept(f"{_AMPLIFIER}:TERMinal:MODE", _TERMINALS, lambda _: self._terminals, take=self._with_amplifier),
            *(kept(f"UNIT:MHARmonics:{kind}", _SCALES, lambda _: self._scales, kind, take=Scale) for kind in _KINDS),
            *self._channel_commands("VOLTage", lambda call: self._voltage[call.suffixes[0] - 1]),
            *self._channel_commands("CURRent", lambda call: self._current[call.suffixes[0] - 1]),
            *self._range_commands("VOLTage:RANGe", self._voltage_of, self._model.voltage_ranges, Mode.VOLTS),
            *self._range_commands("CURRent:RANGe", self._current_of, self._model.current_ranges, Mode.AMPERES),
            *self._range_commands("CURRent:RANGe:VOLTage", self._current_of, LOW_LEVEL_RANGES, Mode.VOLTS),
            *self._range_commands("CURRent:EAMPlifier:RANGe", self._current_of, AMPLIFIER_RANGES, Mode.AMPLIFIER),
            Command(f"[SOURce]:{_PHASES}:CURRent:RANGe:UNIT", read=self._get_unit),
        )

    def _channel_commands(self, name: str, of: Callable[[Call], SourceChannel]) -> tuple[Command, ...]:
        stem = f"[SOURce]:{_PHASES}:{name}"
        harmonic = f"{stem}:MHARmonics:HARMonic<0:{HIGHEST_ORDER}>"
        amplitude = (Number(),)

        def changing(change: Callable[[SourceChannel, Call], None]) -> Callable[[Call], None]:
            def write(call: Call) -> None:
                change(of(call), call)
                self.revision += 1

            return write

        def enable(channel: SourceChannel, call: Call) -> None:
            channel.is_enabled = call.flag(0)
            self._log.write("channel", channel=f"{name[:4].upper()}{call.suffixes[0]}", on=channel.is_enabled)

        def apply(channel: SourceChannel, call: Call) -> None:
            channel.applies_harmonics = call.flag(0)

        def component(call: Call, part: str | None) -> str:
            return _component(of(call).shown(call.suffixes[1], self._scales[name]), part)

        def set_component(channel: SourceChannel, call: Call) -> None:
            channel.set_harmonic(call.suffixes[1], call.number(0), call.number(1), self._scales[name])

        return (
            Command(f"{stem}:STATe", (Boolean(),), changing(enable), lambda call: as_bit(of(call).is_enabled)),
            Command(f"{stem}:AMPLitude", read=lambda call: scientific(of(call).amplitude)),
            Command(
                f"{stem}:MHARmonics:STATe",
                (Boolean(),),
                changing(apply),
                lambda call: as_bit(of(call).applies_harmonics),
            ),
            Command(f"{stem}:MHARmonics:CLEar", write=changing(lambda channel, _call: channel.clear_harmonics())),
            Command(
                f"{stem}:MHARmonics:AMPLitude",
                amplitude,
                changing(lambda channel, call: channel.set_amplitude(call.number(0))),
                lambda call: scientific(of(call).amplitude),
            ),
            Command(
                harmonic,
                (Number(), Number()),
                changing(set_component),
                lambda call: component(call, call.word(0) if call.values else None),
                read_parameters=(_PART,),
            ),
            Command(f"{harmonic}:AMPLitude", read=lambda call: component(call, "AMPL")),
            Command(f"{harmonic}:PANGle", read=lambda call: component(call, "PANG")),
            Command(
                f"{stem}:MHARmonics:ALL",
                read=lambda call: _all_components(of(call), self._scales[name], call.word(0) if call.values else None),
                read_parameters=(_PART,),
            ),
        )

    def _range_commands(
        self, name: str, of: Callable[[Call], SourceChannel], ranges: tuple[OutputRange, ...], mode: Mode
    ) -> tuple[Command, ...]:
        def write(call: Call) -> None:
            channel = of(call)
            if mode is Mode.AMPLIFIER:
                self._require_amplifier()
            selected = narrowest(ranges, call.number(0), call.number(1))
            if self.output.is_on and channel.is_enabled:
                raise ScpiError(-221)
            channel.select(selected, mode)
            self.revision += 1
            unit = "V" if mode is Mode.VOLTS else "A"
            self._log.write("source-range", channel=name[:4], phase=call.suffixes[0], high=selected.high, unit=unit)

        def read(call: Call) -> str:
            channel = of(call)
            selected = channel.range if channel.mode is mode else channel.last_ranges.get(mode)
            selected = selected or ranges[0]
            if call.values:
                return scientific(selected.low if call.word(0) == "LOW" else selected.high)
            return f"{scientific(selected.low)},{scientific(selected.high)}"

        header = f"[SOURce]:{_PHASES}:{name}"
        return (Command(header, (Number(), Number()), write, read, read_parameters=(_LIMIT,)),)

    def _voltage_of(self, call: Call) -> SourceChannel:
        return self._voltage[call.suffixes[0] - 1]

    def _current_of(self, call: Call) -> SourceChannel:
        return self._current[call.suffixes[0] - 1]

    # Handlers

    def _changed(self, _call: Call) -> None:
        self.revision += 1

    def _set_output(self, call: Call) -> None:
        self._switch(call.flag(0), call.peer, call.text)

    def _require_amplifier(self) -> None:
        if not self._has_amplifier:
            raise ScpiError(-241)

    def _with_amplifier(self, word: str) -> str:
        self._require_amplifier()
        return word

    def _get_serial(self, call: Call) -> str:
        return f"{self._serial_number}{'ABC'[call.suffixes[0] - 1]}"

    def _get_unit(self, call: Call) -> str:
        return "VOLT" if self._current_of(call).mode is Mode.VOLTS else "CURR"

    def _set_point_watts(self, call: Call) -> float:
        currents = {phasor.order: phasor for phasor in self._current_of(call).spectrum()}
        return sum(
            voltage.rms
            * currents[voltage.order].rms
            * math.cos(math.radians(voltage.phase_deg - currents[voltage.order].phase_deg))
            for voltage in self._voltage_of(call).spectrum()
            if voltage.order in currents
        )

    def _set_point_va(self, call: Call) -> float:
        return self._voltage_of(call).amplitude * self._current_of(call).amplitude


def _component(harmonic: Harmonic, part: str | None) -> str:
    amplitude, angle = scientific(harmonic.amplitude), scientific(harmonic.angle_deg)
    return {"AMPL": amplitude, "PANG": angle, None: f"{amplitude},{angle}"}[part]


def _all_components(channel: SourceChannel, scale: Scale, part: str | None) -> str:
    highest = max(1, *channel.harmonics)
    return ",".join(_component(channel.shown(order, scale), part) for order in range(1, highest + 1))
