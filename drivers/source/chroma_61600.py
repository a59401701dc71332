"""Chroma 61500/61600 three-phase programmable AC sources: three voltages, no current channels."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.errors import AnswerInvalid, InstrumentError, InstrumentRefused, SettingOutOfRange
from drivers.scpi import ScpiSession
from drivers.source import chroma_61600_data as data
from drivers.source.base import Identity, Protection, Range, SafeOff, SourceSetting
from drivers.source.shared import steps
from drivers.source.shared.voltage_only import Target, Three, VoltageOnlySource

_NUMBERS = (1, 2, 3)


class Chroma61600(VoltageOnlySource):
    """A three-phase Chroma 61500/61600 source over SCPI (not yet tried on one).

    Voltages of 0 to 300 V rms in two ranges, one fundamental a phase; its CT inputs need a low-level source beside it.
    ``current_limit_a``: the rms current limit of each phase (0.1 to 10 A), at which the output trips after 0.5 s; set
    after the range and read back before any output is on.

    Angles: P12 and P13 are taken for how far phases 2 and 3 lag phase 1, so -120 degrees is P12 = 120. That is inferred
    from what drivers send; the supervisor verifies the rotation by the analyzer. Phase 1 has no angle of its own. What
    another user may have left, a negative sequence or angles that are not independent, is set right where the model has
    such a setting.

    ``*RST`` is never sent: the manuals want 3 s (61600) or 7 s (61500) to pass after it without a way to see its end.
    What matters is set and read back instead, one command a message, since open drivers pace this family.
    """

    ERROR_QUERY = "SYST:ERR?"
    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    one_by_one = True

    def __init__(self, session: ScpiSession, *, current_limit_a: float = 1.0) -> None:
        super().__init__(session, current_limit_a=current_limit_a)

    def identify(self) -> Identity:
        """Ask the instrument who it is; raises InstrumentError for other models and for models of other ranges.

        Takes nothing and changes nothing, so it has no unit and no range.
        """
        answer = self._session.identify()
        match = data.IDENTITY.fullmatch(answer.strip().strip('"'))
        if match is None:
            raise AnswerInvalid(self._session.resource, "*IDN?", answer)
        identity = Identity(match[1], match[2], match[3], match[4])
        if identity.model in data.OTHER_RANGES:
            ranges = data.OTHER_RANGES[identity.model]
            text = f"{identity.model} has ranges of {ranges}, this driver is for 150 and 300 V: use another source"
            raise InstrumentError(self._session.resource, text)
        if identity.model not in data.KNOWN_MODELS:
            known = ", ".join(data.KNOWN_MODELS)
            raise InstrumentError(self._session.resource, f"{identity.model} is none of {known}: choose another driver")
        return identity

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select the narrowest range, 0 to 150 or 0 to 300 V rms, that holds all voltages, and set the current limit.

        Nothing is sent when the range is selected already. A range is changed with the output off and all voltages
        at 0 V only: InstrumentError otherwise. The first call after a connection was made or lost, after an error and
        after ``make_safe`` switches the output off and sends every setting. Raises SettingOutOfRange before any I/O,
        also for any current.
        """
        self._select_ranges(envelope)

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (15 to 1000 Hz), V rms (0 to 300; zero is "phase off") and degrees; read everything back.

        Read-back within 0.06 V, 0.06 degrees and 0.006 Hz, half the instrument's resolution. The output stays as it
        is; while it is on, voltages go to their new values with 10 V/ms, also where a ramp was not over. Only what
        differs is sent. Raises SettingOutOfRange before any I/O, also for an angle of voltage channel 1 that is not 0;
        InstrumentError where no range has been selected.
        """
        self._set_point(setting)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch output and relay, verified: on with a ramp of ``ramp_s`` seconds (0 to 20; 0 is none), off at once.

        The ramp is the voltage slew: the output is switched on at 0 V, and the largest voltage takes ``ramp_s`` from
        there, to the resolution of 1 V/s; a slew below 5 V/s is refused. Returns when the ramp begins. Raises
        SettingOutOfRange before any I/O, InstrumentRefused or SettingNotTaken where the output does not come on (a trip
        is latched: select the ranges again), InstrumentError where it does not go off.
        """
        self._set_output(on, ramp_s)

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on (ON, OFF, 1 or 0 by model; no unit)."""
        return self._session.query_bool("OUTP?")

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how anyone may switch this instrument off and verify it, as data (no unit, no range)."""
        return (data.safe_off(self._session.resource),)

    def make_safe(self) -> None:
        """Switch output and relay off at once, without ramp (0 s), and verify both; InstrumentError if not confirmed.

        May be called at any time and any number of times; a connection that turns out to be lost is opened again once.
        What the error queue says does not matter, what the queries say does. Afterwards ranges must be selected first.
        """
        self._make_safe()

    def protection(self) -> Protection:
        """Ask which current limit is in force: the highest of the three phases', A rms (set to 0.1 to 10)."""
        return self._ask_limits([f"{_selecting(number)};:CURR:LIM?" for number in _NUMBERS])

    def close(self) -> None:
        """Give the connection back; the output stays as it is (no unit, no range)."""
        self._session.close()

    def _check_target(self, target: Target) -> None:
        first_deg = target.phase_deg[0] or 0.0
        if abs((first_deg + 180.0) % 360.0 - 180.0) > data.PHASE_TOLERANCE_DEG:
            raise SettingOutOfRange("angle of voltage channel 1", first_deg, 0.0, 0.0, "deg")

    def _switch_off(self) -> None:
        super()._switch_off()
        if self._session.query_bool("OUTP:REL?"):
            text = "the output is off, but OUTP:REL? says that the relay is still on; switch it off by hand"
            raise InstrumentError(self._session.resource, text)

    def _take_over(self) -> None:
        self._switch_off()
        self._session.write("*CLS")
        self._apply(
            [
                steps.act("OUTP:PROT:CLE"),
                steps.word("OUTP:MODE", "FIXED"),
                steps.word("OUTP:COUP", "AC"),
                steps.word("INST:PHAS", "THREE"),
                steps.number("SOUR:PHAS:ON", 0.0, data.PHASE_TOLERANCE_DEG, decimals=1),
                steps.number("SOUR:PHAS:OFF", data.NO_OFF_ANGLE_DEG, data.PHASE_TOLERANCE_DEG, decimals=1),
                steps.word("INST:EDIT", "EACH"),
                steps.word("INST:COUP", "NONE"),
            ]
        )
        for command in data.IF_PRESENT:
            self._write_if_present(command)
        for number in _NUMBERS:
            one = _selecting(number)
            self._apply(
                [
                    steps.word("FUNC:SHAP:A", "SINE", select=one),
                    steps.word("FUNC:SHAP", "A", select=one),
                    steps.number("VOLT:DC", 0.0, data.VOLTAGE_TOLERANCE_V, decimals=1, select=one),
                    steps.number("VOLT:AC", 0.0, data.VOLTAGE_TOLERANCE_V, select=one),
                ]
            )

    def _write_if_present(self, command: str) -> None:
        """Send a command of which some models do not know the header; raises InstrumentRefused for any other error."""
        try:
            self._session.write(command)
        except InstrumentRefused as refusal:
            if refusal.code != data.UNDEFINED_HEADER:
                raise

    def _range_steps(self, selected: Range) -> Sequence[steps.Step]:
        chosen = data.RANGE_WORDS[selected.high]
        todo: list[steps.Step] = []
        for number in _NUMBERS:
            one = _selecting(number)
            todo += [
                steps.word("VOLT:RANG", chosen, select=one),
                steps.number("VOLT:LIM:AC", selected.high, data.VOLTAGE_TOLERANCE_V, decimals=1, select=one),
                steps.number("CURR:DEL", data.TRIP_DELAY_S, data.DELAY_TOLERANCE_S, decimals=1, select=one),
                steps.number("CURR:LIM", self.current_limit_a, data.CURRENT_TOLERANCE_A, decimals=2, select=one),
            ]
        return todo

    def _frequency_steps(self, frequency_hz: float) -> Sequence[steps.Step]:
        return [steps.number("FREQ", frequency_hz, data.FREQUENCY_TOLERANCE_HZ, decimals=2)]

    def _angle_steps(self, phase_deg: Three) -> Sequence[steps.Step]:
        first, second, third = phase_deg
        return [
            steps.angle("SOUR:PHAS:P12", first - second, data.PHASE_TOLERANCE_DEG, decimals=1),
            steps.angle("SOUR:PHAS:P13", first - third, data.PHASE_TOLERANCE_DEG, decimals=1),
        ]

    def _volts_steps(self, volts: Three) -> Sequence[steps.Step]:
        return [
            steps.number("VOLT:AC", rms, data.VOLTAGE_TOLERANCE_V, select=_selecting(number))
            for number, rms in zip(_NUMBERS, volts, strict=True)
        ]

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[steps.Step]:
        return [steps.number("OUTP:SLEW:VOLT:AC", slew_v_per_s / 1000.0, data.SLEW_TOLERANCE_V_PER_MS)]

    def _on_steps(self) -> Sequence[steps.Step]:
        return [steps.switch("OUTP:REL", True), steps.switch("OUTP", True)]


def _selecting(number: int) -> str:
    return f"INST:NSEL {number}"
