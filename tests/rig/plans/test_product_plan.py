"""What the end of line does of a product on a bench, and what of both does not fit."""

import itertools
from dataclasses import replace

import pytest

from rig.bench import load_bench
from rig.errors import LimitExceeded, UsageRefused
from rig.plans.end_of_line.product_plan import missing_parts, product_plan
from rig.products import load_product

BENCH = load_bench("emulated")


def changed(**updates):
    return load_product("s4100-480").model_copy(update=updates)


def test_the_bench_takes_system_and_ct_of_the_product():
    plan = product_plan(BENCH, load_product("s4100-208"))
    assert plan.bench.parts.nominal.system_voltage_v == 208
    assert plan.bench.parts.wiring.ct.secondary_v == pytest.approx(1 / 3)
    assert plan.highest_voltage_v == 120


def test_limits_are_those_of_the_class_less_drift():
    plan = product_plan(BENCH, load_product("s4100-480"))
    limits = {item.instance: item.row.limit_pct for item in plan.judged[plan.reversed_]}
    assert limits[73] == pytest.approx(0.1 - 0.01)
    assert limits[11] == pytest.approx(0.2 - 0.02)
    assert limits[55] == pytest.approx(0.3 - 0.02)
    assert "less 0.02 % for drift" in plan.judged[plan.reversed_][0].row.table


def test_each_phase_is_judged_at_the_unbalanced_point():
    plan = product_plan(BENCH, load_product("s4100-480"))
    assert {55, 56, 57, 70, 71, 72, 73, 74, 75} <= {item.instance for item in plan.judged[plan.unbalanced]}
    currents = plan.unbalanced.currents_pct
    assert min(a / b for a, b in itertools.pairwise(currents)) > 1.5


def test_masked_positions_are_left_out():
    bench = load_bench("emulated-eol-8")
    plan = product_plan(bench, load_product("s4100-480"), ["1", "5"])
    assert [each.name for each in plan.bench.parts.positions] == ["2", "3", "4", "6", "7", "8"]
    assert plan.switch_position == "1"
    with pytest.raises(UsageRefused, match="has no position '9'"):
        product_plan(bench, load_product("s4100-480"), ["9"])
    with pytest.raises(UsageRefused, match="has no position left that is not masked"):
        product_plan(bench, load_product("s4100-480"), [str(number) for number in range(1, 9)])


def test_a_required_part_that_the_bench_lacks_refuses_the_product():
    without = replace(BENCH, parts=BENCH.parts.model_copy(update={"switch": None}))
    assert missing_parts(without, changed()) == {
        "alarm_contact": "bench emulated has no alarm_contact",
        "pulse_input": "bench emulated has no pulse_input",
    }
    with pytest.raises(UsageRefused, match="requires alarm_contact, which bench emulated has not"):
        missing_parts(without, changed(required=("alarm_contact",)))


def test_what_bench_and_product_do_not_agree_on_is_refused():
    with pytest.raises(UsageRefused, match="is for meter type s4100, and product"):
        product_plan(BENCH, changed(meter_type="s4200"))
    with pytest.raises(UsageRefused, match="has no rating 'XX'"):
        product_plan(BENCH, changed(load=changed().load.model_copy(update={"rating": "XX"})))
    with pytest.raises(LimitExceeded):
        product_plan(BENCH, changed(load=changed().load.model_copy(update={"voltage_v": 400.0})))
    ratio = changed().configuration.model_copy(update={"pt_ratio": 2.0})
    with pytest.raises(UsageRefused, match="has a PT ratio of 2"):
        product_plan(BENCH, changed(configuration=ratio))
