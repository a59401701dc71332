"""The step of an energy register, found from its readings, and what gates over it are worth: seeded trials."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.registers import (
    GateStarts,
    float_step,
    gate_energy,
    largest_step,
    quantisation,
    step_of_advances,
    step_seen,
)

UPDATE_KWH = 0.0231
"""What 83 kW add in a second."""


def shown(energy_kwh, step_kwh):
    """What a register of this step reads on the bus."""
    return float(np.float32(math.floor(energy_kwh / step_kwh + 1e-9) * step_kwh))


def readings(step_kwh, start_kwh, updates=60, seed=1):
    noise = np.random.default_rng(seed).normal(1.0, 1e-4, updates)
    return [shown(start_kwh + UPDATE_KWH * sum(noise[:count]), step_kwh) for count in range(updates)]


@given(st.floats(0.0, 2.0**127, width=32))
def test_step_of_a_float32_is_that_of_numpy(value):
    assert float_step(value) == float_step(-value) == float(np.spacing(np.float32(value)))


def test_step_beyond_float32_is_no_number():
    assert all(math.isnan(float_step(value)) for value in (1e39, math.inf, math.nan))


@pytest.mark.parametrize("step", [0.001, 0.01, 0.02, 0.1, 0.0625, 0.0072, 0.5, 1.0])
@pytest.mark.parametrize("start", [0.0, 3.17, 123.4, 5000.1])
def test_a_step_coarser_than_float32_is_found_from_its_own_steps(step, start):
    assert step_seen(readings(step, start)) == pytest.approx(step, rel=0.005)


@pytest.mark.parametrize("step", [0.3, 0.7, 1 / 3.6, 0.07, 0.0357, 1 / 36, 1 / 800])
@pytest.mark.parametrize("start", [0.0, 88.4, 123.4])
def test_a_step_that_is_no_decimal_one_is_still_found_after_gates(step, start):
    """A gate is many steps long: what the short differences leave unknown of the step must not hide it."""
    loaded = readings(step, start, 30)
    seen, energy_kwh = list(loaded), start + 30 * UPDATE_KWH
    for gate_kwh in (1.39, 6.95, 83.1):
        energy_kwh += gate_kwh
        seen += [shown(energy_kwh, step)] * 2
    assert step_seen(seen, loaded) == pytest.approx(step, rel=0.005)


def test_gates_of_a_fine_register_show_no_step_of_their_times():
    """Update, switching and gate are multiples of a tenth of a second, and so are the energies."""
    loaded = [88.3 + UPDATE_KWH * count for count in range(8)]
    seen, energy_kwh = list(loaded), loaded[-1] + 0.3 * UPDATE_KWH
    for _ in range(5):
        seen += [energy_kwh, energy_kwh]
        energy_kwh += 60.3 * UPDATE_KWH
    seen = [float(np.float32(each)) for each in seen]
    assert step_seen(seen, seen[: len(loaded)]) == float_step(seen[-1])


def test_a_reading_that_fell_into_the_update_before_shows_no_step():
    seen = [float(np.float32(88.30037 + 1.00037 * UPDATE_KWH * count)) for count in (0, 1, 2, 2, 4, 5, 6, 6, 8, 9)]
    assert step_seen(seen) == float_step(seen[-1])


@pytest.mark.parametrize("start", [1.0, 123.4, 5000.0, 1e5, 1e6, 2.0**24])
def test_a_register_as_fine_as_float32_shows_the_float32_step(start):
    found = []
    for seed in range(20):
        seen = readings(1e-9, start + 0.1 * seed / 20, 300 if start > 1e5 else 8, seed)
        found.append(step_seen(seen) / float_step(seen[-1]))
    assert float(np.median(found)) == 1.0
    assert max(found) <= 8.0


@pytest.mark.parametrize(
    ("value", "step"), [(5.0, 5.0), (12340.0, 20.0), (1.38, 0.02), (1000.0, 1000.0), (0.0, 1.0), (2.0**20, 2.0)]
)
def test_register_standing_still_may_have_the_largest_step_of_its_value(value, step):
    assert step_seen([value] * 5) is None
    assert largest_step(value) == pytest.approx(step)


def test_a_value_with_all_its_digits_allows_little_more_than_float32():
    value = float(np.float32(523.48713))
    assert largest_step(value) <= 16 * float_step(value)


def test_advances_that_are_all_round_show_a_step_coarser_than_stated():
    assert step_of_advances([1.38] * 5, 1e-6) == pytest.approx(0.01)
    assert step_of_advances([1.385001, 1.385, 1.3851], 1e-6) == pytest.approx(1e-6)
    assert step_of_advances([1.38, 0.0, 1.38], 1e-6) == 1e-6
    assert step_of_advances([1.38, 1.38], 1e-6) == 1e-6


def test_gates_of_one_step_more_or_less_show_a_step_that_an_update_adds():
    step = 0.0231
    assert step_of_advances([60 * step, 61 * step, 60 * step, 60 * step], 7.6e-6) == pytest.approx(step, rel=1e-4)
    assert step_of_advances([60.0003 * step] * 5, 7.6e-6) <= 1e-5, "all alike: as a fine register's"


def test_gates_of_a_fine_register_that_repeat_well_show_no_step():
    finest = float_step(90.0)
    draws = np.random.default_rng(5).normal(1.39192, 1e-4, (500, 5))
    rounded = [[float(round(each / finest) * finest) for each in gates] for gates in draws]
    assert max(step_of_advances(gates, finest) for gates in rounded) <= 2.0 * finest


def test_a_reading_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        step_seen([1.0, math.nan])
    with pytest.raises(ValueError, match="no energy"):
        quantisation(1.0, [1.0, 0.0])


@pytest.mark.parametrize(("value_kwh", "hours"), [(100_000.0, 0.38), (2.0**24, 98.0)])
def test_gate_of_a_large_register_takes_the_hours_of_its_float32_step(value_kwh, hours):
    assert gate_energy(float_step(value_kwh), 0.2) / 83.1 == pytest.approx(hours, rel=0.02)


# --- gates, one by one and together -----------------------------------------------------------------------------------


def mean_errors(step, energy, gates, starts, trials=4000):
    """The error, in percent, of the mean of ``gates`` gates of an ideal meter, for trials with seeded phases."""
    generator = np.random.default_rng([7, gates, len(starts)])
    phase = generator.uniform(0.0, step, (trials, 1))
    if starts is GateStarts.CONTIGUOUS:
        begin = phase + energy * np.arange(gates)
    elif starts is GateStarts.INDEPENDENT:
        begin = generator.uniform(0.0, step, (trials, gates))
    else:  # reset before each: all begin at the same place of a step
        begin = np.repeat(phase, gates, axis=1)
    advance = (np.floor((begin + energy) / step) - np.floor(begin / step)) * step
    return 100.0 * (advance.mean(axis=1) / energy - 1.0)


@pytest.mark.parametrize("starts", GateStarts)
def test_averaging_gates_is_worth_what_seeded_trials_show(starts):
    # Energies that are no multiple of the step, so that the gates do not all end where they began.
    ratios = np.random.default_rng(3).uniform(5.0, 40.0, 40)
    for gates in (1, 4, 10):
        spread = [float(np.std(mean_errors(1.0, ratio, gates, starts, 400))) * ratio for ratio in ratios]
        trials = float(np.sqrt(np.mean(np.square(spread))))
        credited = quantisation(1.0, [1.0] * gates, starts).standard_uncertainty
        assert trials == pytest.approx(credited, rel=0.12)


def test_gates_back_to_back_are_one_long_gate():
    together = mean_errors(0.01, 1.3847, 5, GateStarts.CONTIGUOUS)
    generator = np.random.default_rng([7, 5, len(GateStarts.CONTIGUOUS)])
    phase = generator.uniform(0.0, 0.01, (4000, 1))
    advance = (np.floor((phase + 5 * 1.3847) / 0.01) - np.floor(phase / 0.01)) * 0.01
    one = 100.0 * (advance[:, 0] / (5 * 1.3847) - 1.0)
    assert together == pytest.approx(one, abs=1e-9)
    five = quantisation(0.01, [1.3847] * 5, GateStarts.CONTIGUOUS)
    assert five.standard_uncertainty == pytest.approx(
        quantisation(0.01, [5 * 1.3847], GateStarts.UNKNOWN).standard_uncertainty
    )
