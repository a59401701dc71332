"""The wiring check of a run: look, say whether bench or meter is suspected, and record it."""

from __future__ import annotations

import cmath
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meter_model.configuration import Configuration
from rig.errors import UsageRefused, WiringWrong
from rig.events import Events
from rig.golden.proof import ProofState, proof_of
from rig.load_point import LoadPoint
from rig.procedures.events import WiringChecked
from rig.procedures.wiring_check.diagnosis import Picture
from rig.procedures.wiring_check.faults import Diagnosis
from rig.procedures.wiring_check.look import Look, look
from rig.records.data import WiringCheckRecord
from rig.records.plain_json import Json

if TYPE_CHECKING:
    from rig.bench import Bench, BenchFile, Position
    from rig.records.recorder import RunRecorder

_BENCH_OR_METER = "bench or meter"
_METER = "meter"


def check_wiring(
    bench: Bench,
    position: Position,
    configuration: Configuration,
    record: RunRecorder,
    events: Events,
    *,
    accept: bool = False,
) -> tuple[WiringCheckRecord, WiringWrong | None]:
    """Look at how the meter is connected, record and publish what is found; returns that, and the error if it is wrong.

    ``accept``: the meter itself is suspected; what is wrong is recorded as accepted, and is no error. Raises RigError
    where the bench itself fails.
    """
    nominal = bench.file.parts.nominal
    if nominal is None or bench.supervisor is None or bench.analyzer is None:
        raise UsageRefused(f"bench {bench.name} has no source, analyzer and meter to compare")
    return conclude(bench.file, position, look(bench, position, configuration, nominal), record, events, accept=accept)


def conclude(
    file: BenchFile, position: Position, seen: Look, record: RunRecorder, events: Events, *, accept: bool = False
) -> tuple[WiringCheckRecord, WiringWrong | None]:
    """Record and publish what a look at the meter of ``position`` says; see ``check_wiring``."""
    checked = record_of_look(seen, proof_of(file, position.name), accept=accept)
    record.wiring_check(checked)
    events.publish(WiringChecked(checked))
    if checked.state != "wrong":
        return checked, None
    return checked, WiringWrong(checked.text, advice_for(seen.diagnosis, checked))


def record_of_look(seen: Look, proof: ProofState, *, accept: bool) -> WiringCheckRecord:
    """Put a look as the record has it, with who is suspected: one picture cannot tell bench from meter."""
    pictures = [_picture(point, picture) for point, picture in seen.pictures]
    now = datetime.now(UTC)
    if seen.diagnosis is None:
        text = f"the wiring could not be looked at: {seen.why_not}"
        return WiringCheckRecord(time_utc=now, state="unknown", text=text, pictures=pictures, proof=proof.text)
    if seen.diagnosis.is_right:
        return WiringCheckRecord(
            time_utc=now, state="right", text=seen.diagnosis.text, pictures=pictures, proof=proof.text
        )
    suspect = _METER if proof.proof is not None else _BENCH_OR_METER
    faults: list[Json] = [
        [
            {"kind": str(f.kind), "where": f.where, "factor": f.factor, "text": f.text, "wires": list(f.wires)}
            for f in each
        ]
        for each in seen.diagnosis.alternatives
    ]
    return WiringCheckRecord(
        time_utc=now,
        state="accepted" if accept else "wrong",
        text=f"wiring ({suspect}): {seen.diagnosis.text}",
        suspect=suspect,
        faults=faults,
        pictures=pictures,
        proof=proof.text,
    )


def advice_for(diagnosis: Diagnosis | None, checked: WiringCheckRecord) -> str:
    """Say which wires to look at, and how to go on where they are right."""
    wires = ", ".join(diagnosis.wires) if diagnosis is not None else ""
    at = f"look at {wires}" if wires else "look at all wires between bench and meter"
    proof = f" ({checked.proof})"
    return f"{at}{proof}; where they are right, --accept-wiring measures the meter as it is"


def _picture(point: LoadPoint, picture: Picture) -> Json:
    return {
        "load_point": point.label,
        "voltages": [_phasor(each, "V") for each in picture.voltages],
        "currents": [_phasor(each, "A") for each in picture.currents],
        "read": {f"AI{number}": None if math.isnan(value) else value for number, value in picture.read.items()},
    }


def _phasor(value: complex, unit: str) -> Json:
    return {unit: round(abs(value), 4), "deg": round(math.degrees(cmath.phase(value)), 2) if value else 0.0}
