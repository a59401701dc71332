"""A bench with real transformers: what is refused at load, options of a driver, and one load point in amperes."""

import pytest

from rig.bench import load_bench, open_bench
from rig.bench.drivers import check_options
from rig.errors import BenchFileError, UsageRefused
from rig.load_point import LoadPoint
from tests.rig.safety.stand_ins import Control


def written(tmp_path, more, extends="emulated-on-fluke-52120a"):
    path = tmp_path / "bench.yaml"
    path.write_text(f"schema: 1\nextends: {extends}\nname: loop\n{more}")
    return path


def refused(tmp_path, more, extends="emulated-on-fluke-52120a"):
    with pytest.raises(BenchFileError) as caught:
        load_bench(written(tmp_path, more, extends))
    return str(caught.value)


def test_a_divider_and_a_loop_together_are_refused(tmp_path):
    said = refused(tmp_path, "wiring: {current_divider: {ratio: 8.0}}\n")
    assert "'current_divider' or through 'current_loop'" in said


def test_amperes_above_the_highest_range_are_refused_with_the_point(tmp_path):
    said = refused(tmp_path, "wiring: {ct: {primary_a: 400, secondary_v: 1}}\n")
    assert "source current A 400 A is beyond 120 A" in said


def test_more_turns_bring_a_larger_transformer_within_reach(tmp_path):
    more = "wiring: {ct: {primary_a: 400, secondary_v: 1}, current_loop: {turns: 4}}\n"
    assert load_bench(written(tmp_path, more)).source_capabilities.current_ranges[-1].high == 120.0


def test_without_the_amplifier_the_sources_own_amperes_are_the_limit(tmp_path):
    assert "100 A is beyond 21 A" in refused(tmp_path, "source: {options: {amplifier: false}}\n")


def test_a_source_beside_a_low_level_source_gives_no_amperes(tmp_path):
    more = "wiring: {current_divider: null, current_loop: {turns: 1}}\n"
    assert "no current channels" in refused(tmp_path, more, "emulated-on-fluke-rigol")


@pytest.mark.parametrize(
    ("option", "said"),
    [("amplifer: true", "no option 'amplifer'; known: amplifier"), ("amplifier: 1", "'amplifier' cannot be 1")],
)
def test_an_option_that_the_driver_does_not_take_is_refused_at_its_line(tmp_path, option, said):
    message = refused(tmp_path, f"source:\n  options:\n    {option}\n")
    assert "bench.yaml:5: " in message
    assert said in message


def test_an_option_out_of_its_range_is_refused_at_its_line(tmp_path):
    more = "source:\n  driver: ametek_ci\n  options: {current_limit_a: 50}\n"
    said = refused(tmp_path, more, "emulated-on-fluke-rigol")
    assert "bench.yaml:6: ametek_ci: current limit 50 A is outside 0.1 to 3.3 A" in said


def test_options_are_the_drivers_keyword_arguments():
    assert check_options("fluke_6105a", {"four_wire_sense": True}) == {"four_wire_sense": True}
    with pytest.raises(UsageRefused, match="no option 'session'"):
        check_options("fluke_6105a", {"session": "mine"})


@pytest.mark.realtime
def test_a_load_point_is_reached_with_amperes_through_transformers(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    more = (
        'bus: null\npositions: [{name: "1", meter_type: s4100}]\n'
        'launch: {extra_argv: ["--meters", "0", "--current-loop", "1", "--amplifier"]}\n'
    )
    with open_bench(written(tmp_path, more)) as bench:
        control = Control(bench.launched.endpoints)
        try:
            for percent in (100.0, 1.0):
                bench.supervisor.apply(LoadPoint(277.0, percent, -60.0))
                reading = bench.supervisor.settle()[-1]
                for element, volts in zip(reading.elements, control.status["ct_volts"], strict=True):
                    assert volts == pytest.approx(percent / 100.0, rel=2e-3)
                    assert element.i == pytest.approx(volts, rel=2e-3)
            assert bench.supervisor.de_energise().confirmed
        finally:
            control.close()
