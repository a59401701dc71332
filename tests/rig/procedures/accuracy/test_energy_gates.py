"""Gates of an energy register on meters of every kind, in-process: the model meter under a source without errors."""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from drivers.analyzer.base import AnalyzerRanges, IntegratorReading
from meter_model.device.meter import S4100
from meter_model.stimulus import Stimulus
from rig.bench.wiring import Wiring
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import judged_energy_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.metrology.registers import GateStarts
from rig.plans.programmes import CERTIFICATION_TABLES
from rig.procedures.accuracy.energy_register import Gating, measure_energy
from rig.procedures.accuracy.judgement import judge_energy, judge_others
from tests.heard import heard

POINT = LoadPoint(277.0, 100.0, 0.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
OFF = Stimulus(60.0, ((), (), ()), ((), (), ()))
NORMAL = {"distribution": "normal", "k": 2.0}
ACCURACY = ReferenceAccuracy.model_validate(
    {
        "voltage": {"reading_pct": 0.01, **NORMAL},
        "current": {"reading_pct": 0.01, **NORMAL},
        "power": {"reading_pct": 0.015, **NORMAL},
        "phase": {"fixed_deg": 0.003, **NORMAL},
        "integrator": {"reading_pct": 0.005, **NORMAL},
    }
)
ITEM = next(i for i in judged_energy_at(POINT, [load_limit_table(n) for n in CERTIFICATION_TABLES]) if i.instance == 2)


class Shown:
    """A meter whose registers are shown in steps of ``step_kwh`` and have ``history_kwh`` behind them."""

    def __init__(self, meter, step_kwh=0.0, history_kwh=0.0):
        self._meter, self._step_kwh, self._history_kwh = meter, step_kwh, history_kwh

    def __getattr__(self, name):
        return getattr(self._meter, name)

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        if kind != "AI" or instance > 10:
            return value
        value += 0.0 if instance in (1, 8) else self._history_kwh
        return math.floor(value / self._step_kwh + 1e-9) * self._step_kwh if self._step_kwh else value


@dataclass
class World:
    """Bench time, the stimulus at the meter, and the integrator, which has no errors."""

    meter: Any
    now: float = 0.0
    stimulus: Stimulus = OFF
    kwh: float = 0.0
    notes: list = field(default_factory=list)
    at_s: dict = field(default_factory=dict)

    def sleep(self, dt_s):
        for moment in sorted(s for s in self.at_s if self.now < s <= self.now + dt_s):
            self.at_s.pop(moment)(self.meter)
        self.meter.advance(dt_s, self.stimulus)
        self.now += dt_s
        self.kwh += dt_s * self.kw / 3600.0

    @property
    def kw(self):
        pairs = zip(self.stimulus.voltages, self.stimulus.ct_inputs, strict=True)
        return sum(v[0].rms * i[0].rms * 100.0 / 1000.0 for v, i in pairs if v and i)

    def apply(self, point):
        self.stimulus = WIRING.terminals(point)
        self.sleep(0.3)

    def start(self):
        self.kwh = 0.0

    def stop(self):
        each = self.kwh * 1000.0 / 3.0 / 100.0
        return IntegratorReading(1.0, (each,) * 3, (0.0,) * 3)

    def read_inputs(self, instances):
        return {n: float(np.float32(self.meter.read("AI", n, "present-value"))) for n in instances}

    def read_load_point(self):
        return SimpleNamespace(values=self.read_inputs(range(1, 76)), requested_at_s=0.0, answered_at_s=0.0)


def gated(meter, *, stated=None, longest_s=3600.0, at_s=None):
    """Measure AI2 of ``meter`` and judge it: measurement, result, net results, and what was said."""
    world = World(meter, at_s=dict(at_s or {}))
    ranges = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
    analyzer = SimpleNamespace(
        read=lambda: SimpleNamespace(monotonic_s=0.0, elements=(SimpleNamespace(u_thd_pct=None, i_thd_pct=None),) * 3),
        capabilities=SimpleNamespace(integrates=True),
        start_integration=world.start,
        stop_integration=world.stop,
    )
    bench = SimpleNamespace(
        supervisor=SimpleNamespace(apply=world.apply, settle=lambda: world.sleep(3.0), analyzer_ranges=ranges),
        wiring=SimpleNamespace(
            stimulus=lambda _reading: world.stimulus,
            powers_off=lambda *_: ((0.0,) * 3, (0.0,) * 3),
            terminals=WIRING.terminals,
            energy_factor=lambda _point: 1.0,
        ),
        accuracy=None,
        analyzer=analyzer,
        climate_probe=None,
        events=heard(world.notes),
        clock=SimpleNamespace(sleep=world.sleep, now_s=lambda: world.now),
    )
    record = SimpleNamespace(
        reference_reading=lambda *_: None, meter_reading=lambda *_, **__: None, finish=lambda *_, **__: None
    )
    position = SimpleNamespace(meter=world, meter_type=SimpleNamespace(register_step_kwh=stated))
    gating = Gating(limit_pct=ITEM.row.limit_pct, longest_s=longest_s)
    measured = measure_energy(bench, position, POINT, 2, meter_configuration(meter), record, gating=gating)
    rule = DecisionRule.ILAC_G8_NON_BINARY
    return measured, judge_energy(measured, ITEM, ACCURACY, rule), judge_others(measured, rule), world.notes


def meter_configuration(meter):
    return meter.configuration


def used(hours=2.0):
    """A good meter that has been in use."""
    meter = S4100()
    meter.advance(3600.0 * hours, WIRING.terminals(LoadPoint(277.0, 61.3, -30.0)))
    meter.advance(2.0, OFF)
    return meter


def test_a_good_register_passes_in_contiguous_gates():
    measured, result, nets, notes = gated(used())
    assert (result.outcome, result.n, nets) == ("PASS", 5, ())
    assert measured.starts is GateStarts.CONTIGUOUS
    assert abs(result.error_pct) < 0.01
    assert "a gate of less than 2 s is long enough for it at 277V-100pct-PF1-ABC: 5 gates of 60 s" in notes[0]


def test_a_dead_register_fails_by_a_hundred_percent():
    _, result, _, _ = gated(REGISTER_DEFECTS["import-register-dead"](used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0)


def test_a_register_that_stalls_at_float32_resolution_fails():
    measured, result, _, notes = gated(REGISTER_DEFECTS["import-register-stalls-at-float32"](used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0)
    assert sum(g.reference_kwh for g in measured.gates) >= 10 * measured.gates[0].resolution_kwh
    assert "it has not moved" in notes[0]
    assert "not seen to move; dead if it stands still in a gate of" in notes[0]


def test_a_register_that_falls_at_midnight_fails_and_names_the_fall():
    meter = REGISTER_DEFECTS["import-register-falls-at-midnight"](used())
    to_midnight_s = 24 * 3600.0 - 2 * 3600.0 - 2.0
    meter.advance(to_midnight_s - 150.0, OFF)
    _, result, _, _ = gated(meter)
    assert result.outcome == "FAIL"
    assert "AI2 fell from" in result.reason
    assert "without a reset" in result.reason


def test_a_register_that_was_reset_meanwhile_is_invalid_and_not_a_fall():
    reset = {120.0: lambda meter: meter.write("AV", 1, "present-value", 30078.0)}
    _, result, nets, _ = gated(used(), at_s=reset)
    assert result.outcome == "INVALID"
    assert "reset" in result.reason
    assert nets == ()


@pytest.mark.parametrize(("step", "longest_s"), [(0.01, 3600.0), (0.02, 3600.0), (0.1, 7200.0), (1.0, 200_000.0)])
def test_a_coarse_register_gets_one_longer_gate_and_passes(step, longest_s):
    measured, result, _, notes = gated(Shown(used(), step), longest_s=longest_s)
    assert result.outcome == "PASS"
    assert (result.n, len(measured.gates)) == (1, 1)
    assert measured.gates[0].resolution_kwh == pytest.approx(step, rel=2e-3)
    assert "its own steps" in notes[0]
    assert "one gate of" in notes[0]
    assert abs(result.error_pct) < result.expanded_uncertainty_pct < 0.2 / 3


@pytest.mark.parametrize("step", [10.0, 100.0])
def test_a_register_whose_step_the_gate_is_too_short_for_is_inconclusive(step):
    # 83 kW for five minutes: less than one step, or just not.
    _, result, _, notes = gated(Shown(used(), step), longest_s=300.0)
    assert result.outcome == "INCONCLUSIVE"
    assert "it would take" in notes[-1]
    assert " h is needed" in result.reason


@pytest.mark.parametrize("step", [0.3, 1 / 3.6, 0.07])
def test_odd_step_is_in_the_uncertainty_of_a_gate_that_is_too_short(step):
    measured, result, _, _ = gated(Shown(used(), step), longest_s=3600.0)
    assert measured.gates[0].resolution_kwh == pytest.approx(step, rel=2e-3)
    assert result.outcome == "INCONCLUSIVE"
    assert abs(result.error_pct) < result.expanded_uncertainty_pct


@pytest.mark.parametrize("step", [1 / 36, 0.03, 0.0357])
def test_a_step_little_more_than_an_update_adds_is_found_by_a_longer_look(step):
    measured, result, _, notes = gated(Shown(used(), step))
    assert measured.gates[0].resolution_kwh == pytest.approx(step, rel=2e-3)
    assert "one gate of 60 min" in notes[0]
    assert result.outcome == "PASS"


@pytest.mark.parametrize("hours", [2.0, 3.1, 5.3])
def test_step_as_large_as_an_updates_increase_is_no_fault_of_single_gates(hours):
    _, result, _, _ = gated(Shown(used(hours), 0.0231))
    assert result.outcome in ("INCONCLUSIVE", "PASS"), "another current may show the step, which gets its gate then"
    assert abs(result.error_pct) < result.expanded_uncertainty_pct


def test_the_step_of_the_meter_type_is_taken_without_a_guess():
    measured, result, _, notes = gated(Shown(used(), 0.01), stated=0.01)
    assert measured.gates[0].resolution_kwh == 0.01
    assert "the meter type's file" in notes[0]
    assert result.outcome == "PASS"


def test_register_of_100000_kwh_gets_the_gate_that_its_float32_step_needs():
    measured, result, _, notes = gated(Shown(used(), history_kwh=100_000.0))
    assert "one gate of 23 min" in notes[0]
    assert measured.gates[0].resolution_kwh == 2.0**-7
    assert result.outcome == "PASS"


def test_register_at_two_to_the_24_is_left_open_with_the_hours_it_needs():
    _, result, _, notes = gated(Shown(used(), history_kwh=2.0**24))
    assert "a gate of 98 h is long enough for it" in notes[0]
    assert result.outcome == "INCONCLUSIVE"
    assert "98.3 h" in result.reason


def test_register_so_coarse_that_it_reads_zero_is_open_its_nets_no_fault():
    _, result, nets, notes = gated(Shown(used(0.05), 10.0))
    assert "it has not moved" in notes[0]
    assert "step 10 kWh" in notes[-1]
    assert result.outcome == "INCONCLUSIVE"
    assert nets == ()


class Net(Shown):
    """A net register that is not import less export."""

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        return value * 1.001 if (kind, instance) == ("AI", 8) else value


def test_net_register_unequal_import_less_export_fails_beside_a_good_one():
    _, result, nets, _ = gated(Net(used()))
    assert result.outcome == "PASS"
    assert [(net.instance, net.outcome) for net in nets] == [(8, "FAIL")]
    assert "not import less export" in nets[0].reason


class Qnan(Shown):
    """A register that gives no number."""

    def read(self, kind, instance, prop, index=None):
        return math.nan if (kind, instance) == ("AI", 2) else self._meter.read(kind, instance, prop, index)


def test_a_register_that_gives_no_number_fails():
    _, result, _, _ = gated(Qnan(used()))
    assert result.outcome == "FAIL"
    assert "QNAN" in result.reason


class BothWays(Shown):
    """A meter whose AI3 counts a part of the import; its net register goes with it."""

    part = 0.01

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        if kind != "AI" or instance not in (1, 3):
            return value
        more = self.part * self._meter.read(kind, 2, prop)
        return value + more if instance == 3 else value - more


def test_counting_register_of_the_other_direction_fails_beside_a_good_one():
    _, result, others, _ = gated(BothWays(used()))
    assert result.outcome == "PASS"
    assert [(other.instance, other.outcome, other.procedure) for other in others] == [(3, "FAIL", "register_check")]
    assert "AI3 KWh_Export counted 0.0696 while 6.96 kWh flowed the other way" in others[0].reason


@pytest.mark.parametrize("step", [0.0, 0.01, 0.25])
def test_a_register_of_the_other_direction_that_stands_still_is_no_fault(step):
    _, _, others, _ = gated(Shown(used(), step))
    assert others == ()


def test_what_the_limit_allows_of_the_other_direction_is_no_fault():
    meter = BothWays(used())
    meter.part = 0.001
    assert gated(meter)[2] == ()


def test_multiple_of_an_updates_energy_by_chance_gets_the_usual_gates():
    # 83.1 kW are 0.02308 kWh in an update; the register has just grown to a multiple of that.
    meter = S4100()
    meter.advance(484.0, WIRING.terminals(POINT))
    meter.advance(2.0, OFF)
    measured, result, _, notes = gated(meter)
    assert measured.gates[0].resolution_kwh < 1e-5, notes
    assert (result.outcome, result.n) == ("PASS", 5)
