"""Judge each data set of the analyzer for the supervisor, and ask for data sets where no other code reads."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ReferenceAnalyzer
from meter_model.stimulus import Stimulus
from rig.safety.errors import OutputWrong
from rig.safety.limits import rms
from rig.safety.switching_off.safe_state import Clock
from rig.safety.watch import comparison
from rig.safety.watch.judging import Angles, Ceiling, DataJudge, Expected, explained

LOOK_EVERY_S = 0.4
"""Wall seconds without a data set after which the analyzer is read to watch the outputs."""

_RAMP_MARGIN_S = 10.0
_CURRENT_TRIES = 3

_wall_s = time.monotonic


class Watching:
    """The analyzer as the supervisor uses it; without one nothing is compared and ``wait`` only spends time.

    ``look`` is called between readings, to check everything else that must be noticed. ``show`` is given each data set
    that is judged, for people. From ``expect`` to
    ``expect_nothing`` every data set is judged: those that ``read`` returns, those that it skips, and those that
    ``watch`` asks for while there is no other reading. Only the thread that called ``expect`` asks.
    """

    def __init__(
        self,
        analyzer: ReferenceAnalyzer | None,
        clock: Clock,
        ct_secondary_v: float,
        look: Callable[[], None],
        show: Callable[[AnalyzerReading], None] = lambda _reading: None,
    ) -> None:
        self._analyzer = analyzer
        self._clock = clock
        self._ct_secondary_v = ct_secondary_v
        self._look = look
        self._show = show
        self._range_inputs: tuple[float, float, float] | None = None
        self._judge = DataJudge()
        self._expected: Expected | None = None
        self._worker: int | None = None
        self._is_blind = False
        self._busy = 0
        self._seen_wall_s = self._seen_s = 0.0
        self.ranges: AnalyzerRanges | None = None
        """The ranges as last selected."""
        if analyzer is not None:
            analyzer.on_passing = self._passing

    @property
    def is_there(self) -> bool:
        """Whether there is an analyzer."""
        return self._analyzer is not None

    @property
    def is_worker(self) -> bool:
        """Whether this is the thread that energised, in which alone instruments are looked at."""
        return self._worker == threading.get_ident()

    # --- ranges

    def select_ranges(self, targets: list[Stimulus]) -> None:
        """Select ranges that hold all targets. Data sets do not count until one has been begun afterwards."""
        if self._analyzer is None:
            return
        self._is_blind = True
        volts, inputs = self._request(targets)
        self._range_inputs = inputs
        with self.occupied():
            self.ranges = self._analyzer.select_ranges(volts, inputs)

    def have_selected(self, targets: list[Stimulus]) -> bool:
        """Whether the ranges are those that ``select_ranges`` would select."""
        return self._analyzer is None or self._analyzer.has_selected(*self._request(targets))

    def _request(self, targets: list[Stimulus]) -> tuple[float, tuple[float, float, float]]:
        volts, inputs = comparison.range_request(targets)
        # Without any current the ranges stay: an integration may run across a current that is switched off and on.
        return volts, inputs or self._range_inputs or (self._ct_secondary_v,) * 3

    # --- what may be there

    def expect(self, *highest: Stimulus, ceiling: Ceiling, settled: bool = False) -> None:
        """From now on judge: nothing above the highest of these, the first of which is wanted.

        ``settled``: it is there. Until it is settled only what is too high, over range or missing is wrong.
        """
        if self._expected is None:
            self._judge.forget()
        self._expected = Expected(highest, settled, ceiling, self._ct_secondary_v)
        self._worker = threading.get_ident()

    def expect_nothing(self) -> None:
        """Judge nothing any more: what is energised is on its way to off, and is confirmed otherwise."""
        self._expected = None
        self._judge.forget()

    # --- data sets

    def read(self) -> AnalyzerReading:
        """Return a data set begun after this call, judged; one with missing data is taken once more.

        Raises OutputWrong, and what the analyzer raises. There must be an analyzer.
        """
        assert self._analyzer is not None
        for _ in range(2):
            with self.occupied():
                reading = self._analyzer.read()
            self._note_seen()
            self._is_blind = False
            if self._judged(reading):
                return reading
        # Not two in a row, where one that was passed over in between is whole; but nothing that could be measured.
        advice = "check the analyzer and its leads"
        raise OutputWrong("what the analyzer reads", "no valid data, and again none", "one whole data set", advice)

    def read_unjudged(self) -> AnalyzerReading:
        """Return a data set begun after this call, unjudged: for confirming that everything is off."""
        assert self._analyzer is not None
        expected, self._expected = self._expected, None
        try:
            with self.occupied():
                return self._analyzer.read()
        finally:
            self._expected = expected

    def watch(self) -> None:
        """Look at the newest data set where none has been seen for a while and the analyzer is not in use.

        Spends no bench time. Raises as ``read``.
        """
        if (
            self._analyzer is None
            or self._expected is None
            or self._is_blind
            or self._busy
            or not self.is_worker
            or _wall_s() - self._seen_wall_s < LOOK_EVERY_S
            # A data set must not be counted twice: the next is there once the longest time for one is over.
            or self._clock.now_s() - self._seen_s < self._analyzer.set_s
        ):
            return
        with self.occupied():
            reading = self._analyzer.latest()
        self._note_seen()
        self._judged(reading)

    @contextlib.contextmanager
    def occupied(self) -> Iterator[None]:
        """Within this context the analyzer is in use: ``watch`` asks it nothing."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def _passing(self, reading: AnalyzerReading) -> None:
        if self._expected is not None and not self._is_blind:
            self._note_seen()
            self._judged(reading)

    def _judged(self, reading: AnalyzerReading) -> bool:
        if self._expected is None:
            return True
        self._show(reading)
        return self._judge.judge(reading, self._expected, self._angles)

    @property
    def _angles(self) -> Angles:
        assert self._analyzer is not None
        can = self._analyzer.capabilities
        return Angles(self.ranges, can.angle_from_part, can.angles_between_voltages)

    def _note_seen(self) -> None:
        self._seen_wall_s = _wall_s()
        if self._expected is not None:
            self._seen_s = self._clock.now_s()

    # --- the steps

    def watch_ramp(self, target: Stimulus, *, begun_s: float, ramp_s: float, rise_v_per_s: float) -> str:
        """Follow the voltages up; returns what was seen at the end, in words. ``begun_s``: bench time before it began.

        At each data set, beside what ``read`` sees to: all phases on their way, no faster than ``rise_v_per_s``; and
        there in time. Raises OutputWrong.
        """
        if self._analyzer is None:
            self._clock.sleep(ramp_s)
            return "no analyzer: not compared"
        compared = 0
        while True:
            reading = self.read()
            now_s = self._clock.now_s()
            try:
                comparison.check_rise(reading, now_s - begun_s, rise_v_per_s)
                comparison.check_rising_together(reading, target)
            except OutputWrong as wrong:
                raise explained(wrong, reading, target) from None
            compared += 1
            if comparison.has_arrived(reading, target):
                return f"{comparison.volts_seen(reading)}, compared {compared} times on the way"
            if now_s > begun_s + ramp_s + _RAMP_MARGIN_S:
                wanted = " / ".join(f"{rms(spectrum):.4g} V" for spectrum in target.voltages)
                late = OutputWrong(
                    "the voltage after the ramp", comparison.volts_seen(reading), wanted, "check leads and source"
                )
                raise explained(late, reading, target)
            self._look()

    def confirm_rotation(self, target: Stimulus) -> str:
        """Confirm angles and frequency once the voltages stand; returns in words what was done. Raises OutputWrong."""
        if self._analyzer is None:
            return "no analyzer: not confirmed"
        # A data set that was begun after the end of the ramp: angles and frequency of a rising voltage are neither.
        reading = self.read()
        try:
            comparison.check_sequence_and_frequency(reading, target)
        except OutputWrong as wrong:
            raise explained(wrong, reading, target) from None
        return "as set"

    def confirm_inputs(self, target: Stimulus, ceiling: Ceiling) -> str:
        """Wait until every CT input has what it should have, in volts and angle; then it is settled, and must stay.

        Begins with what was expected before: the data set that is passed over may show that. What is too high or over
        range is wrong at once. Raises OutputWrong where an input does not reach its expected value.
        """
        if self._analyzer is None:
            self.expect(target, ceiling=ceiling)
            return "no analyzer: not confirmed"
        for left in reversed(range(_CURRENT_TRIES)):
            reading = self.read()
            self.expect(target, ceiling=ceiling)
            self._judged(reading)
            try:
                comparison.check_inputs(reading, target, self._ct_secondary_v, self._input_ranges)
                self.expect(target, ceiling=ceiling, settled=True)
                self._judged(reading)
                break
            except OutputWrong as wrong:
                if not left:
                    raise (wrong if wrong.seen else explained(wrong, reading, target)) from None
                self.expect(target, ceiling=ceiling)
            self._look()
        return "every CT input has what was set"

    @property
    def _input_ranges(self) -> tuple[float, float, float] | None:
        return self.ranges.current if self.ranges else None
