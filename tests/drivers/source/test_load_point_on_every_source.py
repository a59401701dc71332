"""Every registered source and analyzer goes to one load point and back, through pyvisa and real sockets.

Registering a driver (drivers.source.SOURCES, drivers.analyzer.ANALYZERS) and its emulator of the same name
(rig.emulation.instruments) is enough to be tested here. A source that drives the voltage inputs only is combined with
a low-level source; one that cannot be locked to it is refused.
"""

import math

import pytest

from drivers.analyzer import ANALYZERS
from drivers.source import SOURCES
from rig.bench import load_bench, open_bench
from rig.emulation import instruments
from rig.errors import BenchFileError
from rig.load_point import LoadPoint
from tests.rig.safety.stand_ins import Control

FLUKE, LOW_LEVEL, YOKOGAWA = "fluke_6105a", "rigol_dg5000", "yokogawa_wt"
POINT = LoadPoint(120.0, 100.0, -60.0)
PARTS_OF_READING = 5e-4
"""Several times what the emulated analyzers are off; a factor or a range that is wrong is far beyond it."""

BENCH = """\
schema: 1
extends: emulated
name: every-{source}-{low_level}-{analyzer}
bus: null
positions: [{{name: "1", meter_type: s4100}}]
launch:
  extra_argv: [--meters, "0", --divider-ratio, "5", --source, {source}, --analyzer, {analyzer}{low_level_option}]
source: {{driver: {source}}}
{low_level_part}
analyzer: {{driver: {analyzer}, update_s: 0.5}}
wiring: {{current_divider: {{ratio: 5.0}}}}
nominal: {{voltage_v: 120, system_voltage_v: 208}}
"""


def low_level_beside(source):
    return None if SOURCES[source].capabilities.low_level_ranges else LOW_LEVEL


def is_usable(source):
    return low_level_beside(source) is None or SOURCES[source].capabilities.phase_lock


def blind_analyzers():
    """Those that cannot see the CT inputs: no bench with a source takes them (test_reference_of_bench)."""
    return [name for name, driver in ANALYZERS.items() if driver.capabilities.ct_input_v is None]


COMBINATIONS = [
    *((source, low_level_beside(source), YOKOGAWA) for source in instruments.SOURCES if is_usable(source)),
    *((FLUKE, low_level, YOKOGAWA) for low_level in instruments.LOW_LEVEL_SOURCES),
    *((FLUKE, None, analyzer) for analyzer in instruments.ANALYZERS if analyzer not in (YOKOGAWA, *blind_analyzers())),
]


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


def bench_file(tmp_path, source, low_level, analyzer):
    text = BENCH.format(
        source=source,
        low_level=low_level,
        analyzer=analyzer,
        low_level_option=f", --low-level-source, {low_level}" if low_level else "",
        low_level_part=f"low_level_source: {{driver: {low_level}, resource: '${{launch.low_level_source}}'}}"
        if low_level
        else "",
    )
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def turned_deg(angle_deg):
    return abs((angle_deg + 180.0) % 360.0 - 180.0)


def test_every_driver_has_an_emulator_of_its_name():
    assert {*instruments.SOURCES, *instruments.LOW_LEVEL_SOURCES} == set(SOURCES)
    assert set(instruments.ANALYZERS) == set(ANALYZERS)


@pytest.mark.parametrize("source", [source for source in instruments.SOURCES if not is_usable(source)])
def test_source_without_a_lock_to_the_low_level_one_is_refused_at_loading(tmp_path, source):
    with pytest.raises(BenchFileError, match="no phase lock"):
        load_bench(bench_file(tmp_path, source, LOW_LEVEL, YOKOGAWA))


@pytest.mark.realtime
@pytest.mark.parametrize(("source", "low_level", "analyzer"), COMBINATIONS)
def test_a_load_point_is_reached_measured_and_left(tmp_path, source, low_level, analyzer):
    with open_bench(bench_file(tmp_path, source, low_level, analyzer)) as bench:
        control = Control(bench.launched.endpoints)
        try:
            bench.supervisor.energise(POINT)
            reading = bench.supervisor.settle()[-1]
            truth = control.status
            assert truth["output_on"]
            for phase, element in enumerate(reading.elements):
                volts, ct_volts = truth["terminal_volts"][phase], truth["ct_volts"][phase]
                assert volts == pytest.approx(120.0, rel=0.01)
                assert ct_volts == pytest.approx(1.0, rel=0.02)
                assert element.u_v == pytest.approx(volts, rel=PARTS_OF_READING)
                assert element.i == pytest.approx(ct_volts, rel=PARTS_OF_READING)
                s_va = volts * ct_volts
                assert element.s == pytest.approx(s_va, rel=2 * PARTS_OF_READING)
                assert element.p == pytest.approx(s_va * math.cos(math.radians(60.0)), abs=2e-3 * s_va)
                assert element.q == pytest.approx(s_va * math.sin(math.radians(60.0)), abs=2e-3 * s_va)
                assert element.frequency_hz == pytest.approx(60.0, abs=0.02)
                assert turned_deg(element.u_phase_deg - (0.0, -120.0, 120.0)[phase]) < 0.2
                assert turned_deg(element.i_phase_deg - element.u_phase_deg + 60.0) < 0.2
            report = bench.supervisor.de_energise()
            assert report.confirmed
            assert report.by == ("source", "analyzer")
            bench.clock.sleep(1.0)
            truth = control.status
            assert not truth["output_on"]
            assert max(truth["terminal_volts"]) < 2.0
            assert max(truth["ct_volts"]) == 0.0
        finally:
            control.close()
