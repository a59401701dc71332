"""Each single fault of a unit is seen at the two load points and comes into its class; a good unit passes.

This is what justifies the set of load points: an unbalanced import at PF 0.5, and a balanced export at PF 1.
"""

import itertools
from dataclasses import replace

import pytest

from rig.load_point import FULL
from rig.products import FailureClass, available_products
from tests.rig.procedures.end_of_line.units import plan_for, unit

PAIRS = ["".join(pair) for pair in itertools.combinations("ABC", 2)]
FAULTS = {
    **{f"phase-{p}-current-gain={v}%": FailureClass.GAIN for p in "abc" for v in ("+0.3", "-0.3", "+5")},
    **{f"phase-{p}-voltage-gain={v}%": FailureClass.VOLTAGE for p in "abc" for v in ("+0.3", "-0.3", "+5")},
    **{f"phase-{p}-current-phase={v}deg": FailureClass.PHASE for p in "abc" for v in ("+0.2", "-0.2", "+2")},
    **{f"phase-{p}-voltage-phase={v}deg": FailureClass.PHASE for p in "bc" for v in ("+0.2", "-0.2", "+2")},
    **{f"ct-exchanged={pair}": FailureClass.EXCHANGED for pair in PAIRS},
    **{f"voltage-exchanged={pair}": FailureClass.EXCHANGED for pair in [*PAIRS, "AN", "BN", "CN"]},
    **{f"rotation={pair}": FailureClass.EXCHANGED for pair in PAIRS},
    "ct-rotated=ABC": FailureClass.EXCHANGED,
    "ct-rotated=ACB": FailureClass.EXCHANGED,
    "voltage-rotated=ABC": FailureClass.EXCHANGED,
    **{f"ct-reversed={name}": FailureClass.REVERSED for name in ("A", "B", "C", "AB", "ABC")},
    **{f"ct-missing={name}": FailureClass.MISSING_PHASE for name in ("A", "B", "C", "BC")},
    **{f"voltage-missing={name}": FailureClass.MISSING_PHASE for name in "ABC"},
    "ct-ratio=3": FailureClass.CT_MODE,
    "ct-ratio=0.333333": FailureClass.CT_MODE,
    **{f"ct-ratio={name}:1.5": FailureClass.GAIN for name in "ABC"},
    "pt-ratio=1.2": FailureClass.VOLTAGE,
}


@pytest.mark.parametrize("fault", ["phase-b-current-phase=-0.2deg", "ct-reversed=C"])
def test_sampled_meter_with_a_fault_is_judged_alike(fault):
    assert unit(fault, seed=1, sampled=True).classes[0] is FAULTS[fault]


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_single_fault_is_seen_in_its_class(fault, expected):
    seen = unit(fault, seed=1)
    assert seen.failed or seen.wiring
    assert seen.classes[0] is expected


@pytest.mark.parametrize("name", available_products())
def test_unit_without_a_fault_passes_each_product(name):
    for seed in range(4):
        seen = unit(seed=seed, plan=plan_for(name))
        assert seen.wiring is None
        assert seen.failed == []


@pytest.mark.soak
def test_sampled_units_are_judged_as_their_closed_form():
    for fault, expected in FAULTS.items():
        assert unit(fault, seed=1, sampled=True).classes[0] is expected, fault
    assert [seed for seed in range(300) if unit(seed=seed, sampled=True).classes] == []


def test_good_units_of_many_seeds_pass():
    assert [seed for seed in range(20) if unit(seed=seed).classes] == []


@pytest.mark.parametrize(
    ("fault", "expected"), [("ct-exchanged=AC", FailureClass.EXCHANGED), ("ct-ratio=3", FailureClass.CT_MODE)]
)
def test_fault_is_seen_with_thirds_of_a_volt(fault, expected):
    assert unit(fault, plan=plan_for("s4100-208")).classes[0] is expected


def test_phase_error_needs_the_point_at_half_power_factor():
    plan = plan_for()
    assert unit("phase-a-current-phase=+0.2deg", points=[plan.reversed_]).classes == ()
    assert unit("phase-a-current-phase=+0.2deg", points=[plan.unbalanced]).classes == (FailureClass.PHASE,)


def test_phases_exchanged_as_a_whole_need_different_currents():
    plan = plan_for()
    balanced = replace(plan.unbalanced, currents_pct=FULL)
    assert unit("rotation=AB", points=[plan.unbalanced]).classes[0] is FailureClass.EXCHANGED
    plan.judged[balanced] = plan.judged[plan.reversed_]
    assert unit("rotation=AB", points=[balanced]).classes == ()


@pytest.mark.parametrize("phase", "abc")
def test_error_just_beyond_limit_and_uncertainty_fails(phase):
    """The limit of current is 0.1 % less 0.01 % for drift; U is about 0.01 %."""
    assert unit(f"phase-{phase}-current-gain=+0.105%").classes == (FailureClass.GAIN,)
    assert unit(f"phase-{phase}-current-gain=+0.06%").classes == ()
