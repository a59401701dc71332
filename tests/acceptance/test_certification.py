"""A whole certification over real sockets and a real pty: a good meter passes, a bad one fails where it is bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.certified import Finished, run_certification

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_certification(tmp_path_factory.mktemp("good"), "emulated")


@pytest.fixture(scope="module")
def phase_b_high(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    select = "PF1-ABC or (PF1 and V-100pct) or (20pct and lag-ABC)"
    return run_certification(tmp_path_factory.mktemp("phase-b"), "emulated-phase-b-gain", select=select)


def test_good_meter_passes_with_uncertainty_small_enough_at_every_point(good: Finished) -> None:
    assert good.exit_code == 0, good.output[-3000:]
    judged = good.results()
    assert {result.outcome for _, result in judged} <= {"PASS", "COND_PASS"}
    assert all(result.uncertainty_ratio is not None and result.uncertainty_ratio <= 1 / 3 for _, result in judged)
    assert good.run is not None
    assert good.run.outcome in ("PASS", "COND_PASS")


def test_every_point_has_five_meter_readings_between_reference_readings(good: Finished) -> None:
    assert good.run is not None
    points = [point for point in good.run.points if any(r.procedure == "power_comparison" for r in point.results)]
    assert len(points) >= 15
    for point in points:
        assert len(point.meter_readings) >= 5
        assert len(point.reference_readings) == len(point.meter_readings) + 1
        assert len({tuple(reading.values.items()) for reading in point.meter_readings}) == len(point.meter_readings)


def test_energy_registers_agree_with_the_integrator_in_both_directions(good: Finished) -> None:
    assert good.run is not None
    energy = {r.instance: r for p in good.run.points for r in p.results if r.procedure == "energy_register"}
    assert set(energy) == {2, 3}
    assert all(result.outcome == "PASS" for result in energy.values())


def test_phase_b_current_gain_of_one_percent_fails_exactly_where_it_shows(
    good: Finished, phase_b_high: Finished
) -> None:
    assert phase_b_high.exit_code == 1, phase_b_high.output[-3000:]
    assert set(phase_b_high.verdicts(74).values()) == {"FAIL"}
    assert set(phase_b_high.verdicts(56).values()) == {"FAIL"}
    balanced = [
        (point, result)
        for point, result in phase_b_high.results(11)
        if point.load_point.is_balanced and abs(point.load_point.sin_phi) < 1e-9
    ]
    assert {result.outcome for point, result in balanced if point.load_point.current_pct >= 5} == {"FAIL"}
    before = {point.label: result for point, result in good.results(11)}
    for point, result in balanced:
        assert result.error_pct is not None
        assert result.expanded_uncertainty_pct is not None
        unit_error = before[point.label].error_pct or 0.0
        assert abs(result.error_pct - unit_error - 1 / 3) < result.expanded_uncertainty_pct
        assert abs(result.error_pct - 1 / 3) < result.expanded_uncertainty_pct + abs(unit_error)


def test_phases_a_and_c_keep_their_verdicts_when_phase_b_is_bad(good: Finished, phase_b_high: Finished) -> None:
    for instance in (55, 57, 58, 60, 70, 72, 73, 75):
        verdicts, before = phase_b_high.verdicts(instance), good.verdicts(instance)
        assert verdicts == {label: before[label] for label in verdicts}, f"AI{instance}"


def test_a_source_half_a_percent_off_changes_no_verdict(good: Finished, tmp_path: Path) -> None:
    off = run_certification(tmp_path, "emulated-source-off", select="PF1-ABC or (PF1-B and V-100pct)")
    assert off.exit_code == 0, off.output[-3000:]
    assert off.run is not None
    for instance in (11, 12, 55, 56, 57, 70, 71, 72, 73, 74, 75):
        verdicts, before = off.verdicts(instance), good.verdicts(instance)
        assert verdicts == {label: before[label] for label in verdicts}, f"AI{instance}"
    point = next(p for p in off.run.points if p.label == "277V-100pct-PF1-ABC")
    volts = [r.values[70] for r in point.meter_readings]
    assert all(277 * 1.004 < value < 277 * 1.006 for value in volts), "the source was not off at all"


def test_too_coarse_analyzer_never_passes_and_fails_only_certain_errors(tmp_path: Path) -> None:
    bench = tmp_path / "coarse-bad.yaml"
    bench.write_text(
        "schema: 1\nextends: emulated-coarse-analyzer\nname: coarse-bad\n"
        'launch:\n  extra_argv: ["--defect", "phase-b-current-gain=+1.0%"]\n'
    )
    coarse = run_certification(tmp_path, bench, select="PF1-ABC and (V-5pct or V-100pct)")
    assert coarse.exit_code == 1, coarse.output[-3000:]
    for _, result in coarse.results():
        if result.uncertainty_ratio is None or result.uncertainty_ratio <= 1 / 3:
            continue
        assert result.error_pct is not None
        assert result.expanded_uncertainty_pct is not None
        assert result.limit_pct is not None
        certain = abs(result.error_pct) - result.expanded_uncertainty_pct > result.limit_pct
        assert result.outcome == ("FAIL" if certain else "INCONCLUSIVE")
    assert set(coarse.verdicts(74).values()) == {"FAIL"}, "the bad phase"
    assert set(coarse.verdicts(73).values()) == {"INCONCLUSIVE"}, "a good phase"
    assert coarse.run is not None
    assert coarse.run.outcome == "FAIL"
