"""The emulated Pacific Power source with a UPC-32 controller: three phases, and an output transformer.

Written from the UPC-32/UPC-12 operation manual section 5, the UPC-3/UPC-1 manual p. 87, the UPC line sync insert
(:SOURce:RAMP) and the LMX manual section 8 (CURRent:PROTect, IPROTect). Where these pages state nothing, the emulator
takes the stricter reading: coupling and form are not changed under load (-200), nor is a voltage set that the coupling
cannot give. A trip is cleared by switching off. PHASe is lag: the factory's programs have 120 and 240 degrees. An empty
error queue begins with 0, as SunSpec's svp_energy_lab (gridsim_pacific.py) takes any other first character for an
error. WAVEFORM without a number sets all phases (LMX manual p. 203); how many there are is inferred. That program sends
VOLTage:LIMit, too; refusing a limit that the voltages are outside of is inferred.
"""

from __future__ import annotations

import re

from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import kept, reading
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, as_bit, split_outside
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_output import PHASES
from rig.emulation.sources.three_phase_source import ThreePhaseSource
from rig.emulation.world.surroundings import Surroundings

DIRECT_V = 135.0
TRANSFORMER_RATIO = 2.5
LARGEST_A = 400.0
SINE = 1
"""The waveform of the factory's programs; the others, to 16, are a user's own: here all have ``OTHERS_THIRD``."""

OTHERS_THIRD = 0.1
_HIGHEST_V = {"DIRECT": DIRECT_V, "XFMR": DIRECT_V * TRANSFORMER_RATIO}
_TRIP_UNIT_S = 0.1
_COUPLINGS = Choice(("DIRECT", "XFMR"))
_WAVEFORM = Number(1, 16)
_PHASES_OF_FORM = {1: (0,), 2: (0, 1), 3: (0, 1, 2)}
_START_LAG_DEG = (0.0, 120.0, 240.0)

_COMMA = re.compile(r"(\s*:?[A-Za-z][A-Za-z0-9:]*)\s*,")
_HEADER = re.compile(r"\s*:?[A-Za-z][A-Za-z0-9:]*\??")
_KINDS = {0: "No error", 1: "Command error", 2: "Execution error", 3: "Device-specific error", 4: "Query error"}


