"""The rule by which a data set is judged while something is energised: over range at once, missing data twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading
from meter_model.stimulus import Stimulus
from rig.load_point import PHASE_NAMES, three
from rig.safety.envelopes import Envelope
from rig.safety.errors import OutputWrong
from rig.safety.phasors import SeenPhasors, wires_to_look_at
from rig.safety.watch import comparison

_NO_DATA = "no valid data, twice in a row"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Upper limits of every input for every set-point: volts rms line to neutral, and at a CT input."""

    voltage_v: float | None = None
    ct_input_v: float | None = None

    @classmethod
    def of(cls, envelope: Envelope, ct_secondary_v: float) -> Ceiling:
        """Take it from an envelope, whose CT inputs are in percent of ``ct_secondary_v``."""
        part = envelope.ct_input_pct
        return cls(envelope.voltage_ln_v, None if part is None else ct_secondary_v * part / 100.0)


@dataclass(frozen=True, slots=True)
class Angles:
    """From which level an angle means anything: volts rms at voltage A and at the other inputs, by their ranges.

    ``ranges`` None: no angle is judged. ``from_part``: of the range, as the analyzer's data say. ``of_voltages``:
    whether the analyzer knows angles between voltages.
    """

    ranges: AnalyzerRanges | None = None
    from_part: float = 0.0
    of_voltages: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What may be at the meter's terminals now. ``highest``: nothing above all of these; the first is what is wanted.

    ``settled``: it must be there too, with its angles; not so while it is on its way.
    """

    highest: tuple[Stimulus, ...]
    settled: bool
    ceiling: Ceiling
    ct_secondary_v: float

    @property
    def target(self) -> Stimulus:
        """What is wanted in the end."""
        return self.highest[0]


class DataJudge:
    """Judges data sets in their order; one with missing data is excused once, and never two in a row."""

    def __init__(self) -> None:
        self._missing: str | None = None

    def forget(self) -> None:
        """Begin again: what was missing before does not count."""
        self._missing = None

    def judge(self, reading: AnalyzerReading, expected: Expected, angles: Angles) -> bool:
        """Return whether the data set is whole; raises OutputWrong, with the phasors that were seen.

        A value over range, above its ceiling, or gone is wrong at once, even where other values are missing.
        """
        try:
            comparison.check_over_range(reading, expected.target)
            comparison.check_not_above(reading, expected.highest, expected.ceiling.voltage_v)
            comparison.check_inputs_not_above(
                reading, expected.highest, expected.ct_secondary_v, expected.ceiling.ct_input_v
            )
            if expected.settled:
                comparison.check_still_there(reading, expected.target)
                comparison.check_inputs_still_there(reading, expected.target, expected.ct_secondary_v)
                comparison.check_frequency_still(reading, expected.target)
            self._count(next(self._missing_in(reading, expected, angles), None))
            if expected.settled and self._missing is None:
                has_angle = _has_angle(reading, expected.target, angles)
                comparison.check_angles(reading, expected.target, has_angle)
        except OutputWrong as wrong:
            raise explained(wrong, reading, expected.target) from wrong.__cause__
        return self._missing is None

    def _count(self, missing: str | None) -> None:
        before, self._missing = self._missing, missing
        if missing is not None and before is not None:
            raise OutputWrong(missing, _NO_DATA, "a value in each data set", "check the analyzer and its leads")

    @staticmethod
    def _missing_in(reading: AnalyzerReading, expected: Expected, angles: Angles) -> Iterator[str]:
        for name, element in zip(PHASE_NAMES, reading.elements, strict=True):
            if element.u_v is None:
                yield f"voltage {name}"
            if element.i is None:
                yield f"CT input {name}"
        if not expected.settled:
            return
        of_voltage, of_input = _has_angle(reading, expected.target, angles)
        for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True)):
            if of_voltage[place] and element.u_phase_deg is None:
                yield f"the angle of voltage {name}"
            if of_input[place] and element.i_phase_deg is None:
                yield f"the angle of CT input {name}"


def explained(wrong: OutputWrong, reading: AnalyzerReading, target: Stimulus) -> OutputWrong:
    """Return the same error with the phasors that were seen, and the wires to look at where they are unambiguous."""
    seen = SeenPhasors.of(reading, target)
    return wrong.with_seen(seen, wires_to_look_at(seen) if "CT input" in wrong.quantity else None)


def _has_angle(
    reading: AnalyzerReading, target: Stimulus, angles: Angles
) -> tuple[tuple[bool, bool, bool], tuple[bool, bool, bool]]:
    """Which voltages and which CT inputs must have an angle: they are wanted, and found above the level for one.

    All angles refer to voltage A, so none is judged without it.
    """
    none = (False, False, False)
    if angles.ranges is None or not target.voltages[0]:
        return none, none
    ranges, part = angles.ranges, angles.from_part

    def is_above(found: float | None, full_range: float) -> bool:
        return found is not None and found > part * full_range

    first = reading.elements[0]
    if not is_above(first.u_v, ranges.voltage[0]):
        return none, none
    of_voltage = three(
        k > 0 and angles.of_voltages and bool(target.voltages[k]) and is_above(element.u_v, ranges.voltage[k])
        for k, element in enumerate(reading.elements)
    )
    # The angle of a current is measured against its own phase's voltage, and from there against that of phase A.
    of_input = three(
        bool(target.ct_inputs[k]) and is_above(element.i, ranges.current[k]) and (k == 0 or of_voltage[k])
        for k, element in enumerate(reading.elements)
    )
    return of_voltage, of_input
