"""Drivers against emulated analyzers with no bench around them: fresh, with the rig's signs, never over range."""

import math
import time

import pytest

from drivers.analyzer.fluke_norma import FlukeNorma
from drivers.analyzer.radian_rd import RadianRD
from drivers.analyzer.yokogawa_wt import YokogawaWT
from drivers.analyzer.zes_lmg600 import ZesLMG600
from drivers.scpi.session import ScpiSession
from rig.emulation.analyzers.arithmetic import AnalyzerErrors
from rig.emulation.analyzers.fluke_norma_commands import norma_analyzer
from rig.emulation.analyzers.radian_rd import RadianStandard
from rig.emulation.analyzers.yokogawa_wt import MODELS
from rig.emulation.analyzers.yokogawa_wt_commands import yokogawa_analyzer
from rig.emulation.analyzers.zes_lmg600_commands import zes_analyzer
from tests.rig.emulation.energised import energise

VOLTS, SENSOR = 277.0, 8.0


@pytest.fixture
def norma(bench_with):
    """The driver, and the bench that it measures on."""
    bench = bench_with(norma_analyzer)
    driver = FlukeNorma(ScpiSession(bench.servers["analyzer"].endpoint), bench.world.sleep)
    driver.identify()
    driver.configure()
    yield driver, bench
    driver.close()


@pytest.fixture
def zes(bench_with):
    """The same of an LMG, in a world whose time runs: INIM waits for the end of a cycle."""
    bench = bench_with(zes_analyzer, monotonic=time.monotonic)
    driver = ZesLMG600(ScpiSession(bench.servers["analyzer"].endpoint), bench.world.sleep, update_s=0.05)
    driver.identify()
    driver.configure()
    driver.select_ranges(VOLTS, (1.0, 1.0, 1.0))
    yield driver, bench
    driver.close()


@pytest.mark.realtime
@pytest.mark.parametrize("model", MODELS)
def test_every_wt_measures_with_the_rigs_signs_by_the_names_of_its_model(bench_with, model):
    bench = bench_with(yokogawa_analyzer, monotonic=time.monotonic, model=model)
    driver = YokogawaWT(ScpiSession(bench.servers["analyzer"].endpoint), bench.world.sleep, update_s=0.05)
    driver.configure()
    driver.select_ranges(VOLTS, (1.0, 1.0, 1.0))
    measures_in_every_quadrant(driver, bench, -60.0)
    driver.start_integration()
    bench.world.sleep(36.0)
    assert driver.stop_integration().import_wh[0] == pytest.approx(
        0.5 * VOLTS * at_terminals(bench)[1] / 100.0, rel=0.03
    )
    driver.close()


def at_terminals(bench):
    wiring = bench.world.wiring
    return VOLTS * wiring.voltage_factor, SENSOR * wiring.ct_factor


QUADRANTS = [0.0, -60.0, 36.87, 180.0, -150.0]


@pytest.mark.parametrize("angle_deg", QUADRANTS)
def test_a_norma_measures_in_every_quadrant_with_the_rigs_signs(norma, angle_deg):
    driver, bench = norma
    driver.select_ranges(VOLTS, (1.0, 1.0, 1.0))
    measures_in_every_quadrant(driver, bench, angle_deg)


@pytest.mark.realtime
@pytest.mark.parametrize("angle_deg", QUADRANTS)
def test_an_lmg_measures_in_every_quadrant_with_the_rigs_signs(zes, angle_deg):
    driver, bench = zes
    measures_in_every_quadrant(driver, bench, angle_deg)


def measures_in_every_quadrant(driver, bench, angle_deg):
    energise(bench, angle_deg=angle_deg)
    volts, sensor = at_terminals(bench)
    for index, element in enumerate(driver.read().elements):
        assert element.u_v == pytest.approx(volts, rel=1e-5)
        assert element.i == pytest.approx(sensor, rel=1e-5)
        s = volts * sensor
        assert element.p == pytest.approx(s * math.cos(math.radians(angle_deg)), abs=1e-4 * s)
        assert element.q == pytest.approx(-s * math.sin(math.radians(angle_deg)), abs=1e-4 * s)
        assert element.u_phase_deg == pytest.approx((0.0, -120.0, 120.0)[index], abs=1e-3)
        lead_deg = element.i_phase_deg - element.u_phase_deg - angle_deg
        assert abs((lead_deg + 180.0) % 360.0 - 180.0) < 1e-3
        assert element.frequency_hz == pytest.approx(60.0, abs=1e-6)


