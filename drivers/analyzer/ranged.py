"""Shared by the SCPI analyzers: fixed ranges that are selected, read back and remembered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from drivers.analyzer.base import AnalyzerRanges, IntegratorReading, ReferenceAnalyzer
from drivers.analyzer.checks import smallest_range
from drivers.errors import CannotMeasure, SettingOutOfRange
from drivers.instrument import ScpiInstrument
from drivers.scpi.session import ScpiSession

RANGE_TOLERANCE = 1e-3
"""A setting is taken where it is answered within this part of it."""


class RangedAnalyzer(ScpiInstrument, ReferenceAnalyzer):
    """An analyzer with a SCPI session whose ranges are those of its capabilities; making it sends nothing.

    ``sleep`` is the bench clock's: waiting for data is time spent. ``PERIOD_NAME`` is what the family calls
    ``update_s``. With ``KNOWN_BY_RANGES`` its state is known only while its ranges are: ``configure`` selects some.
    """

    PERIOD_NAME = "data update period"
    KNOWN_BY_RANGES = True

    def __init__(self, session: ScpiSession, sleep: Callable[[float], None], *, update_s: float = 0.5) -> None:
        low_s, high_s = self.capabilities.update_s
        if not self._has_period(update_s):
            raise SettingOutOfRange(self.PERIOD_NAME, update_s, low_s, high_s, "s")
        super().__init__(session)
        self.update_s = update_s
        self._sleep = sleep
        self._wanted: AnalyzerRanges | None = None
        self._selected = AnalyzerRanges((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

    def select_ranges(self, voltage_v: float, current: tuple[float, float, float]) -> AnalyzerRanges:
        """Select the smallest fixed ranges that hold these V rms; returns what is selected, read back.

        ``voltage_v``: for all three voltage inputs; ``current``: volts at each input that takes a CT input's signal.
        Nothing is sent when they are selected already. Raises SettingOutOfRange before any I/O.
        """
        wanted = self._ranges_for(voltage_v, current)
        self._check_configured()
        if wanted != self._wanted:
            with self._session.transaction():
                self._select(wanted)
        return self._selected

    def has_selected(self, voltage_v: float, current: tuple[float, float, float]) -> bool:
        """Whether ``select_ranges`` with these V rms would change nothing; no I/O. Raises SettingOutOfRange."""
        return self._ranges_for(voltage_v, current) == self._wanted

    def start_integration(self) -> None:
        """Raise CannotMeasure: watt hours are not measured by a driver that does not override this."""
        raise CannotMeasure(self._session.resource, "energy", f"{self.capabilities.why_not}; use power instead")

    def stop_integration(self) -> IntegratorReading:
        """Raise CannotMeasure: watt hours are not measured by a driver that does not override this."""
        raise CannotMeasure(self._session.resource, "energy", f"{self.capabilities.why_not}; use power instead")

    @abstractmethod
    def _set_ranges(self, wanted: AnalyzerRanges) -> AnalyzerRanges:
        """Set the ranges, and return those that the instrument has then; raises SettingNotTaken."""

    def _has_period(self, update_s: float) -> bool:
        return self.capabilities.update_s[0] <= update_s <= self.capabilities.update_s[1]

    def _select(self, wanted: AnalyzerRanges) -> None:
        self._wanted = None
        self._selected = self._set_ranges(wanted)
        self._wanted = wanted

    def _select_largest(self) -> None:
        voltage_v, input_v = self.capabilities.voltage_ranges_v[-1], self.capabilities.ct_ranges_v[-1]
        self._select(AnalyzerRanges((voltage_v,) * 3, (input_v,) * 3))

    def _ranges_for(self, voltage_v: float, current: tuple[float, float, float]) -> AnalyzerRanges:
        can = self.capabilities
        volts = smallest_range("analyzer voltage", voltage_v, can.voltage_ranges_v, can.headroom)
        one, two, three = (
            smallest_range(f"analyzer current input {number}", value, can.ct_ranges_v, can.headroom)
            for number, value in enumerate(current, start=1)
        )
        return AnalyzerRanges((volts,) * 3, (one, two, three))

    def _verify_part(self, query: str, wanted: float) -> None:
        self._verify(query, wanted, RANGE_TOLERANCE * abs(wanted))

    @property
    def _is_known(self) -> bool:
        return super()._is_known and not (self.KNOWN_BY_RANGES and self._wanted is None)
