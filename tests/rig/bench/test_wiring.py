"""Wiring: instrument terminals and meter terminals, both ways."""

import cmath
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerReading, ElementReading
from meter_model.configuration import Configuration
from rig.bench.schema.bench import CurrentLoopPart, PathPart
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.safety.errors import ReferenceInvalid

paths = st.builds(PathPart, ratio=st.floats(0.1, 100.0), phase_deg=st.floats(-90.0, 90.0))
wirings = st.builds(
    Wiring,
    ct_primary_a=st.floats(5.0, 32000.0),
    ct_secondary_v=st.sampled_from([1.0, 1.0 / 3.0]),
    pt_ratio=st.floats(0.1, 300.0),
    voltage=paths,
    current_divider=paths,
    current_loop=st.none() | st.builds(CurrentLoopPart, turns=st.floats(0.5, 20.0), phase_deg=st.floats(-5.0, 5.0)),
)
points = st.builds(
    LoadPoint,
    voltage_v=st.floats(90.0, 400.0),
    current_pct=st.floats(0.1, 120.0),
    angle_deg=st.floats(-180.0, 180.0),
    phases=st.sampled_from(["ABC", "A", "B", "C", "AC"]),
    frequency_hz=st.floats(45.0, 65.0),
    voltages_pct=st.tuples(*[st.floats(30.0, 130.0)] * 3),
    voltage_shift_deg=st.tuples(*[st.floats(-60.0, 60.0)] * 3),
)
PLAIN = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)


def phasor(spectrum):
    return sum((cmath.rect(p.rms, math.radians(p.phase_deg)) for p in spectrum), 0j)


def same(one, two):
    pairs = zip((*one.voltages, *one.ct_inputs), (*two.voltages, *two.ct_inputs), strict=True)
    return all(abs(phasor(a) - phasor(b)) <= 1e-9 * max(1e-3, abs(phasor(b))) for a, b in pairs)


def reading_of(stimulus):
    def element(volts, current):
        v, i = phasor(volts), phasor(current)
        return ElementReading(
            u_v=abs(v),
            i=abs(i),
            p=(v * i.conjugate()).real,
            q=(v * i.conjugate()).imag,
            s=abs(v * i),
            frequency_hz=stimulus.frequency_hz,
            u_phase_deg=math.degrees(cmath.phase(v)),
            i_phase_deg=math.degrees(cmath.phase(i)) if abs(i) else None,
        )

    elements = [element(v, i) for v, i in zip(stimulus.voltages, stimulus.ct_inputs, strict=True)]
    return AnalyzerReading(0.0, tuple(elements))


@given(wirings, points)
def test_source_settings_arrive_at_the_terminals_as_the_load_point(wiring, point):
    setting = wiring.source_setting(point)
    assert same(wiring.terminals_of(setting), wiring.terminals(point))


@given(wirings, points)
def test_an_ideal_analyzer_gives_the_load_point_back(wiring, point):
    terminals = wiring.terminals(point)
    assert same(wiring.stimulus(reading_of(terminals)), terminals)


@given(wirings, points)
def test_the_sources_first_voltage_is_the_reference_of_all_its_angles(wiring, point):
    assert wiring.source_setting(point).voltage[0][0].phase_deg == pytest.approx(0.0, abs=1e-9)


@given(wirings, points)
def test_primary_power_is_terminal_power_times_the_scale(wiring, point):
    terminals = wiring.terminals(point)
    watts = sum(
        (phasor(v) * phasor(i).conjugate()).real for v, i in zip(terminals.voltages, terminals.ct_inputs, strict=True)
    )
    amperes = wiring.ct_primary_a * point.current_pct / 100.0
    volts = sum(point.phase_voltages_v["ABC".index(phase)] for phase in point.phases)
    primary = volts * amperes * point.power_factor
    assert watts * wiring.power_scale == pytest.approx(primary, rel=1e-9, abs=1e-6 * point.voltage_v * amperes)


def test_a_divider_of_eight_to_one_asks_the_source_for_eight_volts():
    wiring = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0, current_divider=PathPart(ratio=8.0, phase_deg=-0.5))
    setting = wiring.source_setting(LoadPoint(277.0, 100.0, -60.0))
    assert [c[0].rms for c in setting.current] == pytest.approx([8.0, 8.0, 8.0])
    assert [c[0].phase_deg for c in setting.current] == pytest.approx([-59.5, -179.5, 60.5])
    assert [c[0].phase_deg for c in setting.voltage] == pytest.approx([0.0, -120.0, 120.0])


