"""The air at a load point: read once beside the measurement, recorded, and a point in the wrong air is INVALID."""

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from drivers.climate.base import ClimateReading
from drivers.errors import InstrumentError, InstrumentLost
from drivers.instrument import Identity
from meter_model.configuration import Configuration
from rig.bench.instruments import used_instruments
from rig.bench.wiring import Wiring
from rig.events import Event, Events, Warned
from rig.load_point import LoadPoint
from rig.metrology.calibration import CalibrationRecord, CalibrationRefused
from rig.procedures.accuracy.power_comparison import METER_UPDATE_S, measure_power
from rig.procedures.meter_run import MeterRun
from rig.records.data import RunHeader
from rig.records.store import RunStore
from rig.run.instruments import record_instruments
from rig.safety.inputs import SafetyInputs
from tests.heard import heard

POINT = LoadPoint(277.0, 100.0, 0.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def run(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        recorder = store.begin_run(
            RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0")
        )
        yield recorder, lambda: store.run("last")


@dataclass
class Reader:
    """All that is read at a point: a climate probe that answers or raises, the meter, the analyzer."""

    answer: object
    asked: int = 0

    def read(self):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    read_load_point = read


@dataclass
class Sleeper:
    slept: list = field(default_factory=list)
    passed_s: float = 0.0

    def sleep(self, dt_s):
        self.slept.append(dt_s)
        self.passed_s += dt_s

    def now_s(self):
        return self.passed_s


@dataclass
class SlowAnalyzer(Reader):
    """Takes bench time for each data set."""

    clock: Sleeper = field(default_factory=Sleeper)
    takes_s: float = 0.0

    def read(self):
        self.clock.passed_s += self.takes_s
        return super().read()


def measured(run, probe, takes_s=0.0):
    recorder, read_back = run
    stimulus = WIRING.terminals(POINT)
    silent = SimpleNamespace(u_thd_pct=None, i_thd_pct=None)
    reading = SimpleNamespace(monotonic_s=1.0, elements=(silent,) * 3)
    supervisor = SimpleNamespace(apply=lambda point: None, settle=lambda: [reading], analyzer_ranges=None)
    clock = Sleeper()
    bench = SimpleNamespace(
        supervisor=supervisor,
        events=Events(),
        wiring=SimpleNamespace(
            stimulus=lambda _: stimulus, powers_off=lambda *_: ((0.0,) * 3, (0.0,) * 3), terminals=WIRING.terminals
        ),
        accuracy=None,
        file=SimpleNamespace(parts=SimpleNamespace(climate_probe=None)),
        analyzer=SlowAnalyzer(reading, clock=clock, takes_s=takes_s),
        climate_probe=probe,
        clock=clock,
    )
    sample = SimpleNamespace(values={11: 1.0}, requested_at_s=0.0, answered_at_s=0.1)
    position = SimpleNamespace(meter=Reader(sample), path=None)
    measurement = measure_power(bench, position, POINT, Configuration(), recorder.begin_point(POINT))
    return measurement, read_back().points[-1], bench.clock.slept


def test_air_within_reference_conditions_is_recorded_without_objection(run):
    probe = Reader(ClimateReading(23.4, 41.0))
    measurement, point, slept = measured(run, probe)
    assert (measurement.invalid, point.stated_outcome) == ("", None)
    assert (point.temperature_c, point.humidity_pct) == (23.4, 41.0)
    assert point.deviation["ambient temperature (K)"] == pytest.approx(0.4)
    assert probe.asked == 1
    assert len(slept) == 5
    assert slept[0] < METER_UPDATE_S
    assert slept[1:] == [METER_UPDATE_S] * 4


def test_the_reference_is_read_while_the_meters_next_update_is_awaited(run):
    _, _, slept = measured(run, Reader(ClimateReading(23.0, 41.0)), takes_s=0.375)
    assert slept[1:] == pytest.approx([METER_UPDATE_S - 0.375] * 4)
    assert slept[0] == pytest.approx(METER_UPDATE_S, abs=0.2)


def test_air_outside_makes_the_point_invalid_with_the_amount_and_readings(run):
    measurement, point, _ = measured(run, Reader(ClimateReading(26.5, None)))
    assert measurement.invalid == "ambient temperature deviates by +3.5 K, more than 2"
    assert (point.stated_outcome, point.reason) == ("INVALID", measurement.invalid)
    assert (point.temperature_c, point.humidity_pct) == (26.5, None)
    assert len(measurement.samples) == 5


def test_sensor_without_measurement_makes_the_point_invalid_not_the_bench(run):
    measurement, point, _ = measured(run, Reader(InstrumentError("probe", "channel 1: no sensor is attached")))
    assert "the climate probe measures nothing (probe: channel 1: no sensor is attached)" in measurement.invalid
    assert point.temperature_c is None


def test_a_probe_that_is_gone_is_an_error_of_the_bench(run):
    with pytest.raises(InstrumentLost):
        measured(run, Reader(InstrumentLost("probe", "no answer")))


def test_point_without_a_probe_has_unknown_air_and_no_objection(run):
    measurement, point, slept = measured(run, None)
    assert (measurement.invalid, point.temperature_c) == ("", None)
    assert "ambient temperature (K)" not in point.deviation
    assert slept == [METER_UPDATE_S] * 5


def recorded(recorder, events):
    """Have the events that a record takes go into ``recorder``."""

    def take(event):
        if (noted := event.noted()) is not None:
            recorder.event(noted.kind, noted.text, noted.severity, noted.data)

    events.subscribe(Event, take, essential=True)


def bench_with(recorder, simulated, lines=(), **records):
    parts = {role: SimpleNamespace(calibration=record) for role, record in records.items()}
    identities = {role: Identity("MAKER", "MODEL", "S1", "1") for role in records}
    file = SimpleNamespace(parts=SimpleNamespace(simulated=simulated))
    events = heard(lines, Warned)
    recorded(recorder, events)
    used = used_instruments(SimpleNamespace(**parts, switch=SimpleNamespace()), identities)
    return SimpleNamespace(
        file=file,
        instruments=lambda: used,
        protection_text="protected",
        suspend_text="suspend is not inhibited",
        safety_inputs=SafetyInputs.none(),
        buses=(),
        events=events,
    )


def test_invalid_calibrations_warn_in_any_record_and_refuse_certification(run):
    recorder, read_back = run
    expired = CalibrationRecord(serial="S1", certificate="C1", date=dt.date(2025, 1, 1), due=dt.date(2026, 1, 1))
    good = CalibrationRecord(serial="S1", certificate="C2", date=dt.date(2026, 1, 1), due=dt.date(2027, 1, 1))
    lines = []
    bench = bench_with(recorder, False, lines, analyzer=expired, source=None, climate_probe=good)
    record_instruments(recorder, bench, TODAY)
    with pytest.raises(CalibrationRefused, match=r"analyzer: calibration C1 .* has expired"):
        MeterRun(bench, recorder, {}, today=lambda: TODAY).require_calibration()
    back = read_back()
    assert {one.role: one.calibration_status for one in back.instruments} == {
        "source": "not recorded",
        "analyzer": "expired",
        "climate_probe": "valid",
    }
    warned = [(event.severity, event.text[:21]) for event in back.events if event.kind == "calibration"]
    assert warned == [("warning", "analyzer: calibration"), ("error", "no certification with")]
    assert lines == ["warning: analyzer: calibration C1 of 2025-01-01, due 2026-01-01, has expired (325 days ago)"]


def test_calibration_ending_in_mid_certification_stops_next_energising(run):
    recorder, _ = run
    good = CalibrationRecord(serial="S1", certificate="C2", date=dt.date(2026, 1, 1), due=TODAY)
    days = iter((TODAY, TODAY, TODAY + dt.timedelta(days=1)))
    bench = bench_with(recorder, False, analyzer=good, climate_probe=good)
    bench.supervisor = SimpleNamespace(pre_energise_checks=())
    MeterRun(bench, recorder, {}, today=lambda: next(days)).require_calibration()
    (check,) = bench.supervisor.pre_energise_checks
    check()
    with pytest.raises(CalibrationRefused, match="has expired"):
        check()


def test_simulated_bench_without_calibrations_certifies_and_says_so(run):
    recorder, read_back = run
    lines = []
    bench = bench_with(recorder, True, lines, analyzer=None, climate_probe=None)
    bench.supervisor = None
    record_instruments(recorder, bench, TODAY)
    MeterRun(bench, recorder, {}, today=lambda: TODAY).require_calibration()
    assert lines == []
    assert {one.calibration_status for one in read_back().instruments} == {"not recorded"}
    assert [event.kind for event in read_back().events] == ["protection", "suspend", "interlock"]
