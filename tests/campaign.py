"""Long campaigns: beside a busy machine, with each result kept, so that a campaign that ended early goes on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many processors busy."""
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def results_file(campaign: str) -> Path:
    """Where a campaign keeps its results: ``build/soak/CAMPAIGN.jsonl``, or in the folder $RIG_SOAK_RESULTS names."""
    return Path(os.environ.get("RIG_SOAK_RESULTS", "build/soak")) / f"{campaign}.jsonl"


def kept(campaign: str, key: Sequence[Any], run: Callable[[], Any]) -> Any:
    """Return what ``run`` returns, or what the campaign has kept under ``key`` already.

    Each result is a line of the campaign's file, written when it is there; remove the file to begin again.
    """
    file = results_file(campaign)
    file.parent.mkdir(parents=True, exist_ok=True)
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        entry = json.loads(line)
        if entry["key"] == list(key):
            return entry["result"]
    result = run()
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"key": list(key), "result": result}) + "\n")
    return result
