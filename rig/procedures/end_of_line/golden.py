"""Step at the end of a run of golden units: one that passed has proven its position, and unlocks it."""

from __future__ import annotations

from rig.events import Noted
from rig.golden.state import note_proven
from rig.procedures.end_of_line.line import Line


def prove_positions(line: Line) -> None:
    """Note for each golden unit that passed every step that the wires of its position are right."""
    golden = line.bench_file.parts.golden
    for unit in line.left:
        if golden is None or unit.scanned not in golden.units or unit.failed:
            continue
        state = note_proven(line.bench_file, unit.position, unit.scanned, line.run.record.run_id)
        text = f"position {unit.position}: proven by golden unit {unit.scanned}, {state.proven_utc}"
        line.run.events.publish(Noted("position proven", text))
