"""Firmware regression over a real pty and real sockets: a good meter passes, and each seeded defect fails its question.

Defects that do not touch each other's questions share a run: what fails there is exactly the questions about them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.influences import INFLUENCE_DEFECTS
from rig.emulation.defects.library import CHOICES, WITHOUT_VALUE
from rig.emulation.defects.services import APDU_DEFECTS
from rig.emulation.defects.terminals import TERMINAL_DEFECTS
from rig.records.data import RunRecord
from tests.acceptance.certified import ROOT, environment, read_last
from tests.acceptance.seeded_defects import ALONE, LONG, RUNS, SHOWN_ELSEWHERE

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(600)]

_SUITE = "tests_hil/firmware_regression"
_CONTROL = "objects/test_identity.py::test_device_property_reads_as_the_manual_prints_it[model-name]"
"""A question that no defect touches: the meter was really asked."""

_IN_NORMAL_TESTS = {"vendor-wrong", "refusal-code-wrong", "abort-reason-wrong"}
"""Names of one defect of each group that ``make test`` asks about; ``make soak`` asks about all."""

_BENCH = """\
schema: 1
extends: emulated
name: {name}
launch: {{extra_argv: {argv}}}
bus: {{max_master: 3}}
"""
_FAST = ("--unpaced", "--max-master", "3")
"""What is asked and answered is the same on a bus without pauses and with few addresses to poll for."""


def write_bench(folder: Path, *argv: str, meter_type: str = "s4100") -> Path:
    """Write a bench file whose emulated bench has these options."""
    bench = folder / "seeded.yaml"
    text = _BENCH.format(name="seeded", argv=json.dumps([*_FAST, *argv]))
    if meter_type != "s4100":
        text += f"positions: [{{name: '1', mac: '${{launch.meters[0].mac}}', meter_type: {meter_type}}}]\n"
    bench.write_text(text)
    return bench


@dataclass(frozen=True)
class Asked:
    """What came of some questions: exit code, console, outcome by question, and the record."""

    exit_code: int
    output: str
    outcomes: dict[str, str]
    run: RunRecord | None


def ask(folder: Path, bench: str | Path, questions: list[str], *more: str) -> Asked:
    """Ask those questions in a process of its own; none named asks them all."""
    records, junit = folder / "records.sqlite", folder / "junit.xml"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", *([f"{_SUITE}/{each}" for each in questions] or [_SUITE]),
            "--bench", str(bench), "--records", str(records), "--out", str(folder / "out"), "--suite", "regress",
            "--junit-xml", str(junit), "-q", *more,
        ],
        cwd=ROOT, env=environment(folder / "state"), capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    outcomes = {}
    if junit.exists():
        for case in ET.parse(junit).iter("testcase"):
            bad = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
            outcomes[f"{Path(case.attrib['file']).relative_to(_SUITE)}::{case.attrib['name']}"] = bad
    return Asked(done.returncode, done.stdout + done.stderr, outcomes, read_last(records))


def test_every_question_is_answered_well_by_the_emulated_meter(tmp_path: Path) -> None:
    bench = write_bench(tmp_path)
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "regress", "--allow-reset", "--json", "--bench", str(bench),
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert json.loads(done.stdout)["run_id"]
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None
    assert (run.header.kind, run.outcome) == ("regress", "PASS")
    assert len(run.findings) > 500
    skipped = [finding for finding in run.findings if finding.outcome != "PASS"]
    assert [(finding.outcome, "--longest" in finding.found) for finding in skipped] == [("SKIP", True)]
    longer = [
        (case.attrib["name"], float(entry.attrib["value"]))
        for case in ET.parse(tmp_path / "out" / "junit.xml").iter("testcase")
        for entry in case.iter("property")
        if entry.attrib["name"] == "bench_time_over_s"
    ]
    assert not longer, "these took more bench time than they declare"


@pytest.mark.parametrize(
    "seeded",
    # Three groups of each kind of question; the campaign below has every defect of the others too.
    [each if _IN_NORMAL_TESTS & each.keys() else pytest.param(each, marks=pytest.mark.soak) for each in RUNS],
    ids=lambda seeded: f"{next(iter(seeded))}-and-{len(seeded) - 1}-more",
)
def test_each_defect_fails_the_question_about_it(seeded: dict[str, str], tmp_path: Path) -> None:
    _fails_its_question(seeded, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted({name for seeded in (*RUNS, LONG, ALONE) for name in seeded}))
def test_each_defect_alone_fails_the_question_about_it(name: str, tmp_path: Path) -> None:
    question = next(seeded[name] for seeded in (*RUNS, LONG, ALONE) if name in seeded)
    _fails_its_question({name: question}, tmp_path, "--longest", "20")


@pytest.mark.soak
def test_full_logs_are_answered_well_by_the_emulated_meter(tmp_path: Path) -> None:
    found = ask(tmp_path, write_bench(tmp_path), [*LONG.values()][:1], "--allow-reset", "--longest", "20")
    assert set(found.outcomes.values()) == {"passed"}, found.output[-3000:]


def _fails_its_question(seeded: dict[str, str], folder: Path, *options: str) -> None:
    argv = [word for name in seeded for word in ("--defect", name)]
    questions = list(dict.fromkeys([_CONTROL, *seeded.values()]))
    found = ask(folder, write_bench(folder, *argv), questions, "--allow-reset", *options)
    assert found.outcomes.pop(_CONTROL) == "passed", found.output[-3000:]
    unnoticed = [name for name, question in seeded.items() if found.outcomes.get(question) != "failure"]
    assert not unnoticed, f"{unnoticed} went unnoticed: {found.output[-3000:]}"
    assert found.exit_code == 1
    assert found.run is not None
    assert found.run.outcome == "FAIL"
    assert sum(finding.outcome == "FAIL" for finding in found.run.findings) >= len(questions) - 1
    captures = {event.text.split("/")[-1] for event in found.run.events if event.kind == "bus capture"}
    assert captures == {path.name for path in (folder / "out" / "bus").iterdir()}
    assert len(captures) >= len(questions) / 2


def test_every_defect_of_the_library_has_its_question() -> None:
    asked = {name for seeded in (*RUNS, LONG, ALONE) for name in seeded}
    assert {name for name in asked if "=" not in name} == {*WITHOUT_VALUE, *APDU_DEFECTS} - {
        *TERMINAL_DEFECTS,
        *INFLUENCE_DEFECTS,
        *CREEP_DEFECTS,
    }
    made_otherwise = {name.partition("=")[0].removeprefix("choice-").replace("-", "_") for name in asked if "=" in name}
    on_bus = [name for name in CHOICES if not name.startswith("choice-panel-")]  # the panel is no question of the bus
    choices_of_options = {name.removeprefix("choice-").replace("-", "_") for name in on_bus}
    assert made_otherwise | set(SHOWN_ELSEWHERE) == choices_of_options
    assert not made_otherwise & set(SHOWN_ELSEWHERE)


def test_questions_about_ambiguities_are_skipped_for_unreviewed_firmware(tmp_path: Path) -> None:
    text = (ROOT / "fixtures" / "meters" / "s4100.yaml").read_text(encoding="utf-8")
    (tmp_path / "unknown.yaml").write_text(text.replace('firmware: ["1000"]', 'firmware: ["0900"]'), encoding="utf-8")
    bench = write_bench(tmp_path, meter_type=str(tmp_path / "unknown.yaml"))
    ambiguous = "configuration/test_device_writes.py::test_object_name_is_as_the_profile_says"
    found = ask(tmp_path, bench, [_CONTROL, ambiguous])
    assert found.outcomes == {_CONTROL: "passed", ambiguous: "skipped"}, found.output[-3000:]
    assert found.run is not None
    assert any("there is no review" in event.text for event in found.run.events if event.severity == "warning")


def test_meter_that_chooses_as_reviewed_for_its_firmware_passes(tmp_path: Path) -> None:
    text = (ROOT / "fixtures" / "meters" / "s4100.yaml").read_text(encoding="utf-8")
    reviewed = text.replace("choices: {}", "choices: {object_name_access: writable, service_password: refused}")
    (tmp_path / "other.yaml").write_text(reviewed, encoding="utf-8")
    argv = ["--defect", "choice-object-name-access=writable", "--defect", "choice-service-password=refused"]
    bench = write_bench(tmp_path, *argv, meter_type=str(tmp_path / "other.yaml"))
    questions = [
        "configuration/test_device_writes.py::test_object_name_is_as_the_profile_says",
        "bus/test_communication.py::test_password_is_as_the_profile_says[ReinitializeDevice]",
    ]
    found = ask(tmp_path, bench, questions)
    assert set(found.outcomes.values()) == {"passed"}, found.output[-3000:]


def test_what_would_clear_the_meter_is_not_asked_without_leave(tmp_path: Path) -> None:
    found = ask(
        tmp_path, write_bench(tmp_path), ["configuration/test_resets.py", "configuration/test_demand.py", _CONTROL]
    )
    assert found.outcomes.pop(_CONTROL) == "passed", found.output[-3000:]
    assert set(found.outcomes.values()) == {"skipped"}
    assert len(found.outcomes) == 7
    assert found.exit_code == 0
    assert found.run is not None
    skipped = [finding for finding in found.run.findings if finding.outcome == "SKIP"]
    assert len(skipped) == 7
    assert all("--allow-reset" in finding.found for finding in skipped)
