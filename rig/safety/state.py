"""The state folder of this user: the notes that each opening of a bench writes there, in files of its own."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from rig.errors import BenchFault

T = TypeVar("T")

HOLDER = ".holder.json"
"""Who has the bench open: the first file of an opening, and the last that is removed."""

RECIPES = ".open.json"
"""How the sources of an open bench are switched off; there for as long as they may be on."""

ENDPOINTS = ".endpoints.json"
"""What the process that the bench launched offers."""

LAUNCHED_LOG = ".launched.log"
"""What the process that the bench launched wrote on its standard error."""

OFF_ELSEWHERE = ".off.json"
"""Another process has switched the sources off and had it confirmed: the guardian need not go on."""

JOURNAL = ".journal"
"""What the guardian did (rig.safety.guardian.journal)."""

TAKEN = ".taken"
"""Empty; as old as the moment at which a database took the journal in."""

_SUFFIXES = (HOLDER, RECIPES, ENDPOINTS, LAUNCHED_LOG, OFF_ELSEWHERE, JOURNAL, TAKEN)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FILE = re.compile(r"bench-(?P<name>[A-Za-z0-9._-]+)~(?P<id>[0-9a-f]{14})(?P<suffix>\.[a-z.]+)")
_LONGEST_NAME = 60
_HASH_DIGITS = 8


def state_folder() -> Path:
    """Return the folder, made if needed: the first of ``places_of_state`` that can be made. Raises BenchFault."""
    refusals = []
    for folder in places_of_state():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, "it cannot be written to")
            if folder.parent == Path(tempfile.gettempdir()) and folder.stat().st_uid != os.getuid():
                raise PermissionError(errno.EACCES, "it belongs to another user")
        except OSError as error:
            refusals.append(f"{folder} ({error.strerror})")
        else:
            return folder
    raise BenchFault(f"no state folder can be made: {', '.join(refusals)}; set RIG_STATE_DIR")


def places_of_state() -> list[Path]:
    """Return where this user's state folder may be, the first that is usable counts; nothing is made.

    ``RIG_STATE_DIR`` alone where it is set; else ``s4100-rig`` in ``XDG_STATE_HOME``, in ``.local/state`` of ``HOME``
    and of the home that the system knows for this user; without any home, a folder of this user's number in the
    temporary folder.
    """
    if named := os.environ.get("RIG_STATE_DIR"):
        return [Path(named)]
    bases = [Path(base) for base in [os.environ.get("XDG_STATE_HOME")] if base]
    homes = [os.environ.get("HOME"), _home_by_number()]
    bases += [Path(home) / ".local" / "state" for home in homes if home]
    places = [base / "s4100-rig" for base in bases]
    return list(dict.fromkeys([*places, Path(tempfile.gettempdir()) / f"s4100-rig-state-{os.getuid()}"]))


def _home_by_number() -> str | None:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


def state_path() -> Path:
    """Return where the state folder is, or would be where there is none yet; nothing is made."""
    places = places_of_state()
    return next((place for place in places if place.is_dir()), places[0])


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a bench. The names of its files in ``folder`` carry its id, so that no two openings share one.

    ``id``: 14 hex digits, of which the first eight are the second since 1970 in which it began.
    """

    bench: str
    id: str
    folder: Path

    @classmethod
    def begin(cls, bench: str) -> Opening:
        """Make a new opening of ``bench`` in this user's state folder; nothing is written yet."""
        return cls(bench, f"{int(time.time()):08x}{secrets.token_hex(3)}", state_folder())

    def file(self, suffix: str) -> Path:
        """Return the path of this opening's file of one kind (``HOLDER``, ``RECIPES``, ...)."""
        return self.folder / f"bench-{_name_in_files(self.bench)}~{self.id}{suffix}"

    def note(self, suffix: str) -> dict[str, Any]:
        """Read one of this opening's JSON files; empty where it is not there or cannot be understood."""
        return read_json(self.file(suffix)) or {}

    def write(self, suffix: str, content: Mapping[str, Any]) -> None:
        """Write one of this opening's JSON files; the bench's own name is added to the content. Raises OSError."""
        write_json(self.file(suffix), {"bench": self.bench, **content})

    def remove(self, *suffixes: str) -> None:
        """Remove files of this opening, as far as they are there and can be removed."""
        for suffix in suffixes:
            with contextlib.suppress(OSError):
                self.file(suffix).unlink(missing_ok=True)

    def name_run(self, run_id: str) -> None:
        """Add to this opening's notes which run is being recorded. Raises OSError."""
        for suffix in (HOLDER, RECIPES):
            content = self.note(suffix)
            if content:
                self.write(suffix, {**content, "run": run_id})

    @property
    def rig_lives(self) -> bool:
        """Whether the process that opened the bench still exists."""
        return any(process_lives(self.note(suffix), "pid") for suffix in (HOLDER, RECIPES))

    @property
    def guardian_lives(self) -> bool:
        """Whether the guardian of this opening still exists."""
        return process_lives(self.note(RECIPES), "guardian_pid")


