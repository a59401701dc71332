"""Energise, apply, settle, de-energise: on the emulated source and analyzer, over their sockets."""

import os
import signal
from dataclasses import replace

import pytest

from drivers.errors import InstrumentLost
from meter_model.stimulus import Phasor, Stimulus
from rig.bench import switch_bench_off
from rig.bench.schema.bench import PathPart
from rig.bench.wiring import Wiring
from rig.errors import LimitExceeded, SafeStateNotConfirmed, UsageRefused
from rig.events import SwitchedOff
from rig.load_point import LoadPoint
from rig.safety.errors import GuardianLost, NotSettled, OutputWrong
from rig.safety.guardian.journal import read_journal
from rig.safety.settling import SettlingLimits
from tests.waiting import comes_true

pytestmark = pytest.mark.realtime

FULL = LoadPoint(277.0, 100.0, 0.0)
LOW = LoadPoint(277.0, 5.0, -60.0)


def test_bench_reaches_points_settles_and_is_confirmed_off_at_the_end(good_bench, good_control):
    good_bench.supervisor.energise(FULL)
    readings = good_bench.supervisor.settle()
    assert len(readings) >= 5
    measured = good_bench.wiring.stimulus(readings[-1])
    assert measured.voltages[0][0].rms == pytest.approx(277.0, rel=2e-3)
    assert measured.ct_inputs[2][0].rms == pytest.approx(1.0, rel=5e-3)
    assert all(d.met for d in good_bench.supervisor.deviations_from_nominal(measured))

    good_bench.supervisor.apply(LOW)
    measured = good_bench.wiring.stimulus(good_bench.supervisor.settle()[-1])
    assert measured.ct_inputs[0][0].rms == pytest.approx(0.05, rel=5e-3)
    assert measured.ct_inputs[0][0].phase_deg == pytest.approx(-60.0, abs=0.05)
    assert len([event for event in good_control.outputs if event["on"]]) == 1, (
        "the next point must not switch the output"
    )

    report = good_bench.supervisor.de_energise()
    assert report.confirmed
    assert report.by == ("source", "analyzer")
    assert good_control.status["output_on"] is False
    again = good_bench.supervisor.de_energise()
    assert again.confirmed
    assert read_journal() == []


def test_large_change_of_voltage_goes_down_and_up_again_without_a_jump(good_bench, good_control):
    good_bench.supervisor.apply(LoadPoint(120.0, 5.0, 0.0))
    good_bench.supervisor.apply(LoadPoint(347.0, 5.0, 0.0))
    assert good_control.status["terminal_volts"][0] == pytest.approx(347.0, rel=2e-3)
    outputs = [event for event in good_control.outputs if event["on"]]
    assert len(outputs) == 2
    assert all(event["ramp_s"] > 0 for event in outputs)


@pytest.mark.parametrize(
    ("phases", "percents", "shift_deg"),
    [
        ("ABC", (0.0, 100.0, 100.0), (0.0, 0.0, 0.0)),
        ("AB", (100.0, 100.0, 0.0), (0.0, 0.0, 0.0)),
        ("ABC", (100.0, 80.0, 100.0), (0.0, 0.0, 15.0)),
    ],
)
def test_point_with_a_phase_missing_low_or_turned_is_reached_and_settles(
    good_bench, good_control, phases, percents, shift_deg
):
    point = LoadPoint(277.0, 5.0, 0.0, phases, voltages_pct=percents, voltage_shift_deg=shift_deg)
    good_bench.supervisor.apply(point)
    assert good_control.status["terminal_volts"] == pytest.approx(point.phase_voltages_v, rel=2e-3)
    settled = good_bench.supervisor.settle()[-1]
    assert [e.u_v for e in settled.elements] == pytest.approx(point.phase_voltages_v, rel=2e-3, abs=0.5)
    if percents[0]:
        measured = good_bench.wiring.stimulus(settled)
        assert all(d.met for d in good_bench.supervisor.deviations_from_nominal(measured))


def test_without_current_the_analyzer_keeps_its_ranges_for_an_integration(good_bench):
    good_bench.supervisor.apply(LOW)
    ranges = good_bench.supervisor.analyzer_ranges
    good_bench.supervisor.apply(LoadPoint(277.0, 0.0, 0.0))
    assert good_bench.supervisor.analyzer_ranges == ranges


@pytest.mark.parametrize(
    "point", [LoadPoint(400.0, 5.0, 0.0), LoadPoint(277.0, 130.0, 0.0), LoadPoint(277.0, 0.1, 0.0)]
)
def test_a_point_beyond_a_limit_is_refused_and_nothing_is_switched_on(good_bench, good_control, point):
    with pytest.raises(LimitExceeded):
        good_bench.supervisor.energise(point)
    assert not any(event["on"] for event in good_control.outputs)


def test_there_is_nothing_to_settle_while_the_outputs_are_off(good_bench):
    with pytest.raises(UsageRefused, match="outputs are off"):
        good_bench.supervisor.settle()


def test_an_output_far_above_its_set_point_is_switched_off_on_the_way_up(bench, control):
    control.fault("source-gain", "+10%")
    with pytest.raises(OutputWrong, match=r"voltage A is .* where at most"):
        bench.supervisor.energise(FULL)
    assert control.status["output_on"] is False


