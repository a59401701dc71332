"""What goes into the store comes out of it again, and nothing that went in can be changed."""

import dataclasses
import datetime as dt
import math
import sqlite3
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.load_point import LoadPoint
from rig.records.data import (
    BudgetComponent,
    FindingRecord,
    InstrumentRecord,
    LimitProvenance,
    ResultRecord,
    RunHeader,
    UnitRecord,
    worst_outcome,
)
from rig.records.errors import NoSuchRun, RecordNotWritten
from rig.records.store import RunStore
from rig.records.verdicts import OUTCOMES
from rig.reports._summary import total_counts
from tests.rig.records.fabricated_run import fabricate

HEADER = RunHeader(kind="certify", bench_name="emulated", bench_file_sha256="00", software_version="0.1.0")
POINT = LoadPoint(277.0, 5.0, -60.0)

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
numbers = st.floats(allow_nan=False)
maybe = st.none() | numbers
components = st.builds(
    BudgetComponent,
    name=words,
    kind=st.sampled_from("AB"),
    distribution=words,
    standard_uncertainty_pct=numbers,
    sensitivity=numbers,
    degrees_of_freedom=numbers,
    source=words,
)
results = st.builds(
    ResultRecord,
    procedure=words,
    instance=st.integers(1, 83),
    quantity=words,
    phase=st.sampled_from(["A", "B", "C", "ABC"]),
    read_value=numbers,
    expected_value=numbers,
    unit=words,
    outcome=st.sampled_from(OUTCOMES),
    error_pct=maybe,
    expanded_uncertainty_pct=maybe,
    k=maybe,
    nu_eff=maybe,
    n=st.integers(0, 1000),
    limit_pct=maybe,
    guard_band_pct=maybe,
    limit=st.none()
    | st.builds(
        LimitProvenance,
        standard=words,
        edition=words,
        table=words,
        provenance=words,
        checked_by=words,
        checked_on=words,
    ),
    decision_rule=words,
    conformance_probability=maybe,
    reason=words,
    components=st.lists(components, max_size=3).map(tuple),
    unit_number=st.sampled_from([1, 2]),
    condition=words,
    basis=words,
)


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        yield store


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory):
    with RunStore.open(tmp_path_factory.mktemp("records") / "records.sqlite") as store:
        yield store


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written=st.lists(results, max_size=4))
def test_every_result_comes_back_exactly_as_it_was_written(shared_store, written):
    run = shared_store.begin_run(HEADER)
    run.unit(UnitRecord(serial_number="1", device_instance=1))
    run.unit(UnitRecord(serial_number="2", device_instance=2))
    point = run.begin_point(POINT)
    for result in written:
        point.result(result)
    assert list(shared_store.run(run.run_id).points[0].results) == written


@settings(max_examples=60, deadline=None)
@given(
    values=st.dictionaries(st.integers(1, 83), st.floats(), max_size=30),
    times=st.tuples(numbers, numbers),
    utc=st.datetimes(min_value=dt.datetime(1980, 1, 1), timezones=st.just(dt.UTC)),
)
def test_meter_readings_keep_every_value_also_qnan_and_infinity(shared_store, values, times, utc):
    run = shared_store.begin_run(HEADER)
    point = run.begin_point(POINT)
    point.meter_reading(
        values,
        requested_monotonic_s=times[0],
        answered_monotonic_s=times[1],
        answered_utc=utc,
        errors={11: "timeout"},
        torn=True,
    )
    (reading,) = shared_store.run(run.run_id).points[0].meter_readings
    assert repr(dict(reading.values)) == repr(values)
    assert (reading.requested_monotonic_s, reading.answered_monotonic_s) == times
    assert reading.answered_utc == utc
    assert reading.torn
    assert reading.errors == {11: "timeout"}


def test_a_result_keeps_a_qnan_reading_and_infinite_degrees_of_freedom(store):
    run = store.begin_run(HEADER)
    run.begin_point(POINT).result(
        ResultRecord(
            procedure="power_comparison",
            instance=15,
            quantity="voltage",
            phase="ABC",
            read_value=math.nan,
            expected_value=-math.inf,
            unit="Volts",
            outcome="FAIL",
            nu_eff=math.inf,
            error_pct=math.nan,
            components=(BudgetComponent(name="x", standard_uncertainty_pct=0.1),),
        )
    )
    (result,) = store.run("last").points[0].results
    assert math.isnan(result.read_value)
    assert result.expected_value == -math.inf
    assert result.nu_eff == math.inf
    assert result.error_pct is None, "NaN is not an error that could be judged"
    assert result.components[0].degrees_of_freedom == math.inf


