"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""

from __future__ import annotations

from pathlib import Path

RECORDS = str(Path("runs") / "records.sqlite")
"""Where runs are recorded and looked for that name no database."""
