"""Voltage-only sources with an I/O watchdog and a questionable-status register that says which protection tripped."""

from __future__ import annotations

from drivers.errors import AnswerInvalid, SettingOutOfRange
from drivers.source.shared.steps import number, switch
from drivers.source.shared.voltage_only import VoltageOnlySource

_DELAY_TOLERANCE_S = 0.5
"""Delays are whole seconds."""


class WatchedSource(VoltageOnlySource):
    """``OUTP:PROT:WDOG`` switches the output off after a silence; ``protection_bits`` of STAT:QUES:COND? disable it."""

    protection_bits: int

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on and no protection has disabled it.

        What a watchdog latched off may still say that it is programmed on.
        """
        queries = ("OUTP?", "STAT:QUES:COND?")
        state, questionable = self._session.query_all(queries)
        bits = self._session.as_float(queries[1], questionable)
        if bits is None or bits < 0.0 or bits != int(bits):
            raise AnswerInvalid(self._session.resource, queries[1], questionable)
        return self._session.as_bool(queries[0], state) and not int(bits) & self.protection_bits

    def _check_untripped(self, on: bool) -> None:
        """Raise InstrumentError where the output was switched on and a protection keeps it off."""
        if on and not self.output_is_on():
            self._forget()
            raise self._error("a protection keeps the output off: look at the instrument")

    def arm_watchdog(self, delay_s: float) -> None:
        """Have the output go off after ``delay_s`` seconds (1 to 3600, whole seconds) without a message; verify.

        Raises SettingOutOfRange before any I/O, InstrumentRefused where the instrument does not know the header.
        """
        assert self.capabilities.watchdog_s is not None
        low_s, high_s = self.capabilities.watchdog_s
        if not low_s <= delay_s <= high_s or delay_s != int(delay_s):
            raise SettingOutOfRange("watchdog delay (whole seconds)", delay_s, low_s, high_s, "s")
        delay = number("OUTP:PROT:WDOG:DEL", delay_s, _DELAY_TOLERANCE_S, decimals=0)
        self._apply([delay, switch("OUTP:PROT:WDOG", on=True)])

    def disarm_watchdog(self) -> None:
        """Stop the instrument's watchdog, and verify; idempotent."""
        self._apply([switch("OUTP:PROT:WDOG", on=False)])
