"""Keysight AC6800B basic AC source: one voltage, phase A; several units cannot be locked to each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from drivers.errors import DriverError
from drivers.scpi.session import ScpiSession
from drivers.source import keysight_ac6800b_data as data
from drivers.source.base import Protection, Range
from drivers.source.shared.checks import check_ramp
from drivers.source.shared.steps import Step, number, switch, word
from drivers.source.shared.voltage_only import DEFAULT_CURRENT_LIMIT_A, Target, Three
from drivers.source.shared.watched import WatchedSource


class OnePhaseOnly(DriverError):
    """Three phases were asked of a source that has one; ``channel`` is the first that it lacks, 2 or 3."""

    def __init__(self, channel: int) -> None:
        super().__init__(
            "the AC6800B has one phase and cannot be locked to further units, so there is no voltage channel "
            f"{channel}: use phase A alone, or a three-phase source"
        )
        self.channel = channel


class KeysightAC6800B(WatchedSource):
    """One AC6801B to AC6804B over SCPI, as voltage channel 1 (docs/decisions/0012; not yet tried on one).

    One of two ranges, 0 to 155 or 0 to 310 V rms, 40 to 500 Hz; a new voltage is there at once. Its guide knows no
    phase and no second unit, so nothing would hold the angle between units: channels 2 and 3 are refused
    (OnePhaseOnly), and the source declares no phase lock, which keeps it from being combined with a low-level source.
    It has no slew either: a ramp is made in steps by the driver, which takes ``ramp_s`` of wall time in ``set_output``
    (``sleep`` waits between them).

    ``current_limit_a``: rms amperes; above it the output trips. Every setting is read back and compared
    (SettingNotTaken). After any error nothing is known any more, and ``select_ranges`` must be called first.
    """

    KNOWN_MODELS = data.KNOWN_MODELS
    capabilities = data.CAPABILITIES
    limits = data.LIMITS
    off = data.OFF
    protection_bits = data.PROTECTION_BITS

    def __init__(
        self,
        session: ScpiSession,
        *,
        current_limit_a: float = DEFAULT_CURRENT_LIMIT_A,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(session, current_limit_a=current_limit_a)
        self._sleep = sleep

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output on, raising the voltage in steps for ``ramp_s`` seconds (0 to 60), or off at once; verify.

        Returns when the ramp is over. Raises SettingOutOfRange before any I/O, SettingNotTaken when the output does not
        follow, InstrumentError when a protection keeps it off.
        """
        if on and ramp_s > 0.0 and self._volts is not None and any(self._volts):
            self._raise_in_steps(self._volts[0], ramp_s)
        else:
            super().set_output(on, ramp_s)
        self._check_untripped(on)

    def protection(self) -> Protection:
        """Ask which current limit is in force, A rms (set to 0.05 to 40)."""
        return self._ask_limits(["CURR?"])

    def _raise_in_steps(self, volts: float, ramp_s: float) -> None:
        """Switch on at 0 V and go up step by step; the session is free for others in between."""
        check_ramp(ramp_s, self.capabilities)
        self._require_known()
        count = math.ceil(ramp_s / data.RAMP_STEP_S)
        with self._unknown_after_error():
            if self.output_is_on():
                return
            self._give_volts((0.0, 0.0, 0.0))
            self._apply(self._on_steps())
            for step in range(1, count + 1):
                self._sleep(ramp_s / count)
                self._require_known()  # another client may have switched it off meanwhile
                self._give_volts((volts * step / count, 0.0, 0.0))

    def _check_target(self, target: Target) -> None:
        for channel in (2, 3):
            if target.volts[channel - 1] != 0.0:
                raise OnePhaseOnly(channel)
        self._check_first_angle(target)

    def _take_over(self) -> None:
        self._switch_off()
        # Off first: clearing a protection brings back an output that is programmed on.
        self._session.write("OUTP:PROT:CLE")
        self._session.write("*RST", "*CLS", deadline_s=data.RESET_DEADLINE_S)
        self._apply([word("OUTP:COUP", "AC"), *self._volts_steps((0.0, 0.0, 0.0))])

    def _range_steps(self, selected: Range) -> Sequence[Step]:
        # The high range gives half the current: a limit that was right for the low one may be in its way.
        return (
            number("CURR", self.current_limit_a, data.CURRENT_TOLERANCE_A),
            switch("CURR:PROT:STAT", on=True),
            number("VOLT:RANG", selected.high, 0.5, decimals=0),
        )

    def _angle_steps(self, phase_deg: Three) -> Sequence[Step]:  # there is none to set
        return ()

    def _volts_steps(self, volts: Three) -> Sequence[Step]:
        return (number("VOLT", volts[0], data.VOLTAGE_TOLERANCE_V),)

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[Step]:  # there is none to set
        return ()
