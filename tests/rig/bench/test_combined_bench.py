"""A bench with a low-level source of its own: what is refused at load, and that both sources always go off."""

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from drivers.scpi.session import ScpiSession
from drivers.source import SOURCES
from rig.bench import drivers, load_bench, open_bench, switch_bench_off
from rig.bench.config import fitness as _fitness
from rig.errors import BenchFileError, LimitExceeded
from rig.load_point import LoadPoint
from rig.plans import certification_plan
from rig.safety.guardian.journal import read_journal
from tests.rig.safety.stand_ins import Control
from tests.waiting import comes_true, wait_for

POINT = LoadPoint(277.0, 100.0, -60.0)
COMBINED = """\
schema: 1
extends: emulated-on-fluke-rigol
name: combined
bus: null
positions: [{name: "1", meter_type: s4100}]
launch: {extra_argv: [--meters, "0", --low-level-source, rigol_dg5000, --divider-ratio, "5"]}
"""


def write(tmp_path, text):
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def refused(tmp_path, more, extends="emulated"):
    text = f"schema: 1\nextends: {extends}\nname: refused\n{more}"
    with pytest.raises(BenchFileError) as caught:
        load_bench(write(tmp_path, text))
    return str(caught.value)


@pytest.fixture
def unlocked(monkeypatch):
    """Pretend that the Fluke has neither current channels nor phase lock; drivers without are other families'."""

    def register(**changed):
        base: Any = SOURCES["fluke_6105a"]

        class Other(base):
            capabilities = dataclasses.replace(SOURCES["fluke_6105a"].capabilities, **changed)

        known = {**SOURCES, "other": Other}
        monkeypatch.setattr(drivers, "SOURCES", known)
        monkeypatch.setattr(_fitness, "DRIVERS", {**_fitness.DRIVERS, "source": known})

    return register


def test_source_without_low_level_channels_is_refused_with_what_to_add(tmp_path, unlocked):
    unlocked(low_level_ranges=())
    said = refused(tmp_path, "source: {driver: other}\n")
    assert "bench.yaml:4: " in said
    assert "other has no low-level channels" in said
    assert "'low_level_source'" in said


def test_a_source_without_voltage_channels_is_refused(tmp_path):
    assert "rigol_dg5000 has no voltage channels" in refused(tmp_path, "source: {driver: rigol_dg5000}\n")


def test_a_low_level_source_needs_one_for_the_voltages(tmp_path):
    more = "source: null\nlow_level_source: {driver: rigol_dg5000, resource: 'TCPIP0::10.0.0.1::5555::SOCKET'}\n"
    assert "needs a 'source' for the voltages" in refused(tmp_path, more)


def test_a_pair_without_phase_lock_is_refused(tmp_path, unlocked):
    unlocked(phase_lock=False, low_level_ranges=())
    said = refused(tmp_path, "source: {driver: other}\n", "emulated-on-fluke-rigol")
    assert "the voltage source has no phase lock" in said


def test_a_driver_that_does_not_exist_is_named_at_its_line(tmp_path):
    said = refused(tmp_path, "low_level_source:\n  driver: nobody\n  resource: GPIB0::5::INSTR\n")
    assert "bench.yaml:5: " in said
    assert "no low_level_source driver 'nobody'" in said


@pytest.mark.parametrize(
    ("more", "point", "limit"),
    [
        ("wiring: {current_divider: {ratio: 8.0}}\n", "source current A 8 V", "beyond 7 V"),
        ("wiring: {voltage: {ratio: 4.0}}\n", "source voltage A 1108 V", "beyond 1008 V"),
    ],
)
def test_nominal_point_outside_every_range_is_refused_with_its_numbers(tmp_path, more, point, limit):
    said = refused(tmp_path, more, "emulated-on-fluke-rigol")
    assert "nominal point 277V-100pct-PF1-ABC" in said
    assert point in said
    assert limit in said
    assert "highest range" in said


