"""The wiring check of a run: what is recorded, who is suspected, and what a proof by a good meter changes."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rig.bench import load_bench
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused, WiringWrong
from rig.events import Event, Events
from rig.exit_codes import ExitCode, exit_code_of
from rig.golden.proof import forget_proofs, proof_of, prove
from rig.procedures.wiring_check.check import check_wiring
from rig.procedures.wiring_check.look import CURRENTS_PCT
from rig.records.data import RunHeader
from rig.records.store import RunStore
from rig.reports.exports import as_json
from rig.reports.html import render_html
from rig.safety.errors import NotSettled
from tests.rig.procedures.wiring_check.wired import Leads, configuration, picture

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def recorded(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        recorder = store.begin_run(
            RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0")
        )
        yield recorder, lambda: store.run("last")


class Supervisor:
    """Settles at once, or never; notes the points it was asked for."""

    def __init__(self, refuses=(), settles=True):
        self.points, self._refuses, self._settles = [], refuses, settles

    def apply(self, point):
        if point.currents_pct in self._refuses:
            raise UsageRefused("the source has one current for all phases")
        self.points.append(point)

    def settle(self):
        if not self._settles:
            raise NotSettled("277V", 30.0, "the voltage of A moves")
        return [self.points[-1]]


def checked(recorded, leads, supervisor=None, *, accept=False, file=None):
    """Check the wiring of a meter behind ``leads``; returns the record of the check, the error, what was said."""
    recorder, read_back = recorded
    supervisor = supervisor or Supervisor()
    events = Events()
    said = []
    events.subscribe(Event, said.append)

    def read_load_point():
        phases = supervisor.points[-1].phases
        return SimpleNamespace(values=picture(40, leads, phases=phases).read)

    bench = SimpleNamespace(
        name="b",
        file=file or load_bench("emulated"),
        supervisor=supervisor,
        analyzer=object(),
        wiring=SimpleNamespace(stimulus=_at_full_current),
        clock=SimpleNamespace(sleep=lambda _: None),
    )
    position = SimpleNamespace(name="1", meter=SimpleNamespace(read_load_point=read_load_point))
    _, error = check_wiring(bench, position, configuration(40), recorder, events, accept=accept)
    return read_back().wiring_checks[-1], error, [str(each) for each in said]


def _at_full_current(point):
    """What the reference sees at a point: the meter of ``picture`` has 100 % in phase A."""
    return WIRING.terminals(replace(point, current_pct=100.0, currents_pct=CURRENTS_PCT))


def test_right_wiring_is_recorded_and_said(recorded):
    check, error, said = checked(recorded, Leads())
    assert (check.state, check.suspect, error) == ("right", "", None)
    assert said == [f"wiring: {check.text} (no known good meter has proven this wiring)"]
    assert check.pictures[0]["load_point"] == "277V-60pct-PF1-ABC-IB60pct-IC36pct"
    assert check.pictures[0]["read"]["AI73"] == pytest.approx(100.0)


def test_a_wrong_wire_is_a_finding_about_bench_or_meter_and_ends_in_10(recorded):
    check, error, _ = checked(recorded, Leads(reversed_at="B"))
    assert (check.state, check.suspect) == ("wrong", "bench or meter")
    assert isinstance(error, WiringWrong)
    assert exit_code_of(error) is ExitCode.RIG_ERROR
    assert str(error) == (
        "wiring (bench or meter): the lead of CT input B looks reversed (white and black wire); look at CT B white, "
        "CT B black (no known good meter has proven this wiring; 'rig bench prove' does it with a meter that is known "
        "to be good); where they are right, --accept-wiring measures the meter as it is"
    )
    (alternative,) = check.faults
    assert alternative[0]["kind"] == "ct_reversed"
    assert alternative[0]["wires"] == ["CT B white", "CT B black"]


def test_a_proven_wiring_leaves_the_meter_alone_as_suspect(recorded):
    prove(load_bench("emulated"), "1", "4711", "run")
    check, error, _ = checked(recorded, Leads(reversed_at="B"))
    assert check.suspect == "meter"
    assert str(error).startswith("wiring (meter): ")
    assert check.proof.startswith("the wiring was proven on 20")
    assert check.proof.endswith(" with meter 4711")


def test_a_suspected_meter_is_measured_with_what_was_found_on_record(recorded):
    check, error, said = checked(recorded, Leads(reversed_at="B"), accept=True)
    assert (check.state, error) == ("accepted", None)
    assert said[-1].endswith("; accepted with --accept-wiring")


def test_a_load_that_does_not_settle_says_nothing_about_wires(recorded):
    check, error, said = checked(recorded, Leads(reversed_at="B"), Supervisor(settles=False))
    assert (check.state, error) == ("unknown", None)
    assert said == [check.text]
    assert "the voltage of A moves" in check.text


def test_a_source_of_equal_currents_feeds_one_phase_after_the_other(recorded):
    supervisor = Supervisor(refuses=(CURRENTS_PCT,))
    check, _, _ = checked(recorded, Leads(ct={"A": "C", "C": "A"}), supervisor)
    assert [point.phases for point in supervisor.points] == ["A", "B", "C"]
    assert check.faults[0][0]["where"] == "AC"


def test_report_and_results_show_the_check(recorded):
    checked(recorded, Leads(voltage={"B": ""}), accept=True)
    run = recorded[1]()
    assert '"kind": "voltage_missing"' in json.dumps(as_json(run)["wiring_checks"])
    assert "nothing arrives at voltage terminal B" in render_html(run)


def test_a_changed_bench_file_proves_nothing(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("schema: 1\nextends: emulated\nname: mine\n")
    file = load_bench(path)
    prove(file, "1", "4711", "run")
    assert proof_of(file, "1").proof is not None
    assert proof_of(file, "2").proof is None
    path.write_text("schema: 1\nextends: emulated\nname: mine\nwiring: {current_divider: {ratio: 9.0}}\n")
    changed = proof_of(load_bench(path), "1")
    assert changed.proof is None
    assert "the bench file's wiring has changed since" in changed.text
    path.write_text("schema: 1\nextends: emulated\nname: mine\ndescription: another\n")
    assert "the bench file has changed since" in proof_of(load_bench(path), "1").text


def test_a_rewired_bench_is_proven_no_longer():
    file = load_bench("emulated")
    prove(file, "1", "4711", "run")
    assert [proof.serial_number for proof in forget_proofs(file)] == ["4711"]
    assert proof_of(file, "1").proof is None
    assert forget_proofs(file) == []