def test_loop_of_four_turns_takes_a_quarter_of_the_amperes():
    wiring = Wiring(
        ct_primary_a=100.0, ct_secondary_v=1.0 / 3.0, current_loop=CurrentLoopPart(turns=4.0, phase_deg=-0.5)
    )
    setting = wiring.source_setting(LoadPoint(277.0, 20.0, -60.0))
    assert setting.current_unit == "A"
    assert [c[0].rms for c in setting.current] == pytest.approx([5.0, 5.0, 5.0])
    assert [c[0].phase_deg for c in setting.current] == pytest.approx([-59.5, -179.5, 60.5])


def test_phases_that_are_not_loaded_are_channels_that_are_off():
    setting = PLAIN.source_setting(LoadPoint(277.0, 20.0, 0.0, phases="B"))
    assert setting.current[0] == ()
    assert setting.current[2] == ()
    assert setting.current[1][0].rms == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("field", "what"), [("u_v", "voltage"), ("i", "CT input voltage"), ("u_phase_deg", "angle of the voltage")]
)
def test_a_value_that_the_analyzer_does_not_have_is_refused_not_guessed(field, what):
    from dataclasses import replace

    reading = reading_of(PLAIN.terminals(LoadPoint(277.0, 20.0, 0.0)))
    a, b, c = reading.elements
    with pytest.raises(ReferenceInvalid, match=f"no valid {what} on phase B"):
        PLAIN.stimulus(replace(reading, elements=(a, replace(b, **{field: None}), c)))


def test_a_current_without_an_angle_is_refused_unless_there_is_none():
    from dataclasses import replace

    reading = reading_of(PLAIN.terminals(LoadPoint(277.0, 20.0, 0.0)))
    a, b, c = reading.elements
    nothing = replace(b, i=2e-5, i_phase_deg=None)
    assert PLAIN.stimulus(replace(reading, elements=(a, nothing, c))).ct_inputs[1] == ()
    with pytest.raises(ReferenceInvalid, match="angle of the current on phase B"):
        PLAIN.stimulus(replace(reading, elements=(a, replace(b, i_phase_deg=None), c)))


def test_meter_set_to_another_transducer_is_refused_with_what_to_change():
    with pytest.raises(UsageRefused, match=r"1/3 V transducers \(AV4 = 3\) but the bench injects for 1 V; set AV4"):
        PLAIN.check_configuration(Configuration(ct_secondary=3))
    with pytest.raises(UsageRefused, match=r"CT primary is 200 \(AV3\) but the bench stands for 100"):
        PLAIN.check_configuration(Configuration(ct_primary_a=200.0))
    with pytest.raises(UsageRefused, match=r"PT ratio is 2 \(AV5\)"):
        PLAIN.check_configuration(Configuration(pt_ratio=2.0))


def test_a_meter_that_matches_the_bench_is_accepted():
    third = Wiring(ct_primary_a=400.0, ct_secondary_v=1.0 / 3.0)
    third.check_configuration(Configuration(ct_primary_a=400.0, ct_secondary=3))
    PLAIN.check_configuration(Configuration())


def test_missing_phase_is_a_channel_off_and_its_current_keeps_its_place():
    point = LoadPoint(277.0, 20.0, -30.0, voltages_pct=(100.0, 0.0, 50.0), voltage_shift_deg=(0.0, 0.0, -5.0))
    setting = PLAIN.source_setting(point)
    assert setting.voltage[1] == ()
    assert setting.voltage[2][0].rms == pytest.approx(138.5)
    assert [c[0].phase_deg for c in setting.current] == pytest.approx([-30.0, -150.0, 85.0])


def test_a_phase_without_voltage_needs_no_angle_but_its_current_does():
    from dataclasses import replace

    reading = reading_of(PLAIN.terminals(LoadPoint(277.0, 20.0, 0.0)))
    a, b, c = reading.elements
    gone = replace(b, u_v=0.0, u_phase_deg=None, i=0.0, i_phase_deg=None, frequency_hz=None)
    stimulus = PLAIN.stimulus(replace(reading, elements=(a, gone, c)))
    assert (stimulus.voltages[1], stimulus.ct_inputs[1], stimulus.frequency_hz) == ((), (), 60.0)
    with pytest.raises(ReferenceInvalid, match="angle of the current on phase B"):
        PLAIN.stimulus(replace(reading, elements=(a, replace(gone, i=0.2), c)))


def test_without_phase_a_there_is_nothing_that_angles_could_refer_to():
    from dataclasses import replace

    reading = reading_of(PLAIN.terminals(LoadPoint(277.0, 20.0, 0.0)))
    a, b, c = reading.elements
    gone = replace(a, u_v=0.0, i=0.0, i_phase_deg=None, frequency_hz=None)
    others = (replace(each, u_phase_deg=None, i_phase_deg=None) for each in (b, c))
    with pytest.raises(ReferenceInvalid, match="angle of the voltage on phase B"):
        PLAIN.stimulus(replace(reading, elements=(gone, *others)))