def test_plan_outside_the_ranges_is_refused_with_its_point_not_clamped(tmp_path):
    text = "schema: 1\nextends: emulated-on-fluke-rigol\nname: tight\nwiring: {current_divider: {ratio: 0.05}}\n"
    bench = load_bench(write(tmp_path, text))
    with pytest.raises(LimitExceeded, match=r"277V-1pct-\S+: source current A 0.0005 V is below 0.00075 V") as caught:
        certification_plan(bench)
    assert caught.value.limit == 0.00075


def test_the_whole_certification_fits_the_bench_that_comes_with_the_rig():
    bench = load_bench("emulated-on-fluke-rigol")
    assert bench.source_capabilities.max_order == 1
    assert len(certification_plan(bench).points) > 50


def test_an_analyzer_that_speaks_no_scpi_is_given_a_link_of_its_own(monkeypatch):
    class Framed:
        @staticmethod
        def open_link(resource, *, deadline_s, on_progress):
            return resource, deadline_s, on_progress

    part = load_bench("emulated").parts.analyzer
    assert isinstance(drivers.link_to_analyzer(part), ScpiSession)
    monkeypatch.setattr(drivers, "ANALYZERS", {part.driver: Framed})
    assert drivers.link_to_analyzer(part) == (part.resource, drivers.SCPI_DEADLINE_S, None)


@pytest.mark.realtime
def test_both_sources_are_recorded_and_both_are_off_afterwards(tmp_path):
    with open_bench(write(tmp_path, COMBINED)) as bench:
        assert [used.role for used in bench.instruments()][:3] == ["source", "low_level_source", "analyzer"]
        control = Control(bench.launched.endpoints)
        bench.supervisor.apply(POINT)
        assert min(control.status["ct_volts"]) > 0.9
        # What another terminal would do while the bench is open:
        results = switch_bench_off(bench.file)
        assert [result.confirmed for result in results] == [True, True]
        status = control.status
        assert not status["output_on"]
        assert max(status["terminal_volts"]) < 2.0
        assert max(status["ct_volts"]) == 0.0
        control.close()


@pytest.mark.realtime
def test_stuck_low_level_output_is_seen_at_the_ct_inputs_with_sources_off(tmp_path):
    without_contactor = COMBINED + "switch: null\ngenerator: null\ncounter: null\n"
    with open_bench(write(tmp_path, without_contactor)) as bench:
        control = Control(bench.launched.endpoints)
        bench.supervisor.apply(POINT)
        control.fault("low-level-source-stuck-relay")
        report = bench.supervisor.de_energise()
        status = control.status
        control.fault("low-level-source-stuck-relay", False)
        assert bench.supervisor.de_energise().confirmed
        control.close()
    assert not report.confirmed
    assert "CT inputs 0.99" in report.details[-1]
    assert max(status["terminal_volts"]) < 2.0
    assert min(status["ct_volts"]) > 0.9


RIG = """
import json, sys, time
from rig.bench import open_bench
from rig.load_point import LoadPoint
with open_bench(sys.argv[1]) as bench:
    bench.supervisor.energise(LoadPoint(277.0, 100.0, 0.0))
    print(json.dumps({"endpoints": bench.launched.endpoints, "guardian": bench.guardian.pid}), flush=True)
    while True:
        bench.analyzer.read()
        time.sleep(0.1)
"""


@pytest.mark.realtime
def test_a_rig_that_is_killed_leaves_both_sources_off_within_two_seconds(tmp_path):
    rig = subprocess.Popen(
        [sys.executable, "-c", RIG, str(write(tmp_path, COMBINED))], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        known = json.loads(rig.stdout.readline() or rig.stderr.read())
        control = Control(known["endpoints"])
        assert min(control.status["ct_volts"]) > 0.9
        rig.kill()
        assert control.off_within(2.0)
        wait_for(read_journal, "an entry in the journal", 5.0)
        entry = read_journal()[-1]
        assert entry["confirmed"] is True
        assert len(entry["results"]) == 2
        control.close()
    finally:
        rig.kill()
        rig.communicate()
    assert comes_true(lambda: not is_there(known["guardian"]), 10.0)


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
