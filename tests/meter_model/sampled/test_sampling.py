"""The front end: phase that runs on, each of a unit's errors by itself, and what a good unit is."""

from __future__ import annotations

import itertools
import math
import random
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.prediction.prediction import predict
from meter_model.sampled.sampling import SAMPLES_PER_SECOND, FrontEnd
from meter_model.sampled.unit_errors import CHANNELS, UnitErrors
from meter_model.stimulus import Phasor, Stimulus
from tests.meter_model.loads import random_stimulus, three_phase

WYE = Configuration(system_voltage_v=480.0)
LOAD = three_phase(WYE, 277.0, (50.0, 50.0, 50.0), -30.0)


def read(errors: UnitErrors, stimulus: Stimulus = LOAD, seconds: int = 1, configuration: Configuration = WYE) -> S4100:
    meter = S4100(configuration=configuration, errors=errors, seed=1)
    meter.advance(float(seconds), stimulus)
    return meter


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.floats(0.0, 1.0), max_size=12), frequency_hz=st.floats(45.0, 65.0))
def test_samples_do_not_depend_on_how_time_is_cut_into_steps(cuts: list[float], frequency_hz: float) -> None:
    stimulus = random_stimulus(random.Random(5), WYE, frequency_hz)
    whole = FrontEnd(UnitErrors.none(), 0).sample(1.0, stimulus, 1.0).copy()
    front_end = FrontEnd(UnitErrors.none(), 0)
    edges = [0.0, *sorted(cuts), 1.0]
    parts = [front_end.sample(end - begin, stimulus, 1.0).copy() for begin, end in itertools.pairwise(edges)]
    joined = np.concatenate(parts, axis=1)
    assert joined.shape == (6, SAMPLES_PER_SECOND)
    assert np.abs(joined - whole).max() < 1e-6 * 500.0


def test_samples_are_those_of_the_formula_in_the_stimulus() -> None:
    stimulus = random_stimulus(random.Random(6), WYE, 57.3)
    samples = FrontEnd(UnitErrors.none(), 0).sample(1.0, stimulus, 1.0)
    time_s = np.arange(SAMPLES_PER_SECOND) / SAMPLES_PER_SECOND
    expected = sum(
        math.sqrt(2.0) * each.rms * np.sin(each.order * 2 * np.pi * 57.3 * time_s + math.radians(each.phase_deg))
        for each in stimulus.voltages[1]
    )
    assert np.abs(samples[1] - expected).max() < 1e-9


def test_the_phase_runs_on_when_the_frequency_changes() -> None:
    front_end = FrontEnd(UnitErrors.none(), 0)
    first = front_end.sample(0.5, three_phase(WYE, 277.0, (0.0,) * 3, 0.0, 52.3), 1.0)[0].copy()
    second = front_end.sample(0.5, three_phase(WYE, 277.0, (0.0,) * 3, 0.0, 61.7), 1.0)[0].copy()
    phase = 2 * np.pi * 52.3 * 0.5 + 2 * np.pi * 61.7 * np.arange(second.size) / SAMPLES_PER_SECOND
    assert np.abs(second - math.sqrt(2.0) * 277.0 * np.sin(phase)).max() < 1e-6
    assert first.size + second.size == SAMPLES_PER_SECOND


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_gain_error_shows_on_its_own_channel_and_nowhere_else(channel: str) -> None:
    meter = read(UnitErrors.none().replace_gain(channel, 1.0))
    expected = predict(LOAD, WYE)
    wrong = {n for n in range(70, 76) if abs(meter.analog_input(n) / expected[n].value - 1.0) > 1e-6}
    assert wrong == {70 + CHANNELS.index(channel)}
    (instance,) = wrong
    assert meter.analog_input(instance) == pytest.approx(expected[instance].value * 1.01)


def test_one_percent_on_one_of_three_currents_is_a_third_on_the_total() -> None:
    for seed in range(3):
        good = UnitErrors.drawn_from(seed)
        stimulus = three_phase(WYE, 277.0, (100.0, 100.0, 100.0))
        difference = read(good.add_gain("current_b", 1.0), stimulus).analog_input(11) - read(
            good, stimulus
        ).analog_input(11)
        assert difference / predict(stimulus, WYE)[11].value == pytest.approx(0.01 / 3.0, rel=2e-3)


