"""Hold a load point until it is stopped; record what the reference and the meter read meanwhile."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.analyzer.base import AnalyzerReading
from drivers.meter.errors import BusFailed, MeterError
from meter_model.configuration import Configuration
from meter_model.objects.points import ANALOG_INPUTS
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Stimulus
from rig.bench import BenchClock, BenchFile, Wiring
from rig.errors import UsageRefused
from rig.events import Noted
from rig.load_point import LoadPoint
from rig.procedures.meter_run import MeterRun
from rig.procedures.needs import require
from rig.safety.conditions import Deviation, unmet
from rig.safety.errors import EndAsked, ReferenceInvalid
from rig.safety.limits import check
from rig.safety.supervisor import Supervisor

if TYPE_CHECKING:
    from rig.records.recorder import PointRecorder

SHOWN_INPUTS = (70, 71, 72, 73, 74, 75, 55, 56, 57, 11, 12, 18)
"""Analog inputs whose values are followed: volts, amperes and kilowatts of each phase, totals, frequency."""

STOP_RAMP_S = 0.9
"""Bench seconds that the voltage takes to go down where the holding is stopped: off within 2 s, as everything else."""

_SLICE_S = 0.5
_LEAST_PART = 1e-3
"""Part of the apparent power below which a power counts as zero and gets no percentage error."""

_METER_HAS_SEEN_S = 2.5
"""The meter updates once a second (manual page 1): after this it shows nothing of the time before the point."""

_POINTS = {point.instance: point for point in ANALOG_INPUTS}


@dataclass(frozen=True, slots=True)
class Followed:
    """One quantity on the meter's scale: what was asked for, what the reference says, what the meter reads.

    ``reference`` None: there is no analyzer, or it gave no valid value. ``read`` None: no meter, or no answer; NaN is
    QNAN. ``nominal`` NaN: the meter answers QNAN there. ``floor``: percentages of less than this say nothing.
    """

    instance: int
    name: str
    unit: str
    nominal: float
    reference: float | None
    read: float | None
    floor: float = 1e-9

    @property
    def deviation_pct(self) -> float | None:
        """How far the reference is from nominal, percent; None where that cannot be said."""
        return self._pct(self.reference, self.nominal)

    @property
    def error_pct(self) -> float | None:
        """How far the meter is from the reference (without one: from nominal), percent; None as above."""
        return self._pct(self.read, self.nominal if self.reference is None else self.reference)

    def _pct(self, value: float | None, against: float) -> float | None:
        if value is None or not math.isfinite(value) or not math.isfinite(against) or abs(against) < self.floor:
            return None
        return 100.0 * (value / against - 1.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at one time while the point was held; ``elapsed_s``: bench seconds since it was reached.

    ``angles_deg``: angle of each current to its own phase's voltage as the reference measures it, negative = lag, None
    where there is none. ``notes``: what is missing or not as it should be, one sentence each.
    """

    elapsed_s: float
    followed: tuple[Followed, ...]
    angles_deg: tuple[float | None, float | None, float | None]
    deviations: tuple[Deviation, ...]
    notes: tuple[str, ...]


def check_hold(bench_file: BenchFile, point: LoadPoint) -> tuple[str, ...]:
    """Check ``point`` against meter, wiring and source, before any I/O; returns what this bench cannot do then.

    Raises UsageRefused or LimitExceeded naming what is missing, or point and limit.
    """
    require(bench_file, "source")
    parts = bench_file.parts
    if not parts.positions or parts.nominal is None or parts.wiring is None:
        raise UsageRefused(
            f"bench {bench_file.name} does not say which meter its source is connected to, so nothing is switched on; "
            "give it 'positions' with the meter's type"
        )
    rating = bench_file.meter_types[parts.positions[0].meter_type].ratings[parts.nominal.rating]
    path = Wiring.from_part(parts.wiring)
    check([point], rating=rating, path=path, source=bench_file.source_capabilities, envelope="accuracy")
    cannot = []
    if parts.analyzer is None:
        cannot.append("no analyzer: the voltage at the terminals is not checked; watch the source's own display")
    if parts.bus is None:
        cannot.append("no bus: the meter is not read")
    return tuple(cannot)


def hold(
    run: MeterRun,
    point: LoadPoint,
    *,
    every_s: float,
    for_s: float | None,
    is_stopped: Callable[[], bool],
    on_reached: Callable[[], None],
) -> Iterator[Moment]:
    """Energise ``point`` and yield what is seen there every ``every_s`` bench seconds, until stopped.

    ``for_s``: bench seconds, None for no end. ``on_reached`` is called once the point is energised. Every reading is
    recorded before it is yielded. The outputs stay on: leaving the run switches them off, in order, and where it was
    stopped in ``STOP_RAMP_S``. What the bench calls while time is spent (``open_bench``: ``on_time``) ends a wait with
    EndAsked. A meter that does not answer, or a reference without a valid value, is a note; a source that trips, or an
    input of the analyzer that is wrong, raise OutputWrong after everything has been switched off.
    """
    supervisor, wiring = run.bench.supervisor, run.bench.wiring
    if supervisor is None or wiring is None:
        raise UsageRefused(f"bench {run.bench_file.name} does not say how its source is connected to the meter")
    if run.bench.positions:
        run.configure({})  # refuses a meter that is set up for another transducer than is injected
    record = run.record.begin_point(point)
    supervisor.energise(point)
    run.events.publish(Noted("hold", f"{point.label} is held"))
    on_reached()
    watch = _Watch(run, supervisor, wiring, point, record)
    clock = run.bench.clock
    started_s = clock.now_s()
    ends_s = math.inf if for_s is None else started_s + for_s
    # Wherever time is spent, in the middle of a reading too, a stop ends it: everything is off 2 s later.
    with contextlib.suppress(EndAsked):
        if run.bench.positions:
            _wait(clock, min(started_s + _METER_HAS_SEEN_S, ends_s), is_stopped)
        while not is_stopped():
            looked_s = clock.now_s()
            yield watch.look(looked_s - started_s)
            _wait(clock, min(looked_s + every_s, ends_s), is_stopped)
            if clock.now_s() >= ends_s:
                break
    if is_stopped():
        supervisor.ramp_down_s = STOP_RAMP_S
    record.finish(deviation={f"{d.quantity} ({d.unit})": round(d.deviation, 5) for d in watch.deviations})
    held_s = clock.now_s() - started_s
    run.events.publish(Noted("hold", f"{point.label} was held for {held_s:.1f} s of bench time"))


