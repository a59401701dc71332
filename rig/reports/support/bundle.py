"""Pack the support bundle item by item, so that a broken item does not keep out the others; list the contents."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.errors import RigError
from rig.bench.config.files import load_bench
from rig.bench.config.finding import bench_file_paths
from rig.errors import UsageRefused
from rig.records.store import RunStore
from rig.reports.exports import as_json
from rig.reports.support import surroundings
from rig.reports.support.redaction import Redactor
from rig.safety.guardian.journal import read_journal
from rig.safety.state import state_folder

_TEXT_SUFFIXES = (".json", ".jsonl", ".log", ".yaml", ".yml", ".txt", ".xml", ".csv")
_LONGEST_TEXT = 2_000_000
"""Of a longer text, octets from its end are packed."""

_LARGEST_FILE = 50_000_000
_HEAD_OCTETS = 8192
_FAILURES = (RigError, OSError, ValueError, LookupError, RuntimeError)


@dataclass
class BundleContent:
    """What went in, what was left out and why, and what could not be packed; each a list of lines for people."""

    packed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    redacted: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """All of it as text."""
        said = {"packed": self.packed, "left out": self.left_out, "could not be packed": self.failed}
        lines: list[str] = []
        for heading, items in said.items():
            if items or heading == "packed":
                lines += [f"{heading}:", *(f"  {item}" for item in items)]
        taken = ", ".join(f"{count} {kind}" for kind, count in self.redacted.items() if count) or "nothing"
        lines.append(f"taken out of the texts: {taken}")
        lines.append("comments and free text are as they were written: look before you send it")
        return lines


def write_bundle(
    file: Path, *, benches: Iterable[str], records: str, last: int, further: Iterable[Path] = ()
) -> BundleContent:
    """Write a support bundle to ``file`` (ZIP); returns what is in it.

    ``benches``: names or paths of bench files, packed with what they extend, broken or not. ``records``: the database
    of runs, of which the ``last`` runs are packed with the captures in their folders. ``further``: files to add.
    Everything that is text is redacted. Raises UsageRefused where ``file`` is there already or cannot be written;
    anything else that fails is in ``failed``.
    """
    if file.exists():
        raise UsageRefused(f"{file} exists and is not overwritten; name another file")
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            content = _Packer(archive).pack(benches, records, last, further)
        unfinished.replace(file)
    except OSError as error:
        raise UsageRefused(f"{file} cannot be written ({error.strerror}); name another file") from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
    return content


class _Packer:
    """Puts items into the archive, each by itself."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._redactor = Redactor()
        self._content = BundleContent()

    def pack(self, benches: Iterable[str], records: str, last: int, further: Iterable[Path]) -> BundleContent:
        """Pack everything; what secrets the files themselves hold is learnt first, and taken out of all."""
        benches, further = tuple(benches), tuple(further)
        for name in benches:
            with contextlib.suppress(*_FAILURES):
                for path in bench_file_paths(name):
                    self._redactor.learn(_end_of(path) if path.is_file() else "")
        for path in further:
            with contextlib.suppress(*_FAILURES):
                if path.is_file() and _is_text(path):
                    self._redactor.learn(_end_of(path))
        self._item("versions.json", lambda: _json(surroundings.versions()))
        self._item("visa.txt", surroundings.visa)
        self._item("serial-ports.json", lambda: _json(surroundings.serial_ports()))
        listed, others = surroundings.environment()
        self._item("environment.json", lambda: _json(listed))
        self._content.left_out.append(f"{others} environment variables that are not on the list")
        for name in benches:
            self._bench(name)
        self._state()
        self._runs(records, last)
        for path in further:
            self._file(path, f"further/{path.name}")
        self._content.redacted = dict(self._redactor.counts)
        self._archive.writestr("README.txt", "\n".join(self._content.lines()) + "\n")
        return self._content

    def _item(self, name: str, make: Callable[[], str], said: str = "") -> None:
        """Pack a text that ``make`` makes; what it raises is noted."""
        try:
            text = make()
        except _FAILURES as error:
            self._content.failed.append(f"{name}: {_said(error)}")
            return
        self._archive.writestr(self._free(name), self._redactor.text(text))
        self._content.packed.append(f"{name}{f': {said}' if said else ''}")

    def _file(self, path: Path, name: str) -> None:
        """Pack a file: text redacted, and its end only where it is long; captures as they are."""
        try:
            if not path.is_file():
                raise OSError("is no regular file")
            octets = path.stat().st_size
            if path.suffix.lower() in _TEXT_SUFFIXES or _is_text(path):
                self._item(name, lambda: _end_of(path), "" if octets <= _LONGEST_TEXT else "its end only")
            elif octets > _LARGEST_FILE:
                self._content.left_out.append(f"{path}: {octets / 1e6:.0f} MB is too much")
            else:
                self._archive.writestr(self._free(name), path.read_bytes())
                self._content.packed.append(name)
        except OSError as error:
            self._content.failed.append(f"{path}: {_said(error)}")

    def _free(self, name: str) -> str:
        if name not in self._archive.namelist():
            return name
        stem, dot, suffix = name.rpartition(".")
        return next(
            free for n in range(2, 10_000) if (free := f"{stem}-{n}{dot}{suffix}") not in self._archive.namelist()
        )

    def _bench(self, name: str) -> None:
        """Pack a bench file with its bases; one that is refused is packed too, with the refusal."""
        try:
            load_bench(name)
        except RigError as error:
            self._item(f"benches/{Path(name).stem}.refused.txt", lambda text=str(error): text + "\n", str(error))  # type: ignore[misc]
        try:
            paths = bench_file_paths(name)
        except _FAILURES as error:
            self._content.failed.append(f"bench {name}: {_said(error)}")
            return
        for path in paths:
            self._file(path, f"benches/{path.name}")

    def _state(self) -> None:
        """Pack the guardian's journal, notes of open benches, and what launched processes wrote."""
        try:
            entries = sorted(path for path in state_folder().iterdir() if path.is_file())
        except _FAILURES as error:
            self._content.failed.append(f"the state folder: {_said(error)}")
            return
        for path in entries:
            if path.suffix in (".json", ".jsonl", ".log"):
                self._file(path, f"state/{path.name}")
        self._item("state/guardian-journal.json", lambda: _json(read_journal()))

    def _runs(self, records: str, last: int) -> None:
        """Pack the records of the last runs, and the captures in their folders."""
        if "://" not in records and not Path(records).expanduser().is_file():
            self._content.left_out.append(f"runs: there is no database {records}; name it with --records")
            return
        try:
            with RunStore.open_to_read(records) as store:
                runs = [store.run(summary.run_id) for summary in store.runs(last)]
        except _FAILURES as error:
            self._content.failed.append(f"runs: {_said(error)}")
            return
        folders = _folders_of_runs(records)
        for run in runs:
            name = f"runs/{run.run_id[:8]}-{run.header.kind}"
            self._item(f"{name}/record.json", lambda run=run: _json(as_json(run)), run.outcome)  # type: ignore[misc]
            folder = folders.get(run.run_id)
            if folder is None:
                continue
            for path in sorted([*folder.glob("bus/*.pcapng"), *folder.glob("junit.xml"), *folder.glob("run.log")]):
                self._file(path, f"{name}/{path.name}")
            if (folder / "allure-results").is_dir():
                self._content.left_out.append(f"{folder / 'allure-results'}: the record says the same")
        if not runs:
            self._content.left_out.append(f"runs: {records} has none")
        else:
            self._content.left_out.append("single readings of reference and meter: they stay in the database")


def _folders_of_runs(records: str) -> dict[str, Path]:
    """Find the folders of runs, beside the database or in ``runs``, by the run's id that is in their results."""
    places = [Path("runs")] if "://" in records else [Path(records).expanduser().parent, Path("runs")]
    found: dict[str, Path] = {}
    for results in (path for place in places for path in sorted(place.glob("*/results.json"))):
        try:
            run_id = json.loads(results.read_text(encoding="utf-8"))["run_id"]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        found.setdefault(str(run_id), results.parent)
    return found


def _is_text(path: Path) -> bool:
    """Whether a file is text, by its content and not by its name (a .netrc, an .env): no NUL near its start."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_OCTETS)
    return b"\0" not in head and head.decode("utf-8", "ignore").encode() in (head, head[:-1], head[:-2], head[:-3])


def _end_of(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _LONGEST_TEXT))
        return stream.read().decode("utf-8", "replace")


def _json(content: Any) -> str:  # Any: what JSON can hold
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
