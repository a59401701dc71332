"""One recorded run: its options and folder, its bench and record while they are open, its events, and its end."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.bench import BenchFile, open_bench
from rig.errors import UsageRefused
from rig.exit_codes import ExitCode
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.procedures.accuracy.readings import configuration_of
from rig.procedures.meter_run import MeterRun
from rig.procedures.rejudging.stored import judged_with
from rig.records import RECORDS
from rig.records.attempts.attempts import AttemptRecord
from rig.records.data import RunHeader, RunRecord
from rig.records.recorder import RunRecorder
from rig.records.resumption.reopening import Reopened
from rig.records.resumption.stored_plan import RunPlan
from rig.records.store import RunStore, station_file
from rig.run.adjustment import refuse_another_meter
from rig.run.begin import begin
from rig.run.end import note_bus
from rig.run.events import (
    BusOpened,
    EnergiseStep,
    Event,
    Events,
    Failed,
    FileWritten,
    Judged,
    Noted,
    QuestionAnswered,
    QuestionBegan,
    QuestionFailed,
    RunBegan,
    RunEnded,
    UnitEnded,
)
from rig.run.folder import LOG, claim, folder_for, release
from rig.run.options import RunOptions as RunOptions
from rig.run.resuming.begin_again import begin_again
from rig.run.resuming.request import Resumable
from rig.run.streaming.files import RunFiles
from rig.run.tally import Tally
from rig.safety.guardian.journal import take_journal_in
from rig.safety.guardian.process_identity import is_gone, this_process
from rig.version import git_sha, software_version

if TYPE_CHECKING:
    from drivers.meter.bus import MeterBus


class Run:
    """One run: of a pytest session, or of ``rig hold``. It is made before anything is opened.

    ``opened`` opens bench and record and gives the meter to measure; ``finish`` ends the record, however the bench was
    left. ``events`` has everything that happens. ``rule``: the decision rule, None where nothing is judged.
    ``write_files`` (rig.run.finish) writes the files of the run, None where it has no folder. ``today``: the day on
    which calibrations must hold. ``resumed``: the interrupted run that this one goes on with, None for a new one.
    """

    def __init__(
        self,
        options: RunOptions,
        events: Events | None = None,
        *,
        rule: DecisionRule | None = DecisionRule.ILAC_G8_NON_BINARY,
        write_files: Callable[[RunRecord, Path, Path | None], list[Path]] | None = None,
        today: Callable[[], dt.date] = dt.date.today,
        resumed: Resumable | None = None,
    ) -> None:
        self.options = options
        self.resumed = resumed
        self.reopened: Reopened | None = None
        """How the record was when it was opened again, None where the run is not resumed or has not come so far."""
        self.events = events or Events()
        self.tally = Tally()
        self.started_utc = dt.datetime.now(dt.UTC)
        self.asks_a_meter = False
        self.questions_in_all = 0
        """Questions that were collected, before any were left out."""
        self.allure_folder: Path | None = None
        """Where the Allure results go, None where there are none."""
        self.buses: list[MeterBus] = []
        """The buses of this run, from when they are open; a closed one still has its last frames."""
        self.meter: MeterRun | None = None
        """The meter on the open bench, None before and afterwards."""
        self.was_open = False
        self.product, self.scanned = "", dict[str, str]()
        """Of the end of line: the name of the product, and the serial number that was scanned at each position."""
        self.record: RunRecorder | None = None
        self.rule, self._write_files, self._today = rule, write_files, today
        self._process_id = os.getpid()
        self._store: RunStore | None = None
        self._early: list[Noted] = []
        self._is_closed = False
        self._cites = ""
        self._step = ""
        self._has_plan = resumed is not None
        self._has_energised = False
        self.files: RunFiles | None = None  # while they are open
        self._attempt: int | None = None
        self._subscribe()

    def _subscribe(self) -> None:
        def keep_bus(event: BusOpened) -> None:
            self.buses.append(event.bus)

        def keep_source(event: QuestionBegan) -> None:
            self._cites = event.cites

        def note_energised(_step: EnergiseStep) -> None:
            self._has_energised = True

        self.events.subscribe(Event, self._write_down, essential=True)
        self.events.subscribe(BusOpened, keep_bus)
        self.events.subscribe(QuestionBegan, keep_source)
        self.events.subscribe(EnergiseStep, note_energised)
        self.events.subscribe(Judged, lambda event: self._count(*(each.outcome for each in event.results)))
        self.events.subscribe(QuestionAnswered, lambda event: self._count(event.finding.outcome))

    def _count(self, *outcomes: str) -> None:
        self.tally.outcomes += map(Outcome, outcomes)

    def _write_down(self, event: Event) -> None:
        noted = event.noted()
        if noted is None or self._is_closed:
            return
        self._early.append(noted)
        while self.record is not None and self._early:
            noted = self._early.pop(0)
            self.record.event(noted.kind, noted.text, noted.severity, noted.data)

    @property
    def store(self) -> RunStore:
        """The database of runs, opened when it is first asked for; closed with the record."""
        if self._store is None:
            self._store = RunStore.open(station_file(self.options.records or RECORDS))
        return self._store

    def out_folder(self) -> Path:
        """Return the folder of this run's files, made and claimed on first use; where --out names none, one of its own.

        Raises UsageRefused where it has another run in it, or cannot be written to.
        """
        if self.options.out is None:
            self.options.out = folder_for(self.started_utc, self.options.suite, self.options.run_id)
        claim(self.options.out, self.options.run_id)
        return self.options.out

    def stop_heard(self, signal_name: str) -> None:
        """Tell other processes at once that a stop has arrived; may be called in a signal handler."""
        if self.files is not None:
            self.files.stop_heard(signal_name)

    def leave_folder(self) -> None:
        """End the log; leave the folder to another run where this one never had a record."""
        if self.files is not None:
            self.files.end()
            self.files = None
        if self.options.out is not None and self.record is None:
            release(self.options.out, self.options.run_id)

    @contextlib.contextmanager
    def opened(
        self,
        bench_file: BenchFile,
        programme: Mapping[str, tuple[int, int]] | None = None,
        *,
        plan: RunPlan | None = None,
        on_time: Callable[[bool], None] = lambda _goes_down: None,
    ) -> Iterator[MeterRun]:
        """Open the bench, begin the record, and yield the meter; on every way out the outputs are off and verified.

        ``programme``: of what the run covers how much was chosen, and how much there is (RunHeader). ``plan``: what it
        is to do, by which it can be resumed. ``on_time``: see ``open_bench``. Raises UsageRefused in a process that a
        plugin forked, and as ``open_bench``; ResumeRefused where the bench is not as it was.
        """
        if os.getpid() != self._process_id:
            raise UsageRefused(
                "a bench is not opened in a process that was forked for one test, as by pytest --forked: its record "
                "and its end would be lost; leave that option out"
            )
        if self._write_files is not None and self.files is None:
            self.files = RunFiles.begin(self.out_folder(), self.options.log_level, self.events)
        try:
            with ExitStack() as stack:
                self.meter = self._open(bench_file, programme or {}, plan, on_time, stack)
                self.was_open = True
                yield self.meter
        except BaseException as error:
            self.tally.stop(str(error) or type(error).__name__)
            self._end_attempt(str(error) or type(error).__name__)
            raise
        finally:
            meter, self.meter = self.meter, None
            if meter is not None and meter.failure is not None:
                self.tally.stop(meter.failure)
            if self.record is None and self._store is not None:
                self._store.close()

    def _open(
        self,
        bench_file: BenchFile,
        programme: Mapping[str, tuple[int, int]],
        plan: RunPlan | None,
        on_time: Callable[[bool], None],
        stack: ExitStack,
    ) -> MeterRun:
        store, today = self.store, self._today()
        if self.resumed is None:
            self._attempt = store.begin_attempt(self.attempt(), this_process(None))
        bench = stack.enter_context(
            open_bench(
                bench_file,
                events=self.events,
                on_time=on_time,
                today=today,
                all_may_be_absent=bool(self.options.product),
            )
        )
        take_journal_in(store.fold_journal, store.has_run)
        store.close_abandoned(is_gone)
        if self.options.after_adjustment_of is not None and self.resumed is None:
            refuse_another_meter(store, self.options.after_adjustment_of, bench)
        header = RunHeader(
            kind=self.options.suite,
            bench_name=bench_file.name,
            bench_file_sha256=bench_file.sha256,
            software_version=software_version(),
            git_sha=git_sha(),
            operator=self.options.operator,
            station=self.options.station,
            decision_rule=str(self.rule or ""),
            simulated=bench.simulated,
            programme=dict(programme),
            judged_with=judged_with(bench_file),
            after_adjustment_of=self.options.after_adjustment_of,
            product=self.product,
            lot=self.options.lot,
        )
        process = this_process(bench.guardian.pid if bench.guardian is not None else None)
        if self.resumed is not None:
            self.record, self.reopened = store.resume_run(self.resumed.run.run_id, process)
            self.tally.outcomes += self.resumed.outcomes
        else:
            self.record = store.begin_run(
                header, self.options.run_id, plan=plan, process=process, attempt=self._attempt
            )
            self._has_plan = plan is not None
        record = self.record
        record.step = self._step
        if self.files is not None:
            self.events.publish(Noted("log", f"what the processes of this run did is in {LOG}, in its folder"))
        self.events.publish(RunBegan(record.run_id, header.kind, header.bench_name, header.simulated))
        stack.push(self._note_end)
        if self.options.anyway:
            self.note(Noted("anyway", "measured with --anyway: most results may be INCONCLUSIVE", "warning"))
        unprotected = self.options.unprotected
        if self.resumed is not None:
            found, now = begin_again(self.resumed, store, record, bench, today, unprotected=unprotected)
        else:
            now = found = begin(record, bench, today, unprotected=unprotected, scanned=self.scanned)
        meter = MeterRun(
            bench,
            record,
            found[0] if found else {},
            rule=self.rule,
            today=self._today,
            cites=lambda: self._cites,
            others=found[1:],
        )
        for unit, values in zip(meter.units, now, strict=False):
            unit.configuration = configuration_of(values)
        for bus in bench.buses:
            stack.callback(note_bus, bus, bench.events)
        if not self.options.product:  # what the end of line writes is what is shipped
            stack.callback(meter.restore_configuration)
        stack.callback(meter.switch_off)
        return meter

    def attempt(self, reason: str = "") -> AttemptRecord:
        """Return this run as an attempt to begin one; ``reason``: why it becomes none."""
        options = self.options
        scanned = ", ".join(self.scanned.values()) or ", ".join(options.serial_numbers)
        return AttemptRecord(
            kind=options.suite,
            station=options.station,
            operator=options.operator,
            product=self.product or options.product,
            scanned=scanned,
            reason=reason,
        )

    def _end_attempt(self, reason: str) -> None:
        """Record why no run began, where none did."""
        if self._store is None or self.record is not None or self._attempt is None:
            return
        try:
            self._store.end_attempt(self._attempt, reason)
        except RigError as error:
            self.events.publish(Failed(str(error), error))

    def _note_end(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if not self._has_energised:
            self.note(Noted("outputs", "the outputs were never on in this run"))
        if kind is not None:
            self.note(Noted("ended by", str(error) or kind.__name__, "error"))

    def begin_item(self, step: str) -> None:
        """Note to which step of the run's plan the load points belong that are begun from now on."""
        self._step = step
        if self.record is not None:
            self.record.step = step

    def item_done(self, item: str) -> None:
        """Record that an item of the plan has its results, so that it is not asked again when the run is resumed."""
        if self.record is None or self._is_closed or not self._has_plan:
            return
        try:
            self.record.item_done(item)
        except RigError as error:
            self.tally.note_error(error)
            self.events.publish(Failed(str(error), error))

    def note(self, event: Event) -> None:
        """Publish what must not end the run where it cannot be recorded: that the record failed is published then."""
        try:
            self.events.publish(event)
        except RigError as error:
            self.events.publish(Failed(str(error), error))

    def note_failure(self, question: str, error: BaseException) -> None:
        """Record an error that ended a question without an answer, so that the report can say what needs attention."""
        with contextlib.suppress(RigError):  # the first error is the one reported; the record may be what failed
            self.events.publish(QuestionFailed(question, error))

    def end_early(self, reason: str) -> bool:
        """Switch off at once, where outputs may be on; whether they may have been. The run is over then."""
        try:
            may_have_been_on = self.meter is not None and self.meter.end_now(reason)
        except RigError as error:
            self.tally.note_error(error)
            self.events.publish(Failed(str(error), error))
            may_have_been_on = True
        if may_have_been_on:
            self.tally.stop(reason)
        return may_have_been_on

    @property
    def is_hopeless(self) -> bool:
        """Whether asking on would only repeat itself: a refused bench or configuration, or one that never opened."""
        codes = self.tally.codes
        return self.asks_a_meter and (
            ExitCode.REFUSED in codes or ExitCode.BUSY in codes or (not self.was_open and bool(codes))
        )

    def close(self) -> None:
        """Record how the run ended and write its files, once; nothing where it has no record. Raises what fails."""
        if self.record is None or self._is_closed:
            return
        self._is_closed = True
        outcome, code = self.tally.outcome(), self.tally.exit_code()
        units: tuple[UnitEnded, ...] = ()
        try:
            self.record.finish(str(outcome), int(code))
            if self._write_files is not None:
                recorded = self.store.run(self.record.run_id)
                units = UnitEnded.all_of(recorded)
                for path in self._write_files(recorded, self.out_folder(), self.allure_folder):
                    self.events.publish(FileWritten(path))
        finally:
            self.store.close()
        self.events.publish(RunEnded(outcome, code, units))

    def finish(self) -> ExitCode:
        """Close the run's record and write its reports; returns the exit code. Runs once the bench is closed."""
        try:
            self.close()
        except (RigError, OSError) as error:
            # The outputs are off by now; a disk that is full must not hide which exit code the run has earned.
            self.tally.note_error(error)
            self.events.publish(Failed(f"the run's record or reports could not be finished: {error}", error))
        return self.tally.exit_code()
