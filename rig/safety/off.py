"""Switch every source of a bench off and verify it, from any terminal, without lock, run or driver."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.guardian.held_note import held_note
from rig.safety.guardian.leftovers import source_is_gone
from rig.safety.locks.kernel_lock import noted_benches
from rig.safety.state import (
    HOLDER,
    OFF_ELSEWHERE,
    RECIPES,
    Opening,
    marked_process,
    openings,
    places_of_state,
)
from rig.safety.switching_off.raw_off import SafeOffResult, recipe_from_json, recipe_to_json
from rig.simulation_mark import simulated_keys

_PROC = Path("/proc")
_GUARDIAN = "rig.safety.guardian.process"
_SAID = ("--bench", "--opening", "--state")


def note_open_bench(
    opening: Opening,
    recipes: Iterable[SafeOff],
    *,
    launched_pid: int | None = None,
    guardian_pid: int | None = None,
    bench_file: Path | None = None,
    analyzer: Mapping[str, Any] | None = None,
    contactor: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> None:
    """Leave word of how the bench that is now open is switched off, for ``rig off`` in another terminal.

    ``analyzer``: how it is reached (rig.bench.config.off_parts), who can see whether there is voltage left.
    ``contactor``: how it is worked (rig.safety.contactor.recipe). ``simulated``: nothing of the bench is real.
    """
    content = {
        "recipes": [recipe_to_json(recipe) for recipe in recipes],
        "bench_file": None if bench_file is None else str(bench_file.absolute()),
        "analyzer": analyzer,
        "contactor": contactor,
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


def find_openings() -> tuple[list[Opening], list[Path], list[str]]:
    """Return the openings whose sources may be on, the state folders looked in, and what others may have on.

    Of some of them it ``cannot_be_read`` how.

    Looked in are the state folders of this user and, unless ``RIG_STATE_DIR`` names the only one, those of guardians
    that run on this host. Emulated benches of the latter are ``is_elsewhere``: they hold no voltage. What such a
    guardian holds on and its state folder does not name any more, because it was deleted, is put back there first.
    """
    named = os.environ.get("RIG_STATE_DIR")
    of_guardians: list[Path] = []
    notes: list[str] = []
    for guardian in _guardians():
        if named and not _is_same(guardian.folder, Path(named)):
            notes += _said_of_another_folder(guardian)
        elif not guardian.put_back():
            notes.append(
                f"bench {guardian.bench!r}, which is open (guardian: process {guardian.pid}); its state folder "
                f"{guardian.folder} has been deleted and cannot be made again: rig off --bench FILE"
            )
        elif not os.access(guardian.folder, os.R_OK | os.X_OK):
            notes.append(
                f"bench {guardian.bench!r}, which another user has open (guardian: process {guardian.pid}); that "
                "user's rig off does, or rig off --bench FILE"
            )
        else:
            of_guardians.append(guardian.folder)
    if not named:
        notes += _said_of_unseen()
    # Only now: some of these folders have been made again.
    places = list(dict.fromkeys([*(place for place in places_of_state() if place.is_dir()), *of_guardians]))
    if named:
        places = places[:1]
    found = [
        opening for place in places for opening in openings(place) if recipes_of(opening) or cannot_be_read(opening)
    ]
    return found, places, notes


def _said_of_another_folder(guardian: _Guardian) -> Iterator[str]:
    """Report a bench that is on and is not looked for, since ``RIG_STATE_DIR`` names another folder than its own."""
    note = guardian.note
    if note and note.get("simulated") is not True:
        yield (
            f"bench {guardian.bench!r}, which is on (guardian: process {guardian.pid}): its state folder is "
            f"{guardian.folder}, and RIG_STATE_DIR names another one; unset it, or rig off --bench FILE"
        )


def is_elsewhere(opening: Opening) -> bool:
    """Whether an opening is of an emulated bench, and not in a state folder of this user's surroundings."""
    return opening.note(RECIPES).get("simulated") is True and opening.folder not in places_of_state()


def _said_of_unseen() -> Iterator[str]:
    """Report benches whose holders are in the kernel's list of sockets and not in this process's view of /proc."""
    for pid, bench in noted_benches(simulated_keys()):
        if not (_PROC / str(pid)).exists():
            yield (
                f"bench {bench!r}, which is in use by process {pid}, which cannot be seen from here (of another user, "
                "or in a container): rig off there, or rig off --bench FILE"
            )


@dataclass(frozen=True, slots=True)
class _Guardian:
    """A guardian that runs on this host, as far as the system says; ``opening`` empty where its version has none."""

    pid: int
    bench: str
    opening: str
    folder: Path

    @property
    def note(self) -> dict[str, Any] | None:
        """What it holds on (rig.safety.guardian.held_note)."""
        return held_note(self.pid, _PROC)

    def put_back(self) -> bool:
        """Write its recipes into its state folder again where they are lost or damaged; False where that fails."""
        if not self.opening or not (note := self.note):
            return True
        opening = Opening(self.bench, self.opening, self.folder)
        try:
            if _recipes_in(opening.note(RECIPES)) is None:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                opening.write(RECIPES, note)
        except OSError:
            return False
        return True


def _guardians() -> Iterator[_Guardian]:
    """Return the guardians that run on this host, as far as the system says."""
    for entry in sorted(_PROC.glob("[0-9]*")):
        try:
            words = (entry / "cmdline").read_bytes().decode("utf-8", "surrogateescape").split("\0")
        except OSError:
            continue
        said = {name: value for name, value in itertools.pairwise(words) if name in _SAID}
        if _GUARDIAN in words and {"--bench", "--state"} <= set(said):
            folder = _working_folder(entry) / said["--state"]
            yield _Guardian(int(entry.name), said["--bench"], said.get("--opening", ""), folder)


def _working_folder(entry: Path) -> Path:
    """Where a process runs, for a path that it was given; that of this process where the system does not say."""
    try:
        return Path(os.readlink(entry / "cwd"))  # it may be gone
    except OSError:
        return Path()


def _is_same(folder: Path, other: Path) -> bool:
    return os.path.realpath(folder) == os.path.realpath(other)


def forget_left_on(left: Iterable[Opening], results: Sequence[SafeOffResult]) -> None:
    """Take note of openings whose rig is gone and whose sources have all been confirmed off.

    A guardian that is still trying finds a note of it and stops.
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
