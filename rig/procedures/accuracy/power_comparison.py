"""Power comparison: the meter's one-second values against the reference, bracketed reference - meter - reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drivers.analyzer.base import AnalyzerReading
from drivers.meter.errors import BusFailed, MeterError
from drivers.meter.readings import LoadPointReading
from meter_model.configuration import Configuration
from meter_model.stimulus import Stimulus
from rig.bench.positions.at_once import at_once
from rig.events import MeterRead
from rig.load_point import ByPhase, LoadPoint
from rig.metrology.corrections.positions import PositionPath
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.conditions import ConditionWindow
from rig.procedures.accuracy.readings import MeterSample, PointMeasurement
from rig.safety.conditions import IEC_REFERENCE, Deviation, ReferenceLimits
from rig.safety.errors import NotSettled, ReferenceInvalid

if TYPE_CHECKING:
    from rig.bench import Bench, Position
    from rig.records.recorder import PointRecorder

METER_UPDATE_S = 1.0
"""Data update period of the meter (manual page 1): reads at least this far apart see different updates."""

MINIMUM_UPDATES = 5


def measure_power(
    bench: Bench,
    position: Position,
    point: LoadPoint,
    configuration: Configuration,
    record: PointRecorder,
    *,
    updates: int = MINIMUM_UPDATES,
    limits: ReferenceLimits = IEC_REFERENCE,
) -> PointMeasurement:
    """Measure one meter at ``point``: ``measure_in_turn`` with one reader."""
    reader = Reader(position, configuration, path=position.path)
    return measure_in_turn(bench, (reader,), point, record, updates=updates, limits=limits)


@dataclass
class Reader:
    """One meter that is read at a load point.

    ``unit_number``: None where there is one meter. ``dead``: why it is not read, empty where it is.
    ``has_own_bus``: a bus that fails is then this meter's alone. ``path``: the correction of its position.
    """

    position: Position
    configuration: Configuration
    unit_number: int | None = None
    dead: str = ""
    has_own_bus: bool = False
    path: PositionPath | None = None
    samples: list[MeterSample] = field(default_factory=list)

    def read(self) -> LoadPointReading | None:
        """Read one update; one of several that fails is not read any more. Raises MeterError for a single meter.

        It is the caller who takes it in (``take``): several meters may be read at the same time.
        """
        if self.dead:
            return None
        try:
            return self.position.meter.read_load_point()
        except (MeterError, BusFailed) as error:
            if self.unit_number is None or (isinstance(error, BusFailed) and not self.has_own_bus):
                raise
            self.dead = str(error)
            return None

    def at_terminals(self, seen: Stimulus) -> Stimulus:
        """Return what is at this meter's terminals where the analyzer sees ``seen``."""
        return seen if self.path is None else self.path.stimulus(seen)

    def take(self, reading: LoadPointReading, record: PointRecorder) -> None:
        """Record what was read."""
        self.samples.append(recorded_sample(reading, record, self.unit_number))


def read_all(readers: Sequence[Reader], record: PointRecorder) -> None:
    """Read an update of each meter, those at ports of their own at the same time, and record them.

    On one bus each reading is recorded before the next is taken.
    """
    if len(readers) < 2 or len({id(reader.position.bus) for reader in readers}) < 2:
        for reader in readers:
            if (reading := reader.read()) is not None:
                reader.take(reading, record)
        return
    taken = at_once(readers, lambda reader: reader.position.bus, Reader.read)
    for reader, reading in zip(readers, taken, strict=True):
        if reading is not None:
            reader.take(reading, record)


