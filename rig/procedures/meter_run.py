"""One meter on an open bench: each load point is measured, recorded as it is taken, then judged."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from drivers.errors import RigError
from drivers.meter.errors import MeterError
from meter_model.configuration import Configuration
from rig.bench.instruments import refuse_uncalibrated
from rig.errors import BenchFault, UsageRefused
from rig.events import Events, Noted, Stated
from rig.load_point import LoadPoint
from rig.metrology.calibration import CalibrationRefused
from rig.metrology.certification_points import Input, JudgedQuantity
from rig.metrology.corrections.positions import at_position
from rig.metrology.decision import DecisionRule
from rig.procedures.accuracy.energy_register import Gating, measure_energy
from rig.procedures.accuracy.judgement import judge_energy, judge_others
from rig.procedures.accuracy.power_comparison import MINIMUM_UPDATES
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement
from rig.procedures.events import Judged, PointBegan, PointMeasured, QuestionAnswered
from rig.procedures.registers.examined import LONGEST_S, Examined
from rig.procedures.rejudging.stored import data_of
from rig.procedures.units import (
    Isolating,
    Unit,
    alive,
    at_terminals,
    configure_all,
    dead_energy,
    each_alive,
    examined,
    judge_each,
    leave_out,
    measure_all,
    note_deaths,
    of_unit,
    restore_all,
    units_of,
)
from rig.procedures.wiring_check.of_units import UnitWiring, check_each, wiring_of_units
from rig.records.data import FindingRecord, ResultRecord
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits
from rig.safety.supervisor import Supervisor
from rig.safety.switching_off.safe_state import SafeStateReport

if TYPE_CHECKING:
    from rig.bench import Bench, BenchFile, Position
    from rig.records.recorder import PointRecorder, RunRecorder

ResultT = TypeVar("ResultT")
MeasurementT = TypeVar("MeasurementT", PointMeasurement, EnergyMeasurement)


class MeterRun:
    """Measures, judges and records on an open bench; ``rig.run.run.Run`` opens the bench and ends the record.

    A bench that has failed once is not used again: each later request raises BenchFault naming the first failure.
    ``as_found``: AV2 to AV11 as they were when the run began, empty without a meter; ``others``: of the meters at
    further positions. ``today``: the day on which calibrations must hold. ``cites``: gives the source that the present
    question cites, for its findings.

    Of several meters ``measure`` reads all; anything else is about the one chosen by ``at``, or the first one.
    """

    def __init__(
        self,
        bench: Bench,
        record: RunRecorder,
        as_found: Mapping[int, float],
        *,
        rule: DecisionRule | None = None,
        today: Callable[[], dt.date] = dt.date.today,
        cites: Callable[[], str] = lambda: "",
        others: Sequence[Mapping[int, float]] = (),
    ) -> None:
        self.bench_file: BenchFile = bench.file
        self.events: Events = bench.events
        self.record = record
        self.rule = rule or DecisionRule.ILAC_G8_NON_BINARY
        self.units: list[Unit] = units_of(bench, (as_found, *others))
        self._today = today
        self._cites = cites
        self._bench = bench
        self._broken: RigError | None = None
        self._at = 0
        self.isolation: Isolating | None = None
        """What finds a unit that disturbs the stimulus of all; without it such a reading is INVALID or ends the run."""

    @property
    def bench(self) -> Bench:
        """The open bench; raises BenchFault where it has failed."""
        if self._broken is not None:
            raise BenchFault(f"not measured, because the bench failed earlier in this run: {self._broken}")
        return self._bench

    @property
    def position(self) -> Position:
        """The position whose meter is under test; raises UsageRefused where the bench has none that can be read."""
        self.require("meter")
        return self.bench.positions[self._at]

    @property
    def configuration(self) -> Configuration:
        """The configuration of that meter; the default one without a meter."""
        return self.units[self._at].configuration if self.units else Configuration()

    @property
    def has_several(self) -> bool:
        """Whether the bench has more than one meter."""
        return len(self.units) > 1

    @contextmanager
    def at(self, number: int) -> Iterator[Unit]:
        """Choose the meter of unit ``number``: what is measured and recorded meanwhile is about that one."""
        before, self._at = self._at, number - 1
        self.record.present_unit = number if self.has_several else None
        try:
            yield self.units[self._at]
        finally:
            self._at, self.record.present_unit = before, None

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor, which energises; raises UsageRefused where the bench has none."""
        self.require("source", "meter")
        supervisor = self.bench.supervisor
        if supervisor is None:
            raise UsageRefused(f"bench {self.bench_file.name} does not say how its source is connected to the meter")
        return supervisor

    def require(self, *capabilities: str) -> None:
        """Raise UsageRefused naming what the bench lacks of ``capabilities`` (source, analyzer, bus, meter)."""
        missing = [name for name in capabilities if name not in self.bench_file.capabilities]
        if missing:
            raise UsageRefused(f"bench {self.bench_file.name} has no {' and no '.join(missing)}")

    def require_calibration(self) -> None:
        """Raise CalibrationRefused where the calibrations do not allow a certification, now and before each energising.

        Any other run goes on without, and has a warning in its record for each.
        """
        self._check_calibration()
        if self.bench.supervisor is not None:
            self.bench.supervisor.pre_energise_checks += (self._check_calibration,)

    @property
    def failure(self) -> str | None:
        """What ended the run before its end, None where nothing did."""
        return None if self._broken is None else str(self._broken)

    def end_now(self, reason: str) -> bool:
        """Switch off at once, and energise nothing any more in this run; return False where nothing could be on.

        For an operator's stop, or an error that the rig does not know. Raises SafeStateNotConfirmed.
        """
        bench = self._bench
        if bench.supervisor is None or bench.guardian is None:
            return False
        self._broken = self._broken or BenchFault(reason)
        if bench.guardian.armed:
            self._confirm_off(bench.supervisor, softly=False)
        self._note_if_possible(Noted("ended by", reason, "error"))
        return True

    def configure(self, wanted: Mapping[int, float]) -> None:
        """Write those analog values that differ, verify them, and check that the meter fits the bench's wiring.

        What was found is in the record and restored at the end. Writes that would clear records (AV10, AV11) are
        refused here (UsageRefused).
        """
        self.require("meter")
        self._guarded(lambda: configure_all(self.units, wanted, self.bench, self.record, self.events))

    def apply(self, point: LoadPoint) -> None:
        """Bring the bench to ``point`` without measuring anything there; raises UsageRefused without a source."""
        supervisor = self.supervisor
        self._guarded(lambda: supervisor.apply(point))

    def let_pass(self, dt_s: float) -> None:
        """Spend bench time, seconds; what must not last longer is switched off (``Supervisor.check_time``)."""
        bench = self.bench
        supervisor = bench.supervisor
        if supervisor is None or not supervisor.is_beyond:
            bench.clock.sleep(dt_s)
            return
        while dt_s > 0.0:
            bench.clock.sleep(min(dt_s, 1.0))
            dt_s -= 1.0
            self._guarded(supervisor.check_time)

    def soak(self, temperature_c: float) -> None:
        """Bring the bench's chamber to a temperature, degrees Celsius, with what is energised left on.

        Raises UsageRefused without a chamber, what ``SoakedChamber.soak`` raises.
        """
        chamber = self.bench.chamber
        if chamber is None:
            raise UsageRefused(f"bench {self.bench_file.name} has no climate chamber")
        self._guarded(lambda: chamber.soak(temperature_c))

    def measure(
        self, point: LoadPoint, limits: ReferenceLimits = IEC_REFERENCE, updates: int = MINIMUM_UPDATES
    ) -> PointMeasurement:
        """Measure ``point`` by power comparison, in ``updates`` of the meter; conditions beyond ``limits``: INVALID."""
        alive(self.units)

        def once() -> PointMeasurement:
            where = (self.bench, self.units, point)
            disturbed = self.isolation is not None
            return self._measured(point, lambda record: measure_all(*where, record, limits, updates, disturbed))

        measurement = once() if self.isolation is None else self.isolation.measured(self, point, limits, once)
        note_deaths(self.units, measurement, self.events)
        return measurement

    def check_wiring(self, *, accept: bool = False) -> str:
        """Compare the phasors of meter and reference, and record what they say about the wires between them.

        Returns the state of the record: right, accepted, or unknown where nothing could be compared.
        Where they look wrong everything is switched off in order, and WiringWrong raised, unless ``accept``.
        """
        supervisor = self.supervisor
        where = (self.bench, self.units, self.record, self.events, self.at)
        checked = self._guarded(lambda: check_each(*where, accept=accept))
        wrong = next((error for *_, error in checked if error is not None), None)
        if wrong is not None:
            self._broken = wrong
            self._confirm_off(supervisor, softly=True)
            raise wrong
        return next((one.state for _, _, one, _ in checked if one.state != "right"), "right" if checked else "unknown")

    def wiring_of_units(self) -> dict[int, UnitWiring]:
        """Look at the wiring of every meter; by its number, say whose fault it is: see ``wiring_check.of_units``."""
        where = (self.bench, self.units, self.record, self.events, self.at)
        once = partial(self._guarded, lambda: wiring_of_units(*where))
        return once() if self.isolation is None else self.isolation.looked(self, once)

    def go_on(self) -> None:
        """Use the bench again, as what made it fail has been taken away."""
        self._broken = None

    def each(self, work: Callable[[Unit], ResultT]) -> dict[int, ResultT]:
        """Do ``work``, which uses a unit's meter only, with every meter that answers; return its results by number."""
        return self._guarded(lambda: each_alive(self.units, work, self.events))

    def judge(self, measurement: PointMeasurement, judged: Sequence[Input]) -> tuple[ResultRecord, ...]:
        """Judge quantities of a measurement of this run, and record the results with it."""
        return self.record_results(measurement, judge_each(measurement, judged, self.bench.accuracy, self.rule))

    def measure_energy(
        self, point: LoadPoint, instance: int, gating: Gating, limits: ReferenceLimits = IEC_REFERENCE
    ) -> EnergyMeasurement:
        """Measure the energy register AI ``instance`` by gates at ``point``; see ``Gating`` for how long they are."""

        def work(record: PointRecorder) -> EnergyMeasurement:
            where = (self.bench, self.position, point, instance, self.configuration, record)
            unit = self.units[self._at]
            if not unit.dead:
                try:
                    measured = measure_energy(*where, gating=gating, limits=limits)
                    return at_terminals(measured, self.position.path, self.record.present_unit)
                except MeterError as error:
                    leave_out(unit, self.units, error, self.events)
                    self._confirm_off(self.supervisor, softly=True)  # in the middle of a gate
            return dead_energy(unit, point, instance, record)

        return self._measured(point, work)

    def judge_energy(self, measurement: EnergyMeasurement, item: JudgedQuantity) -> tuple[ResultRecord, ...]:
        """Judge the energy register of a measurement, and record the results; other registers that are wrong follow."""
        judged = judge_energy(measurement, item, at_position(self.bench.accuracy, measurement.path), self.rule)
        results = (judged, *judge_others(measurement, self.rule))
        return self.record_results(measurement, of_unit(measurement, results))

    def examine(
        self,
        point: LoadPoint,
        work: Callable[[Examined], tuple[ResultRecord, ...]],
        limits: ReferenceLimits = IEC_REFERENCE,
        longest_s: float = LONGEST_S,
    ) -> tuple[ResultRecord, ...]:
        """Do one test of ``rig.procedures.registers`` at ``point`` and record its results; no test is longer than that.

        Conditions further off than ``limits`` make it INVALID.
        """
        where = (self.bench, self.position, point, self.configuration)
        how = (self.rule, limits, longest_s)
        at, results = self._guarded(lambda: examined(where, self.record, how, work, self.events))
        self.events.publish(Judged(at, results))
        return results

    def _measured(self, point: LoadPoint, work: Callable[[PointRecorder], MeasurementT]) -> MeasurementT:
        def begun() -> MeasurementT:
            record = self.record.begin_point(point)
            self.events.publish(PointBegan(point))
            return work(record)

        measurement = self._guarded(begun)
        assert measurement.record is not None, "begun with a record"
        if not self.has_several:  # to judge several meters once more is not known yet
            measurement.record.measurement(*data_of(measurement))
        self.events.publish(PointMeasured(measurement))
        return measurement

    def record_results(
        self, measurement: PointMeasurement | EnergyMeasurement, results: tuple[ResultRecord, ...]
    ) -> tuple[ResultRecord, ...]:
        """Record results with a measurement of this run, publish and return them."""
        assert measurement.record is not None, "a measurement of this run"
        measurement.record.results(results)
        self.events.publish(Judged(measurement, results))
        self.tell_progress()
        return results

    def tell_progress(self) -> None:
        """Tell the guardian that the run goes on, between uses of the bench; an error is raised by the next of those.

        On a busy host several judgements and the report of a failed one together take as long as a hang may last.
        """
        if self._bench.guardian is not None:
            with contextlib.suppress(RigError):
                self._bench.guardian.beat()

    def note(self, name: str, expected: str, found: str, outcome: str) -> None:
        """Record a question answered in words; its outcome counts for the verdict of the run."""
        finding = FindingRecord(name=name, expected=expected, found=found, outcome=outcome, cites=self._cites())
        self.record.finding(finding)
        self.events.publish(QuestionAnswered(finding))

    def _guarded(self, work: Callable[[], ResultT]) -> ResultT:
        """Do ``work``; record an error of the bench, refuse all later work of the run, and raise the error."""
        bench = self.bench
        try:
            return work()
        except UsageRefused:
            raise
        except RigError as error:
            self._broken = error
            # Off first: what cannot be written down must not stand before it.
            if bench.supervisor is not None:
                self._confirm_off(bench.supervisor, softly=False)
            self._note_if_possible(Noted("bench failed", str(error), "error"))
            raise

    def note_as_found(self, av: int) -> None:
        """Note what AV ``av`` was when the run began, before it is written: see ``Unit.note_as_found``."""
        if self.units:
            self.units[self._at].note_as_found(av, self._bench, self.record.run_id)

    def restore_configuration(self) -> None:
        """Put each meter's configuration back as it was found; raises BenchFault where one is left otherwise."""
        restore_all(self.units, self.record, self.events)

    def _check_calibration(self) -> None:
        simulated = self.bench_file.parts.simulated
        try:
            refuse_uncalibrated(self._bench.instruments(), self._today(), simulated=simulated)
        except CalibrationRefused as refusal:
            self.events.publish(Noted("calibration", str(refusal), "error"))
            raise

    def switch_off(self) -> None:
        """Switch off at the end of the run, in order; raises BenchFault where that did not go in good order."""
        if self._bench.supervisor is None:
            return
        trouble = self._confirm_off(self._bench.supervisor, softly=self._broken is None).trouble
        if trouble is not None and self._broken is None:
            self._broken = BenchFault(f"the bench was switched off, but not in good order: {trouble}")
            raise self._broken

    def _confirm_off(self, supervisor: Supervisor, *, softly: bool) -> SafeStateReport:
        """Switch off, write down the result, and raise SafeStateNotConfirmed where off was not confirmed.

        What the database does not take goes into the guardian's journal, which has its room already.
        """
        report = supervisor.de_energise(softly=softly)
        text = "; ".join(report.details)
        severity = "info" if report.confirmed else "error"
        data = {"confirmed": report.confirmed, "by": list(report.by)}
        if not self._note_if_possible(Noted("safe state", text, severity, data)) and self._bench.guardian is not None:
            self._bench.guardian.note(text, confirmed=report.confirmed)
        report.raise_if_not_confirmed()
        return report

    def _note_if_possible(self, event: Noted) -> bool:
        """Publish an event; False where the record cannot be written any more: that must not keep anything on."""
        try:
            self.events.publish(event)
        except RigError as error:
            self.events.publish(Stated(str(error)))
            return False
        return True
