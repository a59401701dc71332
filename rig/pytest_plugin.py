"""The pytest plugin: options, the order of measurement, verdicts as one error with a table, exit codes."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Generator, Hashable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from drivers.errors import RigError
from rig.errors import UsageRefused, WiringWrong
from rig.exit_codes import ExitCode
from rig.metrology.decision import DecisionRule
from rig.records.resumption.stored_plan import StoredPlan
from rig.run.events import Failed, LiveTerminals, QuestionBegan, Refused
from rig.run.finish import write_files
from rig.run.pytest_options import add_options, options_again, options_of, resumed_by
from rig.run.pytest_ways import NOT_ON_A_BENCH, refused_way
from rig.run.resuming.steps import load_point_of as load_point_of
from rig.run.resuming.steps import planned_item
from rig.run.run import Run
from rig.safety.errors import SafetyInputOpen
from rig.safety.signals import StopSignals

PLANNED = "planned_"
"""How the names of fixtures begin that hand a planned test to its procedure."""
_REFUSED = "rig_refused"
CONSOLE = "rig-console"
"""The name of the plugin that writes in place of pytest's own reporter, where there is one."""
SESSION = pytest.StashKey[Run]()
_BEGAN_S = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the rig's options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the run that tests, reporters and the exit code share, first of all: others subscribe to its events."""
    option = config.option
    if getattr(option, "looponfail", False):
        raise pytest.UsageError("--looponfail asks again and again without end; " + NOT_ON_A_BENCH)
    config.addinivalue_line("markers", "bench_time(seconds): the bench time that a question takes at most")
    try:
        resumed = resumed_by(option)
        options = options_of(option) if resumed is None else options_again(option, resumed)
        # Production knows PASS and FAIL only: the limit is guard-banded, and nothing lies between.
        usual = DecisionRule.ILAC_G8_BINARY if options.product else DecisionRule.ILAC_G8_NON_BINARY
        rule = DecisionRule(options.rule) if options.rule else usual
        run = Run(options, write_files=write_files, resumed=resumed, rule=rule)
    except UsageRefused as refusal:
        pytest.exit(f"rig: {refusal}", returncode=ExitCode.REFUSED)
    allure_folder = getattr(option, "allure_report_dir", None)
    run.allure_folder = Path(allure_folder) if allure_folder else None
    config.stash[SESSION] = run
    # What must be seen at once, where pytest's own reporter writes; all else is in the record.
    for kind in (LiveTerminals, Refused):
        run.events.subscribe(kind, lambda event: _write_line(config, str(event)))
    config.pluginmanager.register(_Endings(run), "rig-endings")


def run_session(config: pytest.Config) -> Run:
    """Return the run of this pytest session."""
    return config.stash[SESSION]


def asks_a_meter(item: pytest.Item) -> bool:
    """Whether a test is a question to a meter: it uses the run, or it is one of ``tests_hil``."""
    return "meter_run" in getattr(item, "fixturenames", ()) or "tests_hil" in item.path.parts


def is_question(item: pytest.Item) -> bool:
    """Whether a test asks a meter something that is no part of a plan: load point, energy register, planned test."""
    names = getattr(item, "fixturenames", ())
    is_planned = any(name in ("measured", "energy_point") or name.startswith(PLANNED) for name in names)
    return asks_a_meter(item) and not is_planned


