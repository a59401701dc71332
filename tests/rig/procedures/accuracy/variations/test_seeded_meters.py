"""Each seeded meter fails the comparison that its defect is about, and no other; good meters pass all of them."""

from dataclasses import replace

import pytest

from meter_model.sampled.unit_errors import UnitErrors
from rig.metrology.certification_points import judged_at, total_input
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import Quantity
from rig.procedures.accuracy.judgement import judge_power
from rig.procedures.accuracy.variations.compared import Comparison, Limit, judge_variation
from rig.procedures.accuracy.variations.repeatability import judge_repeatability
from rig.procedures.accuracy.variations.series import measure_series
from rig.records.data import LimitProvenance
from tests.rig.procedures.accuracy.variations.in_process_meter import AT_IN, InProcess, accuracy, meter

RULE = DecisionRule.ILAC_G8_NON_BINARY
ROW = LimitProvenance(standard="IEC 62053-22 class 0.2S", table="influence quantities")
LAGGING = replace(AT_IN, angle_deg=-60.0)
OTHERS = {
    "load on A alone": (replace(AT_IN, phases="A"), 0.4),
    "load on C alone": (replace(AT_IN, phases="C"), 0.4),
    "voltage -10 %": (replace(AT_IN, voltage_v=249.3), 0.1),
    "voltage +10 %": (replace(AT_IN, voltage_v=304.7), 0.1),
    "frequency -2 %": (replace(AT_IN, frequency_hz=58.8), 0.1),
    "frequency +2 %": (replace(AT_IN, frequency_hz=61.2), 0.1),
    "phase sequence reversed": (replace(AT_IN, voltage_shift_deg=(0.0, 240.0, -240.0)), 0.05),
    "phase C missing": (replace(AT_IN, voltages_pct=(100.0, 100.0, 0.0)), 0.5),
    "phases B and C missing": (replace(AT_IN, voltages_pct=(100.0, 0.0, 0.0)), 0.5),
    "waveform fifth harmonic": (replace(AT_IN, waveform="fifth_harmonic"), 0.4),
    "waveform quadriform": (replace(AT_IN, waveform="quadriform"), 0.4),
    "waveform phase fired": (replace(AT_IN, waveform="phase_fired"), 0.4),
}
FAILS = {
    "power-follows-voltage": {"voltage -10 %", "voltage +10 %"},
    "power-follows-frequency": {"frequency -2 %", "frequency +2 %"},
    "power-follows-phase-sequence": {"phase sequence reversed"},
    "power-follows-missing-phase": {"phase C missing", "phases B and C missing"},
    "power-follows-load-of-one-phase": {"load on A alone", "load on C alone"},
    "power-leaves-harmonics-out": {"waveform fifth harmonic", "waveform quadriform"},
    "power-scatters": {"repeatability"},
    "power-follows-temperature": set(),
    "power-follows-own-heat": set(),
}


def outcomes(on):
    """Outcome by condition of the whole programme, the error at single load points among it."""
    item = total_input(Quantity.ACTIVE_POWER)
    found = {"repeatability": judge_repeatability(on.measure(AT_IN, 10), item, Limit(0.02, ROW), accuracy(), RULE)}
    series = measure_series(on.measure, AT_IN, [point for point, _ in OTHERS.values()])
    for condition, (point, limit_pct) in OTHERS.items():
        compared = Comparison("influence", condition, series.basis, series.others[point], series.again)
        found[condition] = judge_variation(compared, item, Limit(limit_pct, ROW), accuracy(), RULE)
    tables = [load_limit_table("iec62053-22-2003-class-0.2S")]
    for point in (AT_IN, LAGGING, replace(AT_IN, phases="B"), replace(AT_IN, current_pct=5.0)):
        for result in judge_power(on.measure(point), judged_at(point, tables), accuracy(), RULE):
            found[f"error of AI{result.instance} at {point.label}"] = result
    return {condition: result.outcome for condition, result in found.items()}


@pytest.mark.parametrize("defect", FAILS)
def test_a_seeded_meter_fails_what_its_defect_is_about_and_no_other(defect):
    found = outcomes(InProcess(meter(defect)))
    assert {condition for condition, outcome in found.items() if outcome == "FAIL"} == FAILS[defect]
    undecided = {condition for condition, outcome in found.items() if outcome not in ("PASS", "FAIL")}
    assert not undecided or defect == "power-scatters", undecided


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_good_meter_passes_every_comparison(seed):
    on = InProcess(meter(errors=UnitErrors.drawn_from(seed), seed=seed))
    assert set(outcomes(on).values()) == {"PASS"}


