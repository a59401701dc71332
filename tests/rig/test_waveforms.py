"""Waveforms by name: their powers are those of the closed forms, their shape does not depend on the load's angle."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerReading, ElementReading
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from rig.bench import load_bench
from rig.bench.wiring import Wiring
from rig.errors import BenchFileError, LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.safety.conditions import distortions, unmet
from rig.safety.limits import check, rms
from rig.waveforms import BUILT_IN, Part, available_waveforms, burst, fired, waveform, why_not

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
UL = load_bench("emulated").meter_types["s4100"].ratings["UL"]


@pytest.mark.parametrize(
    ("name", "power"),
    [
        ("", 1.0),
        ("fifth_harmonic", 1.04),
        ("quadriform", 0.9806),
        ("peaked", 0.9806),
        ("phase_fired", 0.5),
        ("burst", 0.5),
    ],
)
def test_a_waveform_carries_the_power_of_its_closed_form(name, power):
    assert waveform(name).power == pytest.approx(power, abs=1e-12)


def test_phase_fired_current_has_rms_and_q_of_the_closed_form():
    parts = fired(90.0, 4001)
    assert math.hypot(*(part.percent for part in parts)) == pytest.approx(100.0 / math.sqrt(2.0), abs=0.02)
    first = parts[0]
    assert -first.percent * math.sin(math.radians(first.phase_deg)) == pytest.approx(100.0 / math.pi)


def test_a_burst_has_the_rms_of_the_closed_form():
    assert math.hypot(*(part.percent for part in burst(4001))) == pytest.approx(100.0 / math.sqrt(2.0), abs=0.02)


@given(st.floats(0.0, 179.0))
def test_a_fired_sine_is_zero_before_and_the_sine_after_its_angle(from_deg):
    parts = fired(from_deg, 1999)
    for degrees in (0.5 * from_deg, 0.5 * (from_deg + 180.0)):
        angle = math.radians(degrees)
        value = sum(p.percent / 100.0 * math.sin(p.order * angle + math.radians(p.phase_deg)) for p in parts)
        wanted = math.sin(angle) if degrees > from_deg else 0.0
        # The sum of a Fourier series swings near a jump; half way to it stands clear for all but narrow gaps.
        near = min(abs(degrees - from_deg), abs(180.0 - degrees))
        assert near < 5.0 or value == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("name", ["fifth_harmonic", "quadriform", "peaked", "phase_fired", "rectifier"])
def test_prediction_of_a_waveform_is_its_power_times_that_of_the_sine(name):
    point = LoadPoint(277.0, 60.0, 0.0, waveform=name)
    watts = predict(WIRING.terminals(point), Configuration())[11].value
    assert watts == pytest.approx(3.0 * 277.0 * 60.0 / 1000.0 * waveform(name).power)


@given(st.floats(-180.0, 180.0), st.sampled_from(["fifth_harmonic", "quadriform", "phase_fired"]))
def test_the_shape_of_a_current_does_not_depend_on_its_angle(angle_deg, name):
    in_phase = WIRING.terminals(LoadPoint(277.0, 60.0, 0.0, waveform=name)).ct_inputs[0]
    turned = WIRING.terminals(LoadPoint(277.0, 60.0, angle_deg, waveform=name)).ct_inputs[0]
    for one, other in zip(in_phase, turned, strict=True):
        off = other.phase_deg - one.phase_deg - one.order * angle_deg
        assert math.cos(math.radians(off)) == pytest.approx(1.0, abs=1e-9)


def test_a_peak_above_the_limit_is_refused_though_rms_is_within(tmp_path):
    path = tmp_path / "sharp.yaml"
    path.write_text("source: x\nvoltage: [{order: 1, percent: 100}, {order: 3, percent: 20, phase_deg: 180}]\n")
    point = LoadPoint(335.0, 60.0, 0.0, waveform=str(path))
    assert rms(WIRING.terminals(point).voltages[0]) < 347.0
    with pytest.raises(LimitExceeded, match=r"voltage A-N \(peak\)"):
        check([point], rating=UL, path=WIRING)
    check([LoadPoint(335.0, 60.0, 0.0)], rating=UL, path=WIRING)


def test_meant_distortion_is_no_deviation_and_less_of_it_is():
    nominal = WIRING.terminals(LoadPoint(277.0, 60.0, 0.0, waveform="fifth_harmonic"))
    element = ElementReading(278.4, 0.646, 180.0, 0.0, 180.0, 60.0, 0.0, 0.0, u_thd_pct=10.0, i_thd_pct=40.0)
    good = AnalyzerReading(0.0, (element,) * 3)
    bad = AnalyzerReading(0.0, (replace(element, i_thd_pct=37.0),) * 3)
    assert unmet(distortions(good, nominal)) == ""
    assert "distortion of current A deviates by -3 % of fundamental" in unmet(distortions(bad, nominal))


def test_every_phase_has_the_same_shape():
    stimulus = WIRING.terminals(LoadPoint(277.0, 60.0, -30.0, waveform="quadriform"))
    first = {p.order: p.phase_deg for p in stimulus.voltages[0]}
    for place, turn in enumerate((0.0, -120.0, 120.0)):
        for part in stimulus.voltages[place]:
            off = part.phase_deg - first[part.order] - part.order * turn
            assert math.cos(math.radians(off)) == pytest.approx(1.0, abs=1e-9)


def test_a_source_of_sine_waves_is_said_not_to_inject_harmonics():
    assert why_not(waveform("fifth_harmonic"), 100) == why_not(waveform(""), 1) == ""
    assert "harmonics up to order 5, and the source gives sine waves only" in why_not(waveform("fifth_harmonic"), 1)
    assert "up to order 19, and the source gives harmonics up to order 7 only" in why_not(waveform("phase_fired"), 7)


def test_components_between_harmonics_are_refused_before_injection():
    with pytest.raises(UsageRefused, match="'burst' repeats after 4 cycles"):
        WIRING.terminals(LoadPoint(277.0, 50.0, 0.0, waveform="burst"))


def test_the_rigs_own_waveforms_say_where_they_are_from():
    assert set(BUILT_IN) < set(available_waveforms())
    assert all("unverified" in each.source for each in BUILT_IN.values())


def test_unknown_waveform_is_refused_with_the_known_ones():
    with pytest.raises(
        UsageRefused, match=r"no waveform 'square'; known: fifth_harmonic, .*rectifier, .*or give the path"
    ):
        waveform("square")


def test_a_waveform_from_a_file_is_what_the_file_says(tmp_path):
    path = tmp_path / "dimmer.yaml"
    path.write_text(
        "source: measured\ncurrent:\n- {order: 1, percent: 90, phase_deg: -10}\n- {order: 3, percent: 25}\n"
    )
    found = waveform(str(path))
    assert (found.name, found.voltage) == ("dimmer", (Part(1, 100.0),))
    assert found.current == (Part(1, 90.0, -10.0), Part(3, 25.0))
    assert LoadPoint(277.0, 5.0, 0.0, waveform=str(path)).label == "277V-5pct-PF1-ABC-dimmer"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("current: [{order: 1, percent: 100}]\n", "source"),
        ("source: x\ncurrent: [{order: 3, percent: 100}]\n", "current has no fundamental"),
        ("source: x\nvoltage: [{order: 1, percent: 100}, {order: 1, percent: 5}]\n", "voltage states an order twice"),
        ("source: x\ncurrent: [{order: 0, percent: 100}]\n", "order"),
        ("source: x\ncurrent: []\n", "current"),
        ("source: x\nkurrent: [{order: 1, percent: 100}]\n", "kurrent"),
    ],
)
def test_a_bad_waveform_file_is_refused_with_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BenchFileError, match=words) as caught:
        waveform(str(path))
    assert "bad.yaml" in str(caught.value)
