"""Several meters of a bench: read in turn within one bracket, judged one by one; one that is dead stops no other."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from drivers.analyzer.base import AnalyzerRanges
from drivers.meter.errors import BusFailed, MeterTimeout
from meter_model.configuration import Configuration
from rig.bench.wiring import Wiring
from rig.errors import BenchFault
from rig.events import Events
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import judged_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.procedures.accuracy.judgement import judge_power
from rig.procedures.accuracy.power_comparison import Reader, measure_in_turn
from rig.procedures.accuracy.readings import EnergyMeasurement
from rig.procedures.rejudging.rejudge import Choice, rejudge
from rig.procedures.rejudging.stored import RunCannotBeRejudged
from rig.procedures.units import Unit, alive, dead_energy, of_unit, restore_all
from rig.records.data import RunHeader, UnitRecord
from rig.records.store import RunStore
from rig.reports.attention import attention_lines
from rig.reports.html import render_html
from rig.reports.tables import deviations_table, units_text
from rig.reports.units import unit_verdicts

POINT = LoadPoint(277.0, 100.0, 0.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
RANGES = AnalyzerRanges(voltage=(300.0,) * 3, current=(2.0,) * 3)
CONFIGURATION = Configuration(system_voltage_v=480.0, ct_primary_a=100.0)
FINE = {"reading_pct": 0.005, "distribution": "normal", "k": 2}
ACCURACY = ReferenceAccuracy.model_validate(
    {"voltage": FINE, "current": FINE, "power": FINE, "phase": {"fixed_deg": 0.003}}
)
TIMEOUT = MeterTimeout(2, "ReadPropertyMultiple", 3.0)


@pytest.fixture(scope="module")
def judged():
    tables = [load_limit_table(n) for n in ("iec62053-22-2003-class-0.2S", "s4100-manual-voltage-current")]
    return judged_at(POINT, tables)


@pytest.fixture
def recorded(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        header = RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0")
        recorder = store.begin_run(header)
        for number in (1, 2, 3):
            recorder.unit(UnitRecord(serial_number=f"S{number}", device_instance=number, position=f"P{number}"))
        yield recorder, lambda: store.run("last")


class Bus:
    def report_progress(self):
        pass


class Line:
    """What was read on a bench, in its order: R of the reference, a number for each meter."""

    def __init__(self, gains, dies=None, *, has_ports_each=False):
        self.buses = [Bus() for _ in gains] if has_ports_each else [Bus()] * len(gains)
        self.met = threading.Barrier(len(gains), timeout=20.0) if has_ports_each else None
        self.order = ""
        self.stimulus = WIRING.terminals(POINT)
        silent = SimpleNamespace(u_thd_pct=None, i_thd_pct=None)
        self.reading = SimpleNamespace(monotonic_s=1.0, elements=(silent,) * 3)
        self.gains, self.dies = gains, dies or {}
        self.asked = dict.fromkeys(range(1, len(gains) + 1), 0)

    def read_reference(self):
        self.order += "R"
        return self.reading

    def read_meter(self, number):
        if self.met is not None:
            self.met.wait()
        self.asked[number] += 1
        if self.asked[number] > self.dies.get(number, 1000):
            raise TIMEOUT
        self.order += str(number)
        values = {n: self.gains[number - 1] * value for n, value in EXPECTED.items()}
        return SimpleNamespace(values=values, requested_at_s=0.0, answered_at_s=0.1)

    def bench(self):
        return SimpleNamespace(
            supervisor=SimpleNamespace(apply=lambda _: None, settle=lambda: [self.reading], analyzer_ranges=RANGES),
            wiring=SimpleNamespace(
                stimulus=lambda _: self.stimulus, powers_off=lambda *_: ((0.0,) * 3, (0.0,) * 3),
                terminals=WIRING.terminals,
            ),
            accuracy=None, file=SimpleNamespace(parts=SimpleNamespace(climate_probe=None)), climate_probe=None,
            analyzer=SimpleNamespace(read=self.read_reference),
            clock=SimpleNamespace(sleep=lambda _: None, now_s=lambda: 0.0), events=Events(),
        )  # fmt: skip

    def readers(self):
        return [
            Reader(
                SimpleNamespace(
                    meter=SimpleNamespace(read_load_point=lambda number=number: self.read_meter(number)),
                    bus=self.buses[number - 1],
                ),
                CONFIGURATION, number if len(self.gains) > 1 else None, has_own_bus=len(set(self.buses)) > 1,
            )
            for number in range(1, len(self.gains) + 1)
        ]  # fmt: skip


def expected():
    from meter_model.prediction.prediction import predict

    return {n: found.value for n, found in predict(WIRING.terminals(POINT), CONFIGURATION).items()}


EXPECTED = expected()


def measured(recorded, line, updates=5):
    recorder, _ = recorded
    return measure_in_turn(line.bench(), line.readers(), POINT, recorder.begin_point(POINT), updates=updates)


def test_meters_are_read_in_turn_between_two_readings_of_the_reference(recorded):
    line = Line([1.0, 1.0, 1.0])
    measurement = measured(recorded, line, updates=2)
    assert line.order == "R123R123R"
    assert [each.unit_number for each in measurement.of_each] == [1, 2, 3]
    (point,) = recorded[1]().points
    assert [each.unit_number for each in point.meter_readings] == [1, 2, 3, 1, 2, 3]
    assert len(point.reference_readings) == 3


def test_meters_at_ports_of_their_own_are_read_at_the_same_time(recorded):
    measurement = measured(recorded, Line([1.0, 1.0, 1.0], has_ports_each=True), updates=2)
    assert [len(each.samples) for each in measurement.of_each] == [2, 2, 2]
    (point,) = recorded[1]().points
    assert [each.unit_number for each in point.meter_readings] == [1, 2, 3, 1, 2, 3]


def test_a_port_that_fails_makes_its_own_meter_dead_and_no_other(recorded):
    line = Line([1.0, 1.0])
    line.buses = [Bus(), Bus()]
    readers = line.readers()
    readers[1].position.meter.read_load_point = bus_failed
    recorder, _ = recorded
    measurement = measure_in_turn(line.bench(), readers, POINT, recorder.begin_point(POINT))
    assert [bool(each.dead) for each in measurement.of_each] == [False, True]
    readers = [replace(reader, has_own_bus=False, dead="") for reader in readers]
    with pytest.raises(BusFailed):
        measure_in_turn(line.bench(), readers, POINT, recorder.begin_point(POINT))


def bus_failed():
    raise BusFailed("/dev/ttyB", "unplugged")


def test_each_meter_is_judged_by_its_own_readings(recorded, judged):
    measurement = measured(recorded, Line([1.0, 1.02, 1.0]))
    outcomes = {
        each.unit_number: {r.outcome for r in of_unit(each, judge_power(each, judged, ACCURACY, DecisionRule.SIMPLE))}
        for each in measurement.of_each
    }
    assert outcomes == {1: {"PASS"}, 2: {"FAIL"}, 3: {"PASS"}}


@pytest.mark.parametrize("answers", [0, 3])
def test_a_meter_that_dies_has_errors_and_the_others_are_judged(recorded, judged, answers):
    _, read_back = recorded
    line = Line([1.0, 1.0, 1.0], dies={2: answers})
    measurement = measured(recorded, line)
    assert line.asked == {1: 5, 2: answers + 1, 3: 5}, "a dead meter is not asked again"
    results = [
        result
        for each in measurement.of_each
        for result in of_unit(each, judge_power(each, judged, ACCURACY, DecisionRule.SIMPLE))
    ]
    measurement.record.results(results)
    run = read_back()
    assert [each.outcome for each in unit_verdicts(run)] == ["PASS", "ERROR", "PASS"]
    assert "did not answer within 3 s" in str([line.detail for line in attention_lines(run)])
    shown = str(units_text(run))
    assert "meter 2 at position P2 (serial number S2)" in shown
    assert len(shown.splitlines()) == 3
    assert "Verdict of each meter" in render_html(run)
    assert "meter" in deviations_table("277V", results).splitlines()[1].split()


def test_the_only_meter_that_does_not_answer_fails_the_bench(recorded):
    with pytest.raises(MeterTimeout):
        measured(recorded, Line([1.0], dies={1: 0}))


def units(*dead):
    return [
        Unit(number, SimpleNamespace(name=f"P{number}"), {2: 40.0}, CONFIGURATION, "gone" if number in dead else "")
        for number in (1, 2, 3)
    ]


def test_meters_that_answer_are_left_and_none_is_a_fault_of_the_bench():
    assert [each.number for each in alive(units(2))] == [1, 3]
    with pytest.raises(BenchFault, match="no meter on this bench answers any more"):
        alive(units(1, 2, 3))


def test_the_register_of_a_dead_meter_is_an_error_with_its_reason(recorded, judged):
    recorder, read_back = recorded
    measurement = dead_energy(units(2)[1], POINT, 2, recorder.begin_point(POINT))
    assert isinstance(measurement, EnergyMeasurement)
    assert (measurement.unit_number, measurement.dead) == (2, "gone")
    (point,) = read_back().points
    assert (point.outcome, point.reason) == ("ERROR", "gone")


def test_each_meter_is_restored_also_after_another_failed(monkeypatch):
    done = []

    def restore(unit, _record, _events):
        done.append(unit.number)
        if unit.number == 1:
            raise BenchFault("the first is left otherwise")

    monkeypatch.setattr(Unit, "restore", restore)
    with pytest.raises(BenchFault, match="the first"):
        restore_all(units(), None, Events())
    assert done == [1, 2, 3]


def test_a_result_without_a_number_belongs_to_the_present_unit(recorded):
    recorder, read_back = recorded
    recorder.present_unit = 3
    point = recorder.begin_point(POINT)
    point.meter_reading({11: 1.0}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
    assert [each.unit_number for each in read_back().points[0].meter_readings] == [3]


def test_a_run_of_several_meters_is_not_judged_once_more(recorded):
    with pytest.raises(RunCannotBeRejudged, match="it has several meters; measure each alone with --position NAME"):
        rejudge(recorded[1](), Choice(rule=DecisionRule.SIMPLE), software_version="1")
