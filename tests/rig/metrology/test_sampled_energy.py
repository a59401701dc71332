"""Energy from sampled power: exact for constant loads and ramps, and a budget that covers what it says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.sampled_energy import (
    EDGE_SHARE,
    Moment,
    PowerNotSeen,
    PowerSet,
    edges_gate_s,
    sampled_energy,
)
from rig.metrology.uncertainty import Budget

UPDATE_S = 0.5
GATE_S = 600.0
LIMIT_PCT = 0.2
EXACT = (Moment(10.0, 10.0), Moment(10.0 + GATE_S, 10.0 + GATE_S))


def sets(power, *, spacing_s=2.5, begin_s=8.0, end_s=615.0, without=(0.0, 0.0)):
    """Data sets of a load whose energy since 0 is ``power``: each the mean over its own update period."""
    centres = np.arange(begin_s, end_s, spacing_s)
    return [
        PowerSet(float(c), float((power(c + UPDATE_S / 2) - power(c - UPDATE_S / 2)) / UPDATE_S))
        for c in centres
        if not without[0] < c < without[1]
    ]


def line(found, name):
    return next(c for c in found.components if c.name.startswith(name))


@given(st.floats(0.001, 1e5), st.floats(0.6, 20.0), st.floats(0.0, 2.4), st.floats(30.0, 500.0))
def test_a_constant_load_is_integrated_exactly(kw, spacing_s, shift_s, gate_s):
    begin, end = Moment(50.0 + shift_s, 50.0 + shift_s), Moment(50.0 + shift_s + gate_s, 50.0 + shift_s + gate_s)
    found = sampled_energy(sets(lambda t: kw * t, spacing_s=spacing_s), begin, end)
    assert found.energy == pytest.approx(kw * gate_s, rel=1e-9)
    assert Budget(tuple(c for c in found.components if not c.name.startswith("clock"))).expanded < 1e-6


@given(st.floats(1.0, 100.0), st.floats(-0.9, 0.9), st.floats(0.6, 20.0))
def test_a_linear_ramp_is_integrated_exactly_by_the_trapezoid(kw, part, spacing_s):
    slope = part * kw / 700.0
    found = sampled_energy(sets(lambda t: kw * t + slope * t * t / 2, spacing_s=spacing_s, end_s=640.0), *EXACT)
    wanted = kw * GATE_S + slope * ((10.0 + GATE_S) ** 2 - 10.0**2) / 2
    assert found.energy == pytest.approx(wanted, rel=1e-9)
    assert line(found, "sampling").contribution < 1e-6


def test_an_export_has_a_negative_energy_and_the_same_budget():
    imported, exported = (sampled_energy(sets(lambda t, s=s: s * 83.0 * t), *EXACT) for s in (1.0, -1.0))
    assert exported.energy == -imported.energy
    assert [c.contribution for c in exported.components] == pytest.approx([c.contribution for c in imported.components])


@pytest.mark.parametrize("half_width_s", [0.02, 0.1, 0.5])
def test_the_edges_add_a_tenth_of_the_limit_in_the_gate_that_they_ask_for(half_width_s):
    gate_s = edges_gate_s(half_width_s, LIMIT_PCT)
    begin, end = (Moment(s - half_width_s, s + half_width_s) for s in (10.0, 10.0 + gate_s))
    found = sampled_energy(sets(lambda t: 5.0 * t, end_s=12.0 + gate_s + 3.0), begin, end)
    assert 2.0 * line(found, "edges").contribution == pytest.approx(EDGE_SHARE * LIMIT_PCT, rel=1e-6)


@pytest.mark.parametrize(("first_s", "last_s"), [(0.1, 0.1), (0.5, 0.5), (0.5, 0.05)])
def test_seeded_edges_are_covered_as_often_as_u_says(first_s, last_s):
    rng = np.random.default_rng(11)
    trials, covered = 4_000, 0
    moments = [Moment(s - half, s + half) for s, half in ((10.0, first_s), (10.0 + GATE_S, last_s))]
    found = sampled_energy(sets(lambda t: 83.0 * t), *moments)
    u = Budget((line(found, "edges"),)).expanded
    for begin_off, end_off in zip(
        rng.uniform(-first_s, first_s, trials), rng.uniform(-last_s, last_s, trials), strict=True
    ):
        true = 83.0 * (GATE_S + end_off - begin_off)
        covered += abs(100.0 * (found.energy / true - 1.0)) <= u
    assert covered / trials >= 0.94


def test_edges_twice_as_bad_as_seen_show():
    rng = np.random.default_rng(12)
    found = sampled_energy(sets(lambda t: 83.0 * t), Moment(9.9, 10.1), Moment(609.9, 610.1))
    u = Budget((line(found, "edges"),)).expanded
    off = 100.0 * (rng.uniform(-0.2, 0.2, 4_000) - rng.uniform(-0.2, 0.2, 4_000)) / GATE_S
    assert float((np.abs(off) <= u).mean()) < 0.85


@pytest.mark.parametrize("period_s", [60.0, 200.0, 1000.0])
@pytest.mark.parametrize("spacing_s", [1.0, 2.5, 10.0])
def test_a_load_that_swings_slowly_is_covered(period_s, spacing_s):
    w, swing = 2.0 * math.pi / period_s, 0.005

    def energy(t):
        return 83.0 * (t - swing / w * np.cos(w * t))

    found = sampled_energy(sets(energy, spacing_s=spacing_s, end_s=630.0), *EXACT)
    off = 100.0 * (found.energy / (energy(610.0) - energy(10.0)) - 1.0)
    assert abs(off) <= 2.0 * line(found, "sampling").contribution + 1e-9


def test_a_load_that_scatters_is_covered_in_94_of_100():
    rng = np.random.default_rng(13)
    covered = 0
    for _ in range(400):
        # The load takes another power every 2.5 s, and a data set sees half a second of it.
        power = 83.0 * (1.0 + 0.002 * rng.standard_normal(260))
        grid = [PowerSet(1.25 + 2.5 * place, float(each)) for place, each in enumerate(power)]
        begin, end = Moment(10.0, 10.0), Moment(610.0, 610.0)
        found = sampled_energy(grid, begin, end)
        seen = rng.standard_normal(240) * 0.002 * 83.0
        true = found.energy + 2.5 * float(seen.sum())
        covered += abs(100.0 * (found.energy / true - 1.0)) <= 2.0 * line(found, "sampling").contribution
    assert covered / 400 >= 0.94


@pytest.mark.parametrize("missing", [(100.0, 150.0), (5.0, 50.0), (570.0, 620.0)])
def test_a_gap_costs_the_variation_of_the_power_times_its_length(missing):
    def energy(t):
        return 83.0 * (t + 0.01 * t * t / 2 / 600.0)

    found = sampled_energy(sets(energy, without=missing), *EXACT)
    off = 100.0 * (found.energy / (energy(610.0) - energy(10.0)) - 1.0)
    gap = line(found, "gaps")
    inside_s = min(missing[1], 610.0) - max(missing[0], 10.0)
    assert gap.stated == pytest.approx(100.0 * 0.01 * inside_s / GATE_S, rel=0.2)
    assert abs(off) <= gap.stated
    assert line(sampled_energy(sets(energy), *EXACT), "gaps").stated == 0.0


def test_a_gate_of_which_a_tenth_was_not_seen_has_no_reference():
    with pytest.raises(PowerNotSeen, match=r"no active power for 7\d s of a gate of 600 s"):
        sampled_energy(sets(lambda t: 83.0 * t, without=(200.0, 275.0)), *EXACT)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_data_sets_are_no_reference(count):
    with pytest.raises(PowerNotSeen):
        sampled_energy(sets(lambda t: 83.0 * t)[:count], *EXACT)


def test_a_gate_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends after it begins"):
        sampled_energy(sets(lambda t: 83.0 * t), EXACT[1], EXACT[0])


def test_late_data_sets_of_a_ramp_cost_its_rise_times_their_lateness():
    ramp = [PowerSet(each.centre_s, each.power, early_s=0.3) for each in sets(lambda t: 83.0 * (t + t * t / 6000.0))]
    found = sampled_energy(ramp, *EXACT)
    late = [PowerSet(each.centre_s - 0.3, each.power) for each in ramp]
    off = 100.0 * (sampled_energy(late, *EXACT).energy / found.energy - 1.0)
    assert abs(off) == pytest.approx(line(found, "time of the data sets").stated, rel=0.01)
    assert off != 0.0
