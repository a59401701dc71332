"""Before any I/O: a recording source sees nothing of a stimulus, or of a ramp, that an envelope does not hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import RigError
from meter_model.stimulus import Phasor, Stimulus
from rig.bench.config.meter_type import load_meter_type
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from tests.rig.safety.recorded_bench import POINT, UL, WIRING, RecordedBench, refused

TYPE = load_meter_type("s4100")

angles = st.floats(-180.0, 180.0)
orders = st.one_of(st.just(1), st.integers(1, 25))
volts = st.builds(Phasor, order=orders, rms=st.floats(0.0, 450.0), phase_deg=angles)
at_inputs = st.builds(Phasor, order=orders, rms=st.floats(0.0, 1.4), phase_deg=angles)
stimuli = st.builds(
    lambda hz, u, i: Stimulus(hz, tuple(u), tuple(i)),
    st.floats(38.0, 72.0),
    st.lists(st.lists(volts, max_size=2).map(tuple), min_size=3, max_size=3),
    st.lists(st.lists(at_inputs, max_size=2).map(tuple), min_size=3, max_size=3),
)


class Given:
    """An injection path that leads to one stimulus for every point."""

    ct_secondary_v = 1.0

    def __init__(self, stimulus):
        self.stimulus = stimulus

    def terminals(self, _point):
        return self.stimulus

    def source_setting(self, _point):
        return WIRING.setting_for(self.stimulus)


def waveform(spectrum):
    angle = np.arange(2000) * (2.0 * np.pi / 2000)
    parts = [math.sqrt(2.0) * p.rms * np.sin(p.order * angle + math.radians(p.phase_deg)) for p in spectrum]
    return np.sum(parts, axis=0) if parts else np.zeros(2000)


def is_outside(stimulus, limits):
    """Judge by waveforms, not by phasors: rms and peak of what would be between the terminals."""
    shapes = [waveform(spectrum) for spectrum in stimulus.voltages]
    between = [shapes[0] - shapes[1], shapes[1] - shapes[2], shapes[2] - shapes[0]]
    checked = [
        *((shape, limits.voltage_ln_v) for shape in shapes),
        *((shape, limits.voltage_ll_v) for shape in between),
        *((waveform(spectrum), limits.ct_input_pct / 100.0) for spectrum in stimulus.ct_inputs),
    ]
    slack = 1 + 1e-6
    return not limits.frequency_hz[0] <= stimulus.frequency_hz <= limits.frequency_hz[1] or any(
        math.sqrt(float(np.mean(shape**2))) > limit * slack
        or float(np.max(np.abs(shape))) > math.sqrt(2.0) * limit * slack
        for shape, limit in checked
    )


@given(stimuli, st.sampled_from(["UL", "CE"]), st.sampled_from(["accuracy", "measuring", "alarming"]))
def test_no_stimulus_outside_its_envelope_gets_any_io(stimulus, rating, envelope):
    bench = RecordedBench(rating=TYPE.ratings[rating], path=Given(stimulus), envelope=envelope)
    outside = is_outside(stimulus, TYPE.ratings[rating].envelope(envelope))
    try:
        bench.supervisor.energise(POINT)
    except UsageRefused:
        assert bench.calls == []
    except RigError:
        assert not outside
    else:
        assert not outside


@given(st.floats(90.0, 347.0), st.floats(0.0, 20.0), st.sampled_from(["apply", "energise"]))
def test_a_ramp_faster_than_the_meter_may_bear_is_refused_before_any_io(voltage_v, ramp_s, way):
    bench = RecordedBench(ramp_s=ramp_s)
    go = getattr(bench.supervisor, way)
    if voltage_v > UL.damage.ramp_v_per_s * ramp_s * (1 + 1e-6):
        with pytest.raises(UsageRefused):
            go(LoadPoint(voltage_v, 5.0, 0.0))
        assert bench.calls == []
    elif voltage_v < UL.damage.ramp_v_per_s * ramp_s * (1 - 1e-6):
        go(LoadPoint(voltage_v, 5.0, 0.0))
        assert bench.supervisor.load_point is not None


def test_a_ramp_that_is_too_fast_is_named_with_its_limit_and_what_to_do():
    error = refused(RecordedBench(ramp_s=2.0), LimitExceeded)
    assert (error.value, error.limit, error.unit) == (pytest.approx(138.5), 100.0, "V/s")
    assert "make 'ramp_s' longer" in str(error)


def test_soft_start_that_the_source_lacks_is_refused_before_any_io():
    bench = RecordedBench(ramp_s=90.0)
    assert "source's soft start" in str(refused(bench, LimitExceeded))
    assert bench.calls == []
