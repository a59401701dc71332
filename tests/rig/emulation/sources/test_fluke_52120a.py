"""The emulated Fluke 6105A with and without a 52120A amplifier on each phase, and transformers behind it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.stimulus import Phasor
from rig.emulation.world.physics import NOTHING, CurrentLoop, SourceTerminals, Wiring, rms

AMPERES, VOLTS = (False,) * 3, (True,) * 3


@pytest.fixture
def source(bench):
    return bench.client("source")


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        ("SOUR:PHAS1:CURR:EAMP:RANG 0,120", "SOUR:PHAS1:CURR:EAMP:RANG? HIGH", None),
        ("*CLS", "SOUR:PHAS3:CURR:EAMP:FITT?", "1"),
        ("*CLS", "source:phase3:current:eamplifier:fitted?", "1"),
        ("SOUR:PHAS1:CURR:EAMP:RANG 12,120", "SOUR:PHAS1:CURR:EAMP:RANG? HIGH", "1.2E2"),
        ("SOUR:PHAS1:CURR:EAMP:RANG 12,120", "SOUR:PHAS1:CURR:RANG:UNIT?", "CURR"),
        ("SOUR:PHAS2:CURR:EAMP:RANG 1,2", "SOUR:PHAS2:CURR:EAMP:RANG?", "2.0E-1,2.0E0"),
        ("SOUR:PHAS1:CURR:EAMP:TERM:MODE HIGH", "SOUR:PHAS1:CURR:EAMP:TERM:MODE?", "HIGH"),
        ("SOUR:PHAS1:CURR:EAMP:TERM:MODE AUTO", "SOUR:PHAS1:CURR:EAMP:TERM:MODE?", "AUTO"),
    ],
)
def test_an_amplifier_is_asked_and_set_by_phase(bench, source, command, query, answer):
    with bench.world:
        bench.source.fit_amplifier()
    source.write(command)
    if answer is None:
        assert source.query("SYST:ERR?") == '-222,"Data out of range"'
        return
    assert source.query(query) == answer
    assert source.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize("command", ["EAMP:RANG 12,120", "EAMP:TERM:MODE AUTO"])
def test_without_one_the_hardware_is_missing(source, command):
    source.write(f"SOUR:PHAS1:CURR:{command}")
    assert source.query("SYST:ERR?") == '-241,"Hardware missing"'
    assert source.query("SOUR:PHAS1:CURR:EAMP:FITT?") == "0"


@given(st.floats(0.01, 120.0), st.floats(0.5, 20.0), st.sampled_from([1, 3]))
def test_transformer_gives_rated_volts_at_rated_amperes_times_turns(amperes, turns, secondary):
    loop = CurrentLoop(turns, primary_a=100.0, ratio_error=0.0, phase_deg=-0.2)
    driven = ((Phasor(1, amperes, 10.0), Phasor(5, amperes / 10.0, 20.0)), (), ())
    stimulus = Wiring(ct_secondary=secondary, loop=loop).stimulus(SourceTerminals(60.0, NOTHING, driven, AMPERES))
    first, fifth = stimulus.ct_inputs[0]
    assert first.rms == pytest.approx(amperes * turns / 100.0 / secondary)
    assert math.isclose(fifth.rms, first.rms / 10.0)
    assert (first.phase_deg, fifth.phase_deg) == pytest.approx((9.8, 19.0))
    assert stimulus.ct_inputs[1] == ()


def test_channel_left_in_volts_drives_almost_nothing_by_a_transformer():
    wiring = Wiring(loop=CurrentLoop(1.0, primary_a=100.0))
    stimulus = wiring.stimulus(SourceTerminals(60.0, NOTHING, ((Phasor(1, 8.0, 0.0),), (), ()), VOLTS))
    assert 0.0 < rms(stimulus.ct_inputs[0]) < 0.1