class PacificSource(ThreePhaseSource):
    """One emulated source. All methods but ``engine.execute`` expect the world to be held."""

    def __init__(self, around: Surroundings[SourceErrors]) -> None:
        super().__init__(around)
        self._serial_number = around.serial_number
        self._program = 0
        self._reset_settings()
        # The last field is the firmware's assembly, not a serial number (UPC-32 manual p. 84).
        self.engine = _UpcEngine(self._commands(), "PPSC,UPC-32,v5.22,133826", around.world, self._reset)

    def _reset_settings(self) -> None:
        self._form = 3
        self._coupling = "DIRECT"
        self._volts = [0.0] * 3
        self._between_v = (0.0, DIRECT_V * TRANSFORMER_RATIO)
        self._lag_deg = list(_START_LAG_DEG)
        self._waveforms = [SINE] * 3
        self._ramp_s = 0.001
        self._limit_a, self._trip_a, self._trip_delay = LARGEST_A, LARGEST_A, 1.0
        self._is_trip_enabled = True
        self._apply_limits()

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        amperes, limit = Number(0.0, LARGEST_A, "A"), lambda _: self._apply_limits()
        limits = (Number(0.0, DIRECT_V * TRANSFORMER_RATIO, "V"),)
        return (
            kept("[SOURce]:FORM", Number(1, 3), self, "_form", then=self._give_all, take=self._possible_form),
            kept("[SOURce]:COUPLing", _COUPLINGS, self, "_coupling", take=self._possible_coupling),
            Command("[SOURce]:XFMRRATIO", read=lambda _: f"{TRANSFORMER_RATIO:.2f}"),
            Command(
                "[SOURce]:FREQuency",
                (Number(20.0, 5000.0, "HZ"),),
                lambda call: self.output.set_frequency(call.number(0)),
                lambda _: f"{self.output.frequency_hz:.2f}",
            ),
            kept("[SOURce]:RAMP", Number(0.001, 300.0, "S"), self, "_ramp_s", "{:.3f}".format),
            *(command for phase in PHASES for command in self._phase_commands(phase)),
            Command("[SOURce]:VOLTage", (Number(0.0, 1e4, "V"),), lambda call: self._set_volts(call, PHASES)),
            Command("[SOURce]:VOLTage:LIMit:MINimum", limits, self._set_lowest, lambda _: f"{self._between_v[0]:.1f}"),
            Command("[SOURce]:VOLTage:LIMit:MAXimum", limits, self._set_highest, lambda _: f"{self._between_v[1]:.1f}"),
            Command("[SOURce]:WAVEFORM", (_WAVEFORM,), lambda call: self._set_waveforms(call, PHASES)),
            kept("[SOURce]:CURRent:LIMit", amperes, self, "_limit_a", "{:.2f}".format, limit),
            kept("[SOURce]:CURRent:PROTect:LEVel", amperes, self, "_trip_a", "{:.4f}".format, limit),
            kept("[SOURce]:CURRent:PROTect:TOUT", Number(1, 3000), self, "_trip_delay", "{:.0f}".format, limit),
            kept("[SOURce]:IPROTect:STATe", Boolean(), self, "_is_trip_enabled", as_bit, limit),
            reading("[SOURce]:IPROTect:TRIPped", lambda: self.output.protection is not None),
            self._output_commands()[0],
            reading("MEASure:FREQuency", lambda: self.output.frequency_hz, "{:.2f}".format),
            kept("PROGram:NAME", Number(0, 99), self, "_program", take=round),
            Command("PROGram[:SELected]:DEFine", read=lambda _: self._program_text()),
            Command("SYSTem:ERRor", read=lambda _: self.engine.next_error()),
            Command("SYSTem:VERSion", read=lambda _: "1992.0"),
            Command("SYSTem:SERIALNUMber", read=lambda _: self._serial_number),
        )

    def _phase_commands(self, phase: int) -> tuple[Command, ...]:
        number = phase + 1
        place = (phase,)
        commands = [
            Command(
                f"[SOURce]:VOLTage{number}",
                (Number(0.0, 1e4, "V"),),
                lambda call: self._set_volts(call, place),
                lambda _: f"{self._volts[phase]:.1f}",
            ),
            Command(
                f"[SOURce]:WAVEFORM{number}",
                (_WAVEFORM,),
                lambda call: self._set_waveforms(call, place),
                lambda _: str(self._waveforms[phase]),
            ),
            Command(f"MEASure:VOLTage{number}", read=lambda _: f"{self.output.volts(phase, self._now()):.1f}"),
            Command(f"MEASure:CURRent{number}", read=lambda _: f"{self.output.amperes(phase, self._now()):.2f}"),
        ]
        if phase > 0:
            lags, degrees = (lambda _: self._lag_deg), Number(0.0, 360.0)
            commands.append(
                kept(
                    f"[SOURce]:PHASe{number}",
                    degrees,
                    lags,
                    phase,
                    "{:.1f}".format,
                    self._turn,
                    take=lambda value: round(value, 1),
                )
            )
        return tuple(commands)

    # Handlers

    def _possible_form(self, form: float) -> int:
        self._refuse_under_load()
        return round(form)

    def _give_all(self, _call: Call) -> None:
        for phase in PHASES:
            self._give(phase)

    def _possible_coupling(self, coupling: str) -> str:
        self._refuse_under_load()
        if max(self._volts) > _HIGHEST_V[coupling]:
            raise ScpiError(-222)
        return coupling

    def _set_volts(self, call: Call, phases: tuple[int, ...]) -> None:
        lowest_v, highest_v = self._between_v
        if not lowest_v <= call.number(0) <= min(highest_v, _HIGHEST_V[self._coupling]):
            raise ScpiError(-222)
        for phase in phases:
            self._volts[phase] = round(call.number(0), 1)
            self._give(phase)

    def _set_lowest(self, call: Call) -> None:
        """A limit that the voltages are outside of is refused."""
        if call.number(0) > min(self._volts):
            raise ScpiError(-221)
        self._between_v = (call.number(0), self._between_v[1])

    def _set_highest(self, call: Call) -> None:
        if call.number(0) < max(self._volts):
            raise ScpiError(-221)
        self._between_v = (self._between_v[0], call.number(0))

    def _set_waveforms(self, call: Call, phases: tuple[int, ...]) -> None:
        for phase in phases:
            self._waveforms[phase] = round(call.number(0))
            self.output.set_third_harmonic(0.0 if self._waveforms[phase] == SINE else OTHERS_THIRD, (phase,))

    def _give(self, phase: int) -> None:
        """Go to the voltage that is set, over the transition time."""
        wanted_v = self._volts[phase] if phase in _PHASES_OF_FORM[self._form] else 0.0
        way_v = abs(wanted_v - self.output.volts(phase, self._now()))
        if way_v > 0.0:
            self.output.set_slew(way_v / self._ramp_s, (phase,))
        self.output.set_voltage(wanted_v, (phase,))

    def _turn(self, _call: Call) -> None:
        for phase, lag_deg in enumerate(self._lag_deg):
            self.output.set_phase(-lag_deg, (phase,))

    def _apply_limits(self) -> None:
        """Trip where the trip level is reached before the limit, else fold the voltage back."""
        trips = self._is_trip_enabled and self._trip_a <= self._limit_a
        self.output.set_limit(self._trip_a if trips else self._limit_a)
        self.output.set_response(trips=trips, response_s=self._trip_delay * _TRIP_UNIT_S)

    def _switch(self, call: Call) -> None:
        if not call.flag(0):
            self.output.clear_protection()
        super()._switch(call)

    def _program_text(self) -> str:
        """Program 0 is what is set; no other program is kept here."""
        if self._program != 0:
            raise ScpiError(-221)
        fields = [("FORM", str(self._form)), ("COUPL", self._coupling), ("XFMRRATIO", f"{TRANSFORMER_RATIO:.2f}")]
        fields += [("FREQ", f"{self.output.frequency_hz:.2f}")]
        fields += [(f"VOLT{phase + 1}", f"{self._volts[phase]:.1f}") for phase in PHASES]
        fields += [("CURR:LIM", f"{self._limit_a:.2f}")]
        fields += [(f"PHAS{phase + 1}", f"{self._lag_deg[phase]:.1f}") for phase in PHASES[1:]]
        fields += [(f"WAVEFORM{phase + 1}", str(self._waveforms[phase])) for phase in PHASES]
        return ",".join(f"{name},{value}" for name, value in [*fields, ("EVENTS", "1")])

    def _refuse_under_load(self) -> None:
        if self.output.is_on:
            raise ScpiError(-221)