def measure_in_turn(
    bench: Bench,
    readers: Sequence[Reader],
    point: LoadPoint,
    record: PointRecorder,
    *,
    updates: int = MINIMUM_UPDATES,
    limits: ReferenceLimits = IEC_REFERENCE,
    is_applied: bool = False,
) -> PointMeasurement:
    """Apply ``point``, settle, and read the meter from ``updates`` distinct updates; every reading is recorded at once.

    Leaves the point applied, so that the next one can follow without switching off. Where the bench has a climate
    probe it is read once, while the meter's next update is awaited. Conditions that do not allow a
    verdict (not settled, outside the reference conditions, no valid reference value) come back as ``invalid``. Raises
    RigError where the bench itself fails: then nothing more can be measured.

    Several meters are read between two readings of the reference, those at ports of their own at the same time, others
    in turn; the measurements of all but the first are
    its ``others``. One that does not answer is marked ``dead``, and the others go on. ``is_applied``: the point is
    energised already, by the caller.
    """
    assert bench.supervisor is not None
    assert bench.wiring is not None
    if not is_applied:
        bench.supervisor.apply(point)
    try:
        last = bench.supervisor.settle()[-1]
        settled = bench.wiring.stimulus(last)
    except (NotSettled, ReferenceInvalid) as error:
        record.finish("INVALID", reason=str(error))
        ranges, why = bench.supervisor.analyzer_ranges, str(error)
        return _of_each(
            readers, lambda reader: PointMeasurement(point, (), (), ranges, reader.configuration, why, record=record)
        )
    window = ConditionWindow(bench, point, limits)
    window.add(last, settled, bench.supervisor.analyzer_ranges)
    trouble = ""
    temperature_c: float | None = None
    references: list[Reference] = []
    try:
        references.append(read_reference(bench, record, window))
        climate = note_climate(bench, record, limits)
        window.take(climate.conditions)
        trouble, temperature_c = climate.invalid, climate.temperature_c
        due_s = bench.clock.now_s() + METER_UPDATE_S - climate.took_s
        for _ in range(updates):
            bench.clock.sleep(due_s - bench.clock.now_s())
            read_all(readers, record)
            due_s = bench.clock.now_s() + METER_UPDATE_S  # the reference is read while the next update is awaited
            for reader in readers:
                if reader.samples and not reader.dead:
                    bench.events.publish(MeterRead(reader.samples[-1].values, reader.unit_number))
            references.append(read_reference(bench, record, window))
    except ReferenceInvalid as error:
        trouble = str(error)
    invalid = trouble or window.unmet
    record.finish(
        "INVALID" if invalid else None,
        deviation=as_data(window.worst),
        reason=invalid,
        conditions=window.records,
    )
    ranges = bench.supervisor.analyzer_ranges
    return _of_each(
        readers,
        lambda reader: PointMeasurement(
            point,
            tuple(reader.samples),
            tuple(reader.at_terminals(each.stimulus) for each in references),
            ranges,
            reader.configuration,
            invalid,
            powers_off=tuple(each.powers_off for each in references),
            has_distortion=all(each.has_distortion for each in references),
            temperature_c=temperature_c,
            record=record,
            path=reader.path,
        ),
    )


def _of_each(readers: Sequence[Reader], make: Callable[[Reader], PointMeasurement]) -> PointMeasurement:
    """Return the measurement of the first meter with those of the others; a dead one has no samples."""
    made = []
    for reader in readers:
        one = replace(make(reader), unit_number=reader.unit_number)
        if reader.dead:
            one = replace(one, dead=reader.dead, invalid=reader.dead, samples=(), references=(), powers_off=())
        made.append(one)
    return replace(made[0], others=tuple(made[1:]))


def as_data(conditions: tuple[Deviation, ...]) -> dict[str, object]:
    """Put deviations as the record has them: by name with unit."""
    return {f"{one.quantity} ({one.unit})": round(one.deviation, 5) for one in conditions}


@dataclass(frozen=True, slots=True)
class Reference:
    """One reading of the analyzer at the meter's terminals; see ``PointMeasurement``."""

    stimulus: Stimulus
    powers_off: tuple[ByPhase, ByPhase]
    has_distortion: bool


def read_reference(bench: Bench, record: PointRecorder, window: ConditionWindow | None = None) -> Reference:
    """Read the analyzer once, record it, and return it at the meter's terminals; raises ReferenceInvalid.

    ``window``: takes it as a condition of the point.
    """
    assert bench.analyzer is not None
    assert bench.wiring is not None
    reading: AnalyzerReading = bench.analyzer.read()
    record.reference_reading(reading, reading.monotonic_s)
    stimulus = bench.wiring.stimulus(reading)
    if window is not None:
        window.add(reading, stimulus, bench.supervisor.analyzer_ranges if bench.supervisor else None)
    tells = any(element.u_thd_pct is not None for element in reading.elements)
    return Reference(stimulus, bench.wiring.powers_off(reading, stimulus), tells)


def read_sample(position: Position, record: PointRecorder, unit_number: int | None = None) -> MeterSample:
    """Read one update of the meter and record it."""
    return recorded_sample(position.meter.read_load_point(), record, unit_number)


def recorded_sample(reading: LoadPointReading, record: PointRecorder, unit_number: int | None = None) -> MeterSample:
    """Record an update of a meter that was read."""
    record.meter_reading(
        reading.values,
        requested_monotonic_s=reading.requested_at_s,
        answered_monotonic_s=reading.answered_at_s,
        unit_number=unit_number,
    )
    return MeterSample(reading.values, reading.requested_at_s, reading.answered_at_s)
