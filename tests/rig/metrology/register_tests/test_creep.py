"""No-load and starting arithmetic against values that are worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.limit_files import load_limit_table
from rig.metrology.register_tests.creep import Permitted, starting_s, stopped_in, without_current
from rig.metrology.registers import float_step
from rig.metrology.uncertainty import Budget
from rig.procedures.registers.stated_limits import no_load_limits, starting_limit

TABLE = load_limit_table("iec62053-22-2003-class-0.2S")


def test_permitted_power_is_a_fifteen_thousandth_of_the_maximum():
    # 120 V, 100 A, 3 elements, Imax 120 A: 3 x 120 x 120 / 15 000 W.
    (limit,) = no_load_limits(TABLE.no_load[0], 3 * 120.0 * 100.0)
    assert limit.quantity == "active_energy"
    assert limit.permitted.power_w == pytest.approx(2.88)
    assert limit.provenance.standard == "IEC 62053-22 class 0.2S"


@pytest.mark.parametrize(("value_kwh", "hours"), [(1.0, 1 / 6), (1e4, 0.587), (1e6, 37.6)])
def test_time_follows_the_float32_step_of_the_present_value(value_kwh, hours):
    permitted = Permitted(3 * 277.0 * 120.0 / 15_000.0, 600.0)
    assert permitted.needed_s(float_step(value_kwh)) / 3600.0 == pytest.approx(hours, rel=0.01)


def test_register_without_a_step_has_no_time():
    assert math.isinf(Permitted(1.0, 600.0).needed_s(math.nan))
    assert math.isinf(starting_s(math.nan, 1.0, 50.0, 1.0))
    assert math.isinf(starting_s(0.001, 0.0, 50.0, 1.0))


@given(step=st.floats(1e-9, 10.0), power=st.floats(0.5, 100.0))
def test_needed_time_makes_u_small_enough_to_decide(step, power):
    permitted = Permitted(power, 600.0)
    needed_s = permitted.needed_s(step)
    budget = Budget(without_current(step, permitted.energy(needed_s), needed_s, 1.0))
    assert budget.expanded < 100.0 / 3.0


def test_starting_row_without_a_number_takes_the_rigs_own_and_says_so():
    limit = starting_limit(TABLE.starting[0])
    assert limit.tolerance_pct == 50.0
    assert "the rig's own criterion" in limit.remark


@pytest.mark.parametrize(
    ("readings", "step", "part"),
    [
        ([0.0, 1.0, 2.0, 3.0], 0.01, None),
        ([0.0, 1.0, 1.0, 2.0], 0.01, 2),
        ([0.0, 1.0, 2.0, 2.0], 0.01, 3),
        ([0.0, 1.0, 1.0, 2.0], 1.0, None),  # one step a part: a rest is nothing
        ([5.0], 1.0, None),
    ],
)
def test_part_in_which_a_register_stopped(readings, step, part):
    assert stopped_in(readings, step) == part