def _wait(clock: BenchClock, until_s: float, is_stopped: Callable[[], bool]) -> None:
    while not is_stopped() and (left_s := until_s - clock.now_s()) > 0.0:
        clock.sleep(min(left_s, _SLICE_S))


class _Watch:
    """Reads reference and meter at the point that is held, and records both."""

    def __init__(
        self, run: MeterRun, supervisor: Supervisor, wiring: Wiring, point: LoadPoint, record: PointRecorder
    ) -> None:
        self._run = run
        self._supervisor = supervisor
        self._wiring = wiring
        self._record = record
        self._configuration = run.configuration if run.bench.positions else _configuration(run.bench_file, wiring)
        nominal = predict(wiring.terminals(point), self._configuration)
        self._nominal = {instance: one.value for instance, one in nominal.items()}
        self._scales = {instance: one.scale for instance, one in nominal.items()}
        self._trouble: dict[str, str] = {}
        self.deviations: tuple[Deviation, ...] = ()

    def look(self, elapsed_s: float) -> Moment:
        """Read everything once."""
        notes: dict[str, str] = {}
        measured = self._measured(self._supervisor.observe(), notes)
        read = self._read(notes)
        if measured is not None:
            self.deviations = self._supervisor.deviations_from_nominal(measured)
            if outside := unmet(self.deviations):
                notes["conditions"] = outside
        self._note_changes(notes)
        reference = None if measured is None else self._predicted(measured)
        followed = tuple(
            Followed(
                instance,
                _POINTS[instance].name,
                _POINTS[instance].unit,
                self._nominal[instance],
                None if reference is None else reference[instance],
                None if read is None else read.get(instance),
                max(1e-9, _LEAST_PART * self._scales[instance]),
            )
            for instance in SHOWN_INPUTS
        )
        return Moment(elapsed_s, followed, _angles(measured), self.deviations, tuple(notes.values()))

    def _measured(self, reading: AnalyzerReading | None, notes: dict[str, str]) -> Stimulus | None:
        if reading is None:
            return None
        self._record.reference_reading(reading, reading.monotonic_s)
        try:
            return self._wiring.stimulus(reading)
        except ReferenceInvalid as error:
            notes["reference"] = str(error)
            return None

    def _read(self, notes: dict[str, str]) -> Mapping[int, float] | None:
        if not self._run.bench.positions:
            return None
        try:
            reading = self._run.position.meter.read_load_point()
        except (MeterError, BusFailed) as error:
            notes["meter"] = str(error)
            return None
        self._record.meter_reading(
            reading.values,
            requested_monotonic_s=reading.requested_at_s,
            answered_monotonic_s=reading.answered_at_s,
        )
        return reading.values

    def _predicted(self, stimulus: Stimulus) -> dict[int, float]:
        return {instance: one.value for instance, one in predict(stimulus, self._configuration).items()}

    def _note_changes(self, notes: Mapping[str, str]) -> None:
        """Record a trouble when it comes and when it goes, not every second."""
        for kind in notes.keys() - self._trouble.keys():
            self._run.events.publish(Noted(f"hold: {kind}", notes[kind], "warning"))
        for kind in self._trouble.keys() - notes.keys():
            self._run.events.publish(Noted(f"hold: {kind}", "good again"))
        self._trouble = dict(notes)


def _configuration(bench_file: BenchFile, wiring: Wiring) -> Configuration:
    """The configuration that a meter on this bench must have; the meter is not asked for it."""
    nominal = bench_file.parts.nominal
    assert nominal is not None
    return Configuration(
        system_type=nominal.system_type,
        ct_primary_a=wiring.ct_primary_a,
        ct_secondary=round(1.0 / wiring.ct_secondary_v),
        pt_ratio=wiring.pt_ratio,
        system_voltage_v=nominal.system_voltage_v,
    )


def _angles(measured: Stimulus | None) -> tuple[float | None, float | None, float | None]:
    if measured is None:
        return None, None, None
    a, b, c = (
        (current[0].phase_deg - voltage[0].phase_deg + 180.0) % 360.0 - 180.0 if voltage and current else None
        for voltage, current in zip(measured.voltages, measured.ct_inputs, strict=True)
    )
    return a, b, c
