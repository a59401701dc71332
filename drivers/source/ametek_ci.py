"""AMETEK California Instruments AC sources of the Lx/Ls, iX, MX, BPS tree: three voltages, no current channels."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.instrument import Identity
from drivers.source import ametek_ci_data as data
from drivers.source.base import Protection, Range
from drivers.source.shared import steps
from drivers.source.shared.voltage_only import Three, VoltageOnlySource

_NUMBERS = (1, 2, 3)


class AmetekCI(VoltageOnlySource):
    """A three-phase California Instruments source over SCPI (not yet tried on one).

    Voltages of 0 to 300 V rms in two ranges, 0 to 150 and 0 to 300 V, one fundamental a phase of 16 to 500 Hz; ramps of
    0 to 60 s. Read-back within 0.06 V, 0.06 degrees and 0.006 Hz, half the instrument's resolution. While the output is
    on, voltages go to their new values with 10 kV/s. Other makes and models of other ranges are refused. CT inputs
    need a low-level source beside it.
    ``current_limit_a``: the rms current limit of each phase (0.1 to 3.3 A), at which the output trips after 0.1 s; it
    is set after the range, because a range clips it without an error (manual 7003-961 p. 147), and read back.

    Angles: the instrument's positive angle leads (manual 7004-981 p. 86), as the rig's does, so -120 degrees is sent as
    240, which is what *RST gives phase 2. Drivers that send 120 turn the rotation round; the supervisor looks at it.
    Every setting is made for each phase by INSTrument:NSELect with INSTrument:COUPle NONE, and read back.
    """

    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    off = data.OFF

    def _check_identity(self, identity: Identity) -> None:
        if not identity.manufacturer.upper().startswith(data.MANUFACTURERS):
            raise self._error(f"{identity.manufacturer} is not California Instruments: choose another driver")
        for beginning, ranges in data.OTHER_RANGES.items():
            if identity.model.upper().startswith(beginning):
                text = f"{identity.model} has ranges of {ranges}, this driver is for 150 and 300 V: use another source"
                raise self._error(text)

    def protection(self) -> Protection:
        """Ask which current limit is in force: the highest of the three phases', A rms (set to 0.1 to 3.3)."""
        return self._ask_limits([f"{_selecting(number)};:CURR?" for number in _NUMBERS])

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


def _selecting(number: int) -> str:
    return f"INST:NSEL {number}"
