"""Energy registers on a bench whose analyzer has no integrator: a good meter passes, a dead register fails.

A campaign: each gate is minutes of bench time. The short form is in-process,
``tests/rig/procedures/accuracy/test_sampled_gates.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.records.data import ResultRecord
from tests.acceptance.certified import Finished, run_certification

pytestmark = [pytest.mark.realtime, pytest.mark.soak, pytest.mark.timeout(1800)]

BENCH = "emulated-on-ametek-rigol-lmg"
ENERGY = "energy"


def registers(done: Finished) -> dict[int, ResultRecord]:
    assert done.run is not None, done.output[-3000:]
    return {r.instance: r for p in done.run.points for r in p.results if r.procedure == "energy_register"}


def test_good_registers_pass_against_sampled_power_in_both_directions(tmp_path: Path) -> None:
    done = run_certification(tmp_path, BENCH, select=ENERGY)
    found = registers(done)
    assert set(found) == {2, 3}, done.output[-3000:]
    assert {result.outcome for result in found.values()} == {"PASS"}, done.output[-3000:]
    for result in found.values():
        assert result.uncertainty_ratio is not None
        assert result.uncertainty_ratio <= 1 / 3
        assert any(c.name.startswith("edges of the gate") for c in result.components)
        assert any(c.name.startswith("clock of the rig") for c in result.components)


def test_a_dead_import_register_fails_and_the_export_register_does_not(tmp_path: Path) -> None:
    file = tmp_path / "dead.yaml"
    instruments = '"--source", "ametek_ci", "--low-level-source", "rigol_dg5000", "--analyzer", "zes_lmg600"'
    file.write_text(
        f"schema: 1\nextends: {BENCH}\nname: dead\nlaunch:\n"
        f'  extra_argv: [{instruments}, "--divider-ratio", "5", "--defect", "import-register-dead"]\n'
    )
    found = registers(run_certification(tmp_path, file, select=ENERGY))
    assert (found[2].outcome, found[3].outcome) == ("FAIL", "PASS")
    assert found[2].error_pct == pytest.approx(-100.0)