def openings(folder: Path | None = None) -> list[Opening]:
    """Return the openings that have a file in the folder (default: this user's state folder), oldest first."""
    folder = state_folder() if folder is None else folder
    found: dict[str, Opening] = {}
    for path in _files(folder):
        match = _FILE.fullmatch(path.name)
        if match is None or match["suffix"] not in _SUFFIXES:
            continue
        bench = str((read_json(path) or {}).get("bench", match["name"])) if path.suffix == ".json" else match["name"]
        known = found.get(match["id"])
        if known is None or known.bench == match["name"]:
            found[match["id"]] = Opening(bench, match["id"], folder)
    return sorted(found.values(), key=lambda opening: opening.id)


def openings_of(bench: str, folder: Path | None = None) -> list[Opening]:
    """Return the openings of the bench of this name that have a file in the folder, oldest first."""
    return [opening for opening in openings(folder) if opening.bench == bench]


def write_json(path: Path, content: Mapping[str, Any], *, to_disk: bool = False) -> None:
    """Write a JSON object so that a reader sees the old one or the new one, never half of one; ``to_disk``: at once.

    Raises OSError, and leaves what was there.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with unfinished.open("w", encoding="utf-8") as stream:
            json.dump(content, stream)
            stream.flush()
            if to_disk:
                os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none or it cannot be understood."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def made_of(kind: Callable[..., T], data: Mapping[str, Any], **read: Callable[[Any], Any]) -> T:
    """Make a dataclass from a JSON object: fields that ``read`` does not name are texts, those not there keep defaults.

    Raises TypeError or ValueError for what does not fit.
    """
    names = [field.name for field in fields(cast("Any", kind)) if field.name in data]
    return kind(**{name: read.get(name, str)(data[name]) for name in names})


def texts(data: Iterable[object]) -> tuple[str, ...]:
    """Return a JSON list of texts as a tuple."""
    return tuple(map(str, data))


def marked_process(name: str, pid: int | None) -> dict[str, Any]:
    """Return how a process is named in a note: its number, and since when it runs, because numbers are used again."""
    return {name: pid, f"{name}_since": None if pid is None else _since(pid)}


def process_lives(note: Mapping[str, Any], name: str) -> bool:
    """Whether the process that ``marked_process`` has put into ``note`` still exists."""
    pid = note.get(name)
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it exists, and belongs to another user
    since, now = note.get(f"{name}_since"), _since(pid)
    return now != "ended" and (since is None or now is None or since == now)


def _since(pid: int) -> str | None:
    """When a process began, as text that no other process of this number has; None where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    # proc_pid_stat(5): after the name come the state, of which Z is a process that has ended, and as 20th the start.
    return "ended" if fields[0] == "Z" else f"{boot}/{fields[19]}"


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("bench-*"))
    except OSError:
        return []


def _name_in_files(bench: str) -> str:
    """Return a bench's name as file names carry it; one that is too long for them ends in a hash of it."""
    name = _UNSAFE.sub("_", bench) or "_"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(bench.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{name[: _LONGEST_NAME - _HASH_DIGITS - 1]}-{digest}"


def run_in_progress(run_id: str) -> bool:
    """Whether a living process of this user is recording the run of this id."""
    return any(opening.note(HOLDER).get("run") == run_id and opening.rig_lives for opening in openings())
