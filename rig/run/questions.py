"""The questions of a suite as data: what each asks, what it needs and how long it takes; collected without any I/O."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.errors import UsageRefused
from rig.plans.made_plan import MadePlan
from rig.run.pytest_ways import refuse_without_assertions

DEFAULT_BENCH_TIME_S = 60.0
"""Bench time of a question that declares none (``@pytest.mark.bench_time(seconds)``) at most."""

_MOST_NAMED = 4
_ROOT = Path(__file__).resolve().parents[2]
_TERMINALS = ("control_power", "pulse_input", "alarm_contact", "timed_pulse_input", "timed_control_power")
_NEEDS = {
    "loaded": ("source", "meter"),
    "system": ("meter",),
    "asked": ("meter",),
    "clearing": ("--allow-reset",),
    **{name: (name,) for name in _TERMINALS},
}
_PAGES = re.compile(r"(?:manual )?pages? ((?:\d+(?:, | and | to |-)?)+)")


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its name (as ``-k`` takes it), text, the manual's pages it cites, needs, and bench time, seconds.

    ``needs``: capabilities of the bench, and options that give leave. ``feature``: what it is about.
    """

    name: str
    file: str
    feature: str
    text: str
    pages: tuple[int, ...]
    needs: tuple[str, ...]
    bench_time_s: float

    @property
    def function(self) -> str:
        """The name without its parameters."""
        return self.name.partition("[")[0]

    def obstacle(self, capabilities: Collection[str], longest_h: float) -> str | None:
        """Why it is not asked on such a bench, None where it is; ``--allow-reset`` is taken as given."""
        missing = [need for need in self.needs if not need.startswith("-") and need not in capabilities]
        if missing:
            return f"the bench has no {' and no '.join(missing)}"
        if self.bench_time_s > 3600.0 * longest_h:
            return f"it takes {self.bench_time_s / 3600.0:.1f} h of bench time; allow it with --longest"
        return None


def bench_time_s(item: pytest.Item) -> float:
    """Return the bench time that a question declares, seconds."""
    marker = item.get_closest_marker("bench_time")
    return float(marker.args[0]) if marker is not None else DEFAULT_BENCH_TIME_S


def cited_by(item: pytest.Item) -> str:
    """Return the source that a question's text cites, such as "manual page 22"; empty where it names no page."""
    pages = _pages(" ".join((inspect.getdoc(getattr(item, "function", None)) or "").split()))
    return f"manual page{'s' if len(pages) > 1 else ''} {', '.join(map(str, pages))}" if pages else ""


def questions_of(suite: str, select: str = "") -> list[Question]:
    """Collect the questions of a folder of tests_hil, those that ``select`` (as ``-k``) names; nothing is switched on.

    Raises UsageRefused where there are none.
    """
    refuse_without_assertions()
    items, said = _collect(suite, select)
    if not items:
        if select:
            raise UsageRefused(f"there is no question {select!r}; 'rig plan regress' lists them")
        raise UsageRefused(f"the questions cannot be read: {said}")
    return [_question(item) for item in items]


def selected_parts(
    made: MadePlan, select: str, options: Collection[str], listed_by: str, impossible: Mapping[str, str] | None = None
) -> set[Hashable]:
    """Return what the tests that ``select`` (as ``-k``) names are about: load points, keys, other parts of ``made``.

    ``options``: those of pytest that choose bench and programme; ``listed_by``: the command that shows the names;
    ``impossible``: the tests that the bench cannot do, by name, with the reason. Raises UsageRefused where there are
    none.
    """
    items, _ = _collect(made.suite, select, options, [made])
    if not items:
        raise UsageRefused(_nothing_of(select, listed_by, impossible or {}))
    values = [value for item in items for value in getattr(getattr(item, "callspec", None), "params", {}).values()]
    return {part for part in (getattr(value, "key", value) for value in values) if isinstance(part, Hashable)}


def _nothing_of(select: str, listed_by: str, impossible: Mapping[str, str]) -> str:
    """Say why nothing of a plan is called so: the bench cannot do what is, or nothing is."""
    expression = re.sub(r"\bnot\s+[^\s()]+", " ", select)
    wanted = [word.lower() for word in re.findall(r"[^\s()]+", expression) if word not in ("and", "or", "not")]
    named = {key: why for key, why in impossible.items() if any(word in key.lower() for word in wanted)}
    if not named:
        return f"nothing is called {select!r} here; {listed_by} lists what there is"
    said = "; ".join(f"{key}: {why}" for key, why in list(named.items())[:_MOST_NAMED])
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"the bench cannot do what {select!r} names: {said}{more}; {listed_by} lists what there is"


def _collect(
    suite: str, select: str, options: Collection[str] = (), plugins: Collection[object] = ()
) -> tuple[list[pytest.Item], str]:
    """Collect a suite's tests; also return the end of what pytest wrote. Raises UsageRefused for a bad ``select``."""
    collector = _Collector()
    arguments = [str(_ROOT / "tests_hil" / suite), "-c", str(_ROOT / "pyproject.toml"), "--rootdir", str(_ROOT)]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        # With "=": an expression that begins with a dash is no option.
        code = pytest.main(
            [
                *arguments, *options, "--collect-only", "-q", "-p", "no:cacheprovider",
                *([f"-k={select}"] if select else []),
            ],
            plugins=[collector, *plugins],
        )  # fmt: skip
    if code == pytest.ExitCode.USAGE_ERROR and select:
        raise UsageRefused(f"-k {select!r} is no expression; write names joined by and, or, not, as for pytest's -k")
    return collector.items, " ".join(said.getvalue().split())[-500:]


class _Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def _question(item: pytest.Item) -> Question:
    function = getattr(item, "function", None)
    text = " ".join((inspect.getdoc(function) or "").split())
    fixtures = getattr(item, "fixturenames", ())
    needs = {need for name in fixtures for need in _NEEDS.get(name, ())}
    return Question(
        item.name, item.path.name, _feature(item), text, _pages(text), tuple(sorted(needs)), bench_time_s(item)
    )


def _feature(item: pytest.Item) -> str:
    labels = (marker for marker in item.iter_markers("allure_label") if marker.kwargs.get("label_type") == "feature")
    return str(next((marker.args[0] for marker in labels), item.path.stem))


def _pages(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for group in _PAGES.findall(text):
        for part in re.split(r", | and ", group.strip(", ")):
            numbers = [int(number) for number in re.findall(r"\d+", part)]
            if numbers:
                found |= set(range(numbers[0], numbers[-1] + 1))
    return tuple(sorted(found))
