"""Every source of a bench off and verified, from any terminal: no lock, no run, no driver that could be in the way."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.raw_off import SafeOffResult, recipe_from_json, recipe_to_json, switch_all_off
from rig.safety.state import bench_file_of_state, read_json, write_json

_SUFFIX = ".open.json"


def note_open_bench(bench: str, recipes: Iterable[SafeOff], launched_pid: int | None) -> None:
    """Leave word of how the bench that is now open is switched off, for ``rig off`` in another terminal."""
    content = {
        "recipes": [recipe_to_json(recipe) for recipe in recipes],
        "launched_pid": launched_pid,
        "pid": os.getpid(),
    }
    write_json(bench_file_of_state(bench, _SUFFIX), content)


def forget_open_bench(bench: str) -> None:
    """Take note that the bench is closed and its outputs are off."""
    bench_file_of_state(bench, _SUFFIX).unlink(missing_ok=True)


def recipes_of_open_bench(bench: str) -> list[SafeOff]:
    """How the sources of the bench that is open, or was left open, are switched off.

    Sources that a launched process brought with it are gone when that process is.
    """
    note = read_json(bench_file_of_state(bench, _SUFFIX))
    if note is None:
        return []
    launched_pid = note.get("launched_pid")
    if isinstance(launched_pid, int) and not process_exists(launched_pid):
        return []
    recipes: list[dict[str, Any]] = note.get("recipes", [])
    return [recipe_from_json(recipe) for recipe in recipes]


def switch_everything_off(bench: str, fixed: Iterable[SafeOff] = ()) -> list[SafeOffResult]:
    """Switch off and verify the sources of ``bench``: those of the run in progress and the ``fixed`` ones of its file.

    Returns a result for each source, none where there is nothing that could be on. Never raises for a source that
    does not answer: its result says that nothing is confirmed.
    """
    recipes = {recipe.resource: recipe for recipe in (*fixed, *recipes_of_open_bench(bench))}
    return switch_all_off(recipes.values())


def process_exists(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