def test_a_delay_of_current_is_a_lag_that_grows_with_frequency() -> None:
    delay_s = 1e-5
    errors = UnitErrors(delay_s=(0.0, 0.0, 0.0, delay_s, delay_s, delay_s))
    for hertz in (50.0, 60.0):
        stimulus = three_phase(WYE, 277.0, (50.0,) * 3, -60.0, hertz)
        lag = math.radians(60.0) + 2 * math.pi * hertz * delay_s
        assert read(errors, stimulus).analog_input(14) == pytest.approx(math.cos(lag), abs=1e-9)


def test_gain_drifts_with_temperature_from_25_degrees() -> None:
    errors = UnitErrors(tempco_ppm_per_k=(10.0,) * 6)
    warm = Stimulus(LOAD.frequency_hz, LOAD.voltages, LOAD.ct_inputs, 65.0)
    expected = predict(LOAD, WYE)[70].value
    assert read(errors).analog_input(70) == pytest.approx(expected, rel=1e-9)
    assert read(errors, warm).analog_input(70) == pytest.approx(expected * (1 + 400e-6), rel=1e-9)


def test_offset_adds_in_quadrature_and_does_not_touch_power() -> None:
    errors = UnitErrors(offset_pct=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0))
    meter = read(errors, three_phase(WYE, 277.0, (10.0,) * 3))
    assert meter.analog_input(73) == pytest.approx(math.hypot(10.0, 1.0))
    assert meter.analog_input(55) == pytest.approx(2.77)


def test_noise_scatters_the_seconds_and_repeats_with_the_seed() -> None:
    errors = UnitErrors(noise_pct=0.1)
    meters = [S4100(configuration=WYE, errors=errors, seed=seed) for seed in (1, 1, 2)]
    runs = []
    for meter in meters:
        run = []
        for _ in range(40):
            meter.advance(1.0, three_phase(WYE, 277.0, (100.0,) * 3))
            run.append(meter.analog_input(73))
        runs.append(run)
    assert runs[0] == runs[1] != runs[2]
    scatter_pct = float(np.std(runs[0])) / 100.0 * 100.0
    assert scatter_pct == pytest.approx(0.1 / math.sqrt(SAMPLES_PER_SECOND), rel=0.4)


def test_noise_is_white_bell_shaped_centred_and_as_large_as_asked_for() -> None:
    silent = Stimulus(60.0, ((), (), ()), ((), (), ()))
    front_end = FrontEnd(UnitErrors(noise_pct=0.01), 7)
    noise = np.concatenate([front_end.sample(1.0, silent, 1.0).copy() for _ in range(40)], axis=1)
    count = noise.shape[1]
    for channel, rated in enumerate([347.0] * 3 + [1.0] * 3):
        unit = noise[channel] / (rated * 1e-4)
        assert abs(unit.mean()) < 4.0 / math.sqrt(count)
        assert unit.std() == pytest.approx(1.0, rel=0.01)
        assert (unit**4).mean() == pytest.approx(2.7, abs=0.15)
        assert abs((unit[1:] * unit[:-1]).mean()) < 4.0 / math.sqrt(count)
    mutual = np.corrcoef(noise) - np.eye(6)
    assert np.abs(mutual).max() < 4.0 / math.sqrt(count)


def test_few_bits_show_as_steps() -> None:
    coarse = FrontEnd(UnitErrors(adc_bits=8), 0).sample(1.0, LOAD, 1.0)
    steps = np.unique(np.round(np.diff(np.unique(coarse[0])), 9))
    assert steps[0] > 5.0
    assert np.allclose(steps / steps[0], np.round(steps / steps[0]))


def test_the_converter_saturates_beyond_its_range() -> None:
    beyond = Stimulus(60.0, LOAD.voltages, ((Phasor(1, 5.0, 0.0),), (), ()))
    samples = FrontEnd(UnitErrors(adc_bits=16), 0).sample(1.0, beyond, 1.0)
    assert np.abs(samples[3]).max() == pytest.approx(2.1, rel=1e-3)


def test_fast_sample_clock_reads_low_frequency_and_ends_seconds_early() -> None:
    meter = read(UnitErrors(clock_ppm=100.0), seconds=20)
    assert meter.analog_input(18) == pytest.approx(60.0 * (1 - 100e-6), rel=1e-8)
    slow = S4100(configuration=WYE, errors=UnitErrors(clock_ppm=-10_000.0))
    slow.advance(1.0, LOAD)
    assert slow.update_count == 0


