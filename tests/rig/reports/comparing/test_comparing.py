"""``rig compare``: runs of the same load points side by side, with E_n numbers."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.cli.run import run as run_command
from rig.metrology.analysis.e_n import e_n
from rig.records.data import InstrumentRecord
from rig.records.store import RunStore
from rig.reports.comparing.comparison import NothingToCompare, compare
from rig.reports.comparing.lines import comparison_lines
from tests.rig.procedures.rejudging.measured_runs import POINTS, header, judged, record_run


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "runs.sqlite"
    with RunStore.open(path) as store:
        ids = {
            "first": record_run(store, simulated=True),
            "same": record_run(store, seed=30),
            "off": record_run(store, error_pct=0.1, seed=60),
        }
        recorder = store.begin_run(header())
        recorder.finish("NOT_JUDGED", 0)
        ids["empty"] = recorder.run_id
    return path, ids


@pytest.fixture(scope="module")
def runs(records):
    path, ids = records
    with RunStore.open_to_read(path) as store:
        return {name: store.run(run_id) for name, run_id in ids.items()}


@pytest.fixture
def rig(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))

    def compared(*arguments):
        code = run_command(["compare", *map(str, arguments)])
        return code, *capsys.readouterr()

    return compared


@pytest.mark.parametrize(
    ("value", "u", "reference", "u_reference", "number"),
    [
        (0.10, 0.03, 0.05, 0.04, 1.0),
        (0.05, 0.04, 0.10, 0.03, -1.0),
        (0.1, 0.0, 0.0, 0.1, 1.0),
        (1.0, 0.0, 0.0, 0.0, None),
    ],
)
def test_e_n_is_the_difference_by_both_uncertainties(value, u, reference, u_reference, number):
    found = e_n(value, u, reference, u_reference)
    assert found is None if number is None else found == pytest.approx(number)


@given(st.floats(-1, 1), st.floats(0.001, 1), st.floats(-1, 1), st.floats(0.001, 1))
def test_e_n_changes_its_sign_when_the_two_are_exchanged(one, u, other, v):
    assert e_n(one, u, other, v) == pytest.approx(-e_n(other, v, one, u))


def test_the_same_meter_measured_twice_agrees(runs):
    compared = compare([runs["first"], runs["same"]])
    assert len(compared.rows) == 6
    assert compared.different == ()
    assert {row.procedure for row in compared.rows} == {
        "power_comparison", "energy_register", "influence", "repeatability",
    }  # fmt: skip


def test_a_meter_that_moved_does_not_agree_and_the_number_is_right(runs):
    compared = compare([runs["first"], runs["same"], runs["off"]])
    row = next(row for row in compared.different if row.instance == 11 and row.procedure == "power_comparison")
    first, _, off = row.results
    spread = math.hypot(first.expanded_uncertainty_pct, off.expanded_uncertainty_pct)
    assert row.numbers[0] is None
    assert row.numbers[2] == pytest.approx((off.error_pct - first.error_pct) / spread)
    assert abs(row.numbers[1]) <= 1.0
    # A shift of everything does not show in a variation.
    assert all(row.agrees for row in compared.rows if row.procedure == "influence")


def test_simulated_against_real_is_said_first(runs):
    lines = comparison_lines(compare([runs["first"], runs["same"]]))
    assert "(simulated)" in lines[0]
    assert lines[2].startswith("simulated against real: ")


def test_one_reference_in_both_runs_is_said(tmp_path):
    with RunStore.open(tmp_path / "r.sqlite") as store:
        for _ in range(2):
            recorder = store.begin_run(header())
            recorder.instrument(InstrumentRecord(role="analyzer", identity="WT", serial_number="91M8"))
            judged(recorder, POINTS[0])
            recorder.finish("PASS", 0)
        compared = compare([store.run(each.run_id) for each in store.runs()])
    assert any("its errors cancel" in remark for remark in compared.remarks)


@pytest.mark.parametrize(
    ("serials", "said"), [(("0", "0"), True), (("91M8", ""), True), (("91M8", "91M8"), False), (("1", "2"), False)]
)
def test_analyzer_without_serial_number_leaves_the_reference_unknown(tmp_path, serials, said):
    with RunStore.open(tmp_path / "r.sqlite") as store:
        for serial in serials:
            recorder = store.begin_run(header())
            recorder.instrument(InstrumentRecord(role="analyzer", identity="WT", serial_number=serial))
            judged(recorder, POINTS[0])
            recorder.finish("PASS", 0)
        compared = compare([store.run(each.run_id) for each in store.runs()])
    assert any("told no serial number" in remark for remark in compared.remarks) is said


@pytest.mark.parametrize("names", [("first", "empty"), ("first", "first"), ("first",)])
def test_runs_that_share_nothing_are_refused_in_one_sentence(records, runs, rig, names):
    path, ids = records
    with pytest.raises(NothingToCompare):
        compare([runs[name] for name in names])
    code, said, error = rig(*(ids[name] for name in names), "--records", path)
    assert (code, said) == (11, "")
    assert len(error.strip().splitlines()) == 1


def test_table_json_and_plot_of_the_command(records, rig, tmp_path):
    path, ids = records
    plot = tmp_path / "compared.svg"
    code, said, _ = rig(ids["first"], ids["off"], "--records", path, "--plot", plot)
    assert code == 1
    assert "E_n 2" in said
    assert said.count("  <") == sum(1 for row in json.loads(rig_json(rig, path, ids))["rows"] if abs(row["e_n"][1]) > 1)
    assert plot.read_text(encoding="utf-8").count("<g id=") > 10


def rig_json(rig, path, ids):
    _, said, _ = rig(ids["first"], ids["off"], "--records", path, "--json")
    found = json.loads(said)
    assert [run["simulated"] for run in found["runs"]] == [True, False]
    assert abs(found["largest_e_n"]) > 1
    return said


def test_runs_of_two_databases_are_compared(records, rig, tmp_path):
    path, ids = records
    with RunStore.open(tmp_path / "other.sqlite") as store:
        other = record_run(store, seed=90)
    code, said, _ = rig(ids["first"], other[:8], "--records", path, "--with", tmp_path / "other.sqlite")
    assert code == 0
    assert "0 of " in said.splitlines()[-1]


def test_a_plot_of_an_unknown_format_is_refused(records, rig, tmp_path):
    path, ids = records
    code, _, error = rig(ids["first"], ids["off"], "--records", path, "--plot", tmp_path / "x.bmp")
    assert code == 11
    assert ".png, .svg, .pdf" in error
