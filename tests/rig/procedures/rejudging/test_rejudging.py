"""``rig judge``: a run judged once more from its stored readings; its own results stay as they are."""

import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from rig.bench.lock import noted
from rig.cli.run import run as run_command
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.procedures.rejudging.rejudge import Choice, rejudge
from rig.procedures.rejudging.stored import RunCannotBeRejudged
from rig.records.data import ResultRecord
from rig.records.store import RunStore
from rig.safety.state import Opening
from tests.rig.procedures.rejudging.measured_runs import POINTS, STANDARD, header, judged, record_power, record_run

SHELF = Path(__file__).parents[4] / "fixtures" / "standards"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A database with a good meter's run, one of a meter off by 0.19 %, and one of an earlier version."""
    path = tmp_path_factory.mktemp("records") / "runs.sqlite"
    with RunStore.open(path) as store:
        ids = {
            "good": record_run(store),
            "off": record_run(store, error_pct=0.19),
            "old": record_run(store, judged_with={}),
        }
    return path, ids


@pytest.fixture(scope="module")
def runs(records):
    path, ids = records
    with RunStore.open_to_read(path) as store:
        return {name: store.run(run_id) for name, run_id in ids.items()}


def again(run, **choice):
    return rejudge(run, Choice(**choice), software_version="0.2.0")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def rig(capsys):
    """Run ``rig judge`` with arguments: its exit code, what it printed, and its errors."""

    def judged_by_command(*arguments):
        code = run_command(["judge", *map(str, arguments)])
        return code, *capsys.readouterr()

    return judged_by_command


@pytest.fixture
def wider(tmp_path):
    """A limit table with limits that are 2.5 times as wide, named class 0.5S."""
    data = yaml.safe_load((SHELF / f"{STANDARD}.yaml").read_text(encoding="utf-8"))
    for table in data["tables"]:
        for row in table["rows"]:
            row["limit_pct"] *= 2.5
    path = tmp_path / "wider.yaml"
    path.write_text(yaml.safe_dump(data | {"accuracy_class": "0.5S"}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["good", "off"])
def test_a_run_judged_with_nothing_changed_has_the_same_results(runs, name):
    run = runs[name]
    judgement = again(run)
    was = {(point.number, r.procedure, r.instance): r for point in run.points for r in point.results}
    assert len(judgement.results) == len(was)
    for each in judgement.results:
        result, before = each.result, was[each.point_number, each.result.procedure, each.result.instance]
        assert (result.outcome, each.was) == (before.outcome, before.outcome)
        assert result.error_pct == pytest.approx(before.error_pct, abs=1e-9)
        assert result.expanded_uncertainty_pct == pytest.approx(before.expanded_uncertainty_pct, rel=1e-9)
        assert result.limit == before.limit
        assert result.unit_number == before.unit_number == 1
        assert [c.name for c in result.components] == [c.name for c in before.components]
    assert {r.result.procedure for r in judgement.results} == {
        "power_comparison", "energy_register", "influence", "repeatability",
    }  # fmt: skip
    assert judgement.left_out == ()


def test_another_rule_changes_the_outcome_and_not_the_error(runs):
    strict, plain = (again(runs["off"], rule=rule) for rule in (DecisionRule.ILAC_G8_BINARY, DecisionRule.SIMPLE))
    assert plain.outcome == "PASS"
    assert strict.outcome == "FAIL"
    for one, other in zip(strict.results, plain.results, strict=True):
        assert one.result.error_pct == other.result.error_pct
    assert Counter(each.was for each in strict.results)["COND_PASS"] > 0


def test_another_standard_judges_what_it_limits(runs, wider):
    judgement = again(runs["off"], standard=load_limit_table(wider))
    assert judgement.outcome == "PASS"
    assert {each.result.limit_pct for each in judgement.results} == {0.5, 0.75}
    assert "class 0.5S" in judgement.results[0].result.limit.standard
    assert judgement.left_out == (
        "influence: its limits depend on the plan",
        "repeatability: its limits depend on the plan",
    )


def test_a_run_of_an_earlier_version_is_refused_in_one_sentence(records, rig):
    path, ids = records
    code, said, error = rig(ids["old"], "--records", path)
    assert (code, said) == (11, "")
    assert "does not say the reference's accuracy and the wiring" in error
    assert len(error.strip().splitlines()) == 1


def test_an_invalid_measurement_stays_invalid(tmp_path):
    with RunStore.open(tmp_path / "r.sqlite") as store:
        recorder = store.begin_run(header())
        judged(recorder, POINTS[0], invalid="not settled")
        recorder.finish("INVALID", 10)
        judgement = again(store.run("last"))
    assert {(each.result.outcome, each.result.reason) for each in judgement.results} == {("INVALID", "not settled")}


def test_the_command_records_a_judgement_and_leaves_the_run_alone(records, rig, capsys):
    path, ids = records
    with RunStore.open_to_read(path) as store:
        before = store.run(ids["off"])
    code, said, _ = rig(ids["off"], "--records", path, "--rule", "ilac_g8_binary", "--operator", "Ada")
    assert code == 1
    assert "COND_PASS" in said
    assert "came out otherwise than in the run" in said
    with RunStore.open_to_read(path) as store:
        after, judgements = store.run(ids["off"]), store.judgements(ids["off"])
        listed = {run.run_id: run.judged_again for run in store.runs()}
    assert after.points == before.points
    assert after.outcome == before.outcome
    (judgement,) = judgements
    assert (judgement.operator, judgement.outcome, judgement.standard) == ("Ada", "FAIL", "as in the run")
    stored = judgement.results[0].result
    assert stored == again(before, rule=DecisionRule.ILAC_G8_BINARY).results[0].result
    assert listed[ids["off"]] == ("FAIL",)
    run_command(["runs", "--records", str(path)])
    assert "judged once more: FAIL" in capsys.readouterr().out


def test_the_json_of_a_judgement_has_every_result_with_its_budget(records, rig):
    path, ids = records
    _, said, _ = rig(ids["good"], "--records", path, "--standard", STANDARD, "--json")
    found = json.loads(said)
    assert (found["run_id"], found["outcome"]) == (ids["good"], "PASS")
    assert len(found["results"]) == 7
    assert all(each["result"]["components"] for each in found["results"])


def test_a_judgement_cannot_be_changed_or_removed(records):
    import sqlite3

    path, ids = records
    with RunStore.open(path) as store:
        store.enter_judgement(ids["good"], again(store.run(ids["good"])))
    with sqlite3.connect(path) as connection:
        for statement in ("DELETE FROM judgement", "UPDATE judged_again SET outcome = 'PASS'"):
            with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                connection.execute(statement)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["nosuch"], "no run"), (["last", "--rule", "mine"], "mine"), (["last", "--standard", "nosuch"], "nosuch")],
)
def test_what_cannot_be_judged_ends_with_one_sentence(records, rig, arguments, says):
    code, said, error = rig(*arguments, "--records", records[0])
    assert (code, said) == (11, "")
    assert says in error
    assert len(error.strip().splitlines()) == 1


