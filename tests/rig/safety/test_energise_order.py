"""The way up as a law: after any failure no further step is done, and the outputs are off and verified."""

import math
import re
from dataclasses import replace

import pytest

from drivers.errors import InstrumentError, InstrumentLost, SettingNotTaken
from drivers.instrument import Identity
from rig.errors import SafeStateNotConfirmed, UsageRefused
from rig.load_point import LoadPoint
from rig.safety.energise import STEPS
from rig.safety.errors import OutputWrong, StepFailed
from tests.rig.safety.recorded_bench import POINT, TOUCHING, WIRING, RecordedBench, energised_bench, refused, turn

GOOD_CALLS = energised_bench().calls


def test_all_steps_are_done_in_their_order_and_each_is_told():
    bench = energised_bench()
    assert bench.steps_done == STEPS
    assert bench.events[-1] == ("energised", POINT.label)
    text = dict(zip(STEPS, (text for kind, text in bench.events if kind == "energise"), strict=True))
    assert "the interlock closed and the emergency stop's contact closed" in text["interlock"]
    assert "source MAKER SOURCE number S-1, analyzer MAKER ANALYZER number A-1" in text["identity"]
    assert "1 A in force" in text["current limit"]
    assert text["interlock"].startswith(f"{POINT.label}: step 1 of {len(STEPS)}, interlock: ")


def test_the_instruments_are_touched_in_the_order_of_the_steps():
    first = [GOOD_CALLS.index(call) for call in ("arm", "sense", "source identify", "analyzer identify", "make_safe")]
    assert first == sorted(first)
    rest = [call for call in GOOD_CALLS[first[-1] :] if call not in ("analyzer read", "sense")]
    assert rest == [
        "make_safe", "analyzer ranges", "select_ranges", "protection", "set_point", "switch on",
        "select_ranges", "set_point", "select_ranges", "set_point",
    ]  # fmt: skip
    assert GOOD_CALLS[GOOD_CALLS.index("make_safe") + 1] == "analyzer read", "off is verified by the analyzer as well"


@pytest.mark.parametrize("number", range(1, len(GOOD_CALLS)))
def test_failure_of_any_call_ends_the_way_up_with_outputs_verified_off(number):
    bench = RecordedBench()
    bench.fail_at = number
    refused(bench)
    done = bench.steps_done
    assert done == STEPS[: len(done)]
    assert len(done) < len(STEPS)
    afterwards = bench.calls_after(number)
    assert not TOUCHING & set(afterwards)
    assert afterwards[-2:] == ["analyzer read", "disarm"], "the last word is the analyzer's"
    assert {"make_safe", "guardian switches off"} & set(afterwards)
    assert bench.is_off
    assert bench.supervisor.load_point is None
    assert not bench.guardian.armed
    assert bench.events[-2][0] == "safe"
    assert bench.events[-1][0] == "not-energised"
    bench.supervisor.energise(POINT)
    assert bench.supervisor.load_point == POINT


def test_a_guardian_that_cannot_be_armed_comes_before_everything_else():
    bench = RecordedBench()
    bench.fail_at = 0
    refused(bench, InstrumentError)
    assert bench.calls == ["arm"]


def refuse_check(bench):
    def check():
        raise UsageRefused("the analyzer's calibration has expired; have it calibrated")

    bench.supervisor.pre_energise_checks = (check,)


def not_taken(bench):
    def set_point(_setting):
        raise SettingNotTaken("SOURCE", "VOLT", "277", "276")

    bench.source.set_point = set_point


