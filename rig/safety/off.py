"""Every source of a bench off and verified, from any terminal: no lock, no run, no driver that could be in the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.leftovers import source_is_gone
from rig.safety.raw_off import SafeOffResult, recipe_from_json, recipe_to_json, switch_all_off
from rig.safety.state import HOLDER, OFF_ELSEWHERE, RECIPES, Opening, marked_process, openings, openings_of


def note_open_bench(
    opening: Opening,
    recipes: Iterable[SafeOff],
    *,
    launched_pid: int | None = None,
    guardian_pid: int | None = None,
    bench_file: Path | None = None,
) -> None:
    """Leave word of how the bench that is now open is switched off, for ``rig off`` in another terminal."""
    content = {
        "recipes": [recipe_to_json(recipe) for recipe in recipes],
        "bench_file": None if bench_file is None else str(bench_file.absolute()),
        **marked_process("launched_pid", launched_pid),
        **marked_process("guardian_pid", guardian_pid),
        **marked_process("pid", os.getpid()),
    }
    opening.write(RECIPES, content)


def forget_open_bench(opening: Opening) -> None:
    """Take note that the bench is closed and its outputs are off; the same sources left on before are off with them."""
    off = {recipe.resource for recipe in recipes_of(opening)}
    opening.remove(RECIPES)
    for other in openings(opening.folder):
        left = {recipe.resource for recipe in recipes_of(other)}
        if left and left <= off and not other.rig_lives and not other.guardian_lives:
            other.remove(RECIPES, HOLDER)


def recipes_of(opening: Opening) -> list[SafeOff]:
    """How the sources of an opening are switched off; none where they are known to be off, or gone.

    Sources that a launched process brought with it are gone when that process is.
    """
    note = opening.note(RECIPES)
    if not note or source_is_gone(opening):
        return []
    recipes: list[dict[str, Any]] = note.get("recipes", [])
    return [recipe_from_json(recipe) for recipe in recipes]


def recipes_of_open_bench(bench: str) -> list[SafeOff]:
    """How the sources of each opening of the bench, in progress or left on, are switched off."""
    return [recipe for opening in openings_of(bench) for recipe in recipes_of(opening)]


def switch_everything_off(bench: str, fixed: Iterable[SafeOff] = ()) -> list[SafeOffResult]:
    """Switch off and verify the sources of ``bench``: those of the runs in progress and the ``fixed`` ones of its file.

    Returns a result for each source, none where there is nothing that could be on. Never raises for a source that
    does not answer: its result says that nothing is confirmed.
    """
    recipes = {recipe.resource: recipe for recipe in (*fixed, *recipes_of_open_bench(bench))}
    results = switch_all_off(recipes.values())
    forget_left_on(openings_of(bench), results)
    return results


def forget_left_on(left: Iterable[Opening], results: Sequence[SafeOffResult]) -> None:
    """Take note of openings whose rig is gone and whose sources have all been confirmed off.

    A guardian that is still trying is left word of it: then it need not go on.
    """
    confirmed = {result.resource for result in results if result.confirmed}
    for opening in left:
        its = {recipe.resource for recipe in recipes_of(opening)}
        if not its <= confirmed or opening.rig_lives:
            continue
        if opening.guardian_lives:
            opening.write(OFF_ELSEWHERE, marked_process("by_pid", os.getpid()))
        else:
            opening.remove(RECIPES, HOLDER)