def test_a_whole_run_comes_back_with_all_that_belongs_to_it(store, tmp_path):
    header = dataclasses.replace(
        HEADER, git_sha="abc", operator="Ω", retest_of="earlier", simulated=True, environment={"ambient_c": 23.5}
    )
    run = store.begin_run(header)
    unit = UnitRecord(serial_number="7", device_instance=9, model="m", firmware="f", application="a", position="1")
    instruments = (
        InstrumentRecord(role="source", identity="FLUKE", calibration_date=dt.date(2026, 1, 2)),
        InstrumentRecord(
            role="analyzer",
            identity="YOKOGAWA",
            serial_number="s",
            calibration_certificate="c",
            calibration_date=dt.date(2026, 1, 2),
            calibration_due=dt.date(2027, 1, 2),
            calibration_status="expired",
        ),
    )
    assert run.unit(unit) == 1
    for instrument in instruments:
        run.instrument(instrument)
    run.configuration_before({2: 40.0})
    run.configuration_after({2: math.nan})
    run.registers_before({1: 12.5, 83: math.inf})
    finding = FindingRecord(name="identity", expected="x", found="y", outcome="FAIL", unit_number=1)
    run.finding(finding)
    run.event("bus", "text", severity="warning", data={"worst_s": math.inf, "path": tmp_path, "n": None})
    file = tmp_path / "plot.svg"
    file.write_bytes(b"abc")
    run.artifact(file)
    point = run.begin_point(POINT)
    point.reference_reading({"u_v": (277.0, None)}, monotonic_s=3.5)
    point.climate(23.25, None)
    point.finish("INVALID", deviation={"voltage_pct": 1.5}, reason="the source did not settle")
    run.finish("INVALID", 10)

    back = store.run("last")
    assert (back.run_id, back.header, back.outcome, back.exit_code) == (run.run_id, header, "INVALID", 10)
    assert back.started_utc <= back.finished_utc
    assert (back.points[0].temperature_c, back.points[0].humidity_pct) == (23.25, None)
    with pytest.raises(RecordNotWritten, match="it had ended already"):
        point.climate(30.0, 50.0)
    assert (back.units, back.instruments, back.findings) == ((unit,), instruments, (finding,))
    assert [i.calibration_is_recorded for i in back.instruments] == [False, True]
    assert [(v.name, v.value, v.unit_number) for v in back.configuration_before] == [("AV2", 40.0, 1)]
    assert math.isnan(back.configuration_after[0].value)
    assert [(v.name, v.value) for v in back.registers_before] == [("AI1", 12.5), ("AI83", math.inf)]
    (event,) = back.events
    assert (event.kind, event.text, event.severity) == ("bus", "text", "warning")
    assert event.data == {"worst_s": "Infinity", "path": str(tmp_path), "n": None}
    assert back.artifacts[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (read,) = back.points
    assert (read.load_point, read.label, read.outcome, read.reason) == (
        POINT,
        POINT.label,
        "INVALID",
        "the source did not settle",
    )
    assert read.deviation == {"voltage_pct": 1.5}
    assert read.reference_readings[0].raw == {"u_v": [277.0, None]}


def test_the_fabricated_run_has_ninety_points_and_their_counts_add_up(store):
    run = fabricate(store)
    (summary,) = store.runs()
    assert len(run.points) == 90
    assert dict(summary.counts) == dict(total_counts(run)), "the list and the report count alike"
    assert sum(summary.counts.values()) < sum(len(point.results) for point in run.points)
    assert summary.serial_numbers == ("4100-000123",)
    assert summary.outcome == "PASS"


def test_runs_are_listed_newest_first_and_as_many_as_asked_for(store):
    ids = [store.begin_run(HEADER).run_id for _ in range(4)]
    assert [run.run_id for run in store.runs()] == ids[::-1]
    assert [run.run_id for run in store.runs(newest=2)] == ids[:1:-1]


def test_a_run_is_found_by_id_by_prefix_and_as_the_last(store):
    ids = [store.begin_run(HEADER).run_id for _ in range(3)]
    assert store.run(ids[0]).run_id == ids[0]
    assert store.run(ids[1][:18].upper()).run_id == ids[1]
    assert store.run("last").run_id == ids[2]


@pytest.mark.parametrize("reference", ["", "no such run", "%", "last"])
def test_a_run_that_is_not_there_is_refused_in_one_sentence(store, reference):
    with pytest.raises(NoSuchRun, match="there is no run"):
        store.run(reference)


def test_an_ambiguous_prefix_names_the_candidates(store):
    for _ in range(17):
        store.begin_run(HEADER)
    prefixes = [run.run_id[0] for run in store.runs()]
    twice = next(letter for letter in prefixes if prefixes.count(letter) > 1)
    with pytest.raises(NoSuchRun, match="ambiguous") as refusal:
        store.run(twice)
    assert len(refusal.value.candidates) > 1


def test_a_run_that_never_finished_is_aborted_and_so_is_its_open_point(store):
    run = store.begin_run(HEADER)
    run.begin_point(POINT)
    assert store.run("last").outcome == "ABORTED"
    assert store.run("last").points[0].outcome == "ABORTED"
    assert store.runs()[0].outcome == "ABORTED"


def test_a_run_and_a_point_end_once(store):
    run = store.begin_run(HEADER)
    point = run.begin_point(POINT)
    point.finish()
    run.finish("PASS", 0)
    with pytest.raises(RecordNotWritten, match="ended already"):
        run.finish("FAIL", 1)
    with pytest.raises(RecordNotWritten, match="ended already"):
        point.finish()
    assert store.run("last").outcome == "PASS"


def test_an_unknown_outcome_is_refused_and_nothing_is_stored(store):
    run = store.begin_run(HEADER)
    point = run.begin_point(POINT)
    good = ResultRecord(
        procedure="p", instance=1, quantity="q", phase="A", read_value=1.0, expected_value=1.0, unit="", outcome="PASS"
    )
    with pytest.raises(ValueError, match="not an outcome"):
        point.results([good, dataclasses.replace(good, outcome="FINE")])
    with pytest.raises(ValueError, match="not an outcome"):
        run.finish("pass", 0)
    assert store.run("last").points[0].results == ()
    assert store.run("last").finished_utc is None


def test_a_unit_number_that_does_not_exist_is_refused(store):
    run = store.begin_run(HEADER)
    run.unit(UnitRecord(serial_number="1", device_instance=1))
    with pytest.raises(ValueError, match="no unit 2"):
        run.configuration_before({2: 40.0}, unit_number=2)


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("result", "error_pct"), ("meter_reading", "torn"), ("event", "text"), ("run", "outcome"), ("point", "outcome")],
)
def test_rows_cannot_be_changed_or_removed_behind_the_rigs_back(tmp_path, statement, table, column):
    path = tmp_path / "records.sqlite"
    with RunStore.open(path) as store:
        fabricate(store, points=2)
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement.format(table, column, column))
    connection.close()