def test_a_reading_holds_nothing_of_what_was_there_before_the_call(norma):
    driver, bench = norma
    driver.select_ranges(VOLTS, (1.0, 1.0, 1.0))
    source = energise(bench)
    bench.world.sleep(0.3)  # in the middle of an interval
    source.do("OUTP OFF")
    assert [element.u_v for element in driver.read().elements] == [0.0] * 3


@pytest.mark.realtime
def test_a_cycle_that_was_running_at_the_call_is_not_the_reading(zes):
    driver, bench = zes
    source = energise(bench)
    driver.read()
    bench.world.sleep(0.03)
    source.do("OUTP OFF")
    assert [element.u_v for element in driver.read().elements] == [0.0] * 3


@pytest.mark.realtime
def test_value_above_an_lmg_range_is_no_number_although_one_is_answered(zes):
    driver, bench = zes
    energise(bench)
    driver.select_ranges(200.0, (0.4, 1.0, 1.0))
    one, two, _ = driver.read().elements
    assert (one.u_v, one.i, one.p, one.q, one.s) == (None,) * 5
    assert two.u_v is None
    assert two.i == pytest.approx(at_terminals(bench)[1], rel=1e-5)


def test_a_clipped_value_is_no_number_although_one_is_answered(norma):
    driver, bench = norma
    energise(bench)
    driver.select_ranges(90.0, (0.1, 1.0, 1.0))
    one, two, _ = driver.read().elements
    assert (one.u_v, one.i, one.p, one.q, one.s) == (None,) * 5
    assert two.u_v is None
    assert two.i == pytest.approx(at_terminals(bench)[1], rel=1e-6)


def test_an_instrument_that_measures_no_more_gives_nothing_valid(norma):
    driver, bench = norma
    energise(bench)
    assert driver.read().elements[0].u_v is not None
    bench.client("analyzer").do("INIT:CONT OFF")
    reading = driver.read()
    assert {element.u_v for element in reading.elements} == {None}


def test_without_volts_a_reading_says_zero_and_no_angle(norma):
    driver, _ = norma
    one, _, _ = driver.read().elements
    assert (one.u_v, one.i, one.frequency_hz, one.u_phase_deg) == (0.0, 0.0, None, None)


@pytest.mark.parametrize(("angle_deg", "imported"), [(0.0, 1.0), (180.0, 0.0)])
def test_energy_is_counted_by_direction_over_the_instruments_own_time(norma, angle_deg, imported):
    driver, bench = norma
    driver.select_ranges(VOLTS, (1.0, 1.0, 1.0))
    energise(bench, angle_deg=angle_deg)
    driver.read()
    driver.start_integration()
    bench.world.sleep(60.0)
    energy = driver.stop_integration()
    volts, sensor = at_terminals(bench)
    wh = volts * sensor / 60.0
    assert energy.elapsed_s == pytest.approx(60.0, abs=0.6)
    assert energy.import_wh == pytest.approx((wh * imported,) * 3, rel=1e-6)
    assert energy.export_wh == pytest.approx((wh * (1.0 - imported),) * 3, rel=1e-6)


@pytest.mark.parametrize(("model", "valid"), [("RD-21", [True, False, False]), ("RD-33", [True] * 3)])
def test_a_radian_sees_the_phases_of_its_model(bench_with, model, valid):
    bench = bench_with(RadianStandard, model=model, errors=AnalyzerErrors(noise=1e-5))
    driver = RadianRD(
        RadianRD.open_link(bench.servers["analyzer"].endpoint, deadline_s=2.0, on_progress=None), bench.world.sleep
    )
    energise(bench)
    driver.configure()
    found = [element.u_v for element in driver.read().elements]
    driver.close()
    assert [value is not None for value in found] == valid
    assert found[0] == pytest.approx(VOLTS, rel=1e-4)
