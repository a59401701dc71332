"""What the supervisor sees through the analyzer: its ranges, the way up, the currents, voltages that must stay."""

from __future__ import annotations

from collections.abc import Callable

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ReferenceAnalyzer
from meter_model.stimulus import Stimulus
from rig.errors import BenchFault
from rig.safety import comparison
from rig.safety.errors import OutputWrong
from rig.safety.limits import rms
from rig.safety.safe_state import Clock

_RAMP_MARGIN_S = 10.0
_CURRENT_TRIES = 10


class Watching:
    """The analyzer in the supervisor's hands; without one there is nothing to compare, and time is only waited for.

    ``look`` is called between readings: whoever must notice something else meanwhile does so there.
    """

    def __init__(
        self, analyzer: ReferenceAnalyzer | None, clock: Clock, ct_secondary_v: float, look: Callable[[], None]
    ) -> None:
        self._analyzer = analyzer
        self._clock = clock
        self._ct_secondary_v = ct_secondary_v
        self._look = look
        self._range_inputs: tuple[float, float, float] | None = None
        self.ranges: AnalyzerRanges | None = None
        """The ranges as last selected."""

    @property
    def is_there(self) -> bool:
        """Whether there is an analyzer."""
        return self._analyzer is not None

    def select_ranges(self, targets: list[Stimulus]) -> None:
        """Select ranges that hold all targets."""
        if self._analyzer is None:
            return
        volts, inputs = comparison.range_request(targets)
        # Without any current the ranges stay: an integration may run across a current that is switched off and on.
        self._range_inputs = inputs or self._range_inputs or (self._ct_secondary_v,) * 3
        self.ranges = self._analyzer.select_ranges(volts, self._range_inputs)

    def watch_ramp(
        self, target: Stimulus, *, begun_s: float, ramp_s: float, limit_v: float | None, rise_v_per_s: float
    ) -> str:
        """Follow the voltages up; returns what was seen at the end, in words. ``begun_s``: bench time before it began.

        At each data set: never above where they go, all phases on their way, no faster than ``rise_v_per_s``; and
        there in time. Raises OutputWrong.
        """
        if self._analyzer is None:
            self._clock.sleep(ramp_s)
            return "no analyzer: not compared"
        compared = 0
        while True:
            reading = self._analyzer.read()
            now_s = self._clock.now_s()
            comparison.check_not_above(reading, target, limit_v, all_valid=True)
            comparison.check_rise(reading, now_s - begun_s, rise_v_per_s)
            comparison.check_rising_together(reading, target)
            compared += 1
            if comparison.has_arrived(reading, target):
                return f"{comparison.volts_seen(reading)}, compared {compared} times on the way"
            if now_s > begun_s + ramp_s + _RAMP_MARGIN_S:
                wanted = " / ".join(f"{rms(spectrum):.4g} V" for spectrum in target.voltages)
                raise OutputWrong(
                    "the voltage after the ramp", comparison.volts_seen(reading), wanted, "check leads and source"
                )
            self._look()

    def confirm_rotation(self, target: Stimulus) -> str:
        """Confirm angles and frequency once the voltages stand; returns in words what was done. Raises OutputWrong."""
        if self._analyzer is None:
            return "no analyzer: not confirmed"
        # A data set that was begun after the end of the ramp: angles and frequency of a rising voltage are neither.
        comparison.check_sequence_and_frequency(self._analyzer.read(), target)
        return "as set"

    def confirm_currents(self, target: Stimulus, limit_v: float | None) -> str:
        """Wait until every CT input has what it should have; raises OutputWrong where it does not come to that."""
        if self._analyzer is None:
            return "no analyzer: not confirmed"
        wrong: BenchFault | None = None
        for _ in range(_CURRENT_TRIES):
            reading = self._analyzer.read()
            self.check_voltages(reading, target, limit_v)
            wrong = comparison.wrong_current(reading, target, self._ct_secondary_v)
            if wrong is None:
                return "every CT input has what was set"
            self._look()
        assert wrong is not None
        raise wrong

    def check_voltages(self, reading: AnalyzerReading, target: Stimulus, limit_v: float | None) -> None:
        """Refuse voltages that are too high or gone; raises OutputWrong."""
        comparison.check_not_above(reading, target, limit_v)
        comparison.check_still_there(reading, target)
