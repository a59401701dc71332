"""The emulated Chroma 61500/61600 three-phase AC source: its SCPI commands over a voltage output behind a relay.

Read: the 61501-61504 manual pages 89 and 94, the 61601-61604 manual page 80, the 61605 manual page 73 (*IDN?, *RST
with its 3 s, *SAV and *RCL of groups 1 to 3), the 61701-61705 manual page 8-3 (a boolean is ON or OFF only), the SOURce
subsystem's limits, PHASe:OFF, the status registers. From public code: of the 61509 (from its manual, 9.5), 61512
(PHASe:SEQuence, VOLTage:LIMit:DC), 61602, 61800 (answers ON and OFF) and 61845 (PHASe:THREe INDEPEND, answers 0 and 1;
SunSpec's svp_energy_lab, chroma_61845.py): INSTrument, PHASe:P12/P13, OUTPut:SLEW, OUTPut:RELay.

Inferred, not read: P12 is how far phase 2 lags phase 1; a negative sequence turns both round; where the angles are not
independent they are 120 and 240 degrees for any P12 and P13, and so they are after *RST; a slew of 0 is "at once";
what EDIT and COUPle reach. SYSTem:REMote and SYSTem:LOCal are recalled, unverified: they change nothing here. An output
that is switched on is taken to jump to what it is set to: the reading that a driver has to survive. The connection that
sends *RST is served no further for 3 s.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.emulation.scpi.engine import Call, Command, ScpiEngine, Wait
from rig.emulation.scpi.rows import event, kept, only
from rig.emulation.scpi.status import QUESTIONABLE_SUMMARY
from rig.emulation.scpi.syntax import Choice, Number, Parameter, ScpiError
from rig.emulation.sources.chroma_61600_meter import measurements
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_output import PHASES
from rig.emulation.sources.three_phase_source import ThreePhaseSource
from rig.emulation.world.surroundings import Surroundings

RANGES_V = {"LOW": 150.0, "HIGH": 300.0}
FREQUENCY_HZ = (15.0, 1000.0)
HIGHEST_LIMIT_A = 16.0
HIGHEST_SLEW_V_PER_MS = 1200.0
HIGHEST_POWER_W = 6000.0
RESET_S = 3.0
"""How long *RST takes."""

_GROUPS = 3
"""Settings can be saved in so many groups."""

_ON_OFF = Choice(("ON", "OFF"))
_BALANCED_DEG = {"p12": 120.0, "p13": 240.0}
_MODES = Choice(("FIXED", "LIST", "PULSE", "STEP", "SYNTH", "INTERHAR"))
_OVER_CURRENT = 4
"""Some bit of the questionable register (0 to 511); its position is on pages that were not read."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Settings that were saved."""

    words: dict[str, str]
    numbers: dict[str, float]
    frequency_hz: float
    volts: tuple[float, ...]
    limit_a: tuple[float, ...]
    response_s: float


