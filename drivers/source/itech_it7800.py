"""ITECH IT7800 (IT7900) programmable AC source in its three-phase mode: three voltages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from drivers.errors import AnswerInvalid, InstrumentError
from drivers.scpi import ScpiSession
from drivers.source import itech_it7800_data as data
from drivers.source.base import PHASES, Identity, Protection, Range, SafeOff, SourceSetting
from drivers.source.shared.steps import Step, act, angle, number, switch, word
from drivers.source.shared.voltage_only import Three
from drivers.source.shared.watched import WatchedSource


class ItechIT7800(WatchedSource):
    """An IT7800 or IT7900 with three phases over SCPI (docs/decisions/0012; not yet tried on one).

    One range, 0 to 350 V line to neutral. How phases are addressed is inferred from a sister's manual: every phase is
    set and asked by itself (``VOLT 120,CH2``, ``VOLT? CH2``), and nothing is switched on where an answer does not agree
    or the error queue is not empty. A ramp is the instrument's own slope.

    ``current_limit_a``: rms amperes a phase above which the output trips. After any error nothing is known any more,
    and ``select_ranges`` must be called first: it switches the output off and starts from ``*RST``.
    """

    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    protection_bits = data.PROTECTION_BITS

    def __init__(self, session: ScpiSession, *, current_limit_a: float = data.DEFAULT_CURRENT_LIMIT_A) -> None:
        super().__init__(session, current_limit_a=current_limit_a)

    def identify(self) -> Identity:
        """Ask the instrument who it is; raises InstrumentError for another family.

        Takes nothing and changes nothing, so it has no unit and no range. Whether the model has three phases shows when
        ranges are selected: one that has not refuses that mode.
        """
        answer = self._session.identify()
        try:
            identity = Identity.from_idn(answer)
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, "*IDN?", answer) from error
        if not identity.model.upper().startswith(data.KNOWN_FAMILIES):
            text = f"{identity.model} is neither IT7800 nor IT7900: choose another driver"
            raise InstrumentError(self._session.resource, text)
        return identity

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Check that ``envelope`` can be given (0 to 350 V rms, currents off) and set the current limit, output off.

        Raises SettingOutOfRange before any I/O. The first call after a connection was made or lost switches the output
        off, resets the instrument and selects the three-phase mode.
        """
        self._select_ranges(envelope)

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (16 to 150 Hz), V rms and degrees of each phase, and read them back.

        The output stays as it is. Raises SettingOutOfRange before any I/O, InstrumentError where ``select_ranges``
        comes first, InstrumentRefused and SettingNotTaken.
        """
        self._set_point(setting)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output on, with a rise of ``ramp_s`` seconds (0 to 60; 0 is none), or off at once; verify it.

        Raises SettingOutOfRange before any I/O, SettingNotTaken when the output does not follow, InstrumentError when a
        protection keeps it off.
        """
        self._set_output(on, ramp_s)
        if on and not self.output_is_on():
            self._forget()
            raise InstrumentError(self._session.resource, "a protection keeps the output off: look at the instrument")

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on and no protection has disabled it (no unit)."""
        return self._is_on_and_untripped()

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how anyone may switch this instrument off and verify it, as data (no unit, no range)."""
        return (data.safe_off(self._session.resource),)

    def make_safe(self) -> None:
        """Switch the output off at once, without ramp (0 s), and verify; raises InstrumentError if not confirmed.

        May be called at any time and any number of times; a lost connection is opened again once.
        """
        self._make_safe()

    def arm_watchdog(self, delay_s: float) -> None:
        """Have the output go off after ``delay_s`` seconds (1 to 3600, whole seconds) without a message; verify.

        Raises SettingOutOfRange before any I/O, InstrumentRefused where the instrument does not know the header.
        """
        self._arm_watchdog(delay_s)

    def disarm_watchdog(self) -> None:
        """Stop the instrument's watchdog, and verify (no unit, no range); idempotent."""
        self._disarm_watchdog()

    def protection(self) -> Protection:
        """Ask above which current of a phase the output trips, A rms (set to 0.1 to 30)."""
        return self._ask_limits(["CURR:PROT:RMS?"])

    def close(self) -> None:
        """Give the connection back; the output stays as it is (no unit, no range)."""
        self._session.close()

    def _take_over(self) -> None:
        self._switch_off()
        self._session.write("OUTP:PROT:CLE")
        self._session.write("*RST", "*CLS", deadline_s=data.RESET_DEADLINE_S)
        self._apply([act("SYST:REM"), word("SYST:FUNC", "THREE"), word("FUNC", "AC")])
        self._apply(self._volts_steps((0.0, 0.0, 0.0)))

    def _range_steps(self, selected: Range) -> Sequence[Step]:
        return (
            number("CURR:PROT:RMS", self.current_limit_a, data.CURRENT_TOLERANCE_A),
            word("CURR:PROT:MODE", "IMM"),
            number("VOLT:LIM:HIGH", selected.high, data.VOLTAGE_TOLERANCE_V),
        )

    def _frequency_steps(self, frequency_hz: float) -> Sequence[Step]:
        return (number("FREQ", frequency_hz, data.FREQUENCY_TOLERANCE_HZ),)

    def _angle_steps(self, phase_deg: Three) -> Sequence[Step]:
        lead_deg = [data.LEAD_SIGN * each for each in phase_deg]
        return [_of(phase, angle("PHAS", lead_deg[phase], data.PHASE_TOLERANCE_DEG)) for phase in PHASES]

    def _volts_steps(self, volts: Three) -> Sequence[Step]:
        return [_of(phase, number("VOLT", volts[phase], data.VOLTAGE_TOLERANCE_V)) for phase in PHASES]

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[Step]:
        return (number("VOLT:SLOP", slew_v_per_s / 1e3, data.SLOPE_TOLERANCE_V_PER_MS, decimals=4),)

    def _on_steps(self) -> Sequence[Step]:
        return (switch("OUTP", on=True),)


def _of(phase: int, step: Step) -> Step:
    """Address one phase: its channel follows the value, and the question."""
    return replace(step, command=f"{step.command},CH{phase + 1}", query=f"{step.query} CH{phase + 1}")
