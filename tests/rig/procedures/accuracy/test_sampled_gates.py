"""Gates of an energy register against sampled power, in-process: a model meter, a source, an analyzer of data sets."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from drivers.analyzer import ANALYZERS
from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from meter_model.stimulus import Phasor
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.certification_points import judged_energy_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.plans.programmes import CERTIFICATION_TABLES
from rig.procedures.accuracy.energy_register import Gating, measure_energy
from rig.procedures.accuracy.judgement import judge_energy
from tests.heard import heard
from tests.rig.procedures.accuracy.test_energy_gates import ACCURACY, OFF, POINT, WIRING, Shown, World, used

UPDATE_S = 0.5
BUS_S = 0.03
TABLES = [load_limit_table(name) for name in CERTIFICATION_TABLES]


@dataclass
class SampledWorld(World):
    """A bench whose analyzer has data sets only; ``without_power``: bench seconds in which they have no P.

    ``drift``: part by which the load rises in an hour. A reading of the meter takes ``bus_s``.
    """

    point: LoadPoint = POINT
    bus_s: float = BUS_S
    drift: float = 0.0
    without_power: tuple = (0.0, 0.0)
    reads: int = 0
    sets: int = 0

    def sleep(self, dt_s):
        if not self.drift or self.stimulus is OFF:
            super().sleep(dt_s)
            return
        steady = self.stimulus
        while dt_s > 1e-9:
            step_s = min(dt_s, 5.0)
            now = steady if not any(steady.ct_inputs) else self.risen(steady)
            self.meter.advance(step_s, now)
            self.now += step_s
            dt_s -= step_s

    def risen(self, stimulus):
        factor = 1.0 + self.drift * self.now / 3600.0
        inputs = tuple(tuple(Phasor(p.order, p.rms * factor, p.phase_deg) for p in each) for each in stimulus.ct_inputs)
        return type(stimulus)(stimulus.frequency_hz, stimulus.voltages, inputs)

    def read_inputs(self, instances):
        self.reads += 1
        values = super().read_inputs(instances)
        self.sleep(self.bus_s)
        return values

    def read_set(self):
        """Two update periods; the values are those of the second."""
        self.sets += 1
        self.sleep(2.0 * UPDATE_S)
        seen = self.risen(self.stimulus) if self.drift and any(self.stimulus.ct_inputs) else self.stimulus
        missing = self.without_power[0] < self.now < self.without_power[1]
        return AnalyzerReading(self.now, tuple(element(volts, ct, missing) for volts, ct in both(seen)))


def both(stimulus):
    return zip(stimulus.voltages, stimulus.ct_inputs, strict=True)


def element(voltage, current, missing):
    u, u_deg = (voltage[0].rms, voltage[0].phase_deg) if voltage else (0.0, None)
    i, i_deg = (current[0].rms, current[0].phase_deg) if current else (0.0, None)
    p = u * i * math.cos(math.radians(u_deg - i_deg)) if voltage and current else 0.0
    return ElementReading(u, i, None if missing else p, None, u * i, 60.0, u_deg, i_deg)


def gated(meter, *, point=POINT, longest_s=3600.0, integrates=False, limit=True, **world):
    """Measure and judge the register of ``point``: measurement, result, what was said, and the world."""
    bench_world = SampledWorld(meter, point=point, **world)
    item = next(i for i in judged_energy_at(point, TABLES) if i.phase == "ABC" and i.instance in (2, 3))
    ranges = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
    analyzer = SimpleNamespace(
        read=bench_world.read_set,
        update_s=UPDATE_S,
        capabilities=ANALYZERS["yokogawa_wt" if integrates else "zes_lmg600"].capabilities,
    )
    bench = SimpleNamespace(
        supervisor=SimpleNamespace(
            apply=bench_world.apply, settle=lambda: bench_world.sleep(3.0), analyzer_ranges=ranges
        ),
        wiring=WIRING,
        accuracy=ACCURACY,
        analyzer=analyzer,
        climate_probe=None,
        events=heard(bench_world.notes),
        clock=SimpleNamespace(sleep=bench_world.sleep, now_s=lambda: bench_world.now),
    )
    record = SimpleNamespace(
        reference_reading=lambda *_: None, meter_reading=lambda *_, **__: None, finish=lambda *_, **__: None
    )
    position = SimpleNamespace(meter=bench_world, meter_type=SimpleNamespace(register_step_kwh=None))
    limit_pct = item.row.limit_pct if limit else None
    gating = Gating(limit_pct=limit_pct, longest_s=longest_s)
    measured = measure_energy(bench, position, point, item.instance, meter.configuration, record, gating=gating)
    result = judge_energy(measured, item, ACCURACY, DecisionRule.ILAC_G8_NON_BINARY)
    return measured, result, bench_world.notes, bench_world


def part_of(result, name):
    return next(c for c in result.components if c.name.startswith(name))


def test_a_good_register_passes_in_one_gate_as_long_as_its_edges_ask_for():
    measured, result, notes, world = gated(used())
    assert (result.outcome, result.n, len(notes)) == ("PASS", 1, 1)
    assert "against sampled power" in notes[0]
    assert abs(result.error_pct) < 0.03
    assert result.expanded_uncertainty_pct < 0.2 / 3
    edges = part_of(result, "edges of the gate")
    assert 0.0 < 2.0 * edges.standard_uncertainty_pct <= 0.1 * 0.2 * 1.3
    names = " ".join(c.name for c in result.components)
    for each in ("reference power", "edges", "gaps", "sampling", "clock of the rig", "quantisation", "repeatability"):
        assert each in names
    assert "integrator" not in names
    assert measured.gates[0].resolution_kwh < 1e-3
    assert world.sets < 300, "an hour's worth of data sets is not needed for ten minutes"
    assert world.reads < 120


def test_an_export_register_passes():
    _, result, _, _ = gated(used(), point=LoadPoint(277.0, 100.0, 180.0))
    assert (result.instance, result.outcome) == (3, "PASS")
    assert result.expected_value > 0.0


def test_a_register_that_counts_three_in_a_thousand_too_much_fails():
    class Fast(Shown):
        def read(self, kind, instance, prop, index=None):
            value = self._meter.read(kind, instance, prop, index)
            return value * 1.003 if (kind, instance) in (("AI", 1), ("AI", 2)) else value

    _, result, _, _ = gated(Fast(used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("defect", ["import-register-dead", "import-register-stalls-at-float32"])
def test_a_register_that_stands_still_fails_by_a_hundred_percent(defect):
    measured, result, _, world = gated(REGISTER_DEFECTS[defect](used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0)
    assert measured.gates[0].reference_kwh >= 10 * measured.gates[0].resolution_kwh
    assert world.now < 1500.0


def test_a_slow_bus_makes_the_gate_longer_and_not_the_verdict_worse():
    measured, result, _, _ = gated(used(), bus_s=0.35)
    quick, _, _, _ = gated(used())
    assert measured.gates[0].elapsed_s > 2.0 * quick.gates[0].elapsed_s
    assert result.outcome == "PASS"
    assert result.expanded_uncertainty_pct < 0.2 / 3


def test_gate_that_may_not_be_long_enough_is_inconclusive_with_the_hours():
    _, result, notes, _ = gated(used(), bus_s=0.8, longest_s=60.0)
    assert "it would take" in notes[0]
    assert result.outcome == "INCONCLUSIVE"
    assert "edges of the gate (register's update seen to ±" in result.reason
    assert " h is needed" in result.reason


def test_a_register_with_a_long_history_gets_the_gate_of_its_step():
    _, result, notes, _ = gated(Shown(used(), history_kwh=100_000.0))
    assert "one gate of 23 min" in notes[0]
    assert result.outcome == "PASS"


def test_a_load_that_drifts_is_followed():
    _, result, _, _ = gated(used(), drift=0.01)
    assert result.outcome == "PASS"
    assert abs(result.error_pct) < result.expanded_uncertainty_pct


def test_missing_powers_enter_the_budget_and_a_quarter_of_them_is_invalid():
    _, whole, _, _ = gated(used())
    _, result, _, _ = gated(used(), without_power=(200.0, 225.0), drift=0.01)
    assert part_of(whole, "gaps").standard_uncertainty_pct == 0.0
    assert part_of(result, "gaps").standard_uncertainty_pct > 0.0
    assert result.outcome == "PASS"
    _, invalid, _, _ = gated(used(), without_power=(150.0, 350.0))
    assert invalid.outcome == "INVALID"
    assert "gave no active power" in invalid.reason


def line_meter():
    meter = used()
    for av, value in ((2, 11.0), (6, 240.0)):
        meter.write("AV", av, "present-value", value)
    meter.advance(3600.0, WIRING.terminals(LoadPoint(120.0, 61.3, -30.0, system_type=11)))
    meter.advance(2.0, OFF)
    return meter


@pytest.mark.parametrize("angle_deg", [0.0, 180.0])
@pytest.mark.parametrize("integrates", [False, True])
def test_power_against_the_other_line_is_the_reference_between_two_lines(angle_deg, integrates):
    point = LoadPoint(120.0, 100.0, angle_deg, system_type=11)
    measured, result, _, _ = gated(line_meter(), point=point, integrates=integrates)
    gate = measured.gates[0]
    assert gate.reference_kwh == pytest.approx(240.0 * 100.0 * gate.elapsed_s / 3.6e6, rel=1e-6)
    assert result.outcome == "PASS"
    assert part_of(result, "conversion from V_AN to V_AB").standard_uncertainty_pct > 0.0


def test_gates_of_a_given_length_are_refused_before_anything_is_energised():
    with pytest.raises(UsageRefused, match="need an analyzer that integrates"):
        gated(used(), limit=False)