def compared(on, condition="voltage -10 %", **given):
    point, limit_pct = OTHERS[condition]
    series = measure_series(on.measure, AT_IN, [point])
    one = Comparison("influence", condition, series.basis, series.others[point], series.again)
    return judge_variation(
        replace(one, **given), total_input(Quantity.ACTIVE_POWER), Limit(limit_pct, ROW), accuracy(), RULE
    )


def test_a_variation_is_the_difference_of_two_errors_in_percentage_points():
    result = compared(InProcess(meter("power-follows-voltage")))
    assert result.error_pct == pytest.approx(-0.25, abs=0.003)
    assert (result.condition, result.basis, result.limit_pct) == ("voltage -10 %", "277V-100pct-PF1-ABC", 0.1)
    assert result.limit == ROW


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("influenced", "the source wavers"),
        ("basis", "the basis: the source wavers"),
        ("again", "the basis when it was repeated: the source wavers"),
    ],
)
def test_a_fault_of_the_bench_makes_a_variation_invalid_never_fail(name, words):
    on = InProcess(meter("power-follows-voltage"))
    point = OTHERS["voltage -10 %"][0] if name == "influenced" else AT_IN
    result = compared(on, **{name: on.measure(point, invalid="the source wavers")})
    assert (result.outcome, result.reason) == ("INVALID", words)


@pytest.mark.parametrize("name", ["influenced", "basis", "again"])
def test_a_meter_without_a_number_fails_the_comparison(name):
    on = InProcess(meter())
    measured = on.measure(OTHERS["voltage -10 %"][0] if name == "influenced" else AT_IN)
    values = dict(measured.samples[2].values) | {11: float("nan")}
    samples = (*measured.samples[:2], replace(measured.samples[2], values=values), *measured.samples[3:])
    result = compared(on, **{name: replace(measured, samples=samples)})
    assert result.outcome == "FAIL"
    assert "the meter gave no number (QNAN)" in result.reason


def test_what_the_basis_moved_is_part_of_u():
    on = InProcess(meter())
    moved = on.measure(AT_IN)
    wrong = tuple(replace(each, values={**each.values, 11: each.values[11] * 1.001}) for each in moved.samples)
    steady, unsteady = compared(on), compared(on, again=replace(moved, samples=wrong))
    (drift,) = (line for line in unsteady.components if line.name == "drift of the basis")
    assert drift.standard_uncertainty_pct == pytest.approx(0.1 / 2.0 / 3.0**0.5, rel=1e-3)
    assert steady.outcome == "PASS"
    assert unsteady.outcome == "INCONCLUSIVE"
    assert "drift of the basis" in unsteady.reason


def test_reference_errors_cancel_on_one_range_and_not_where_it_changed():
    on = InProcess(meter())
    same = compared(on)
    point = OTHERS["voltage -10 %"][0]
    other = on.measure(point)
    changed = replace(other, ranges=replace(other.ranges, voltage=(600.0,) * 3))
    assert compared(on, influenced=changed).expanded_uncertainty_pct > 1.3 * same.expanded_uncertainty_pct


def test_scatter_at_a_bench_fault_is_invalid_never_fail():
    on, item = InProcess(meter("power-scatters")), total_input(Quantity.ACTIVE_POWER)
    invalid = judge_repeatability(on.measure(AT_IN, invalid="not settled"), item, Limit(0.02, ROW), accuracy(), RULE)
    few = judge_repeatability(on.measure(AT_IN, 2), item, Limit(0.02, ROW), accuracy(), RULE)
    assert (invalid.outcome, invalid.reason) == ("INVALID", "not settled")
    assert few.outcome == "INCONCLUSIVE"


def test_repeatability_is_the_standard_deviation_of_the_single_errors():
    item = total_input(Quantity.ACTIVE_POWER)
    result = judge_repeatability(
        InProcess(meter("power-scatters")).measure(AT_IN, 10), item, Limit(0.02, ROW), accuracy(), RULE
    )
    assert result.error_pct == pytest.approx(0.045 * (10.0 / 9.0) ** 0.5, rel=0.02)
    assert result.n == 10
