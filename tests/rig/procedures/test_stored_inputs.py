"""What a meter kept without control power, judged from two readings between which some of it may move."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from meter_model.behaviour.profile import BehaviourProfile
from rig.metrology.outcome import Outcome
from rig.procedures.behaviour.inquiry import WrongBehaviour
from rig.procedures.behaviour.power_cycle import STORED_INPUTS, MeterState, PowerCycle
from rig.procedures.behaviour.time_bounds import Moment
from tests.rig.procedures.behaviour.test_inquiry_of_a_slow_bench import Bench
from tests_hil.firmware_regression.terminals.test_control_power import (
    test_loss_of_control_power_resets_the_clock_and_says_so as judge_clock,
)
from tests_hil.firmware_regression.terminals.test_control_power import (
    test_what_is_accumulated_is_kept_without_control_power as judge_kept,
)

POWER_KW = 72.0
POWERED_S = 20.0


def state(**changed):
    inputs = {n: 100.0 + n for n in STORED_INPUTS}
    inputs |= {int(name.removeprefix("AI")): value for name, value in changed.items()}
    at = Moment(0.0, 0.1)
    return MeterState(datetime(2000, 1, 1, 0, 0, 12), at, frozenset({15}), inputs, at, {}, ())


def cycle_to(after, back_s=15.0):
    before = state()
    before = MeterState(before.clock, before.clock_at, frozenset(), before.inputs, before.inputs_at, {}, ())
    return PowerCycle(
        before=before,
        after=after,
        power_kw=POWER_KW,
        off_s=60.0,
        powered_s=POWERED_S,
        back_s=back_s,
        answers=0,
        frames=0,
        contact_was_closed=None,
    )


@pytest.fixture
def clearing():
    bench: Any = Bench()
    bench.asked._reviewed = SimpleNamespace(profile=BehaviourProfile())
    return bench.asked


@pytest.mark.parametrize(
    ("after", "good"),
    [
        ({}, True),
        ({"AI22": 122.0 * 1.0002}, True),  # the demand of a constant load crept up
        ({"AI24": 124.0 * 1.009}, True),
        ({"AI22": 122.0 * 1.02}, False),
        ({"AI22": 122.0 * 0.9998}, False),  # a maximum that fell
        ({"AI25": 0.0}, False),
        ({"AI2": 102.4, "AI1": 101.4, "AI9": 109.4}, True),  # 72 kW for 20 s are 0.4 kWh
        ({"AI2": 103.0}, False),
        ({"AI2": 101.9}, False),  # a one-way register that fell
        ({"AI1": 100.6}, True),  # a net one may
        ({"AI1": 99.0}, False),
        ({"AI31": 131.0 - 0.01}, False),
        ({"AI29": 130.0}, False),
        ({"AI78": 179.0}, False),
        ({"AI76": 176.0 * 1.005}, False),  # nothing that a load makes
    ],
)
def test_what_is_stored_may_move_only_by_what_the_load_made(clearing, after, good):
    if good:
        judge_kept(clearing, cycle_to(state(**after)))
        return
    with pytest.raises(WrongBehaviour):
        judge_kept(clearing, cycle_to(state(**after)))


@pytest.mark.parametrize(("back_s", "good"), [(12.0, True), (10.1, True), (9.0, False)])
def test_the_clock_after_a_power_up_is_no_later_than_it_can_be(clearing, back_s, good):
    cycle = cycle_to(state(), back_s)
    if good:
        judge_clock(clearing, cycle)
        return
    with pytest.raises(WrongBehaviour):
        judge_clock(clearing, cycle)


def test_findings_name_what_moved(clearing):
    outcomes = []
    clearing.run.note = lambda _name, _expected, _found, outcome: outcomes.append(outcome)
    with pytest.raises(WrongBehaviour, match=r"AI22 130, was 122"):
        judge_kept(clearing, cycle_to(state(AI22=130.0)))
    assert outcomes == [Outcome.FAIL]