class ChromaSource(ThreePhaseSource):
    """One emulated source. All methods but ``engine.execute`` expect the world to be held.

    ``says_words``: booleans are answered ON or OFF, as a 61602 and a 61860 do; otherwise 1 or 0, as a 61845 does.
    """

    def __init__(self, around: Surroundings[SourceErrors], *, says_words: bool = True) -> None:
        super().__init__(around)
        self._says_words = says_words
        self._groups: dict[int, _Group] = {}
        self._reset_settings()
        identity = f"Chroma ATE 61600,{around.serial_number},1.00,1.01,1.02"
        summaries = {QUESTIONABLE_SUMMARY: self._status}
        self.engine = ScpiEngine(
            self._commands(), identity, around.world, lambda: None, summaries=summaries, version="1991.0"
        )

    def _reset_settings(self) -> None:
        self.output.reset(frequency_hz=60.0)
        self.output.set_limit(HIGHEST_LIMIT_A)
        self.output.set_response(trips=True, response_s=0.5)
        self._words = {"phase": "SINGLE", "edit": "ALL", "couple": "ALL", "three": "BALANCE", "shape": "A"}
        self._words |= {"sequence": "POS"}
        self._words |= {"range": "HIGH", "coupling": "AC", "wave": "SINE"}
        self._numbers = _BALANCED_DEG | {"on": 0.0, "off": 360.0, "limit_v": 300.0, "slew_hz": 0.0}
        self._words |= {"inhibit": "DISABLE", "impedance": "OFF"}
        self._numbers |= {"slew_dc": 0.0, "ohm": 0.0, "millihenry": 0.0, "most_w": HIGHEST_POWER_W}
        self._numbers |= {"dc": 0.0, "slew": 0.0, "limit_plus": 424.2, "limit_minus": -424.2}
        self._number = 1
        self._is_on = False
        self._is_relay_on = False
        self._turn()

    @property
    def _reached(self) -> tuple[int, ...]:
        is_coupled = "ALL" in (self._words["edit"], self._words["couple"])
        return PHASES if is_coupled else (self._number - 1,)

    # The command table

    def _commands(self) -> tuple[Command, ...]:
        level = "[SOURce]:VOLTage[:LEVel][:IMMediate][:AMPLitude]"
        frequency = (Number(*FREQUENCY_HZ, "HZ"),), self._set_frequency, lambda _: f"{self.output.frequency_hz:.2f}"
        return (
            Command("*RST", write=self._begin_reset),
            Command("*SAV", (Number(1, _GROUPS),), self._save),
            Command("*RCL", (Number(1, _GROUPS),), self._recall),
            self._word("INSTrument:PHASe", "phase", ("SINGLE", "THREE"), self._turn),
            self._word("INSTrument:EDIT", "edit", ("ALL", "EACH")),
            self._word("INSTrument:COUPle", "couple", ("ALL", "NONE")),
            kept("INSTrument:NSELect", Number(1, 3), self, "_number", take=round),
            self._kept("[SOURce]:PHASe:P12", "p12", Number(0.0, 359.9), 1, self._turn),
            self._kept("[SOURce]:PHASe:P13", "p13", Number(0.0, 359.9), 1, self._turn),
            self._word("[SOURce]:PHASe:THREe", "three", ("BALANCE", "INDEPEND"), self._turn),
            self._word("[SOURce]:PHASe:SEQuence", "sequence", ("POSitive", "NEGative"), self._turn),
            self._kept("[SOURce]:PHASe:ON", "on", Number(0.0, 359.9), 1),
            self._kept("[SOURce]:PHASe:OFF", "off", Number(0.0, 360.0), 1),
            Command(f"{level}:AC", (Number(0.0, 300.0, "V"),), self._set_voltage, self._get_voltage),
            self._kept(f"{level}:DC", "dc", Number(-424.2, 424.2, "V"), 1),
            self._word("[SOURce]:VOLTage:RANGe", "range", ("LOW", "HIGH"), self._change_range, self._possible_range),
            self._kept("[SOURce]:VOLTage:LIMit:AC", "limit_v", Number(0.0, 300.0, "V"), 1),
            self._kept("[SOURce]:VOLTage:LIMit:DC:PLUS", "limit_plus", Number(0.0, 424.2, "V"), 1),
            self._kept("[SOURce]:VOLTage:LIMit:DC:MINus", "limit_minus", Number(-424.2, 0.0, "V"), 1),
            Command("[SOURce]:FREQuency[:IMMediate]", *frequency),
            Command("[SOURce]:FREQuency:CW", *frequency),
            Command(
                "[SOURce]:CURRent:LIMit",
                (Number(0.0, HIGHEST_LIMIT_A, "A"),),
                self._set_limit,
                lambda _: f"{self.output.limit_a[self._number - 1]:.2f}",
            ),
            Command(
                "[SOURce]:CURRent:DELay",
                (Number(0.0, 5.0, "S"),),
                self._set_delay,
                lambda _: f"{self.output.response_s:.1f}",
            ),
            self._word("[SOURce]:FUNCtion:SHAPe", "shape", ("A", "B")),
            self._word("[SOURce]:FUNCtion:SHAPe:A", "wave", ("SINE",)),
            self._kept("OUTPut:SLEW:VOLTage:AC", "slew", Number(0.0, HIGHEST_SLEW_V_PER_MS), 3, self._set_slew),
            self._kept("OUTPut:SLEW:FREQuency", "slew_hz", Number(0.0, 1600.0), 3),
            self._word("OUTPut:COUPling", "coupling", ("AC", "DC", "ACDC")),
            only("OUTPut:MODE", _MODES, "FIXED", code=-221),  # transients are not emulated
            Command("OUTPut:RELay", (_ON_OFF,), self._set_relay, lambda _: self._flag(self._is_relay_on)),
            Command("OUTPut[:STATe]", (_ON_OFF,), self._set_output, lambda _: self._flag(self._state())),
            Command("OUTPut:PROTection:CLEar", write=self._clear_protection),
            *self._extras(),
            *measurements(self.output, lambda: self._number - 1, self._now),
            Command("STATus:OPERation[:EVENt]", read=lambda _: "0"),
            *self._status.commands("STATus:QUEStionable", filters=True, highest=511),
            event("SYSTem:REMote"),
            event("SYSTem:LOCal"),
        )

    def _word(
        self,
        header: str,
        name: str,
        words: tuple[str, ...],
        then: Callable[[], None] = lambda: None,
        take: Callable[[str], str] = str,
    ) -> Command:
        return kept(header, Choice(words), lambda _: self._words, name, then=lambda _: then(), take=take)

    def _kept(
        self, header: str, name: str, parameter: Parameter, decimals: int, then: Callable[[], None] = lambda: None
    ) -> Command:
        return kept(
            header,
            parameter,
            lambda _: self._numbers,
            name,
            f"{{:.{decimals}f}}".format,
            lambda _: then(),
            take=lambda value: round(value, decimals),
        )

    def _extras(self) -> tuple[Command, ...]:
        """What other programs set before they switch on; it changes nothing here: an impedance is next to no burden."""
        return (
            replace(only("TRIGger", Choice(("OFF", "ON")), "OFF", code=-221), read=None),  # there is no transient
            self._kept("OUTPut:SLEW:VOLTage:DC", "slew_dc", Number(0.0, 1000.0), 3),
            self._word("OUTPut:IMPedance:STATe", "impedance", ("OFF", "ON")),
            self._kept("OUTPut:IMPedance:RESistor", "ohm", Number(0.0, 1.0), 2),
            self._kept("OUTPut:IMPedance:INDuction", "millihenry", Number(0.0, 1.0), 2),
            self._kept("[SOURce]:POWer:PROTection", "most_w", Number(0.0, HIGHEST_POWER_W), 1),
            self._word("[SOURce]:CONFigure:INHibit", "inhibit", ("DISABLE", "LIVE", "TRIG")),
            Command("SYSTem:DATE", (Number(2000, 2099), Number(1, 12), Number(1, 31)), lambda _: None),
            Command("SYSTem:TIME", (Number(0, 23), Number(0, 59), Number(0, 59)), lambda _: None),
        )

    # Handlers

    def _begin_reset(self, _call: Call) -> Wait:
        self._reset_settings()
        over_s = self._now() + RESET_S
        return Wait(lambda: self._now() >= over_s, lambda: over_s)

    def _turn(self) -> None:
        """Phases 2 and 3 lag phase 1 by P12 and P13 where these count; a single phase is the same on all outputs."""
        lags = self._numbers if self._words["three"] == "INDEPEND" else _BALANCED_DEG
        turn = {"POS": -1.0, "NEG": 1.0}[self._words["sequence"]] if self._words["phase"] == "THREE" else 0.0
        for phase, name in ((1, "p12"), (2, "p13")):
            self.output.set_phase(turn * lags[name], [phase])

    def _set_voltage(self, call: Call) -> None:
        volts = round(call.number(0), 1)
        if volts > min(RANGES_V[self._words["range"]], self._numbers["limit_v"]):
            raise ScpiError(-222)
        self.output.set_voltage(volts, self._reached)

    def _get_voltage(self, _call: Call) -> str:
        return f"{self.output.programmed_v[self._number - 1]:.1f}"

    def _possible_range(self, word: str) -> str:
        if max(self.output.programmed_v) > RANGES_V[word]:
            raise ScpiError(-221)
        return word

    def _change_range(self) -> None:
        self.output.change_range()
        self._log.write("source-range", high=RANGES_V[self._words["range"]], unit="V")

    def _set_frequency(self, call: Call) -> None:
        self.output.set_frequency(round(call.number(0), 2))

    def _set_limit(self, call: Call) -> None:
        self.output.set_limit(round(call.number(0), 2), self._reached)

    def _set_delay(self, call: Call) -> None:
        self.output.set_response(trips=True, response_s=round(2.0 * call.number(0)) / 2.0)

    def _set_slew(self) -> None:
        v_per_ms = self._numbers["slew"]
        self.output.set_slew(1000.0 * v_per_ms if v_per_ms else math.inf)

    def _save(self, call: Call) -> None:
        output = self.output
        settings = (dict(self._words), dict(self._numbers), output.frequency_hz, output.programmed_v, output.limit_a)
        self._groups[round(call.number(0))] = _Group(*settings, output.response_s)

    def _recall(self, call: Call) -> None:
        """Set what was saved; the output stays on or off. A group in which nothing was saved is a mistake (-221)."""
        group = self._groups.get(round(call.number(0)))
        if group is None:
            raise ScpiError(-221)
        self._words, self._numbers = dict(group.words), dict(group.numbers)
        self.output.set_frequency(group.frequency_hz)
        self.output.set_response(trips=True, response_s=group.response_s)
        self._set_slew()
        self._turn()
        for phase in PHASES:
            self.output.set_limit(group.limit_a[phase], [phase])
            self.output.set_voltage(group.volts[phase], [phase])

    def _set_relay(self, call: Call) -> None:
        self._is_relay_on = call.word(0) == "ON"
        self._work(call)

    def _set_output(self, call: Call) -> None:
        is_on = call.word(0) == "ON"
        if is_on and self.output.protection is not None:
            raise ScpiError(-221)
        self._is_on = is_on
        self._work(call)

    def _work(self, call: Call) -> None:
        """Something comes out where both the output's state and its relay are on."""
        is_on = self._state() and self._is_relay_on
        if is_on or call.word(0) == "OFF":
            self.output.switch(is_on, call.peer, call.text)

    def _state(self) -> bool:
        if self.output.protection is not None:
            self._is_on = False
        return self._is_on

    def _clear_protection(self, _call: Call) -> None:
        self._state()
        super()._clear_protection(_call)

    def _questionable(self) -> int:
        return _OVER_CURRENT if self.output.protection is not None else 0

    def _flag(self, value: bool) -> str:
        return ("ON" if value else "OFF") if self._says_words else str(int(value))
