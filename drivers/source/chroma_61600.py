"""Chroma 61500/61600 three-phase programmable AC sources: three voltages, no current channels."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.errors import InstrumentRefused
from drivers.instrument import Identity
from drivers.source import chroma_61600_data as data
from drivers.source.base import Protection, Range
from drivers.source.shared import steps
from drivers.source.shared.voltage_only import Target, Three, VoltageOnlySource

_NUMBERS = (1, 2, 3)


class Chroma61600(VoltageOnlySource):
    """A three-phase Chroma 61500/61600 source over SCPI (not yet tried on one).

    Voltages of 0 to 300 V rms in two ranges, 0 to 150 and 0 to 300 V, one fundamental a phase of 15 to 1000 Hz; ramps
    of 0 to 20 s to the resolution of 1 V/s, where a slew below 5 V/s is refused. Read-back within 0.06 V, 0.06 degrees
    and 0.006 Hz, half the instrument's resolution. While the output is on, voltages go to their new values with
    10 V/ms. Output and relay are switched and verified both. Its CT inputs need a low-level source beside it.
    ``current_limit_a``: the rms current limit of each phase (0.1 to 10 A), at which the output trips after 0.5 s; set
    after the range and read back before any output is on.

    Angles: P12 and P13 are taken for how far phases 2 and 3 lag phase 1, so -120 degrees is P12 = 120. That is inferred
    from what drivers send; the supervisor verifies the rotation by the analyzer. Phase 1 has no angle of its own. What
    another user may have left, a negative sequence or angles that are not independent, is set right where the model has
    such a setting.

    ``*RST`` is never sent: the manuals require 3 s (61600) or 7 s (61500) after it, without a way to see its end.
    What matters is set and read back instead, one command a message, since open drivers pace this family.
    """

    KNOWN_MODELS = data.KNOWN_MODELS
    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    off = data.OFF
    one_by_one = True
    frequency_decimals = 2

    def _read_identity(self, answer: str) -> Identity:
        match = data.IDENTITY.fullmatch(answer.strip().strip('"'))
        if match is None:
            raise ValueError(answer)
        return Identity(match[1], match[2], match[3], match[4])

    def _check_identity(self, identity: Identity) -> None:
        if identity.model in data.OTHER_RANGES:
            ranges = data.OTHER_RANGES[identity.model]
            text = f"{identity.model} has ranges of {ranges}, this driver is for 150 and 300 V: use another source"
            raise self._error(text)
        super()._check_identity(identity)

    def protection(self) -> Protection:
        """Ask which current limit is in force: the highest of the three phases', A rms (set to 0.1 to 10)."""
        return self._ask_limits([f"{_selecting(number)};:CURR:LIM?" for number in _NUMBERS])

    def _check_target(self, target: Target) -> None:
        self._check_first_angle(target, data.PHASE_TOLERANCE_DEG)

    def _switch_off(self) -> None:
        super()._switch_off()
        if self._session.query_bool("OUTP:REL?"):
            text = "the output is off, but OUTP:REL? says that the relay is still on; switch it off by hand"
            raise self._error(text)

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
