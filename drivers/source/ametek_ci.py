"""AMETEK California Instruments AC sources of the Lx/Ls, iX, MX, BPS tree: three voltages, no current channels."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.errors import AnswerInvalid, InstrumentError
from drivers.scpi import ScpiSession
from drivers.source import ametek_ci_data as data
from drivers.source.base import Identity, Protection, Range, SafeOff, SourceSetting
from drivers.source.shared import steps
from drivers.source.shared.voltage_only import Three, VoltageOnlySource

_NUMBERS = (1, 2, 3)


class AmetekCI(VoltageOnlySource):
    """A three-phase California Instruments source over SCPI (not yet tried on one).

    Voltages of 0 to 300 V rms in two ranges, one fundamental a phase; its CT inputs need a low-level source beside it.
    ``current_limit_a``: the rms current limit of each phase (0.1 to 3.3 A), at which the output trips after 0.1 s; it
    is set after the range, because a range clips it without a word (manual 7003-961 p. 147), and read back.

    Angles: the instrument's positive angle leads (manual 7004-981 p. 86), as the rig's does, so -120 degrees is sent as
    240, which is what *RST gives phase 2. Drivers that send 120 turn the rotation round; the supervisor looks at it.
    Every setting is made for each phase by INSTrument:NSELect with INSTrument:COUPle NONE, and read back.
    """

    ERROR_QUERY = "SYST:ERR?"
    capabilities = data.CAPABILITIES
    limits = data.LIMITS

    def __init__(self, session: ScpiSession, *, current_limit_a: float = 1.0) -> None:
        super().__init__(session, current_limit_a=current_limit_a)

    def identify(self) -> Identity:
        """Ask the instrument who it is; raises InstrumentError for another make or a model of other voltage ranges.

        Takes nothing and changes nothing, so it has no unit and no range.
        """
        answer = self._session.identify()
        try:
            identity = Identity.from_idn(answer)
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, "*IDN?", answer) from error
        if not identity.manufacturer.upper().startswith(data.MANUFACTURERS):
            text = f"{identity.manufacturer} is not California Instruments: choose another driver"
            raise InstrumentError(self._session.resource, text)
        for beginning, ranges in data.OTHER_RANGES.items():
            if identity.model.upper().startswith(beginning):
                text = f"{identity.model} has ranges of {ranges}, this driver is for 150 and 300 V: use another source"
                raise InstrumentError(self._session.resource, text)
        return identity

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select the narrowest range, 0 to 150 or 0 to 300 V rms, that holds all voltages, and set the current limit.

        Nothing is sent when the range is selected already. A range is changed with the output off and all voltages
        at 0 V only: InstrumentError otherwise. The first call after a connection was made or lost, after an error and
        after ``make_safe`` switches the output off and starts from ``*RST``. Raises SettingOutOfRange before any I/O,
        also for any current.
        """
        self._select_ranges(envelope)

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (16 to 500 Hz), V rms (0 to 300; zero is "phase off") and degrees; read everything back.

        Read-back within 0.06 V, 0.06 degrees and 0.006 Hz, half the instrument's resolution. The output stays as it
        is; while it is on, voltages go to their new values with 10 kV/s, also where a ramp was not over. Only what
        differs is sent. Raises SettingOutOfRange before any I/O, InstrumentError where no range has been selected.
        """
        self._set_point(setting)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output; on with a ramp of ``ramp_s`` seconds (0 to 60; 0 is none), off always at once; verified.

        The ramp is the voltage slew: the output is switched on at 0 V, and the largest voltage takes ``ramp_s`` from
        there. Returns when the ramp begins. Raises SettingOutOfRange before any I/O, SettingNotTaken where the output
        does not come on (a trip is latched: select the ranges again), InstrumentError where it does not go off.
        """
        self._set_output(on, ramp_s)

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on (0 or 1, no unit)."""
        return self._session.query_bool("OUTP?")

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how anyone may switch this instrument off and verify it, as data (no unit, no range)."""
        return (data.safe_off(self._session.resource),)

    def make_safe(self) -> None:
        """Switch the output off at once, without ramp (0 s), and verify; raises InstrumentError if not confirmed.

        May be called at any time and any number of times; a connection that turns out to be lost is opened again once.
        What the error queue says does not matter, what OUTPut? says does. Afterwards ranges must be selected first.
        """
        self._make_safe()

    def protection(self) -> Protection:
        """Ask which current limit is in force: the highest of the three phases', A rms (set to 0.1 to 3.3)."""
        return self._ask_limits([f"{_selecting(number)};:CURR?" for number in _NUMBERS])

    def close(self) -> None:
        """Give the connection back; the output stays as it is (no unit, no range)."""
        self._session.close()

    def _take_over(self) -> None:
        self._switch_off()
        self._session.write("*RST", "*CLS", deadline_s=data.RESET_DEADLINE_S)
        self._apply([steps.act("OUTP:PROT:CLE"), steps.word("INST:COUP", "NONE")])
        for number in _NUMBERS:
            one = _selecting(number)
            self._apply(
                [
                    steps.word("FUNC", "SIN", select=one),
                    steps.switch("CURR:PROT:STAT", True, select=one),
                    steps.number("CURR:PROT:DEL", data.TRIP_DELAY_S, data.DELAY_TOLERANCE_S, select=one),
                    steps.number("VOLT", 0.0, data.VOLTAGE_TOLERANCE_V, select=one),
                ]
            )

    def _range_steps(self, selected: Range) -> Sequence[steps.Step]:
        ranges = [
            steps.number("VOLT:RANG", selected.high, 0.5, decimals=0, select=_selecting(number)) for number in _NUMBERS
        ]
        limits = [
            steps.number("CURR", self.current_limit_a, data.CURRENT_TOLERANCE_A, select=_selecting(number))
            for number in _NUMBERS
        ]
        return [*ranges, *limits]

    def _frequency_steps(self, frequency_hz: float) -> Sequence[steps.Step]:
        return [steps.number("FREQ", frequency_hz, data.FREQUENCY_TOLERANCE_HZ)]

    def _angle_steps(self, phase_deg: Three) -> Sequence[steps.Step]:
        return [
            steps.angle("PHAS", angle_deg, data.PHASE_TOLERANCE_DEG, select=_selecting(number))
            for number, angle_deg in zip(_NUMBERS, phase_deg, strict=True)
        ]

    def _volts_steps(self, volts: Three) -> Sequence[steps.Step]:
        return [
            steps.number("VOLT", rms, data.VOLTAGE_TOLERANCE_V, select=_selecting(number))
            for number, rms in zip(_NUMBERS, volts, strict=True)
        ]

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[steps.Step]:
        tolerance = data.SLEW_TOLERANCE * slew_v_per_s
        return [steps.number("VOLT:SLEW", slew_v_per_s, tolerance, select=_selecting(number)) for number in _NUMBERS]

    def _on_steps(self) -> Sequence[steps.Step]:
        return [steps.switch("OUTP", True)]


def _selecting(number: int) -> str:
    return f"INST:NSEL {number}"
