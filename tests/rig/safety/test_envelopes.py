"""Envelopes: a bench may narrow them and never widen them, one lies inside the other, and nothing changes them."""

import math
from dataclasses import FrozenInstanceError, replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.errors import RigError
from meter_model.stimulus import Phasor, Stimulus
from rig.bench.config.meter_type import load_meter_type
from rig.errors import BenchFileError, LimitExceeded, UsageRefused
from rig.safety.envelopes import Narrowing
from rig.safety.limits import check_ramp, check_stimulus

TYPE = load_meter_type("s4100")
UL, CE = TYPE.ratings["UL"], TYPE.ratings["CE"]
NAMES = ("accuracy", "measuring", "alarming")


def maybe(low, high):
    return st.none() | st.floats(low, high)


narrowings = st.builds(
    Narrowing,
    voltage_ln_v=maybe(80.0, 450.0),
    voltage_ll_v=maybe(100.0, 800.0),
    ct_input_pct=maybe(1.0, 140.0),
    frequency_hz=st.none() | st.tuples(st.floats(38.0, 60.0), st.floats(50.0, 72.0)),
    ramp_v_per_s=maybe(1.0, 200.0),
    longest_s=maybe(1.0, 200.0),
)
points = st.builds(
    lambda volts, ct_volts, hz, harmonic: Stimulus(
        hz,
        tuple((Phasor(1, volts, a), Phasor(3, volts * harmonic, 0.0)) for a in (0.0, -120.0, 120.0)),
        tuple((Phasor(1, ct_volts, a),) for a in (0.0, -120.0, 120.0)),
    ),
    st.floats(80.0, 430.0),
    st.floats(0.0, 1.3),
    st.floats(40.0, 70.0),
    st.sampled_from([0.0, 0.1, 0.3]),
)


def accepts(stimulus, rating, envelope):
    try:
        check_stimulus(stimulus, rating=rating, ct_secondary_v=1.0, envelope=envelope, what="point")
    except RigError:
        return False
    return True


@given(narrowings, points, st.sampled_from(NAMES), st.floats(0.5, 20.0))
def test_what_a_narrowed_rating_lets_pass_the_rating_itself_lets_pass(by, stimulus, envelope, ramp_s):
    try:
        narrowed = UL.narrowed(by)
    except UsageRefused:
        return
    if accepts(stimulus, narrowed, envelope):
        assert accepts(stimulus, UL, envelope)
    own = by.voltage_ln_v or math.inf
    if accepts(stimulus, narrowed, envelope):
        assert max(p.rms for p in stimulus.voltages[0]) <= own * (1 + 1e-8)
    assert narrowed.damage.ramp_v_per_s <= UL.damage.ramp_v_per_s
    for name in NAMES[2:]:
        assert narrowed.longest_s(name) <= UL.longest_s(name)


@pytest.mark.parametrize(
    ("widening", "quantity"),
    [
        ({"voltage_ln_v": 417.0}, "voltage_ln_v"),
        ({"voltage_ll_v": 722.0}, "voltage_ll_v"),
        ({"ct_input_pct": 121.0}, "ct_input_pct"),
        ({"frequency_hz": (39.0, 60.0)}, "frequency_hz"),
        ({"frequency_hz": (45.0, 71.0)}, "frequency_hz"),
        ({"ramp_v_per_s": 101.0}, "ramp_v_per_s"),
        ({"longest_s": 121.0}, "longest_s"),
    ],
)
def test_what_would_widen_every_envelope_is_refused_by_name(widening, quantity):
    with pytest.raises(LimitExceeded, match=r"may narrow .* and never widen it") as refused:
        UL.narrowed(Narrowing(**widening))
    assert refused.value.quantity == quantity


def test_limits_that_leave_nothing_are_refused():
    for nothing in ({"voltage_ln_v": 80.0}, {"frequency_hz": (66.0, 67.0)}):
        with pytest.raises(UsageRefused, match="leave nothing"):
            UL.narrowed(Narrowing(**nothing))


def test_what_the_meter_type_does_not_state_cannot_be_narrowed():
    unknown = type(UL)(UL.meter_type, UL.name, UL.accuracy, UL.measuring, type(UL.damage)(why="?"))
    with pytest.raises(UsageRefused, match="states no limit that it would narrow"):
        unknown.narrowed(Narrowing(ramp_v_per_s=50.0))
    with pytest.raises(UsageRefused, match="how fast a voltage may rise is not known"):
        check_ramp(Stimulus(60.0, ((), (), ()), ((), (), ())), 5.0, rating=unknown, what="point")


@pytest.mark.parametrize(("rating", "volts"), [(UL, 416.4), (CE, 360.0)])
def test_highest_peak_is_that_of_the_highest_sine_wave_that_is_measured(rating, volts):
    assert rating.damage.voltage_peak_v == pytest.approx(math.sqrt(2.0) * volts, rel=3e-4)
    assert rating.damage.voltage_peak_v >= math.sqrt(2.0) * volts
    assert rating.damage.frequency_hz == (40, 70)
    assert rating.damage.voltage_ln_v is None, "not known, and not invented"


def test_peak_beyond_the_damage_envelope_is_refused_in_every_envelope():
    harmless = Stimulus(60.0, ((Phasor(1, 300.0, 0.0),), (), ()), ((), (), ()))
    low = replace(UL, damage=UL.damage.model_copy(update={"voltage_peak_v": 400.0}))
    for name in NAMES:
        assert accepts(harmless, UL, name)
        assert not accepts(harmless, low, name)


def test_envelopes_and_the_types_that_hold_them_do_not_change():
    for thing, name in ((UL, "name"), (UL.accuracy, "why"), (TYPE, "name"), (Narrowing(), "why")):
        with pytest.raises((FrozenInstanceError, ValidationError)):
            setattr(thing, name, "other")
    with pytest.raises(TypeError):
        TYPE.ratings["UL"] = CE  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("voltage_ln_v: 347", "voltage_ln_v: 420"), "voltage_ln_v of accuracy goes beyond that of measuring"),
        (("frequency_hz: [42, 68]", "frequency_hz: [39, 68]"), "frequency_hz of alarming goes beyond that of damage"),
        (("voltage_peak_v: 588.9", "voltage_peak_v: 500"), "peak of voltage_ln_v of measuring goes beyond"),
    ],
)
def test_meter_type_with_envelopes_not_inside_each_other_is_refused(tmp_path, change, words):
    text = (resources.files("fixtures.meters") / "s4100.yaml").read_text()
    path = tmp_path / "other.yaml"
    stated, other = change
    assert stated in text
    path.write_text(text.replace(stated, other, 1))
    with pytest.raises(BenchFileError, match=words):
        load_meter_type(str(path))
