"""Limits: what may not pass does not pass, and what may pass does."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.errors import RigError
from drivers.source.base import Range, SourceCapabilities
from meter_model.stimulus import Phasor, Stimulus
from rig.bench.config.meter_type import load_meter_type
from rig.bench.schema.bench import PathPart
from rig.bench.wiring import Wiring
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.safety.limits import check, check_stimulus, composite_peak

UL = load_meter_type("s4100").ratings["UL"]
CE = load_meter_type("s4100").ratings["CE"]
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0, current_divider=PathPart(ratio=8.0))
SOURCE = SourceCapabilities(
    voltage_ranges=(Range(0.0, 360.0, "V"), Range(0.0, 650.0, "V")),
    low_level_ranges=(Range(0.05, 0.25, "V"), Range(0.15, 1.5, "V"), Range(1.0, 10.0, "V")),
    frequency_hz=(16.0, 850.0),
    max_order=100,
    ramp_s=(0.0, 60.0),
    phase_lock=True,
    watchdog_s=None,
)

angles = st.floats(-180.0, 180.0)
spectra = st.lists(
    st.builds(Phasor, order=st.integers(1, 30), rms=st.floats(0.0, 500.0), phase_deg=angles), max_size=4
).map(tuple)


def waveform_peak(spectrum):
    steps = [2 * math.pi * k / 4000 for k in range(4000)]
    return max(
        abs(sum(math.sqrt(2) * p.rms * math.sin(p.order * x + math.radians(p.phase_deg)) for p in spectrum))
        for x in steps
    )


def three_phase(volts, ct_volts=0.0, frequency_hz=60.0):
    return Stimulus(
        frequency_hz,
        tuple((Phasor(1, volts, a),) for a in (0.0, -120.0, 120.0)),
        tuple((Phasor(1, ct_volts, a),) for a in (0.0, -120.0, 120.0)),
    )


def accepts(stimulus, rating, envelope, ct_secondary_v=1.0):
    try:
        check_stimulus(stimulus, rating=rating, ct_secondary_v=ct_secondary_v, envelope=envelope, what="point")
    except RigError:
        return False
    return True


@pytest.mark.parametrize(
    ("rating", "envelope", "volts"),
    [(UL, "accuracy", 347.0), (UL, "measuring", 416.4), (CE, "accuracy", 300.0), (CE, "measuring", 360.0)],
)
def test_the_limit_itself_passes_and_a_hair_above_it_does_not(rating, envelope, volts):
    assert accepts(three_phase(volts), rating, envelope)
    assert not accepts(three_phase(volts * 1.0001), rating, envelope)


@pytest.mark.parametrize(("secondary_v", "limit_v"), [(1.0, 1.2), (1.0 / 3.0, 0.4)])
def test_ct_inputs_end_at_twenty_percent_over_range(secondary_v, limit_v):
    assert accepts(three_phase(277.0, limit_v), UL, "measuring", secondary_v)
    assert not accepts(three_phase(277.0, limit_v * 1.0001), UL, "measuring", secondary_v)


@pytest.mark.parametrize("frequency_hz", [44.99, 65.01, float("nan"), float("inf")])
def test_frequencies_outside_45_to_65_hz_are_refused(frequency_hz):
    assert accepts(three_phase(277.0, frequency_hz=45.0), UL, "measuring")
    assert accepts(three_phase(277.0, frequency_hz=65.0), UL, "measuring")
    assert not accepts(three_phase(277.0, frequency_hz=frequency_hz), UL, "measuring")


def near(limit):
    """Waveforms around a limit: a fundamental of 60 to 120 % of it, perhaps with two harmonics."""
    harmonic = st.builds(Phasor, order=st.integers(2, 25), rms=st.floats(0.0, 0.3 * limit), phase_deg=angles)
    return st.tuples(st.floats(0.6 * limit, 1.2 * limit), st.lists(harmonic, max_size=2))


def shifted(shape, angle_deg):
    fundamental, harmonics = shape
    return (Phasor(1, fundamental, angle_deg), *harmonics)


@given(near(347.0), near(1.2), st.floats(44.0, 66.0), st.sampled_from(["accuracy", "measuring"]))
def test_nothing_above_a_limit_ever_passes(volts, ct_volts, frequency_hz, envelope):
    stimulus = Stimulus(
        frequency_hz,
        tuple(shifted(volts, a) for a in (0.0, -120.0, 120.0)),
        tuple(shifted(ct_volts, a) for a in (0.0, -120.0, 120.0)),
    )
    limits = UL.envelope(envelope)
    peak, ct_peak = waveform_peak(stimulus.voltages[0]), waveform_peak(stimulus.ct_inputs[0])
    rms = math.sqrt(sum(p.rms**2 for p in stimulus.voltages[0]))
    above = (
        not 45.0 <= frequency_hz <= 65.0
        or peak > math.sqrt(2) * limits.voltage_ln_v * (1 + 1e-6)
        or ct_peak > math.sqrt(2) * 1.2 * (1 + 1e-6)
        or rms > limits.voltage_ln_v * (1 + 1e-6)
    )
    if above:
        assert not accepts(stimulus, UL, envelope)


@given(spectra)
def test_the_composite_peak_is_never_below_the_waveform_and_hardly_above(spectrum):
    assume(spectrum)
    true = waveform_peak(spectrum)
    rounding = 1e-12 * sum(part.rms for part in spectrum)  # components may cancel to less than a rounding error
    assert true - rounding <= composite_peak(spectrum)
    assert composite_peak(spectrum) <= true * 1.0013 + 1e-9 + 500.0 * 1e-3


def test_a_peak_above_the_limit_is_refused_though_the_rms_is_within():
    peaky = (Phasor(1, 330.0, 0.0), Phasor(3, 60.0, 180.0))
    assert math.hypot(330.0, 60.0) < 347.0
    stimulus = Stimulus(60.0, (peaky, (), ()), ((), (), ()))
    with pytest.raises(LimitExceeded, match=r"voltage A-N \(peak\)"):
        check_stimulus(stimulus, rating=UL, ct_secondary_v=1.0, envelope="accuracy", what="point")


def test_two_phases_in_opposition_are_refused_for_line_to_line_voltage():
    stimulus = Stimulus(60.0, ((Phasor(1, 347.0, 0.0),), (Phasor(1, 347.0, 180.0),), ()), ((), (), ()))
    with pytest.raises(LimitExceeded, match=r"voltage A-B 694 V is beyond 601.1 V"):
        check_stimulus(stimulus, rating=UL, ct_secondary_v=1.0, envelope="accuracy", what="point")


def test_components_of_one_order_are_added_before_they_are_compared():
    split = (Phasor(1, 200.0, 0.0), Phasor(1, 200.0, 0.0))
    assert not accepts(Stimulus(60.0, (split, (), ()), ((), (), ())), UL, "accuracy")


def test_what_has_no_known_damage_limit_is_not_testable():
    with pytest.raises(UsageRefused, match=r"the manual states no damage limit.*not known"):
        check_stimulus(three_phase(100.0), rating=UL, ct_secondary_v=1.0, envelope="damage", what="point")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_is_no_number_is_refused(value):
    assert not accepts(three_phase(value), UL, "measuring")


def test_plan_above_the_rating_is_refused_with_point_quantity_and_limit():
    points = [LoadPoint(277.0, 100.0, 0.0), LoadPoint(400.0, 5.0, -60.0)]
    with pytest.raises(LimitExceeded, match=r"400V-5pct-PF0.5lag-ABC: voltage A-N 400 V is beyond 347 V.*UL.*page 4"):
        check(points, rating=UL, path=WIRING, source=SOURCE)
    check(points[:1], rating=UL, path=WIRING, source=SOURCE)


def test_voltage_below_the_accuracy_range_is_refused_and_zero_is_not():
    with pytest.raises(LimitExceeded, match="80 V is below 90 V: the lowest"):
        check([LoadPoint(80.0, 5.0, 0.0)], rating=UL, path=WIRING)
    check([LoadPoint(0.0, 5.0, 0.0)], rating=UL, path=WIRING)


def test_a_current_below_the_sources_floor_is_refused_and_never_clamped():
    with pytest.raises(LimitExceeded, match=r"source current A 0.008 V is below 0.05 V: the lowest"):
        check([LoadPoint(277.0, 0.1, 0.0)], rating=UL, path=WIRING, source=SOURCE)


def test_a_voltage_that_no_range_holds_is_refused():
    small = replace(SOURCE, voltage_ranges=(Range(0.0, 300.0, "V"),))
    with pytest.raises(LimitExceeded, match="source voltage A 347 V is beyond 300 V: the source's highest range"):
        check([LoadPoint(347.0, 5.0, 0.0)], rating=UL, path=WIRING, source=small)


def test_a_source_without_low_level_output_cannot_inject():
    none = replace(SOURCE, low_level_ranges=())
    with pytest.raises(UsageRefused, match="no such output"):
        check([LoadPoint(277.0, 5.0, 0.0)], rating=UL, path=WIRING, source=none)


@given(st.floats(0.0, 500.0), st.floats(0.0, 200.0), st.sampled_from(["ABC", "A", "B"]))
def test_plan_passes_exactly_with_volts_and_percent_within_the_rating(voltage_v, current_pct, phases):
    assume(not 0.0 < voltage_v < 1e-6)
    point = LoadPoint(voltage_v, current_pct, 0.0, phases)
    inside = (voltage_v == 0.0 or 90.0 <= voltage_v <= 347.0) and current_pct <= 120.0
    try:
        check([point], rating=UL, path=WIRING)
    except LimitExceeded:
        assert not inside
    else:
        assert voltage_v <= 347.0 * (1 + 1e-8)
        assert current_pct <= 120.0 * (1 + 1e-8)


@pytest.mark.parametrize(
    ("point", "what"),
    [
        (LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, 126.0, 100.0)), "voltage B-N"),
        (LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, 100.0, 30.0)), "voltage C-N"),
        (LoadPoint(347.0, 5.0, 0.0, voltage_shift_deg=(0.0, -30.0, 0.0)), "voltage A-B"),
    ],
)
def test_each_phase_is_held_against_the_limits_by_itself(point, what):
    with pytest.raises(LimitExceeded) as refused:
        check([point], rating=UL, path=WIRING, source=SOURCE)
    assert refused.value.quantity == f"{point.label}: {what}"


def test_a_phase_that_is_missing_is_within_every_limit():
    for place in range(3):
        percents = tuple(0.0 if other == place else 100.0 for other in range(3))
        check([LoadPoint(347.0, 5.0, 0.0, voltages_pct=percents)], rating=UL, path=WIRING, source=SOURCE)


@pytest.mark.parametrize(("order", "frequency_hz"), [(21, 60.0), (42, 60.0), (28, 45.0), (41, 60.0)])
def test_a_harmonic_read_by_sampling_phase_is_refused(order, frequency_hz):
    volts = ((Phasor(1, 230.0, 0.0), Phasor(order, 20.0, 30.0)), (), ())
    with pytest.raises(UsageRefused, match=f"point: V_A: orders?.* {order} at {frequency_hz:g} Hz"):
        check_stimulus(
            Stimulus(frequency_hz, volts, ((), (), ())),
            rating=UL,
            ct_secondary_v=1.0,
            envelope="accuracy",
            what="point",
        )


@pytest.mark.parametrize(
    ("value", "limit", "side"), [(0.008, 0.05, "below"), (420.0, 347.0, "beyond"), (-50.0, -40.0, "below")]
)
def test_value_outside_an_envelope_is_said_to_be_on_its_side(value, limit, side):
    assert f" is {side} {limit:g} V: why" in str(LimitExceeded("voltage", value, limit, "V", "why"))
