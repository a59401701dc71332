"""``rig runs`` finds runs, follows a unit over its tests, and exports results in which serial numbers stay text."""

import csv
import datetime as dt
import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner

from rig.cli import cli
from rig.load_point import LoadPoint
from rig.records.attempts.attempts import AttemptRecord
from rig.records.data import FindingRecord, LimitProvenance, ResultRecord, RunHeader, UnitRecord
from rig.records.production.run_query import RunQuery
from rig.records.store import RunStore

pq = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")

HEADER = RunHeader(
    kind="eol", bench_name="line", bench_file_sha256="00", software_version="0.1.0", station="s1", product="s4100-480",
    lot="L01", operator="A. Volta",
)  # fmt: skip
GOOD = ResultRecord(
    procedure="power_comparison", instance=11, quantity="active_power", phase="ABC", read_value=83.1,
    expected_value=83.0, unit="kW", outcome="PASS", error_pct=0.12, expanded_uncertainty_pct=0.03, k=2.0,
    nu_eff=math.inf, n=5, limit_pct=0.2, decision_rule="simple",
    limit=LimitProvenance(standard="IEC 62053-22 class 0.2S"),
)  # fmt: skip
BAD = replace(GOOD, error_pct=0.5, outcome="FAIL", failure_class="gain", phase="B")
NOTHING = replace(GOOD, read_value=math.nan, error_pct=None, outcome="INVALID", reason="the meter gave no number")
SERIAL_NUMBERS = ("00123", "1E5", "123")


