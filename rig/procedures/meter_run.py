"""A run: one meter on one bench; each load point is measured once, recorded as it is taken, then judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from drivers.errors import RigError
from drivers.meter import MeterBus
from drivers.mstp.events import LineLost, LineRestored
from meter_model.configuration import Configuration
from rig.bench import Bench, BenchFile, Position, open_bench
from rig.bench.as_found import AsFound
from rig.errors import BenchFault, UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.decision import DecisionRule
from rig.procedures.accuracy.energy_register import Gating, measure_energy
from rig.procedures.accuracy.judgement import judge_energy, judge_others, judge_power
from rig.procedures.accuracy.power_comparison import measure_power
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement, configuration_of
from rig.procedures.protection import note_protection
from rig.procedures.restoring import CLEARS_RECORDS
from rig.procedures.run_begin import name_run, note_as_found, record_unit
from rig.procedures.run_end import confirm_off, note_bus, note_if_possible, restore_configuration
from rig.procedures.run_instruments import note_unjudged_conditions, record_instruments, refuse_uncalibrated_run
from rig.records import (
    FindingRecord,
    ResultRecord,
    RunHeader,
    RunRecorder,
    RunStore,
)
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits
from rig.safety.guardian.journal import take_journal_in
from rig.safety.guardian.own_process import is_gone
from rig.safety.supervisor import Supervisor
from rig.safety.switching_off.safe_state import SafeStateReport

ResultT = TypeVar("ResultT")


class MeterRun:
    """Opens a bench, keeps the record, measures and judges; a context manager that always ends with outputs off.

    A bench that has failed once is not used again in the run: each later request raises BenchFault
    naming the first failure. ``report`` gets one line about each thing that happens, ``on_bus`` the open bus.
    ``today``: the day on which calibrations must hold. ``run_id``: the id of the record, chosen before. ``cited``: the
    source that the present question cites, for its findings.
    ``unprotected``: whether it may energise with neither source watchdog nor contactor.
    """

    def __init__(
        self,
        bench_file: BenchFile,
        store: RunStore,
        header: Callable[[Bench], RunHeader],
        *,
        rule: DecisionRule = DecisionRule.ILAC_G8_NON_BINARY,
        report: Callable[[str], None] = lambda _line: None,
        on_bus: Callable[[MeterBus], None] = lambda _bus: None,
        today: Callable[[], dt.date] = dt.date.today,
        unprotected: bool = True,
        run_id: str | None = None,
        cited: Callable[[], str] = lambda: "",
    ) -> None:
        self.bench_file = bench_file
        self.cited = cited
        self.rule = rule
        self.configuration = Configuration()
        self.recorder: RunRecorder | None = None
        self._store = store
        self._header = header
        self._report = report
        self._on_bus = on_bus
        self._today = today
        self._unprotected = unprotected
        self._run_id = run_id
        self._bench: Bench | None = None
        self._stack = ExitStack()
        self._broken: RigError | None = None
        self._as_found: dict[int, float] = {}
        self._is_adapter_lost = False
        self._has_energised = False
        self._beat: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            bench = stack.enter_context(
                open_bench(self.bench_file, report=self._report, on_bus=self._on_bus, today=self._today())
            )
            self._bench = bench
            take_journal_in(self._store.fold_journal, self._store.has_run)
            self._store.close_abandoned(is_gone)
            self.recorder = self._store.begin_run(self._header(bench), self._run_id)
            name_run(self.recorder, bench)
            stack.push(self._note_end)
            note_protection(self.recorder, bench, unprotected=self._unprotected)
            record_instruments(self.recorder, bench, self._today(), self._report)
            note_unjudged_conditions(self.recorder, bench)
            bench.tell_events(self._note_outputs)
            if bench.bus is not None:
                bench.bus.on_line = self._note_line
                self._beat, bench.bus.on_progress = bench.bus.on_progress, self._note_progress
            self._record_unit()
            stack.callback(self._note_bus)
            stack.callback(self._restore_configuration)
            stack.push(self._switch_off)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    @property
    def bench(self) -> Bench:
        """The open bench; raises BenchFault where it has failed or is not open."""
        if self._broken is not None:
            raise BenchFault(f"not measured, because the bench failed earlier in this run: {self._broken}")
        if self._bench is None:
            raise BenchFault("the bench is not open")
        return self._bench

    @property
    def record(self) -> RunRecorder:
        """The record of this run."""
        if self.recorder is None:
            raise BenchFault("the run has no record yet")
        return self.recorder

    @property
    def position(self) -> Position:
        """The position whose meter is under test; raises UsageRefused where the bench has none that can be read."""
        self.require("meter")
        return self.bench.positions[0]

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
        if bench is None or bench.supervisor is None or bench.guardian is None:
            return False
        self._broken = self._broken or BenchFault(reason)
        if bench.guardian.armed:
            self._confirm_off(bench, softly=False)
        self._note_if_possible("ended by", reason)
        return True

    def configure(self, wanted: Mapping[int, float]) -> None:
        """Write those analog values that differ, verify them, and check that the meter fits the bench's wiring.

        What was found is in the record and restored at the end. Writes that would clear records (AV10, AV11) are
        refused here (UsageRefused).
        """
        self._guarded(lambda: self._configure(wanted))

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

    def measure(self, point: LoadPoint, limits: ReferenceLimits = IEC_REFERENCE) -> PointMeasurement:
        """Measure ``point`` by power comparison; conditions further off than ``limits`` make it INVALID."""
        return self._guarded(lambda: self._measure(point, limits))

    def judge(self, measurement: PointMeasurement, judged: Sequence[JudgedQuantity]) -> tuple[ResultRecord, ...]:
        """Judge quantities of a measurement of this run, and record the results with it."""
        return _recorded(measurement, judge_power(measurement, judged, self.bench.accuracy, self.rule))

    def measure_energy(
        self, point: LoadPoint, instance: int, gating: Gating, limits: ReferenceLimits = IEC_REFERENCE
    ) -> EnergyMeasurement:
        """Measure the energy register AI ``instance`` by gates at ``point``; see ``Gating`` for how long they are."""

        def work() -> EnergyMeasurement:
            record = self.record.begin_point(point)
            where = (self.bench, self.position, point, instance, self.configuration, record)
            return measure_energy(*where, gating=replace(gating, note=self._note_gate), limits=limits)

        return self._guarded(work)

    def judge_energy(self, measurement: EnergyMeasurement, item: JudgedQuantity) -> tuple[ResultRecord, ...]:
        """Judge the energy register of a measurement, and record the results; other registers that are wrong follow."""
        judged = judge_energy(measurement, item, self.bench.accuracy, self.rule)
        return _recorded(measurement, (judged, *judge_others(measurement, self.rule)))

    def _note_gate(self, text: str) -> None:
        self.record.event("energy gate", text)
        self._report(text)

    def note(self, name: str, expected: str, found: str, outcome: str) -> None:
        """Record a question answered in words."""
        finding = FindingRecord(name=name, expected=expected, found=found, outcome=outcome, cites=self.cited())
        self.record.finding(finding)

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
                self._confirm_off(bench, softly=False)
            self._note_if_possible("bench failed", str(error))
            raise

    def _measure(self, point: LoadPoint, limits: ReferenceLimits) -> PointMeasurement:
        record = self.record.begin_point(point)
        try:
            return measure_power(self.bench, self.position, point, self.configuration, record, limits=limits)
        except RigError as error:
            record.finish("ERROR", reason=str(error))
            raise

    def _record_unit(self) -> None:
        if "meter" not in self.bench_file.capabilities:
            return
        self._as_found = record_unit(self.record, self.bench, self.position, self._report)
        self.configuration = configuration_of(self._as_found)

    def _configure(self, wanted: Mapping[int, float]) -> None:
        clearing = sorted(av for av in wanted if av in CLEARS_RECORDS and self._as_found.get(av) != wanted[av])
        if clearing:
            names = ", ".join(f"AV{av}" for av in clearing)
            raise UsageRefused(f"writing {names} would clear the meter's demand and trend logs; set it by hand first")
        meter = self.position.meter
        for av, value in sorted(wanted.items()):
            if self.configuration.value(av) != value:
                self.note_as_found(av)
                meter.write_value(av, value)
                self.record.event("configuration", f"AV{av} set to {value:g} for this run (was {self._as_found[av]:g})")
        self.configuration = configuration_of(meter.read_configuration())
        if self.bench.wiring is not None:
            self.bench.wiring.check_configuration(self.configuration)

    def note_as_found(self, av: int) -> None:
        """Note outside this process, before AV ``av`` is written, what it was when the run began; raises BenchFault."""
        if av in self._as_found:
            note_as_found(self.record, self.bench, self.position, av, self._as_found[av])

    def _restore_configuration(self) -> None:
        if self._bench is not None and self._as_found and self._bench.positions:
            position = self._bench.positions[0]
            left = restore_configuration(position.meter, self._as_found, CLEARS_RECORDS, self.record)
            AsFound.of(position.identity).forget(left)

    def _check_calibration(self) -> None:
        refuse_uncalibrated_run(self.record, self.bench, self._today())

    def _switch_off(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._bench is None or self._bench.supervisor is None:
            return
        trouble = self._confirm_off(self._bench, softly=self._broken is None).trouble
        if trouble is not None and self._broken is None:
            self._broken = BenchFault(f"the bench was switched off, but not in good order: {trouble}")
            raise self._broken

    def _confirm_off(self, bench: Bench, *, softly: bool) -> SafeStateReport:
        return confirm_off(bench, self.record, self._report, softly=softly)

    def _note_if_possible(self, kind: str, text: str, severity: str = "error") -> None:
        note_if_possible(self.record, self._report, kind, text, severity)

    def _note_outputs(self, kind: str, text: str) -> None:
        """Record what the supervisor does to the outputs; what cannot be recorded is not switched on.

        How they went off is recorded where that is confirmed. A record that cannot be written does not prevent
        switching off.
        """
        self._report(f"{kind}: {text}")
        self._has_energised |= kind == "energise"
        if kind in ("safe", "not-safe"):
            return
        severity = "error" if kind in ("not-energised", "interlock") else "info"
        if severity == "error" or kind == "watchdog":
            self._note_if_possible(kind, text)
        else:
            self.record.event(kind, text, severity)

    def _note_line(self, event: LineLost | LineRestored) -> None:
        """Record that the RS-485 adapter went, and when it was back: once each, as it happens."""
        self._is_adapter_lost = isinstance(event, LineLost)
        if isinstance(event, LineLost):
            text = f"the adapter was lost ({event.reason}); waiting for it to be plugged in again"
            self.record.event("adapter lost", text, "warning")
        else:
            text = f"the adapter is back, and the rig on the bus again, after {event.lost_s:.1f} s"
            self.record.event("adapter restored", text, "warning", {"lost_s": event.lost_s})
        self._report(text)

    def _note_progress(self) -> None:
        """Tell the guardian; while the adapter is awaited, switch off what must not last longer."""
        if self._beat is not None:
            self._beat()
        if self._is_adapter_lost and self._bench is not None and self._bench.supervisor is not None:
            self._bench.supervisor.check_time()

    def _note_bus(self) -> None:
        if self._bench is not None and self._bench.bus is not None:
            note_bus(self._bench.bus, self.record)

    def _note_end(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if not self._has_energised:
            self._note_if_possible("outputs", "the outputs were never on in this run", "info")
        if kind is not None:
            self._note_if_possible("ended by", str(error) or kind.__name__)


def _recorded(
    measurement: PointMeasurement | EnergyMeasurement, results: tuple[ResultRecord, ...]
) -> tuple[ResultRecord, ...]:
    assert measurement.record is not None, "a measurement of this run"
    measurement.record.results(results)
    return results
