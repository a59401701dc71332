"""Every source of a bench off and verified, from any terminal: no lock, no run, no driver that could be in the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.leftovers import source_is_gone
from rig.safety.state import (
    HOLDER,
    OFF_ELSEWHERE,
    RECIPES,
    Opening,
    marked_process,
    openings,
    openings_of,
    places_of_state,
)
from rig.safety.switching_off.raw_off import SafeOffResult, recipe_from_json, recipe_to_json

_PROC = Path("/proc")
_GUARDIAN = "rig.safety.guardian.process"


def note_open_bench(
    opening: Opening,
    recipes: Iterable[SafeOff],
    *,
    launched_pid: int | None = None,
    guardian_pid: int | None = None,
    bench_file: Path | None = None,
    analyzer: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> None:
    """Leave word of how the bench that is now open is switched off, for ``rig off`` in another terminal.

    ``analyzer``: how it is reached (rig.bench.config.off_parts), who can see whether there is voltage left.
    ``simulated``: nothing of the bench is real.
    """
    content = {
        "recipes": [recipe_to_json(recipe) for recipe in recipes],
        "bench_file": None if bench_file is None else str(bench_file.absolute()),
        "analyzer": analyzer,
        "simulated": simulated,
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
    return [] if source_is_gone(opening) else _recipes_in(opening.note(RECIPES)) or []


def cannot_be_read(opening: Opening) -> bool:
    """Whether an opening left a file of how its sources are switched off that does not say so: they may be on."""
    return opening.file(RECIPES).exists() and _recipes_in(opening.note(RECIPES)) is None and not source_is_gone(opening)


def _recipes_in(note: Mapping[str, Any]) -> list[SafeOff] | None:
    """Return the recipes; None where the file is damaged, or was written by a version that writes others."""
    try:
        return [recipe_from_json(recipe) for recipe in note["recipes"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def recipes_of_open_bench(bench: str) -> list[SafeOff]:
    """How the sources of each opening of the bench, in progress or left on, are switched off."""
    return [recipe for opening in openings_of(bench) for recipe in recipes_of(opening)]


def find_openings() -> tuple[list[Opening], list[Path], list[str]]:
    """Return the openings whose sources may be on, the state folders looked in, and what others may have on.

    Of some of them it ``cannot_be_read`` how.

    Looked in are the state folders of this user and, unless ``RIG_STATE_DIR`` names the only one, those of guardians
    that run on this host. Emulated benches of the latter are ``is_elsewhere``: they hold no voltage.
    """
    places = [place for place in places_of_state() if place.is_dir()]
    notes = []
    for pid, bench, folder in _guardians() if not os.environ.get("RIG_STATE_DIR") else ():
        if not os.access(folder, os.R_OK | os.X_OK):
            notes.append(
                f"bench {bench!r}, which another user has open (guardian: process {pid}); that user's rig off does, or "
                "rig off --bench FILE"
            )
        elif folder not in places:
            places.append(folder)
    found = [
        opening for place in places for opening in openings(place) if recipes_of(opening) or cannot_be_read(opening)
    ]
    return found, places, notes


def is_elsewhere(opening: Opening) -> bool:
    """Whether an opening is of an emulated bench, and not in a state folder of this user's surroundings."""
    return opening.note(RECIPES).get("simulated") is True and opening.folder not in places_of_state()


def _guardians() -> Iterator[tuple[int, str, Path]]:
    """Process id, bench and state folder of each guardian that runs on this host, as far as the system says."""
    for entry in sorted(_PROC.glob("[0-9]*")):
        try:
            words = (entry / "cmdline").read_bytes().decode("utf-8", "surrogateescape").split("\0")
        except OSError:
            continue
        if _GUARDIAN in words and {"--bench", "--state"} <= set(words[:-1]):
            yield int(entry.name), words[words.index("--bench") + 1], Path(words[words.index("--state") + 1])


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
