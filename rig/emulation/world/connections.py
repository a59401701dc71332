"""Which meters are connected to the voltage and current leads of the bench, and what a faulty one takes from all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from meter_model.stimulus import Spectrum, Stimulus


class Connections:
    """``disturbances``: for each meter, what it leaves of the bench's voltages and of its CT signals (1: all).

    A short circuit inside a meter loads the source for everybody: the analyzer sees it too. Used with the world held.
    """

    def __init__(self, disturbances: Sequence[tuple[float, float]] = ()) -> None:
        self._disturbances = list(disturbances)
        self._is_connected = [True] * len(self._disturbances)
        self.left = self._left()
        """What is left of the voltages, and of the CT signals."""

    def work(self, meter: int, on: bool) -> None:
        """Connect a meter (0 is the first), or take its leads off."""
        self._is_connected[meter] = on
        self.left = self._left()

    def seen(self, stimulus: Stimulus) -> Stimulus:
        """Return what is at the terminals of the bench with what these meters take."""
        voltage, current = self.left
        if self.left == (1.0, 1.0):
            return stimulus
        a, b, c = (_times(each, voltage) for each in stimulus.voltages)
        x, y, z = (_times(each, current) for each in stimulus.ct_inputs)
        return replace(stimulus, voltages=(a, b, c), ct_inputs=(x, y, z))

    def _left(self) -> tuple[float, float]:
        fitted = [each for each, is_on in zip(self._disturbances, self._is_connected, strict=True) if is_on]
        return math.prod(voltage for voltage, _ in fitted), math.prod(current for _, current in fitted)


def _times(spectrum: Spectrum, factor: float) -> Spectrum:
    return tuple(replace(part, rms=part.rms * factor) for part in spectrum)
