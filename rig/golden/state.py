"""What is known of a position between runs: who proved its wiring, what the last unit looked like, why it is locked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rig.bench.config.files import BenchFile
from rig.errors import BenchFault
from rig.golden.proof import forget_proofs, proof_of, prove
from rig.safety.state import made_of, read_json, state_folder, state_path, write_json

RIGHT = "right"
"""The picture of a unit that is connected rightly."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class PositionState:
    """One position of a bench. Times are UTC, ISO 8601; empty where there is none.

    ``proven_by``: serial number of the golden unit whose proof of the wiring holds now; ``why_not_proven`` says why
    none does. ``last_picture``: how the unit before looked (``RIGHT``, or the wiring faults that fit), ``last_unit``
    its serial number. ``locked_why``: why nothing is tested here until a golden unit passes; empty where it is not
    locked.
    """

    position: str
    proven_by: str = ""
    proven_utc: str = ""
    why_not_proven: str = ""
    last_picture: str = ""
    last_unit: str = ""
    locked_why: str = ""
    locked_utc: str = ""

    @property
    def is_proven(self) -> bool:
        """Whether an exchange or a reversal that is seen here is the unit's own."""
        return bool(self.proven_by) and not self.locked_why

    @property
    def why_not_ready(self) -> str:
        """Say in one sentence why units cannot be tested here; empty where they can."""
        return self.locked_why or self.why_not_proven


def position_state(file: BenchFile, position: str) -> PositionState:
    """Return what is known of a position; a note that cannot be read locks it, since what it said is not known."""
    state = _noted(file, position)
    found = proof_of(file, position)
    if found.proof is None:
        return replace(state, why_not_proven=found.text)
    return replace(state, proven_by=found.proof.serial_number, proven_utc=found.proof.time)


def note_proven(file: BenchFile, position: str, serial_number: str, run: str) -> PositionState:
    """Note that the golden unit ``serial_number`` has passed here, which unlocks the position; raises BenchFault."""
    prove(file, position, serial_number, run)
    _write(file, PositionState(position))
    return position_state(file, position)


def lock(file: BenchFile, position: str, why: str) -> PositionState:
    """Lock a position until a golden unit passes there; raises BenchFault where that cannot be noted."""
    state = _noted(file, position)
    if not state.locked_why:
        _write(file, replace(state, locked_why=why, locked_utc=_now()))
    return position_state(file, position)


def note_unit_wiring(file: BenchFile, position: str, serial_number: str, picture: str) -> PositionState:
    """Note how a unit looked at a position; the same wrong picture of two units running locks it.

    ``picture``: ``RIGHT``, or the wiring faults that fit, in a form that is the same for the same faults. The same unit
    once more is no second one. Raises BenchFault where it cannot be noted.
    """
    state = _noted(file, position)
    is_same = picture not in (RIGHT, "") and picture == state.last_picture and serial_number != state.last_unit
    if is_same and not state.locked_why:
        why = (
            f"position {position} is locked: units {state.last_unit} and {serial_number}, one after the other, look "
            f"the same here ({picture}), so the position's wires are suspected; test the golden unit here "
            "(rig bench prove)"
        )
        state = replace(state, locked_why=why, locked_utc=_now())
    if picture:
        state = replace(state, last_picture=picture, last_unit=serial_number)
    _write(file, state)
    return position_state(file, position)


def forget(file: BenchFile) -> list[str]:
    """Forget what golden units have proven, as wires were touched; what is locked stays locked. Returns who proved."""
    for position in file.parts.positions:
        state = _noted(file, position.name)
        if state.last_picture:
            _write(file, replace(state, last_picture="", last_unit=""))
    return [f"position {proof.position}: {proof.text}" for proof in forget_proofs(file)]


def _noted(file: BenchFile, position: str) -> PositionState:
    path = _path(state_path(), file.name, position)
    content = read_json(path)
    if content is None:
        if path.exists():
            why = f"position {position} is locked: its note {path.name} cannot be read; test the golden unit here"
            return PositionState(position, locked_why=why)
        return PositionState(position)
    try:
        state = made_of(PositionState, content)
    except (TypeError, ValueError):
        state = None
    if state is None or state.position != position:
        why = f"position {position} is locked: its note {path.name} is not understood; test the golden unit here"
        return PositionState(position, locked_why=why)
    return state


def _write(file: BenchFile, state: PositionState) -> None:
    """Write what is not the proof's, so that a crash leaves the old note or the new one."""
    kept = replace(state, proven_by="", proven_utc="", why_not_proven="")
    path = _path(state_folder(), file.name, state.position)
    try:
        write_json(path, asdict(kept), to_disk=True)
    except OSError as error:
        raise BenchFault(
            f"the state of position {state.position} cannot be written in {path.parent} ({error.strerror})",
            "free some disk, or set RIG_STATE_DIR",
        ) from None


def _path(folder: Path, bench: str, position: str) -> Path:
    digest = hashlib.sha256(f"{bench}\0{position}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return folder / f"position-{_UNSAFE.sub('_', bench)[:40]}-{digest}.state.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
