"""Energy registers against the meter's own powers: a good meter passes, each fault of a register has its class."""

import pytest

from meter_model.device.meter import S4100
from rig.emulation.defects.library import with_behaviour_defects
from rig.metrology.outcome import Outcome
from rig.procedures.end_of_line.advance import Advance, Registers
from rig.procedures.end_of_line.registers import REGISTERS, findings
from rig.products import FailureClass
from tests.rig.procedures.end_of_line.units import plan_for, stimulus_at

PLAN = plan_for()


def moved(point, *defects, known_s=0.05, extra_s=0.0, seconds=8):
    """Let a meter count for some seconds at a load point, and return how its registers moved."""
    meter = with_behaviour_defects(S4100(configuration=PLAN.product.configuration.configuration), defects)
    load = stimulus_at(point, PLAN)

    def values():
        return {number: float(meter.read("AI", number, "present-value")) for number in REGISTERS}

    meter.advance(2.0, load)
    before = values()
    meter.advance(float(seconds), load)
    powers = {n: float(meter.read("AI", n, "present-value")) for n in (11, 12, 13, *range(55, 64))}
    return Advance(Registers(before, 0.0, known_s), Registers(values(), float(seconds) + extra_s, known_s), powers)


def classes_at(point, *defects, **more):
    found = list(findings(point, moved(point, *defects, **more)))
    return {each.failure_class for each in found if each.outcome is not Outcome.PASS}


@pytest.mark.parametrize("point", PLAN.points, ids=["import", "export"])
def test_registers_of_a_good_meter_pass(point):
    assert classes_at(point) == set()


def test_what_is_not_known_of_the_time_is_allowed_for_and_no_more():
    assert classes_at(PLAN.unbalanced, extra_s=0.09) == set()
    assert FailureClass.ENERGY in classes_at(PLAN.unbalanced, extra_s=0.5)


@pytest.mark.parametrize(
    ("defect", "point", "expected"),
    [
        ("import-register-dead", PLAN.unbalanced, FailureClass.ENERGY),
        ("net-counts-both", PLAN.reversed_, FailureClass.ENERGY),
        ("quadrants-swapped", PLAN.unbalanced, FailureClass.DIRECTION),
    ],
)
def test_fault_of_a_register_has_its_class(defect, point, expected):
    assert expected in classes_at(point, defect)


def test_energy_counted_in_the_other_direction_is_a_wrong_direction():
    advance = moved(PLAN.unbalanced)
    after = dict(advance.after.values)
    after[2], after[3] = advance.before.values[2], advance.before.values[3] + advance.of(2)
    wrong = Advance(advance.before, Registers(after, advance.after.at_s, 0.05), advance.powers)
    found = {each.key: each for each in findings(PLAN.unbalanced, wrong) if each.is_bad}
    assert found["energy.import"].failure_class is FailureClass.ENERGY
    assert found["energy.direction-import"].failure_class is FailureClass.DIRECTION
