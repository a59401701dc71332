"""Registers: every sample counts, directions and quadrants, and the kinds of demand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.behaviour.profile import BehaviourProfile, TotalImportExport
from meter_model.configuration import Configuration
from meter_model.device.demand import Demand
from meter_model.device.meter import S4100
from meter_model.sampled.energy import EnergyAccumulators
from meter_model.stimulus import Stimulus
from tests.meter_model.loads import sine, three_phase

WYE = Configuration(system_voltage_v=480.0)
IDLE = three_phase(WYE, 277.0, (0.0, 0.0, 0.0))
KW = 3 * 277.0 * 50.0 / 1000.0


def load(angle_deg: float = 0.0, amperes: float = 50.0) -> Stimulus:
    return three_phase(WYE, 277.0, (amperes,) * 3, angle_deg)


@pytest.mark.parametrize("on_s", [0.1, 0.25, 0.5, 1.0, 3.7])
@pytest.mark.parametrize("begin_s", [0.0, 0.4, 1.55])
def test_load_is_counted_to_the_sample_for_any_begin_and_end_in_a_second(on_s: float, begin_s: float) -> None:
    """On for whole cycles (60 Hz): active, and reactive while the voltage stays on."""
    on_s = round(on_s * 60) / 60
    meter = S4100(configuration=WYE)
    meter.advance(2.0 + begin_s, IDLE)
    meter.advance(on_s, load(-60.0))
    meter.advance(3.0, IDLE)
    sample_s = 1.0 / 2520.0
    assert meter.analog_input(2) == pytest.approx(0.5 * KW * on_s / 3600.0, abs=2.1 * KW * sample_s / 3600.0)
    q_kvar = KW * math.sin(math.radians(60.0))
    assert meter.analog_input(4) == pytest.approx(q_kvar * on_s / 3600.0, abs=3 * KW * sample_s / 3600.0)


def test_bursts_shorter_than_a_second_add_up_to_the_load() -> None:
    meter = S4100(configuration=WYE)
    for _ in range(30):
        meter.advance(0.2, load())
        meter.advance(0.3, IDLE)
    meter.advance(1.0, IDLE)
    assert meter.analog_input(2) == pytest.approx(KW * 6.0 / 3600.0, rel=1e-9)


@pytest.mark.parametrize(
    ("angle_deg", "quadrant", "is_import"), [(-30.0, 4, True), (-150.0, 5, False), (150.0, 6, False), (30.0, 7, True)]
)
def test_energy_goes_to_the_registers_of_its_direction_and_quadrant(
    angle_deg: float, quadrant: int, is_import: bool
) -> None:
    meter = S4100(configuration=WYE)
    meter.advance(10.0, load(angle_deg))
    hours = 10.0 / 3600.0
    kwh, kvarh = abs(math.cos(math.radians(angle_deg))) * KW * hours, 0.5 * KW * hours
    assert meter.analog_input(2) == pytest.approx(kwh if is_import else 0.0)
    assert meter.analog_input(3) == pytest.approx(0.0 if is_import else kwh)
    assert meter.analog_input(1) == pytest.approx(kwh if is_import else -kwh)
    assert [meter.analog_input(n) for n in (4, 5, 6, 7)] == pytest.approx(
        [kvarh if n == quadrant else 0.0 for n in (4, 5, 6, 7)]
    )
    assert meter.analog_input(9 if is_import else 10) == pytest.approx(KW * hours)
    assert meter.analog_input(8) == pytest.approx(KW * hours * (1 if is_import else -1))
    phase_register = 37 + 3 * (quadrant - 4)
    assert [meter.analog_input(phase_register + each) for each in range(3)] == pytest.approx([kvarh / 3] * 3)


@pytest.mark.parametrize(
    ("rule", "import_w", "export_w"),
    [(TotalImportExport.ALGEBRAIC, 1320.0, 0.0), (TotalImportExport.ARITHMETIC, 1800.0, 480.0)],
)
def test_opposite_flows_of_phases_are_netted_or_not_by_profile(
    rule: TotalImportExport, import_w: float, export_w: float
) -> None:
    configuration = Configuration(system_voltage_v=208.0)
    stimulus = configuration.stimulus_from_primary(
        60.0,
        [sine(120.0, 0.0), sine(120.0, -120.0), sine(120.0, 120.0)],
        [sine(10.0, 0.0), sine(4.0, 60.0), sine(10.0, 60.0)],
    )
    meter = S4100(configuration=configuration, profile=BehaviourProfile(total_import_export=rule))
    meter.advance(36.0, stimulus)
    assert meter.analog_input(2) * 100_000.0 == pytest.approx(import_w)
    assert meter.analog_input(3) * 100_000.0 == pytest.approx(export_w)
    assert [meter.analog_input(n) * 100_000.0 for n in (31, 33, 35)] == pytest.approx([1200.0, 600.0, 480.0])


POWERS = st.tuples(*[st.floats(-1e5, 1e5)] * 3)


@given(st.lists(st.tuples(POWERS, POWERS), max_size=20), st.sampled_from(list(TotalImportExport)))
def test_registers_never_fall_and_net_is_import_less_export(
    updates: list[tuple[tuple[float, ...], tuple[float, ...]]], rule: TotalImportExport
) -> None:
    energy = EnergyAccumulators(BehaviourProfile(total_import_export=rule))
    before = energy.totals()
    for p_w, q_var in updates:
        s_va = [math.hypot(p, q) for p, q in zip(p_w, q_var, strict=True)]
        energy.add(p_w, q_var, s_va, sum(s_va))
        after = energy.totals()
        assert all(after[n] >= before[n] for n in (1, 2, 3, 4, 5, 6, 8, 9))
        assert after[0] == after[1] - after[2]
        before = after
    phases = energy.phases()
    assert sum(phases[:3]) - sum(phases[3:6]) == pytest.approx(before[0], abs=1e-9)


def test_block_demand_is_the_mean_of_the_completed_interval() -> None:
    demand = Demand(1, 60.0)
    for second in range(60):
        assert demand.add(1000.0 * second, 500.0, 2000.0) is (second == 59)
    assert demand.present() == pytest.approx([29.5, 0.5, 2.0])
    demand.add(1e6, 0.0, 0.0)
    assert demand.present() == pytest.approx([29.5, 0.5, 2.0]), "the running interval does not show"


def test_rolling_demand_is_the_mean_of_the_last_subintervals() -> None:
    demand = Demand(3, 10.0)
    shown = []
    for kilowatts in (3.0, 6.0, 9.0, 12.0):
        for _ in range(10):
            demand.add(kilowatts * 1000.0, 0.0, kilowatts * 1000.0)
        shown.append(demand.present()[0])
    assert shown == pytest.approx([3.0, 4.5, 6.0, 9.0])


def test_maximum_demand_is_kept_by_direction_and_reset_to_the_present() -> None:
    demand = Demand(1, 10.0)
    for p_w, q_var in ((5000.0, 1000.0), (-7000.0, -2000.0), (2000.0, 500.0)):
        for _ in range(10):
            demand.add(p_w, q_var, math.hypot(p_w, q_var))
    import_p, import_q, import_s, export_p, export_q, export_s = demand.maxima()
    assert (import_p, import_q, export_p, export_q) == pytest.approx((5.0, 1.0, 7.0, 2.0))
    assert (import_s, export_s) == pytest.approx((math.hypot(5.0, 1.0), math.hypot(7.0, 2.0)))
    demand.reset_maxima()
    assert demand.maxima() == pytest.approx([2.0, 0.5, math.hypot(2.0, 0.5), 0.0, 0.0, 0.0])


def test_demand_is_synchronised_by_command_at_the_end_of_the_next_second() -> None:
    meter = S4100(configuration=Configuration(system_voltage_v=480.0, subinterval_cs=0))
    meter.advance(5.0, load())
    assert meter.analog_input(19) == 0.0
    meter.write("AV", 1, "present-value", 21211.0)
    meter.advance(0.5, load())
    assert meter.analog_input(19) == 0.0
    meter.advance(0.5, load())
    assert meter.analog_input(19) == pytest.approx(KW)
    assert meter.analog_input(22) == pytest.approx(KW)


def test_writing_the_interval_resets_present_demand_and_keeps_the_maximum() -> None:
    meter = S4100(configuration=Configuration(system_voltage_v=480.0, subinterval_cs=1000))
    meter.advance(10.0, load())
    meter.write("AV", 11, "present-value", 2000.0)
    meter.advance(2.0, load())
    assert meter.analog_input(19) == 0.0
    assert meter.analog_input(22) == pytest.approx(KW)
