"""The page that says what ends safe says what the matrix tests, and nothing else."""

from __future__ import annotations

from pathlib import Path

from rig.emulation.world.contactor import HOLD_S as CONTACTOR_HOLD_S
from rig.safety.contactor.proof import PROOF_V
from rig.safety.guardian.journal import SLOT_OCTETS, SLOTS
from rig.safety.guardian.link import HANG_S
from rig.safety.watch.watchdog import DELAY_S
from tests.rig.safety.matrix.causes import CAUSES, PHASES, Cause

PAGE = Path(__file__).resolve().parents[4] / "docs" / "explanation" / "what-ends-safe.md"


def rows() -> list[tuple[str, ...]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[1:]]


def row_of(cause: Cause) -> tuple[str, ...]:
    within = "never" if cause.stays_on else f"{cause.within_s:g} s"
    code = "killed" if cause.exit_code < 0 else str(cause.exit_code)
    return (cause.name, cause.switches_off, within, code, cause.outcome)


def test_every_cause_is_on_the_page_and_every_row_of_the_page_is_a_cause() -> None:
    assert rows() == [row_of(cause) for cause in CAUSES]


def test_what_the_page_says_in_figures_is_so() -> None:
    text = PAGE.read_text()
    assert f"({', '.join(PHASES)})" in text
    assert f"for\n  {HANG_S:g} s" in text
    assert f"within {CONTACTOR_HOLD_S:g} s; that triggers" in text
    assert f"contactor falls {CONTACTOR_HOLD_S:g} s later" in text
    assert f"at {PROOF_V:g} V" in text
    assert f"takes its {DELAY_S:g} s" in text
    assert f"{SLOTS} entries of {SLOT_OCTETS} octets" in text
