"""What the command line asks of a run."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class RunOptions:
    """What the command line asks for. ``run_id``: the id of the record; folder names are unique by it.

    ``programme``: of a certification, with ``strict`` where a bench that cannot do all of it is refused; ``repeat``:
    passes over it; ``select``: pytest's -k; ``rule``: the decision rule, empty: that of the suite. Of the end of line:
    ``product`` as it is named, ``serial_numbers`` as scanned (``POSITION=SERIAL``), ``masked`` positions, ``lot``, and
    who answers prompts (``operator_by``: console, station, panel or none).
    """

    bench: str
    suite: str
    out: Path | None = None
    records: str | None = None
    operator: str = ""
    station: str = ""
    allow_reset: bool = False
    max_points: int | None = None
    programme: str = "intrinsic"
    strict: bool = False
    repeat: int = 1
    select: str = ""
    rule: str = ""
    longest_h: float = 1.0
    unprotected: bool = False
    anyway: bool = False
    accept_wiring: bool = False
    longest_gate_h: float = 1.0
    position: str | None = None
    log_level: str = "info"
    after_adjustment_of: str | None = None
    product: str = ""
    serial_numbers: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    lot: str = ""
    operator_by: str = ""
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
