"""Refuse pytest options that a bench cannot be used with: several processes, repeats until it passes, a debugger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest

from drivers.errors import RigError
from rig.errors import UsageRefused

NOT_ON_A_BENCH = "leave that option out on a bench (also out of addopts and PYTEST_ADDOPTS)"

_PROCESSES = "the tests of a run share one open bench and one record, which other processes do not have"
_REPEATS = "a verdict that was recorded is not measured again until it passes"
_PROMPT = "while a prompt waits nothing watches the outputs, and the guardian switches them off"


_WITHOUT_ASSERTIONS = (
    "Python runs with -O (or PYTHONOPTIMIZE is set), which leaves assertions out, so that a question could not fail; "
    "start it without"
)


def refuse_without_assertions(optimize: int | None = None) -> None:
    """Raise UsageRefused where this Python leaves assertions out. ``optimize``: its level, as in sys.flags."""
    if sys.flags.optimize if optimize is None else optimize:
        raise UsageRefused(_WITHOUT_ASSERTIONS)


def _is_set(value: Any) -> bool:  # Any: of any plugin
    return value not in (None, False, 0, "", "0", "no", [], ())


_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("numprocesses", "-n", _PROCESSES),
    ("maxprocesses", "--maxprocesses", _PROCESSES),
    ("tx", "--tx", _PROCESSES),
    ("dist", "--dist", _PROCESSES),
    ("distload", "-d", _PROCESSES),
    ("forked", "--forked", _PROCESSES),
    ("boxed", "--boxed", _PROCESSES),
    ("isolate", "--isolate", _PROCESSES),
    ("workers", "--workers", _PROCESSES),
    ("tests_per_worker", "--tests-per-worker", _PROCESSES),
    ("parallel_threads", "--parallel-threads", _PROCESSES),
    ("reruns", "--reruns", _REPEATS),
    ("force_flaky", "--force-flaky", _REPEATS),
    ("retries", "--retries", _REPEATS),
    ("flake_finder_flake_runs", "--flake-runs", _REPEATS),
)
"""Options of plugins (pytest-xdist, -forked, -isolate, -parallel, -run-parallel, -rerunfailures, flaky, -retry)."""

_PROMPTS: tuple[tuple[str, str], ...] = (("usepdb", "--pdb"), ("trace", "--trace"))

_MARKS: tuple[tuple[str, str], ...] = (("flaky", _REPEATS), ("forked", _PROCESSES), ("isolate", _PROCESSES))
_INI_REPEATS = ("reruns", "retries")


def refused_way(config: pytest.Config, asking: Sequence[pytest.Item]) -> str | None:
    """Say in one sentence why the questions ``asking`` are not asked in the way that pytest was told; None if they are.

    A debugger's prompt is refused on a bench with a source only, or on one whose file cannot be read.
    """
    if sys.flags.optimize:
        return _WITHOUT_ASSERTIONS
    if hasattr(config, "workerinput"):
        return _said("-n", _PROCESSES)
    for name, option, why in _OPTIONS:
        if _is_set(getattr(config.option, name, None)):
            return _said(option, why)
    for name in _INI_REPEATS:
        if _is_set(_ini(config, name)):
            return _said(f"{name} (in the ini file)", _REPEATS)
    for mark, why in _MARKS:
        marked = next((item for item in asking if item.get_closest_marker(mark) is not None), None)
        if marked is not None:
            return f"{marked.name} is marked {mark}: {why}; take the mark away"
    for name, option in _PROMPTS:
        if _is_set(getattr(config.option, name, None)) and _can_energise(str(config.option.bench)):
            return _said(option, _PROMPT)
    return None


def _said(option: str, why: str) -> str:
    return f"{option} is refused: {why}; {NOT_ON_A_BENCH}"


def _ini(config: pytest.Config, name: str) -> Any:
    try:
        return config.getini(name)
    except (ValueError, KeyError):  # no plugin has such a setting
        return None


def _can_energise(bench: str) -> bool:
    from rig.bench import load_bench

    try:
        return "source" in load_bench(bench).capabilities
    except RigError:
        return True
