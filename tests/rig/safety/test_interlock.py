"""Interlock and emergency stop while energised: read, obeyed at once, and the run ends as stopped."""

import pytest

from drivers.errors import InstrumentLost
from rig.errors import SafeStateNotConfirmed
from rig.exit_codes import ExitCode, exit_code_of
from rig.load_point import LoadPoint
from rig.safety.errors import SafetyInputOpen
from tests.rig.safety.recorded_bench import POINT, TOUCHING, RecordedBench, energised_bench, refused, turn


@pytest.mark.parametrize("contact", ["interlock", "emergency_stop"])
@pytest.mark.parametrize("doing", ["settle", "sleep", "apply"])
def test_input_that_opens_while_energised_switches_off_and_stops_the_run(contact, doing):
    bench = energised_bench()
    turn(bench.contacts, **{contact: False})
    before = len(bench.calls)
    bench.clock.s += 1.0
    acts = {
        "settle": bench.supervisor.settle,
        "sleep": lambda: bench.clock.sleep(1.0),
        "apply": lambda: bench.supervisor.apply(LoadPoint(277.0, 5.0, 0.0)),
    }
    with pytest.raises(SafetyInputOpen, match=r"stopped, outputs switched off: .*open.* where .* was wanted") as caught:
        acts[doing]()
    since = bench.calls[before:]
    assert since[since.index("sense") + 1] == "make_safe", "nothing comes before switching off"
    assert not TOUCHING & set(since)
    assert bench.is_off
    assert exit_code_of(caught.value) is ExitCode.STOPPED
    assert any(kind == "interlock" and "open" in text for kind, text in bench.events)
    assert bench.supervisor.de_energise().by == ("source", "analyzer")
    error = refused(bench, SafetyInputOpen)
    assert error.step == "interlock"
    turn(bench.contacts, **{contact: True})
    bench.supervisor.energise(POINT)


def test_a_switch_unit_that_does_not_answer_any_more_counts_as_open():
    bench = energised_bench()
    bench.contacts.fails = InstrumentLost("SWITCH", "no answer")
    with pytest.raises(SafetyInputOpen, match=r"the switch unit did not say \(SWITCH: no answer\)"):
        bench.clock.sleep(1.0)
    assert bench.is_off


def test_guardian_switches_off_where_the_source_does_not_answer_either():
    bench = energised_bench()
    bench.contacts.interlock = False
    bench.fail_at = len(bench.calls) + 1
    with pytest.raises(SafetyInputOpen):
        bench.clock.sleep(1.0)
    assert bench.calls[-2:] == ["make_safe", "guardian switches off"]
    assert bench.is_off


def test_where_nobody_can_switch_off_that_comes_before_the_reason():
    bench = energised_bench()
    bench.contacts.interlock = False
    bench.source.is_stuck = True
    with pytest.raises(SafeStateNotConfirmed, match="the interlock open where the interlock closed was wanted"):
        bench.clock.sleep(1.0)
    assert bench.guardian.armed


@pytest.mark.parametrize("doing", ["settle", "apply", "energise"])
def test_a_voltage_that_hardware_has_taken_away_is_told_as_what_it_is(doing):
    bench = RecordedBench()
    to = LoadPoint(277.0, 5.0, 0.0)
    act = {"settle": bench.supervisor.settle, "apply": lambda: bench.supervisor.apply(to)}.get(doing)
    if act is not None:
        bench.supervisor.energise(POINT)
    set_point = bench.source.set_point

    def the_door_opens(setting=None):
        """Hardware acts at once, and the rig has just looked."""
        if setting is not None:
            set_point(setting)
        bench.contacts.interlock = False
        bench.source.on_since_s = None
        bench.inputs._last_s = bench.clock.s + 10.0

    if doing == "settle":
        the_door_opens()
    elif doing == "apply":
        bench.source.set_point = the_door_opens
    else:
        act = lambda: bench.supervisor.energise(POINT)  # noqa: E731 - one of three acts
        bench.source.set_point = lambda s: the_door_opens(s) if any(s.current) else set_point(s)
    with pytest.raises(SafetyInputOpen, match="stopped, outputs switched off: the interlock open"):
        act()
    assert bench.is_off
    assert bench.calls[-2:] == ["analyzer read", "disarm"]


def test_input_that_opens_before_the_ramp_is_noticed_before_output_on():
    bench = RecordedBench()

    def open_the_door():
        bench.contacts.interlock = False

    bench.supervisor.pre_energise_checks = (open_the_door,)
    error = refused(bench, SafetyInputOpen)
    assert error.step == "ramp"
    assert "switch on" not in bench.calls


def test_while_nothing_is_energised_nobody_is_asked():
    bench = RecordedBench()
    bench.clock.sleep(10.0)
    assert bench.calls == []