def test_an_output_that_becomes_too_high_is_switched_off_while_settling(bench, control):
    bench.supervisor.energise(FULL)
    control.fault("source-gain", "+10%")
    with pytest.raises(OutputWrong):
        bench.supervisor.settle()
    assert control.status["output_on"] is False


def test_output_switched_off_by_others_is_a_fault_and_not_a_steady_zero(bench, control):
    bench.supervisor.energise(FULL)
    assert [result.confirmed for result in switch_bench_off(bench.file)] == [True]
    with pytest.raises(OutputWrong, match="tripped or was switched off"):
        bench.supervisor.settle()


def test_swapped_voltage_leads_are_found_before_any_current_flows(good_bench, good_control, monkeypatch):
    def swapped(wiring, stimulus):
        setting = original(wiring, stimulus)
        a, b, c = setting.voltage
        return type(setting)(setting.frequency_hz, (a, c, b), setting.current)

    original = Wiring.setting_for
    monkeypatch.setattr(Wiring, "setting_for", swapped)
    with pytest.raises(OutputWrong, match="rotation is A-C-B"):
        good_bench.supervisor.energise(FULL)
    assert good_control.status["output_on"] is False
    assert not any(e["event"] == "channel" and e["on"] and e["channel"].startswith("CURR") for e in good_control.events)


def test_a_divider_that_is_not_as_the_bench_file_says_is_found(good_bench, good_control, monkeypatch):
    original = Wiring.setting_for
    wrong = Wiring(100.0, 1.0, current_divider=PathPart(ratio=4.0))
    monkeypatch.setattr(Wiring, "setting_for", lambda wiring, stimulus: original(wrong, stimulus))
    with pytest.raises(OutputWrong, match=r"CT input A is 0.049.* V where 0.1 V .*; every CT input has 0.499 times"):
        good_bench.supervisor.energise(FULL)
    assert good_control.status["output_on"] is False


def test_lost_analyzer_ends_with_the_source_off_and_names_what_confirmed(bench, control):
    bench.supervisor.energise(FULL)
    control.fault("analyzer-disconnect")
    with pytest.raises(InstrumentLost):
        bench.supervisor.settle()
    assert control.status["output_on"] is False
    report = bench.supervisor.de_energise()
    assert report.confirmed
    assert report.by == ("source",)
    assert any("analyzer could not confirm" in detail for detail in report.details)


def test_stuck_relay_is_not_confirmed_although_the_source_reports_off(bench, control):
    bench.supervisor.energise(FULL)
    control.fault("source-stuck-relay")
    report = bench.supervisor.de_energise()
    assert not report.confirmed
    assert any("THE ANALYZER STILL SEES" in detail for detail in report.details)
    with pytest.raises(SafeStateNotConfirmed, match="switch the source off by hand"):
        report.raise_if_not_confirmed()
    assert bench.guardian.armed, "the guardian must go on guarding what is not known to be off"
    control.fault("source-stuck-relay", False)
    assert bench.supervisor.de_energise().confirmed


def test_a_guardian_that_dies_ends_with_the_source_off_and_a_fault(bench, control):
    bench.supervisor.energise(FULL)
    os.kill(bench.guardian.pid, signal.SIGKILL)
    assert comes_true(lambda: not bench.guardian.alive(), 5.0)  # five seconds of bench time may pass in no time
    with pytest.raises(GuardianLost, match="the source confirms it"):
        bench.clock.sleep(5.0)
    assert control.status["output_on"] is False
    assert bench.supervisor.de_energise().confirmed
    with pytest.raises(GuardianLost, match="nothing has been switched on"):
        bench.supervisor.energise(FULL)


def test_an_interrupt_while_coming_down_switches_off_at_once(good_bench, good_control, monkeypatch):
    good_bench.supervisor.energise(FULL)

    def interrupted(_dt_s):
        raise KeyboardInterrupt

    said = []
    good_bench.events.subscribe(SwitchedOff, said.append)
    monkeypatch.setattr(good_bench.clock, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        good_bench.supervisor.de_energise()
    assert said[-1].confirmed
    assert "not ramped down (KeyboardInterrupt)" in str(said[-1])
    assert good_control.status["output_on"] is False
    assert not good_bench.guardian.armed


def test_deviations_name_each_value_outside_reference_conditions(good_bench):
    good_bench.supervisor.energise(FULL)
    nominal = good_bench.wiring.terminals(FULL)
    high = Stimulus(60.3, tuple((Phasor(1, 281.0, v[0].phase_deg),) for v in nominal.voltages), nominal.ct_inputs)
    found = {d.quantity: d for d in good_bench.supervisor.deviations_from_nominal(high)}
    assert not found["frequency"].met
    assert found["voltage B"].deviation == pytest.approx(100 * (281 / 277 - 1))
    assert not found["voltage B"].met
    assert found["displacement of current C"].met


def test_impossible_settling_limits_end_not_settled_with_outputs_still_on(good_bench, good_control, monkeypatch):
    good_bench.supervisor.energise(FULL)
    tight = SettlingLimits(std_pct=1e-9, drift_pct=1e-9, floor_pct=1e-12, timeout_s=5.0)
    monkeypatch.setattr(good_bench.supervisor, "_parts", replace(good_bench.supervisor._parts, settling=tight))
    with pytest.raises(NotSettled, match="was not stable after"):
        good_bench.supervisor.settle()
    assert good_control.status["output_on"] is True
