"""Questions on control power, pulse input and alarm contact: each defect fails its own, a lesser bench skips them."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rig.emulation.defects.terminals import TERMINAL_DEFECTS
from rig.records.data import RunRecord
from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]

_SUITE = "tests_hil/firmware_regression"
_CONTROL = "objects/test_identity.py::test_device_property_reads_as_the_manual_prints_it[model-name]"
"""A question that no defect touches: the meter was really asked."""

_RUNS: list[dict[str, str]] = [
    {
        "clock-kept-without-power": "terminals/test_control_power.py::test_loss_of_control_power_resets_the_clock_and_says_so",
        "energies-lost-without-power": "terminals/test_control_power.py::test_what_is_accumulated_is_kept_without_control_power",
        "configuration-lost-without-power": "terminals/test_control_power.py::test_configuration_is_kept_without_control_power",
        "logs-lost-without-power": "terminals/test_control_power.py::test_logs_are_kept_without_control_power",
        "ride-through-missing": "terminals/test_control_power.py::test_gap_of_a_tenth_of_a_second_is_ridden_through",
        "pulse-short-counted": "terminals/test_pulse_input.py::test_pulse_shorter_than_the_minimum_is_not_counted",
        "pulse-opening-counted": "terminals/test_pulse_input.py::test_closure_of_the_contact_is_counted_once_however_long",
        "alarm-contact-stuck": "terminals/test_alarm_contact.py::test_contact_opens_on_phase_loss_and_closes_again",
    },
    {
        "alarm-contact-opens-without-power": (
            "terminals/test_control_power.py::test_alarm_contact_is_closed_without_control_power"
        ),
        "power-up-not-counted": "terminals/test_control_power.py::test_loss_of_control_power_is_counted",
        "registers-count-without-power": "terminals/test_control_power.py::test_nothing_is_accumulated_without_control_power",
        "stays-on-bus-without-power": "terminals/test_control_power.py::test_meter_without_control_power_is_off_the_bus",
        "pulse-long-missed": "terminals/test_pulse_input.py::test_pulse_of_the_minimum_width_is_counted",
        "choice-alarm-contact=any_alert": (
            "terminals/test_alarm_contact.py::test_contact_follows_other_alerts_as_the_meter_was_reviewed"
        ),
    },
]
"""Runs of defects that do not touch each other's questions; the normal tests have the first."""

_TIMED_GAP = "terminals/test_control_power.py::test_gap_of_a_tenth_of_a_second_is_ridden_through"


def _ask(folder: Path, bench: str, questions: list[str]) -> tuple[dict[str, str], RunRecord, str]:
    """Ask in a process of its own; returns outcome by question, the record, and what was printed."""
    path, records, junit = folder / "bench.yaml", folder / "records.sqlite", folder / "junit.xml"
    path.write_text(f"schema: 1\nextends: emulated\nname: other\n{bench}")
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", *(f"{_SUITE}/{each}" for each in (_CONTROL, *questions)),
            "--bench", str(path), "--records", str(records), "--out", str(folder / "out"), "--suite", "regress",
            "--junit-xml", str(junit), "-q", "--allow-reset",
        ],
        cwd=ROOT, env=environment(folder / "state"), capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    output = (done.stdout + done.stderr)[-3000:]
    outcomes = {}
    for case in ET.parse(junit).iter("testcase"):
        bad = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        outcomes[f"{Path(case.attrib['file']).relative_to(_SUITE)}::{case.attrib['name']}"] = bad
    run = read_last(records)
    assert run is not None, output
    assert outcomes.pop(_CONTROL) == "passed", output
    return outcomes, run, output


@pytest.mark.parametrize(
    "seeded",
    [_RUNS[0], *(pytest.param(each, marks=pytest.mark.soak) for each in _RUNS[1:])],
    ids=lambda seeded: f"{next(iter(seeded))}-and-{len(seeded) - 1}-more",
)
def test_each_defect_fails_the_question_about_it(seeded: dict[str, str], tmp_path: Path) -> None:
    argv = json.dumps([word for name in seeded for word in ("--defect", name)])
    is_asked = _TIMED_GAP in seeded.values()
    lesser = "" if is_asked else "counter: {inputs: {control_power: null}}\n"
    outcomes, run, output = _ask(
        tmp_path, f"launch: {{extra_argv: {argv}}}\n{lesser}", sorted({*seeded.values(), _TIMED_GAP})
    )
    unnoticed = [name for name, question in seeded.items() if outcomes.get(question) != "failure"]
    assert not unnoticed, f"{unnoticed} went unnoticed: {output}"
    assert run.outcome == "FAIL"
    # Where nothing measures the gaps the question about them is not asked, and the record says what is missing.
    skipped = [finding.found for finding in run.findings if finding.outcome == "SKIP"]
    assert skipped == ([] if is_asked else ["bench other has no timed_control_power"])


def test_every_defect_of_the_terminals_has_its_question() -> None:
    assert {name for seeded in _RUNS for name in seeded if not name.startswith("choice-")} == set(TERMINAL_DEFECTS)
