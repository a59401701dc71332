"""Terminal output of a suite: the plan, a bar with the time left, failures as they come, the verdict."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Self

import pytest
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from rig.cli.shared.endings import write_details
from rig.cli.shared.time_left import Expected, TimeLeft

if TYPE_CHECKING:
    from rig.run.events import Event

_OURS = ("rig", "drivers")
"""Packages whose errors are shown by their text alone."""

_WIDE, _NARROW = 100, 60
"""Columns of a terminal from which the progress has a bar, and times: it never takes a second line."""


class _LeftColumn(ProgressColumn):
    """The estimate of a run whose steps are planned; it counts down between two of them."""

    def render(self, task: Task) -> Text:
        ends_at_s = task.fields.get("ends_at_s")
        if task.finished or ends_at_s is None:
            return Text("0:00:00" if task.finished else "-:--:--", style="progress.remaining")
        return Text(str(dt.timedelta(seconds=max(0, round(ends_at_s - time.monotonic())))), style="progress.remaining")


def _columns(width: int, units: str, *, is_planned: bool) -> list[ProgressColumn]:
    name = TextColumn("{task.description}", style="bold", markup=False, table_column=Column(no_wrap=True))
    if width < _NARROW:
        return [name, MofNCompleteColumn()]
    if width < _WIDE:
        left = _LeftColumn() if is_planned else TimeRemainingColumn(compact=True)
        return [name, MofNCompleteColumn(), TextColumn(units), TextColumn("left"), left]
    left = _LeftColumn() if is_planned else TimeRemainingColumn()
    times = [TimeElapsedColumn(), TextColumn("left"), left]
    return [name, BarColumn(bar_width=None), MofNCompleteColumn(), TextColumn(units), *times]


class ConsoleReporter:
    """A pytest plugin in place of pytest's own reporter; shows the run's events as they come.

    Progress counts ``units``: load points, since they take the time, or questions where there are none. ``expected``:
    by part of the plan, what it takes; then the time left is that of the steps which are left, not their number.
    ``rate``: wall seconds a bench second, as far as it is known before anything is measured.
    """

    __name__ = "rig-console"  # what pytest knows this plugin by: rig.pytest_plugin.CONSOLE

    def __init__(
        self,
        console: Console,
        title: str,
        units: str = "load points",
        expected: Mapping[Hashable, Expected] | None = None,
        rate: float | None = None,
    ) -> None:
        self._console = console
        self._title = title
        self._shows_title = console.width >= _WIDE
        self._expected = dict(expected or {})
        self._rate = rate
        self._time_left = TimeLeft({})
        self._began_s = time.monotonic()
        self._progress = Progress(*_columns(console.width, units, is_planned=bool(expected)), console=console)
        self._task = self._progress.add_task(title, total=None)
        self._items: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._seen: set[str] = set()
        self._told: set[str] = set()

    @property
    def told(self) -> frozenset[str]:
        """The errors that have been shown as they came."""
        return frozenset(self._told)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.update(self._task, description=self._title)
        self._progress.stop()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what there is to do."""
        # Not at the top: pytest must import its plugins itself, so that their asserts are rewritten.
        from rig.pytest_plugin import load_point_of, run_session
        from rig.run.events import Event

        planned: dict[str, Expected] = {}
        for item in session.items:
            point = load_point_of(item)
            # Tests of one load point are one step of each pass; every other one is a question of its own.
            unit = f"{point.label} {_pass(item)}" if point else item.nodeid
            self._items[item.nodeid] = unit
            if (expected := _expected(item, self._expected)) is not None:
                planned[unit] = expected
            self._names[item.nodeid] = item.name
            self._shown[item.nodeid] = point.label if point else _parameter(item)
        self._progress.update(self._task, total=len(set(self._items.values())))
        self._time_left = TimeLeft(planned, self._rate)
        self._estimate()
        run_session(session.config).events.subscribe(Event, self._hear)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show what is being measured."""
        unit = self._shown.get(nodeid, nodeid)
        self._progress.update(self._task, description=f"{self._title}: {unit}" if self._shows_title else unit)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a finished load point, and report a failure at once; a broken bench is reported once."""
        if report.failed:
            home, text = _said(report)
            if text not in self._told:
                self._told.add(text)
                if home != "rig.errors":
                    self._progress.console.print(Text(self._names.get(report.nodeid, report.nodeid), style="red"))
                self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
        if report.when == "teardown":
            unit = self._items.get(report.nodeid, report.nodeid)
            if unit not in self._seen:
                self._seen.add(unit)
                self._progress.advance(self._task)
                self._time_left.done(unit, time.monotonic() - self._began_s)
                self._estimate()
            self._began_s = time.monotonic()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Report a suite that cannot even be collected."""
        if report.failed:
            said, where = _last_line(report.longreprtext), write_details(report.longreprtext)
            self._say(f"{report.nodeid} cannot be read: {said}; details are in {where}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say that the run was stopped, and by what."""
        self._say(str(excinfo.value) or "stopped by the operator")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Say that the suite itself failed; the traceback goes to a log."""
        self._say(f"the suite failed: {_last_line(str(excrepr))}; details are in {write_details(str(excrepr))}")

    def _estimate(self) -> None:
        left_s = self._time_left.left_s()
        ends_at_s = None if left_s is None else time.monotonic() + left_s
        self._progress.update(self._task, ends_at_s=ends_at_s)

    def _hear(self, event: Event) -> None:
        from rig.run.events import LOG_ONLY, PointBegan, PromptAnswered, PromptShown

        if isinstance(event, PromptShown):  # the terminal is the operator's meanwhile
            self._progress.stop()
        elif isinstance(event, PromptAnswered):
            self._progress.start()
        if isinstance(event, PointBegan) and not self._seen:
            self._began_s = time.monotonic()  # opening the bench is no part of a step
        if not isinstance(event, LOG_ONLY) and (line := str(event)):
            self._say(line)

    def _say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _said(report: pytest.TestReport) -> tuple[str, str]:
    """The module of a test's error where it is the rig's, and its text; the traceback is in the Allure results."""
    error = getattr(report, "rig_error", None)
    home = type(error).__module__
    if error is not None and home.partition(".")[0] in _OURS:
        return home, str(error)
    crash = getattr(report.longrepr, "reprcrash", None)
    return "", str(crash.message) if crash is not None else _last_line(report.longreprtext)


def _last_line(text: str) -> str:
    """The last line of a traceback, which says what it was."""
    lines = [line.removeprefix("E ").strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "no details")


def _pass(item: pytest.Item) -> int:
    return int(getattr(getattr(item, "callspec", None), "params", {}).get("repetition", 1))


def _expected(item: pytest.Item, by_part: Mapping[Hashable, Expected]) -> Expected | None:
    """What the plan expects of the step that a test belongs to."""
    for value in getattr(getattr(item, "callspec", None), "params", {}).values():
        part = getattr(value, "key", value)
        if isinstance(part, Hashable) and part in by_part:
            return by_part[part]
    return None


def _parameter(item: pytest.Item) -> str:
    """What a question is about, by its parameters; its name where it has none."""
    return getattr(getattr(item, "callspec", None), "id", item.name)