def test_a_run_that_is_still_recorded_is_not_judged(tmp_path, rig):
    with RunStore.open(tmp_path / "r.sqlite") as store:
        run_id = store.begin_run(header()).run_id
    with noted(Opening.begin("lab"), "rig certify") as opening:
        opening.name_run(run_id)
        code, _, error = rig(run_id, "--records", tmp_path / "r.sqlite")
    assert code == 11
    assert "still being recorded" in error


@pytest.mark.parametrize("kind", ["characterise", "regress", "closed"])
def test_run_of_a_kind_that_judges_nothing_is_refused_by_its_kind(tmp_path, kind):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        recorder = store.begin_run(dataclasses.replace(header(), kind=kind, decision_rule=""))
        recorder.finish("PASS", 0)
        with pytest.raises(RunCannotBeRejudged, match=f"it is a run of 'rig {kind}' and has no results") as caught:
            rejudge(store.run("last"), Choice(), software_version="1")
    assert "'rig certify' or 'rig eol'" in str(caught.value)


def test_a_run_without_measurements_cannot_be_judged(tmp_path):
    with RunStore.open(tmp_path / "r.sqlite") as store:
        recorder = store.begin_run(header())
        recorder.finish("NOT_JUDGED", 0)
        with pytest.raises(RunCannotBeRejudged, match="none of its load points has a measurement"):
            again(store.run("last"))


def test_a_coefficient_of_temperature_is_decided_again_from_its_error(tmp_path):
    # It is a variation divided by kelvins: the two measurements alone do not give it.
    with RunStore.open(tmp_path / "r.sqlite") as store:
        recorder = store.begin_run(header())
        judged(recorder, POINTS[0])
        at, _ = record_power(recorder, POINTS[0], 0.17)
        coefficient = ResultRecord(
            procedure="influence", instance=11, quantity="active_power", phase="ABC", unit="kW", outcome="COND_PASS",
            read_value=1.0, expected_value=1.0, error_pct=0.0095, expanded_uncertainty_pct=0.001, k=2.0, limit_pct=0.01,
            condition="temperature 23 to 40 °C", basis=POINTS[0].label,
        )  # fmt: skip
        at.results([coefficient])
        recorder.finish("PASS", 0)
        run = store.run("last")
    found = [
        each.result
        for rule in (None, DecisionRule.SIMPLE)
        for each in again(run, rule=rule).results
        if each.result.procedure == "influence"
    ]
    assert [(each.error_pct, each.outcome) for each in found] == [(0.0095, "COND_PASS"), (0.0095, "PASS")]


def test_u_is_printed_beside_what_monte_carlo_tells(records, rig):
    path, ids = records
    code, said, _ = rig(ids["good"], "--records", path, "--monte-carlo")
    assert code == 0
    rows = said.split("U by it\n")[1].splitlines()
    assert len(rows) >= 4
    assert all(0.9 < float(row.split()[-1]) < 1.6 for row in rows)