def record(store, units, outcome="PASS", **header):
    """Record a run: ``units`` are serial number and results of each."""
    run = store.begin_run(replace(HEADER, **header))
    for number, (serial_number, _) in enumerate(units, 1):
        run.unit(UnitRecord(serial_number=serial_number, device_instance=number, position=f"P{number}"))
    point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
    point.results([replace(each, unit_number=n) for n, (_, results) in enumerate(units, 1) for each in results])
    point.finish()
    if outcome:
        run.finish(outcome, 0)
    return run.run_id


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A file of five runs and an attempt, with the ids of the runs by a letter."""
    path = tmp_path_factory.mktemp("recorded") / "records.sqlite"
    with RunStore.open(path) as store:
        ids = {
            "a": record(store, [("00123", [GOOD]), ("1E5", [BAD])], "FAIL"),
            "b": record(store, [("1E5", [GOOD])], station="s2", lot="L02", retest_of=None),
            "c": record(store, [("123", [GOOD, NOTHING])], "INVALID", product="s4100-208"),
            "d": record(store, [("9", [])], "", kind="certify"),
            "e": record(store, [], "TERMINATED"),
        }
        run = store.begin_run(replace(HEADER, station="s3"))
        run.unit(UnitRecord(serial_number="=1+1", device_instance=1))
        run.finding(
            FindingRecord(
                name="identity.serial-number", expected="007", found="7", outcome="FAIL", failure_class="identity"
            )
        )
        run.finish("FAIL", 1)
        ids["f"] = run.run_id
        store.note_attempt(AttemptRecord(kind="eol", station="s1", scanned="00124", reason="the route has no pass"))
    return path, ids


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


def rig(recorded, *arguments):
    done = CliRunner().invoke(cli, ["runs", "--records", str(recorded[0]), *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["--serial-number", "1E5"], "ba"),
        (["--serial-number", "100000"], ""),
        (["--serial-number", "123"], "c"),
        (["--serial-number", "00123"], "a"),
        (["--station", "s2"], "b"),
        (["--position", "P2"], "a"),
        (["--product", "s4100-208"], "c"),
        (["--lot", "L02"], "b"),
        (["--kind", "certify"], "d"),
        (["--outcome", "FAIL"], "fa"),
        (["--outcome", "ABORTED"], "d"),
        (["--outcome", "TERMINATED"], "e"),
        (["--failure-class", "gain"], "a"),
        (["--failure-class", "gain", "--serial-number", "00123"], ""),
        (["--failure-class", "identity"], "f"),
        (["--lot", "L01", "--outcome", "FAIL", "--station", "s1"], "a"),
        (["--since", "1h"], "fedcba"),
        (["--until", "1h"], ""),
        (["--since", "1h", "--last", "2"], "fe"),
    ],
)
def test_runs_are_found_by_what_they_are_about(recorded, asked, found):
    listed = [run["run_id"] for run in json.loads(rig(recorded, *asked, "--json"))]
    assert listed == [recorded[1][letter] for letter in found]


def test_a_query_without_conditions_lists_what_the_list_does(recorded):
    with RunStore.open_to_read(recorded[0]) as store:
        assert store.find_runs(RunQuery()) == store.runs()


def test_the_history_of_a_unit_counts_its_tests_and_says_how_to_compare(recorded):
    lines = rig(recorded, "--serial-number", "1E5", "--history").splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["1", "2"]
    assert "FAIL" in lines[0]
    assert "gain" in lines[0]
    assert "PASS" in lines[1]
    first, second = recorded[1]["a"][:8], recorded[1]["b"][:8]
    assert lines[2].startswith(f"compare the last two: rig compare {first} {second}")
    outcomes = [
        each["outcome"] for each in json.loads(rig(recorded, "--serial-number", "00123", "--history", "--json"))
    ]
    assert outcomes == ["PASS"], "the other unit of its run failed"


def test_attempts_without_a_meter_are_listed_with_their_reasons(recorded):
    listed = rig(recorded, "--attempts")
    assert "s1 scanned '00124': the route has no pass" in listed
    assert f"{recorded[1]['e'][:8]}" in listed
    assert "TERMINATED before a serial number was known" in listed
    assert len(json.loads(rig(recorded, "--attempts", "--json"))) == 2


def exported(recorded, tmp_path, ending, *more):
    path = tmp_path / f"results{ending}"
    said = rig(recorded, "--export", path, *more)
    return path, said


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_has_one_line_for_each_result_and_serial_numbers_as_text(recorded, tmp_path):
    path, said = exported(recorded, tmp_path, ".csv")
    rows = read_csv(path)
    assert said == f"{path}: {len(rows)} rows of 6 runs\n"
    assert {row["serial_number"] for row in rows} >= set(SERIAL_NUMBERS)
    (bad,) = (row for row in rows if row["failure_class"] == "gain")
    assert (bad["serial_number"], bad["position"], bad["unit_outcome"], bad["error_pct"]) == (
        "1E5",
        "P2",
        "FAIL",
        "0.5",
    )
    (text,) = (row for row in rows if row["procedure"] == "finding")
    assert (text["expected_text"], text["found_text"], text["serial_number"]) == ("007", "7", "'=1+1")
    (nothing,) = (row for row in rows if row["outcome"] == "INVALID")
    assert nothing["read_value"] == nothing["error_pct"] == ""


def test_a_csv_for_a_spreadsheet_has_each_text_as_a_formula_of_text(recorded, tmp_path):
    path, _ = exported(recorded, tmp_path, ".csv", "--spreadsheet")
    rows = read_csv(path)
    assert {row["serial_number"] for row in rows} >= {'="00123"', '="1E5"', '="=1+1"'}
    assert {row["error_pct"] for row in rows} >= {"0.12", "0.5", ""}


def test_json_and_parquet_have_the_rows_of_the_csv(recorded, tmp_path):
    rows = read_csv(exported(recorded, tmp_path, ".csv")[0])
    plain = json.loads(exported(recorded, tmp_path, ".json")[0].read_text())
    table = pq.read_table(exported(recorded, tmp_path, ".parquet")[0])
    assert list(plain[0]) == table.column_names == list(rows[0])
    typed = table.to_pylist()
    assert [row["serial_number"] for row in plain] == [row["serial_number"] for row in typed]
    assert [row["serial_number"] or "" for row in plain] == [row["serial_number"].removeprefix("'") for row in rows]
    assert [str(row["error_pct"] or "") for row in typed] == [row["error_pct"] for row in rows]
    assert str(table.schema.field("serial_number").type) == "string"
    assert isinstance(typed[0]["started_utc"], dt.datetime)
    assert typed[0]["started_utc"].utcoffset() == dt.timedelta(0)
    assert plain[0]["nu_eff"] in (None, "Infinity")


def test_an_export_of_nothing_is_an_empty_table(recorded, tmp_path):
    for ending in (".csv", ".json", ".parquet"):
        path, said = exported(recorded, tmp_path, ending, "--serial-number", "none")
        assert said == f"{path}: 0 rows of 0 runs\n"
    assert json.loads((tmp_path / "results.json").read_text()) == []
    assert pq.read_table(tmp_path / "results.parquet").num_rows == 0


def test_a_wats_report_is_of_one_unit_with_its_own_result(recorded, tmp_path):
    assert rig(recorded, "--wats", tmp_path / "wats", "--lot", "L01", "--kind", "eol").endswith("4 reports of 4 runs\n")
    reports = {
        report["sn"]: report for report in map(json.loads, (p.read_text() for p in (tmp_path / "wats").iterdir()))
    }
    assert set(reports) == {"00123", "1E5", "123", "=1+1"}
    good, bad = reports["00123"], reports["1E5"]
    assert (good["type"], good["result"], bad["result"], good["pn"]) == ("T", "P", "F", "s4100-480")
    (point,) = bad["root"]["steps"]
    (step,) = point["steps"]
    assert (step["stepType"], step["status"], point["status"]) == ("ET_NLT", "F", "F")
    assert step["numericMeas"] == [
        {"status": "F", "unit": "%", "value": 0.5, "compOp": "GELE", "lowLimit": -0.2, "highLimit": 0.2}
    ]
    assert [point["id"], step["id"]] == [1, 2]
    again = tmp_path / "again"
    rig(recorded, "--wats", again, "--lot", "L01", "--kind", "eol")
    assert sorted(p.read_text() for p in again.iterdir()) == sorted(
        p.read_text() for p in (tmp_path / "wats").iterdir()
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--history"], "--history needs --serial-number"),
        (["--export", "x.xlsx"], "ends with none of .csv, .json, .parquet"),
        (["--export", "x.json", "--spreadsheet"], "--spreadsheet goes with --export FILE.csv"),
        (["--since", "yesterday"], "is no time"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(recorded, asked, said):
    done = CliRunner().invoke(cli, ["runs", "--records", str(recorded[0]), *asked])
    assert done.exit_code == 2
    assert said in done.output


def test_a_file_that_cannot_be_written_leaves_nothing_behind(recorded, tmp_path):
    done = CliRunner().invoke(cli, ["runs", "--records", str(recorded[0]), "--export", str(tmp_path / "no" / "x.csv")])
    assert "cannot be written" in str(done.exception)
    assert list(tmp_path.glob("**/.x.csv*")) == []