@pytest.mark.parametrize(
    ("step", "spoil", "words"),
    [
        ("interlock", lambda b: turn(b.contacts, interlock=False), "the interlock open where the interlock closed was"),
        ("interlock", lambda b: turn(b.contacts, emergency_stop=False), "emergency stop's contact open where"),
        ("interlock", lambda b: turn(b.contacts, fails=InstrumentLost("SWITCH", "no answer")), "did not say"),
        (
            "identity",
            lambda b: turn(b.source, identity=Identity("MAKER", "SOURCE", "S-2", "1")),
            "the source is MAKER SOURCE number S-2 where MAKER SOURCE number S-1, with which the bench was opened,",
        ),
        ("checks", refuse_check, "calibration has expired"),
        ("current limit", lambda b: turn(b.source, limit_a=None), "tells no current limit where one of 0.1 to 10 A"),
        ("current limit", lambda b: turn(b.source, limit_a=20.0), "a current limit of 20 A where one of 0.1 to 10 A"),
        ("current limit", lambda b: turn(b.source, limit_a=math.nan), "a current limit of nan A"),
        ("settings", not_taken, "VOLT is 276 after it was set to 277"),
        ("ramp", lambda b: turn(b.source, gains=[1.1, 1.0, 1.0]), "voltage A is 289.5 V where at most 287.3 V"),
        ("ramp", lambda b: turn(b.source, gains=[1.0, 0.0, 1.0]), "voltage B on the way up is 0 V"),
        ("ramp", lambda b: turn(b.source, gains=[0.0, 1.0, 1.0]), "voltage A on the way up is 0 V"),
        ("ramp", lambda b: turn(b.source, jumps=True), "does not ramp as programmed"),
        ("rotation and frequency", lambda b: turn(b.analyzer, swapped=True), "the rotation is A-C-B"),
        ("rotation and frequency", lambda b: turn(b.analyzer, frequency_error=1.01), "frequency is 60.6 Hz"),
        (
            "current channels",
            lambda b: turn(b.analyzer, ct_gain=[0.5] * 3),
            "CT input A is 0.05 V where 0.1 V was expected; every CT input has 0.5 times",
        ),
    ],
)
def test_wrong_finding_ends_the_way_up_at_its_step_with_found_and_wanted(step, spoil, words):
    bench = energised_bench()
    assert bench.supervisor.de_energise().confirmed
    bench.events.clear()
    spoil(bench)
    error = refused(bench)
    assert re.search(words, str(error))
    assert bench.steps_done == STEPS[: STEPS.index(step)]
    assert getattr(error, "step", step) == step
    assert ("; " in str(error)) or isinstance(error, UsageRefused)
    assert bench.is_off
    if STEPS.index(step) < STEPS.index("ramp"):
        assert bench.calls.count("switch on") == 1, "that of the first time"


def test_a_wrong_lead_is_found_long_before_the_full_voltage():
    bench = RecordedBench()
    bench.source.gains = [1.0, 1.0, 0.0]
    refused(bench, OutputWrong)
    assert bench.highest_v < 0.3 * 277.0


def test_phases_may_rise_at_equal_slew_or_within_equal_time():
    point = LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, 50.0, 80.0))
    for by_slew in (False, True):
        bench = RecordedBench()
        if by_slew:
            goals = WIRING.terminals(point).voltages
            part = bench.source.part

            def slewing(bench=bench, goals=goals, part=part):
                done = part()
                bench.source.gains = [min(1.0, done * 277.0 / goal[0].rms) / done if done else 1.0 for goal in goals]
                return done

            bench.source.part = slewing
        bench.supervisor.energise(point)
        assert bench.supervisor.load_point == point


def test_output_not_confirmed_off_is_the_worst_error_and_nothing_goes_on(monkeypatch):
    monkeypatch.setattr(
        "rig.safety.switching_off.terminals.CONFIRM_S", 0.0
    )  # wall time, which this bench does not have
    bench = energised_bench()
    bench.source.is_stuck = True
    assert not bench.supervisor.de_energise().confirmed
    before = len(bench.calls)
    refused(bench, SafeStateNotConfirmed)
    assert not TOUCHING & set(bench.calls[before:])
    assert bench.guardian.armed, "it goes on trying"


def test_analyzer_that_cannot_confirm_off_keeps_outputs_off():
    bench = RecordedBench()
    bench.fail_at = GOOD_CALLS.index("analyzer read")
    error = refused(bench, StepFailed)
    assert error.step == "output off"
    assert "could not confirm" in error.found
    assert not TOUCHING & set(bench.calls)


def test_source_with_a_fixed_current_limit_says_so_in_the_record(monkeypatch):
    bench = RecordedBench()
    monkeypatch.setattr(bench.source, "capabilities", replace(bench.source.capabilities, current_limit_a=None))
    bench.source.limit_a = None
    bench.supervisor.energise(POINT)
    assert any("the current limit is not for the rig to set" in text for _, text in bench.events)


def test_steps_without_an_analyzer_are_the_same_and_say_so():
    bench = RecordedBench(with_analyzer=False)
    bench.supervisor.energise(POINT)
    assert bench.steps_done == STEPS
    assert sum("no analyzer" in text for _, text in bench.events) >= 3


def test_without_safety_inputs_the_record_says_that_they_are_not_wired():
    bench = RecordedBench(wired=False)
    bench.supervisor.energise(POINT)
    assert "sense" not in bench.calls
    assert bench.events[0][1].endswith("interlock: not wired")
    assert "interlock: not wired" in bench.inputs.text