def _write_line(config: pytest.Config, line: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(f"rig: {line}", red=True)
    elif not config.pluginmanager.has_plugin(CONSOLE):
        sys.stderr.write(f"rig: {line}\n")


def in_plan_order(items: list[pytest.Item], places: Mapping[Hashable, int]) -> None:
    """Sort the tests whose parameter has a place in a plan into its order, in the slots they take together.

    A parameter is a load point, another part of the plan, or what has a ``key`` there. The passes of a repeated plan
    (the parameter ``repetition``) follow one another. Tests of the same place come one after another, in the order in
    which they stand in their files; those without a place stay where they are. For ``pytest_collection_modifyitems``
    of a suite's conftest.
    """
    found = {index: place for index, item in enumerate(items) if (place := _place(item, places)) is not None}
    ordered = [items[index] for index in sorted(found, key=lambda index: found[index])]
    for index, item in zip(found, ordered, strict=True):
        items[index] = item


def _place(item: pytest.Item, places: Mapping[Hashable, int]) -> tuple[int, int] | None:
    params = getattr(getattr(item, "callspec", None), "params", {})
    for value in params.values():
        key = getattr(value, "key", value)
        with contextlib.suppress(TypeError):  # what has no hash is no part of a plan
            if key in places:
                return params.get("repetition", 1), places[key]
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the questions before any are left out."""
    run_session(config).questions_in_all = sum(is_question(item) for item in items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Publish which question is asked, and which source it cites, for what is recorded of it."""
    if asks_a_meter(item):
        from rig.run.questions import cited_by

        run_session(item.config).begin_item(planned_item(item).step)
        items = item.session.items
        run_session(item.config).events.publish(
            QuestionBegan(item.name, cited_by(item), items.index(item) + 1, len(items))
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count what a test's error means for the exit code, and keep what the bus did before it."""
    run = run_session(item.config)
    # First of all: to draw up the report of an error takes a second.
    if call.excinfo is not None and _is_unknown(call.excinfo.value) and run.end_early(_said_of(item, call.excinfo)):
        item.session.shouldfail = "an error that the rig does not know: nothing is energised again"
    report = yield
    if asks_a_meter(item) and run.meter is not None:
        run.meter.tell_progress()
    if call.excinfo is not None and asks_a_meter(item):
        vars(report)["rig_error"] = call.excinfo.value  # for ConsoleReporter
    if call.when == "setup":
        item.stash[_BEGAN_S] = time.monotonic() - call.duration
    if call.excinfo is not None and report.outcome == "failed" and asks_a_meter(item):
        # Only now: it needs the whole BACnet stack, which the tests of this software mostly do without.
        from rig.run.comms_evidence import keep_bus_capture

        name = item.nodeid.rpartition("/")[2] + ("" if call.when == "call" else f" {call.when}")
        kept = keep_bus_capture(run, name, item.stash[_BEGAN_S], call.excinfo.value)
        if kept is not None:
            report.sections.append(("bus capture", str(kept)))
            report.user_properties.append(("bus_capture", str(kept)))
    if asks_a_meter(item) and _has_ended_well(call, report):
        run.item_done(planned_item(item).item)
    if call.excinfo is None and report.outcome == "failed":
        run.tally.codes.append(ExitCode.FAIL)  # by a soft assertion, or by a pass where a failure was expected
    # A skip or an operator's stop is no error of the meter or the rig; verdict errors have been counted as outcomes.
    if (
        call.excinfo is not None
        and report.outcome == "failed"
        and not getattr(call.excinfo.value, "counted_as_outcome", False)
    ):
        run.tally.note_error(call.excinfo.value)
        run.note_failure(item.name, call.excinfo.value)
        if isinstance(call.excinfo.value, SafetyInputOpen):
            item.session.shouldstop = str(call.excinfo.value)
        elif isinstance(call.excinfo.value, WiringWrong):
            item.session.shouldfail = "the wiring is wrong: nothing is measured"
        elif run.is_hopeless:
            item.session.shouldfail = "nothing can be measured on this bench"
    return report


def _has_ended_well(call: pytest.CallInfo[None], report: pytest.TestReport) -> bool:
    """Whether an item came to its end: with a verdict, good or bad, or skipped."""
    if report.outcome == "skipped":
        return True
    if call.when != "call":
        return False
    if call.excinfo is None:
        return report.outcome == "passed"
    return bool(getattr(call.excinfo.value, "counted_as_outcome", False))


def _is_unknown(error: BaseException) -> bool:
    """Whether an error is neither the rig's own nor a verdict nor pytest's way to say something else."""
    return not isinstance(error, RigError | AssertionError | pytest.skip.Exception | pytest.xfail.Exception)


def _said_of(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    return f"{item.name}: {excinfo.exconly()}"


class QuestionTimedOut(Exception):
    """A question took longer than pytest's time-out allows; the state of its thread is unknown, so the run ends."""

    def __init__(self, name: str, timeout_s: float) -> None:
        super().__init__(f"{name} was not answered within {timeout_s:g} s of wall time (pytest's timeout)")
        self.timeout_s = timeout_s


class _Endings:
    """However the session ends, the outputs go off, the record is closed and the exit code is the rig's."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._signals = StopSignals(run.stop_heard)
        self._refusals: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Skip all questions where pytest's options exclude the use of a bench, and print why."""
        asking = [item for item in items if asks_a_meter(item)]
        why = refused_way(config, asking) if asking and not config.option.collectonly else None
        if why is not None:
            config.hook.pytest_deselected(items=list(items))
            items.clear()
            self._refuse(config, why)
        elif self._run.resumed is not None:
            self._leave_out_what_is_done(config, items, self._run.resumed.plan)

    def _leave_out_what_is_done(self, config: pytest.Config, items: list[pytest.Item], plan: StoredPlan) -> None:
        """Keep the items of the steps that are left; refuse to go on where one of them is not there any more."""
        wanted = {each.item for each in plan.left}
        kept = [item for item in items if planned_item(item).item in wanted]
        missing = wanted - {planned_item(item).item for item in kept}
        if missing:
            why = f"what the run was to ask is not in the suite any more: {min(missing)}; begin a new run"
            kept = []
            self._refuse(config, why)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note whether this session asks a meter anything; the tests of this software keep pytest's own ways."""
        self._run.asks_a_meter |= any(asks_a_meter(item) for item in session.items)
        if self._run.asks_a_meter:
            self._signals.install()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Switch off at once, before any fixture is taken down, for every cause of the stop."""
        self._signals.was_heard()
        reason = self._run.tally.stopped_by = str(excinfo.value) or "keyboard interrupt"
        self._run.tally.codes.append(ExitCode.STOPPED)
        self._run.end_early(reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int | pytest.ExitCode
    ) -> Generator[None, None, None]:
        """Take everything down, then finish the run's record and reports, and set the exit code of the rig."""
        run = self._run
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            if not run.asks_a_meter:
                raise
            self._note_ending(error)
        if not run.asks_a_meter:
            return
        self._signals.was_heard()  # all is off: a stop that comes now must not keep record and reports from their end
        if exitstatus in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            run.tally.codes.append(ExitCode.REFUSED)
        elif exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            run.tally.codes.append(ExitCode.RIG_ERROR)
            run.tally.stop("an internal error")
        elif exitstatus == pytest.ExitCode.INTERRUPTED and run.tally.stopped_by is None and not run.tally.codes:
            run.tally.codes.append(ExitCode.RIG_ERROR)
        if session.testsfailed and run.tally.exit_code() is ExitCode.PASS:
            # A test failed in a way that this process never saw, as in a process that a plugin forked for it.
            run.tally.codes.append(ExitCode.RIG_ERROR)
            run.events.publish(Failed("a test failed outside this process: what it found is not known here"))
        session.exitstatus = int(run.finish())

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:  # Any: its own
        """Raise QuestionTimedOut at the end of a question's time; pytest-timeout's own way needs pytest's reporter.

        The bench time that the question declares comes on top: on a real bench it is wall time.
        """
        if not self._run.asks_a_meter or settings.method != "signal":
            return None
        from rig.run.questions import bench_time_s

        timeout_s = settings.timeout + bench_time_s(item)

        def time_is_over(_number: int, _frame: FrameType | None) -> None:
            raise QuestionTimedOut(item.name, timeout_s)

        def cancel() -> None:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

        item.cancel_timeout = cancel  # type: ignore[attr-defined]  # where pytest-timeout looks for it
        signal.signal(signal.SIGALRM, time_is_over)
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        return True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # Any: of pytest-xdist
        """Take over what a worker of pytest-xdist has refused: this process decides the exit status."""
        why = getattr(node, "workeroutput", {}).get(_REFUSED)
        if why is not None and why not in self._refusals:
            self._refuse(node.config, why)

    def _refuse(self, config: pytest.Config, why: str) -> None:
        self._refusals.append(why)
        self._run.asks_a_meter = True
        self._run.tally.codes.append(ExitCode.REFUSED)
        if hasattr(config, "workeroutput"):
            config.workeroutput[_REFUSED] = why
            return
        self._run.events.publish(Refused(why))

    @pytest.hookimpl(tryfirst=True, wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool | None, bool | None]:
        """Pause between two questions, where the operator asked for it: no question's time-out counts meanwhile."""
        run = self._run
        if run.files is not None and run.files.socket is not None and asks_a_meter(item):
            from rig.run.streaming.station_operator import pause_if_asked

            try:
                pause_if_asked(run.files.socket, run.meter, run.events)
            except RigError as error:
                run.tally.note_error(error)
                run.note_failure("pause", error)
                item.session.shouldfail = f"the pause did not end in good order: {error}"
        return (yield)

    def pytest_unconfigure(self) -> None:
        """Give the signals back, since nothing is on any more; end the log; free the folder of a run without record."""
        self._run.leave_folder()
        self._signals.restore()

    def _note_ending(self, error: BaseException) -> None:
        """Count what went wrong while everything was taken down; the bench's own layers have made it safe by then."""
        self._signals.was_heard()
        self._run.tally.note_error(error)
        if isinstance(error, KeyboardInterrupt):
            self._run.tally.stopped_by = str(error) or "keyboard interrupt"
        else:
            self._run.tally.stop(str(error))
        self._run.end_early(str(error) or type(error).__name__)
        self._run.events.publish(Failed(f"while the run was taken down: {error}", error))
