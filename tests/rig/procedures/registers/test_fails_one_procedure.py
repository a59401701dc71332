"""Each procedure of registers has a meter that fails it, and fails no other of them."""

from dataclasses import replace

import pytest

from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.load_point import LoadPoint
from rig.metrology.register_tests.creep import Permitted
from rig.procedures.accuracy.energy_register import Gating, measure_energy
from rig.procedures.accuracy.judgement import judge_energy
from rig.procedures.registers.dosage import dosage
from rig.procedures.registers.no_load import NoLoadLimit, no_load
from rig.procedures.registers.running import energy_running
from rig.procedures.registers.starting import StartingLimit, starting
from tests.rig.procedures.registers.register_bench import RegisterBench, used
from tests.rig.procedures.registers.test_running import IMPORT, item_at

PERMITTED = Permitted(3 * 277.0 * 120.0 / 15_000.0, 600.0)
OF = {
    "creeps-without-current": "no_load",
    "starts-late": "starting",
    "catches-up-when-idle": "energy_running",
    "loses-beginnings": "dosage",
}


def gated(at):
    where = (at.bench, at.position, at.point, 2, at.configuration, at.record)
    measured = measure_energy(*where, gating=Gating(limit_pct=0.2))
    return (judge_energy(measured, item_at(at.point, 2), at.bench.accuracy, at.rule),)


PROCEDURES = {
    "no_load": (LoadPoint(318.5, 0.0, 0.0), lambda at: no_load(at, [NoLoadLimit("active_energy", PERMITTED)])),
    "starting": (replace(IMPORT, current_pct=0.1), lambda at: starting(at, StartingLimit(50.0))),
    "energy_running": (IMPORT, lambda at: energy_running(at, item_at(IMPORT, 2))),
    "dosage": (IMPORT, lambda at: dosage(at, item_at(IMPORT, 2))),
    "energy_register": (IMPORT, gated),
}


@pytest.mark.parametrize("defect", OF)
def test_seeded_meter_fails_its_procedure_and_no_other(defect):
    failed = set()
    for name, (point, procedure) in PROCEDURES.items():
        world = RegisterBench(CREEP_DEFECTS[defect](used(0.5)), point)
        if any(result.outcome == "FAIL" for result in procedure(world.examined)):
            failed.add(name)
    assert failed == {OF[defect]}