@pytest.mark.parametrize("ppm", [100.0, -100.0])
def test_the_real_time_clock_drifts_with_the_sample_clock(ppm: float) -> None:
    meter = S4100(configuration=WYE, errors=UnitErrors(clock_ppm=ppm))
    meter.synchronise_time(datetime(2024, 1, 1))
    day_s = 86_400.0
    meter.advance(day_s, LOAD)
    clock = [meter.read("DE", meter.device_instance, name) for name in ("local-date", "local-time")]
    counted_s = (datetime.combine(*clock) - datetime(2024, 1, 1)).total_seconds()
    assert counted_s == pytest.approx(day_s * (1.0 + ppm * 1e-6), abs=0.02)
    stamps = [record.date_time for record in meter.read_log(1)[0] if record.kind == "value"]
    assert len(stamps) in (95, 96)
    assert {(later - earlier).total_seconds() for earlier, later in itertools.pairwise(stamps)} == {900.0}


@pytest.mark.parametrize("ppm", [15_000.0, -15_000.0])
def test_a_log_stops_by_the_drifting_clock_although_time_is_skipped(ppm: float) -> None:
    meter = S4100(configuration=WYE, errors=UnitErrors(clock_ppm=ppm))
    meter.synchronise_time(datetime(2024, 1, 1))
    meter.write("TL", 1, "stop-time", ((2024, 1, 1, 1), (0, 10, 0, 0)))
    meter.advance(599.0 / (1.0 + ppm * 1e-6), LOAD)
    before = meter.read_log(1)[1]
    meter.advance(3.0, LOAD)
    assert meter.read_log(1)[1] == before + 1, "log-disabled"
    stopped = meter.read_log(1)[0][-1]
    assert abs((stopped.date_time - datetime(2024, 1, 1, 0, 10)).total_seconds()) <= 1.0


def test_frequency_is_right_to_a_part_in_ten_million_with_harmonics() -> None:
    rng = random.Random(9)
    for _ in range(30):
        hertz = rng.uniform(45.0, 65.0)
        meter = read(UnitErrors.none(), random_stimulus(rng, WYE, hertz))
        assert meter.analog_input(18) == pytest.approx(hertz, rel=1e-7)


@pytest.mark.parametrize(
    ("load_pct", "angle_deg", "instance", "limit_pct"),
    [(100.0, 0.0, 11, 0.2), (5.0, 0.0, 11, 0.2), (1.0, 0.0, 11, 0.4), (10.0, -60.0, 11, 0.3), (2.0, -60.0, 11, 0.5),
     (100.0, 36.87, 11, 0.3), (5.0, -90.0, 12, 2.0), (1.0, 0.0, 73, 0.2), (100.0, 0.0, 73, 0.1), (100.0, 0.0, 70, 0.1)],
)  # fmt: skip
def test_every_drawn_unit_is_well_inside_its_class(
    load_pct: float, angle_deg: float, instance: int, limit_pct: float
) -> None:
    stimulus = three_phase(WYE, 277.0, (load_pct,) * 3, angle_deg)
    expected = predict(stimulus, WYE)[instance].value
    for seed in range(40):
        meter = S4100(configuration=WYE, errors=UnitErrors.drawn_from(seed), seed=seed)
        readings = []
        for _ in range(5):
            meter.advance(1.0, stimulus)
            readings.append(meter.analog_input(instance))
        error_pct = 100.0 * (float(np.mean(readings)) / expected - 1.0)
        assert abs(error_pct) < 0.5 * limit_pct, (seed, error_pct)


def test_units_differ_and_repeat_with_the_seed() -> None:
    assert UnitErrors.drawn_from(1) == UnitErrors.drawn_from(1) != UnitErrors.drawn_from(2)


def test_no_load_reads_zero_in_spite_of_noise() -> None:
    meter = read(UnitErrors.drawn_from(4), three_phase(WYE, 277.0, (0.0,) * 3), seconds=5)
    assert [meter.analog_input(n) for n in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 17)] == [0.0] * 11


def test_the_starting_current_is_registered() -> None:
    meter = read(UnitErrors.drawn_from(4), three_phase(WYE, 277.0, (0.1,) * 3), seconds=10)
    assert meter.analog_input(2) == pytest.approx(3 * 277.0 * 0.1 * 10 / 3.6e6, rel=0.05)