class _UpcEngine(ScpiEngine):
    """The engine with the UPC's habits: commas before values, MEASure without "?", errors of four kinds."""

    def execute(self, line: str, peer: str) -> str | None:
        """Execute one program message of ``peer``; returns the answer without terminator, or None if there is none."""
        return super().execute(_as_scpi(line), peer)

    def next_error(self) -> str:
        """Take the oldest error out of the queue, as ``-100,"Command error; Undefined header"``."""
        code, _, text = super().next_error().partition(",")
        kind = abs(int(code)) // 100
        details = "" if kind == 0 else f"; {text.strip(chr(34))}"
        return f'{-100 * kind},"{_KINDS[kind]}{details}"'


def _as_scpi(line: str) -> str:
    try:
        units = split_outside(line, ";")
    except ScpiError:
        return line  # the engine will find that out, too
    written, is_measuring = [], False
    for number, unit in enumerate(units):
        bare = unit.strip()
        if number == 0 or bare[:1] in (":", "*"):
            is_measuring = bare.lstrip(":").upper().startswith("MEAS")
        unit = _COMMA.sub(r"\1 ", unit, count=1) if _COMMA.match(unit) else unit
        header = _HEADER.match(unit)
        if is_measuring and header is not None and not header[0].endswith("?"):
            unit = f"{header[0]}?"
        written.append(unit)
    return ";".join(written)
