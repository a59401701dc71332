"""Publish what the analyzer sees of what is energised, for people, as often as they can follow."""

from __future__ import annotations

import time

from drivers.analyzer.base import AnalyzerReading
from rig.events import Events, ReadingSeen

SHOW_EVERY_S = 0.5
"""Wall seconds between two readings that are published."""


class LiveReadings:
    """Publishes data sets of the analyzer as ReadingSeen; ``ct_secondary_v``: rated volts of a CT input."""

    def __init__(self, events: Events, ct_secondary_v: float) -> None:
        self._events = events
        self._rated_v = ct_secondary_v
        self._shown_s = float("-inf")

    def show(self, reading: AnalyzerReading) -> None:
        """Publish a data set, unless another one was published within the last half second."""
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOW_EVERY_S:
            return
        self._shown_s = now_s
        elements = reading.elements
        currents = tuple(None if each.i is None else each.i / self._rated_v * 100.0 for each in elements)
        frequency = next((each.frequency_hz for each in elements if each.frequency_hz is not None), None)
        self._events.publish(
            ReadingSeen(
                voltages_v=tuple(each.u_v for each in elements),
                currents_pct=currents,
                voltages_deg=tuple(each.u_phase_deg for each in elements),
                currents_deg=tuple(each.i_phase_deg for each in elements),
                frequency_hz=frequency,
            )
        )