def test_readers_see_whole_transactions_while_others_write(tmp_path):
    path = tmp_path / "records.sqlite"
    torn, stop = [], threading.Event()
    with RunStore.open(path) as writer, RunStore.open(path) as reader:
        run = writer.begin_run(HEADER)
        point = run.begin_point(POINT)
        pair = [
            ResultRecord(
                procedure="p", instance=ai, quantity="q", phase="A", read_value=1.0, expected_value=1.0, unit="",
                outcome="PASS",
            )
            for ai in (11, 12)
        ]  # fmt: skip

        def read():
            while not stop.is_set():
                count = len(reader.run("last").points[0].results)
                if count % 2:
                    torn.append(count)

        threads = [threading.Thread(target=read, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(40):
                point.results(pair)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not torn
        assert len(reader.run("last").points[0].results) == 80


def test_several_threads_may_record_into_one_run(store):
    run = store.begin_run(HEADER)

    def record():
        for _ in range(10):
            run.begin_point(POINT).finish()

    threads = [threading.Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [point.number for point in store.run("last").points] == list(range(1, 31))


def test_a_failed_write_is_an_error_that_names_what_was_not_stored(tmp_path):
    path = tmp_path / "records.sqlite"
    with RunStore.open(path) as store:
        run = store.begin_run(HEADER)
        connection = sqlite3.connect(path)
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        connection.close()
        with pytest.raises(RecordNotWritten, match=r"event 'x' could not be stored .*disk full"):
            run.event("x", "y")


def test_the_worst_outcome_decides():
    assert worst_outcome(["PASS", "COND_FAIL", "NOT_JUDGED"]) == "COND_FAIL"
    assert worst_outcome([]) is None


def test_voltages_of_their_own_come_back_with_the_point(store):
    point = LoadPoint(
        *(277.0, 5.0, -60.0),
        voltages_pct=(100.0, 87.5, 0.0),
        voltage_shift_deg=(0.0, 0.0, -7.25),
        waveform="quadriform",
    )
    run = store.begin_run(HEADER)
    run.begin_point(point)
    assert [one.load_point for one in store.run(run.run_id).points] == [point]
