"""The analyzer for procedures: each reading is judged before it is returned, and its ranges are fixed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from drivers.analyzer.base import (
    AnalyzerCapabilities,
    AnalyzerRanges,
    AnalyzerReading,
    IntegratorReading,
    ReferenceAnalyzer,
)
from drivers.instrument import Identity
from rig.errors import UsageRefused


class WatchedAnalyzer(ReferenceAnalyzer):
    """``analyzer`` with ``read`` in place of its own, and ``occupied`` around all that takes more than one exchange."""

    def __init__(
        self,
        analyzer: ReferenceAnalyzer,
        read: Callable[[], AnalyzerReading],
        occupied: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._analyzer = analyzer
        self._read = read
        self._occupied = occupied
        self.update_s = analyzer.update_s

    @property
    def capabilities(self) -> AnalyzerCapabilities:  # type: ignore[override]  # the analyzer's own, never another
        """What the analyzer can measure (units as declared there)."""
        return self._analyzer.capabilities

    @property
    def set_s(self) -> float:
        """Longest time in seconds from one data set to the next."""
        return self._analyzer.set_s

    def identify(self) -> Identity:
        """Read the instrument's identity (no unit, no range)."""
        with self._occupied():
            return self._analyzer.identify()

    def configure(self) -> None:
        """Raise UsageRefused: it is configured when the bench is opened (no unit, no range)."""
        raise UsageRefused("the analyzer of an open bench is not configured again: close the bench and open it")

    def select_ranges(self, voltage_v: float, current: tuple[float, float, float]) -> AnalyzerRanges:
        """Raise UsageRefused: the supervisor selects the ranges for each point, with the currents off (V rms)."""
        del voltage_v, current
        raise UsageRefused("the ranges of the analyzer are the supervisor's to select: apply a load point")

    def has_selected(self, voltage_v: float, current: tuple[float, float, float]) -> bool:
        """Whether the ranges are those for these V rms; no I/O."""
        return self._analyzer.has_selected(voltage_v, current)

    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call (V, Hz, degrees), judged where something is energised."""
        return self._read()

    def latest(self) -> AnalyzerReading:
        """Return the newest complete data set (V, Hz, degrees), for watching."""
        with self._occupied():
            return self._analyzer.latest()

    def start_integration(self) -> None:
        """Reset and start the energy integrator (no unit, no range)."""
        with self._occupied():
            self._analyzer.start_integration()

    def stop_integration(self) -> IntegratorReading:
        """Stop the energy integrator and read it (watt hours, s)."""
        with self._occupied():
            return self._analyzer.stop_integration()

    def close(self) -> None:
        """Give the connection back (no unit, no range)."""
        self._analyzer.close()


class UnjudgedAnalyzer(WatchedAnalyzer):
    """The analyzer for confirming that everything is off: its data sets are not judged."""

    def __init__(self, analyzer: ReferenceAnalyzer, read: Callable[[], AnalyzerReading]) -> None:
        super().__init__(analyzer, read, nullcontext)

    def configure(self) -> None:
        """Configure it (no unit, no range): the outputs are off, and the connection may have been lost on the way."""
        self._analyzer.configure()
