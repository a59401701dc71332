"""ITECH IT7800 (IT7900) programmable AC source in its three-phase mode: three voltages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from drivers.instrument import Identity
from drivers.source import itech_it7800_data as data
from drivers.source.base import PHASES, Protection, Range
from drivers.source.shared.steps import Step, act, angle, number, word
from drivers.source.shared.voltage_only import Three
from drivers.source.shared.watched import WatchedSource


class ItechIT7800(WatchedSource):
    """An IT7800 or IT7900 with three phases over SCPI (docs/decisions/0012; not yet tried on one).

    One range, 0 to 350 V rms line to neutral; 16 to 150 Hz. How phases are addressed is inferred from a sister's
    manual: every phase is set and asked by itself (``VOLT 120,CH2``, ``VOLT? CH2``), and nothing is switched on where
    an answer does not agree or the error queue is not empty. A ramp is the instrument's own slope.

    ``current_limit_a``: rms amperes a phase above which the output trips. After any error nothing is known any more,
    and ``select_ranges`` must be called first: it switches the output off and starts from ``*RST``.
    """

    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    off = data.OFF
    protection_bits = data.PROTECTION_BITS

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output on, with a rise of ``ramp_s`` seconds (0 to 60; 0 is none), or off at once; verify it.

        Raises SettingOutOfRange before any I/O, SettingNotTaken when the output does not follow, InstrumentError when a
        protection keeps it off.
        """
        super().set_output(on, ramp_s)
        self._check_untripped(on)

    def _check_identity(self, identity: Identity) -> None:
        # Whether the model has three phases shows when ranges are selected: one that has not refuses that mode.
        if not identity.model.upper().startswith(data.KNOWN_FAMILIES):
            raise self._error(f"{identity.model} is neither IT7800 nor IT7900: choose another driver")

    def protection(self) -> Protection:
        """Ask above which current of a phase the output trips, A rms (set to 0.1 to 30)."""
        return self._ask_limits(["CURR:PROT:RMS?"])

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

    def _angle_steps(self, phase_deg: Three) -> Sequence[Step]:
        lead_deg = [data.LEAD_SIGN * each for each in phase_deg]
        return [_of(phase, angle("PHAS", lead_deg[phase], data.PHASE_TOLERANCE_DEG)) for phase in PHASES]

    def _volts_steps(self, volts: Three) -> Sequence[Step]:
        return [_of(phase, number("VOLT", volts[phase], data.VOLTAGE_TOLERANCE_V)) for phase in PHASES]

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[Step]:
        return (number("VOLT:SLOP", slew_v_per_s / 1e3, data.SLOPE_TOLERANCE_V_PER_MS, decimals=4),)


def _of(phase: int, step: Step) -> Step:
    """Address one phase: its channel follows the value, and the question."""
    return replace(step, command=f"{step.command},CH{phase + 1}", query=f"{step.query} CH{phase + 1}")
