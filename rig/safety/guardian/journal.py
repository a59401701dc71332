"""The guardian's own journal: what it switched off, why, when and with what result; survives everything else.

One file for each opening of a bench, of a fixed number of slots that are written in turn. All its room is taken when it
is made, so that a disk which is full later cannot keep an entry out. A slot that was half written when everything
stopped fails its checksum and is left out; the one before it is still there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rig.safety.state import JOURNAL, TAKEN, openings, state_folder

SLOTS = 64
"""Entries that are kept; the next one takes the place of the oldest."""

SLOT_OCTETS = 4096

_HEAD = re.compile(rb"(\d{12}) ([0-9a-f]{8}) ")
_HEAD_OCTETS = 22
_OLDER_JOURNAL = "guardian-journal.jsonl"
_LONGEST_REASON = 400
_LONGEST_DETAILS = 160


def make_journal(path: Path) -> None:
    """Take all the room that a journal needs, for ever; raises OSError where the disk does not give it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        present = os.fstat(descriptor).st_size
        # Written, not only reserved: writing to reserved room may still need some, on some file systems.
        for start in range(present - present % SLOT_OCTETS, SLOTS * SLOT_OCTETS, SLOT_OCTETS):
            os.pwrite(descriptor, b" " * SLOT_OCTETS, start)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_entry(reason: str, run: str | None, by: str, **more: Any) -> dict[str, Any]:
    """Begin an entry: when and why outputs were switched off, and which of rig and guardian did it (``by``)."""
    began = {"id": str(uuid.uuid4()), "time": datetime.now(UTC).isoformat(), "run": run}
    return {**began, "switched_off_by": by, "reason": reason, **more}


def append_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Write one entry over the oldest and force it to the disk; what is longer than a slot is shortened.

    One process at a time: the guardian of the opening, or the rig when that is gone. Raises OSError.
    """
    make_journal(path)
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append(entry)


class JournalWriter:
    """A journal that is kept open, so that an entry needs no free descriptor. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR)

    def append(self, entry: Mapping[str, Any]) -> int:
        """Write one entry over the oldest, force it to the disk, and return its slot."""
        numbers = self._numbers()
        number = max(numbers.values(), default=0) + 1
        slot = number % SLOTS
        if slot in numbers:
            free = [one for one in range(SLOTS) if one not in numbers]
            slot = free[0] if free else min(numbers, key=lambda one: numbers[one])
        self._write(slot, number, entry)
        return slot

    def rewrite(self, slot: int, entry: Mapping[str, Any]) -> None:
        """Write the newest entry in place of that in ``slot``: for attempts of which only the last ones matter."""
        self._write(slot, max(self._numbers().values(), default=0) + 1, entry)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _numbers(self) -> dict[int, int]:
        """Number of the entry in each slot that is whole."""
        content = os.pread(self._descriptor, SLOTS * SLOT_OCTETS, 0)
        return {slot: number for slot, number, _ in _slots(content)}

    def _write(self, slot: int, number: int, entry: Mapping[str, Any]) -> None:
        payload = _payload(entry)
        record = b"%012d %08x " % (number, zlib.crc32(payload)) + payload
        os.pwrite(self._descriptor, record.ljust(SLOT_OCTETS - 1) + b"\n", slot * SLOT_OCTETS)
        os.fsync(self._descriptor)


def read_journal(path: Path | None = None) -> list[dict[str, Any]]:
    """All entries, oldest first; without ``path`` those of every opening of every bench in the state folder.

    Journals of earlier versions are read too: one for each bench, and before that one of lines.

    An entry has ``id`` (unique), ``time`` (ISO 8601, UTC), ``monotonic_s``, ``bench``, ``run``, ``guardian_pid``,
    ``rig_pid``, ``reason``, ``confirmed`` and ``results`` (one for each source).
    """
    if path is not None:
        return _read(path)
    folder = state_folder()
    paths = [folder / _OLDER_JOURNAL, *sorted(folder.glob(f"bench-*{JOURNAL}"))]
    entries = [entry for one in paths for entry in _read(one)]
    return sorted(entries, key=lambda entry: str(entry.get("time", "")))


def take_journal_in(fold: Callable[[list[dict[str, Any]]], object], knows_run: Callable[[str], bool]) -> None:
    """Have ``fold`` take all entries into a database; journals that need not be kept for another one are marked.

    That is a journal of an opening that has ended, of which every entry that names a run names one that this database
    has (``knows_run``). Raises what ``fold`` raises; then nothing is marked.
    """
    fold(read_journal())
    for opening in openings():
        journal = opening.file(JOURNAL)
        if opening.rig_lives or opening.guardian_lives or not journal.exists():
            continue
        if all(entry.get("run") is None or knows_run(str(entry["run"])) for entry in read_journal(journal)):
            opening.file(TAKEN).touch()


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return []
    is_lines = path.suffix == ".jsonl"
    payloads = content.splitlines() if is_lines else _in_order(content)
    entries = []
    for payload in payloads:
        try:
            entry = json.loads(payload)
        except ValueError:
            continue
        if isinstance(entry, dict) and "id" in entry:
            entries.append(entry)
    return entries


def _in_order(content: bytes) -> list[bytes]:
    return [payload for _, payload in sorted((number, payload) for _, number, payload in _slots(content))]


def _slots(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield slot, number and payload of every entry that is whole."""
    for start in range(0, len(content), SLOT_OCTETS):
        slot = content[start : start + SLOT_OCTETS]
        head = _HEAD.match(slot)
        payload = slot[_HEAD_OCTETS:].rstrip()
        if head is not None and zlib.crc32(payload) == int(head[2], 16):
            yield start // SLOT_OCTETS, int(head[1]), payload


def _payload(entry: Mapping[str, Any]) -> bytes:
    payload = _json(entry)
    if len(payload) < SLOT_OCTETS - _HEAD_OCTETS:
        return payload
    shortened = {
        **entry,
        "reason": str(entry.get("reason", ""))[:_LONGEST_REASON],
        "results": [
            {**result, "details": str(result.get("details", ""))[:_LONGEST_DETAILS]}
            for result in entry.get("results", [])
        ],
        "shortened": True,
    }
    while len(payload := _json(shortened)) >= SLOT_OCTETS - _HEAD_OCTETS and shortened["results"]:
        shortened["results"] = shortened["results"][:-1]
    return payload


def _json(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode("ascii")
