"""Positions that are left out until somebody takes the mask off: kept in the state folder, by bench."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rig.bench.config.files import BenchFile, these_positions
from rig.errors import BenchFault, UsageRefused
from rig.safety.state import read_json, state_folder, state_path, write_json

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Mask:
    """A position that is left out: ``why``, and since when (``since_utc``, ISO 8601)."""

    position: str
    why: str
    since_utc: str

    @property
    def text(self) -> str:
        """Say which position is left out, why, and what takes the mask off."""
        return f"position {self.position} is masked since {self.since_utc}: {self.why} ('rig bench unmask' ends that)"


def masked(file: BenchFile) -> dict[str, Mask]:
    """Return the masks of a bench by position; raises BenchFault where the note about them cannot be read."""
    path = _path(state_path(), file.name)
    content = read_json(path)
    if content is None and path.exists():
        raise BenchFault(f"which positions are masked cannot be read from {path}", "delete it, and mask them again")
    try:
        found = [Mask(str(one["position"]), str(one["why"]), str(one["since_utc"])) for one in (content or {}).values()]
    except (KeyError, TypeError):
        raise BenchFault(
            f"which positions are masked is not understood in {path}", "delete it, and mask them again"
        ) from None
    return {each.position: each for each in found}


def mask(file: BenchFile, position: str, why: str) -> Mask:
    """Leave a position out from now on; raises UsageRefused where the bench has none of that name, BenchFault."""
    _refuse_unknown(file, (position,))
    one = Mask(position, why, datetime.now(UTC).isoformat(timespec="seconds"))
    _write(file, {**masked(file), position: one})
    return one


def unmask(file: BenchFile, position: str) -> Mask | None:
    """Take a position in again; returns the mask that it had, None where it had none."""
    _refuse_unknown(file, (position,))
    found = masked(file)
    one = found.pop(position, None)
    if one is not None:
        _write(file, found)
    return one


def without_masked(file: BenchFile, also: Collection[str] = ()) -> BenchFile:
    """Return the bench without its masked positions, and without those of ``also``.

    Raises UsageRefused for a name that no position has, and where no position is left.
    """
    _refuse_unknown(file, also)
    masks = masked(file)
    out = {*masks, *also}
    left = [position.name for position in file.parts.positions if position.name not in out]
    if len(left) == len(file.parts.positions):
        return file
    if not left:
        said = "; ".join(each.text for each in masks.values()) or "all are masked on the command line"
        raise UsageRefused(f"bench {file.name} has no position left that is not masked: {said}")
    return file.at_positions(left)


def present_positions(file: BenchFile, name: str | None) -> BenchFile:
    """Return the bench with the position called ``name`` alone, masked or not, or with all that are not masked.

    Raises UsageRefused as ``these_positions`` and ``without_masked``.
    """
    return these_positions(file if name is not None else without_masked(file), name)


def _refuse_unknown(file: BenchFile, names: Collection[str]) -> None:
    known = [position.name for position in file.parts.positions]
    for name in names:
        if name not in known:
            raise UsageRefused(f"bench {file.name} has no position {name!r}; it has {', '.join(known) or 'none'}")


def _write(file: BenchFile, masks: dict[str, Mask]) -> None:
    path = _path(state_folder(), file.name)
    content = {
        name: {"position": one.position, "why": one.why, "since_utc": one.since_utc} for name, one in masks.items()
    }
    try:
        write_json(path, content, to_disk=True)
    except OSError as error:
        raise BenchFault(
            f"which positions are masked cannot be written in {path.parent} ({error.strerror})",
            "free some disk, or set RIG_STATE_DIR",
        ) from None


def _path(folder: Path, bench: str) -> Path:
    digest = hashlib.sha256(bench.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return folder / f"masks-{_UNSAFE.sub('_', bench)[:40]}-{digest}.json"
