"""Which known good meter has proven a position's wiring, and whether it has been touched since; in the state folder."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rig.bench.config.files import BenchFile
from rig.errors import BenchFault, UsageRefused
from rig.safety.state import made_of, read_json, state_folder, state_path, write_json

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class WiringProof:
    """A meter known to be good read each phase rightly at this position. ``time``: UTC, ISO 8601.

    ``bench_sha256``: of the bench file; ``wiring_sha256``: of the parts that say how bench and meter are connected.
    """

    bench: str
    position: str
    serial_number: str
    time: str
    bench_sha256: str
    wiring_sha256: str
    run: str = ""

    @property
    def text(self) -> str:
        """Say who has proven it, and when."""
        return f"the wiring was proven on {self.time[:10]} with meter {self.serial_number}"


@dataclass(frozen=True, slots=True)
class ProofState:
    """The proof that holds, None where there is none; ``text`` says which, or why there is none."""

    proof: WiringProof | None
    text: str


def proof_of(file: BenchFile, position: str) -> ProofState:
    """Return whether the wiring of ``position`` is proven; a bench file that has changed since proves nothing."""
    path = _path(state_path(), file.name, position)
    content = read_json(path)
    how = f"'rig bench prove' does it with a meter that is known to be good{_option(file, position)}"
    if content is None:
        return ProofState(None, f"no known good meter has proven this wiring; {how}")
    try:
        proof = made_of(WiringProof, content)
    except (TypeError, ValueError):
        return ProofState(None, f"the proof in {path.name} cannot be read; {how}")
    if proof.wiring_sha256 != _wiring_sha256(file):
        return ProofState(None, f"{proof.text}, and the bench file's wiring has changed since; {how}")
    if proof.bench_sha256 != file.sha256:
        return ProofState(None, f"{proof.text}, and the bench file has changed since; {how}")
    if (golden := file.parts.golden) is not None:
        if proof.serial_number not in golden.units:
            return ProofState(None, f"{proof.text}, which is no golden unit of this bench; {how}")
        if not 0.0 <= _age_h(proof) <= golden.proof_h:
            return ProofState(None, f"{proof.text}, and that holds for {golden.proof_h:g} h; {how}")
    return ProofState(proof, proof.text)


def prove(file: BenchFile, position: str, serial_number: str, run: str) -> WiringProof:
    """Note that a good meter has proven the wiring of ``position`` now; raises BenchFault where it cannot be noted.

    Raises UsageRefused for a meter that is none of the bench's golden units, where the bench names them.
    """
    refuse_other_golden_unit(file, serial_number)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    proof = WiringProof(file.name, position, serial_number, now, file.sha256, _wiring_sha256(file), run)
    path = _path(state_folder(), file.name, position)
    try:
        write_json(path, {name: getattr(proof, name) for name in proof.__dataclass_fields__}, to_disk=True)
    except OSError as error:
        raise BenchFault(
            f"the proof of the wiring cannot be written in {path.parent} ({error.strerror})",
            "free some disk, or set RIG_STATE_DIR",
        ) from None
    return proof


def refuse_other_golden_unit(file: BenchFile, serial_number: str) -> None:
    """Raise UsageRefused for a meter that is none of the bench's golden units, where the bench names them."""
    golden = file.parts.golden
    if golden is not None and serial_number not in golden.units:
        known = ", ".join(golden.units)
        raise UsageRefused(f"{serial_number} is no golden unit of bench {file.name}; its golden units are {known}")


def forget_proofs(file: BenchFile) -> list[WiringProof]:
    """Forget the proofs of all positions, as their wires were touched; returns those that there were."""
    found = []
    for position in file.parts.positions:
        path = _path(state_folder(), file.name, position.name)
        content = read_json(path)
        if content is not None:
            found.append(made_of(WiringProof, content))
        path.unlink(missing_ok=True)
    return found


def _age_h(proof: WiringProof) -> float:
    """Return how old a proof is, hours; beyond any limit where its time cannot be read."""
    try:
        proven = datetime.fromisoformat(proof.time)
        return (datetime.now(UTC) - proven).total_seconds() / 3600.0
    except (TypeError, ValueError):
        return math.inf


def _option(file: BenchFile, position: str) -> str:
    return f" (--position {position})" if len(file.parts.positions) > 1 else ""


def _path(folder: Path, bench: str, position: str) -> Path:
    digest = hashlib.sha256(f"{bench}\0{position}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return folder / f"wiring-{_UNSAFE.sub('_', bench)[:40]}-{digest}.proof.json"


def _wiring_sha256(file: BenchFile) -> str:
    parts = file.parts
    whole = {
        "wiring": parts.wiring.model_dump(mode="json") if parts.wiring is not None else None,
        "nominal": parts.nominal.model_dump(mode="json") if parts.nominal is not None else None,
        "source": parts.source.driver if parts.source is not None else None,
        "analyzer": parts.analyzer.driver if parts.analyzer is not None else None,
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
