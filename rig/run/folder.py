"""The folder of a run's files: one run in each, claimed by its id before anything is written there."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path

from rig.errors import UsageRefused

LOG = "run.log"
_CLAIM = "run-id.txt"
_FILES_OF_A_RUN = ("report.html", "results.json", "results.csv")


def folder_for(started_utc: datetime, kind: str, run_id: str) -> Path:
    """Return the folder of a run that names none: ``runs/<start>-<kind>-<first eight of its id>``."""
    return Path("runs") / f"{started_utc:%Y%m%dT%H%M%SZ}-{kind}-{run_id[:8]}"


def claim(folder: Path, run_id: str) -> None:
    """Make ``folder`` where it is not there, and take it for the run ``run_id``; may be called again for the same run.

    Of two that claim one folder at the same moment one is refused. Raises UsageRefused for a folder that has another
    run in it, or that cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with (folder / _CLAIM).open("x", encoding="utf-8") as mark:
                mark.write(f"{run_id}\n")
        except FileExistsError:
            if (folder / _CLAIM).read_text(encoding="utf-8").strip() != run_id:
                raise _refused(folder) from None
            return
        if any((folder / name).exists() for name in _FILES_OF_A_RUN) and _run_of_results(folder) != run_id:
            (folder / _CLAIM).unlink()
            raise _refused(folder)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UsageRefused(f"{folder} cannot be written to ({said}); name another folder with --out") from None


def release(folder: Path, run_id: str) -> None:
    """Give up a claim on ``folder`` by a run that never began, so that the next may use it; raises nothing."""
    with contextlib.suppress(OSError, ValueError):
        if (folder / _CLAIM).read_text(encoding="utf-8").strip() == run_id:
            (folder / _CLAIM).unlink()
            (folder / LOG).unlink()


def _refused(folder: Path) -> UsageRefused:
    return UsageRefused(f"{folder} has a run in it already, which is kept; name another folder with --out")


def _run_of_results(folder: Path) -> str | None:
    """Return the run whose results are in ``folder``, None where that cannot be read."""
    try:
        found = json.loads((folder / "results.json").read_text(encoding="utf-8"))["run_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(found)
