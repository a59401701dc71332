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

from rig.emulation.behaviour_defects import BEHAVIOUR_DEFECTS
from rig.records import RunRecord
from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(600)]

_SUITE = "tests_hil/firmware_regression"
_CONTROL = "test_identity.py::test_device_property_reads_as_the_manual_prints_it[model-name]"
"""A question that no defect touches: the meter was really asked."""

_RUNS: list[dict[str, str]] = [
    {
        "vendor-wrong": "test_identity.py::test_device_property_reads_as_the_manual_prints_it[vendor-identifier]",
        "object-list-out-of-order": "test_identity.py::test_object_list_has_the_113_objects_in_order",
        "object-name-wrong": "test_objects.py::test_names_and_descriptions_are_the_manuals[AI]",
        "object-units-wrong": "test_objects.py::test_units_are_the_manuals[AI]",
        "object-av6-unchecked": "test_configuration.py::test_system_voltage_goes_with_the_pt_ratio",
        "commands-unchecked": (
            "test_configuration.py::test_command_register_reads_0_and_refuses_codes_it_does_not_know"
        ),
        "validation-silent": (
            "test_configuration.py::test_value_is_in_force_within_two_seconds_and_reliability_says_when"
        ),
        "log-settings-apart": "test_trend_logs.py::test_setting_written_to_one_log_is_that_of_all",
        "log-interval-apart": "test_trend_logs.py::test_interval_written_to_one_log_is_that_of_all_and_of_av11",
        "log-target-unchecked": "test_trend_logs.py::test_what_cannot_be_logged_is_refused[AI-76-present-value]",
        "demand-frozen": "test_demand.py::test_block_demand_is_the_mean_of_its_interval_and_renewed_at_its_end",
        "quadrants-swapped": "test_quadrants.py::test_registers_of_the_quadrant_grow_and_no_others[Q1]",
        "reliability-always-good": "test_alarms.py::test_current_beyond_the_range_is_told_by_phase[A]",
        "rtc-flag-missing": "test_clock.py::test_a_clock_that_was_never_set_says_so",
        "time-sync-ignored": "test_clock.py::test_synchronised_clock_reads_the_time_and_clears_its_alert",
        "frequency-not-qnan": "test_alarms.py::test_frequency_out_of_range_is_qnan_and_told[44.0]",
        "over-voltage-unnoticed": "test_alarms.py::test_voltage_beyond_the_range_is_told",
        "low-power-factor-unnoticed": "test_alarms.py::test_low_power_factor_is_told_by_phase[A]",
        "phase-loss-unnoticed": "test_alarms.py::test_phase_loss_is_told_below_its_threshold",
    },
    {
        "refusal-code-wrong": ("test_configuration.py::test_value_takes_its_limits_and_refuses_what_lies_beyond[8]"),
        "demand-not-rolling": "test_demand.py::test_rolling_demand_takes_as_many_subintervals_as_are_set",
        "demand-sync-ignored": "test_demand.py::test_synchronised_demand_ends_with_the_command_only",
        "maximum-demand-reset-ignored": "test_demand.py::test_maximum_demand_holds_and_resets_to_present_demand",
        "energy-reset-ignored": "test_resets.py::test_energy_registers_are_cleared_and_the_clearing_is_counted",
        "power-factor-unsigned": "test_quadrants.py::test_powers_carry_the_signs_of_their_quadrant[Q2]",
        "net-counts-both": "test_quadrants.py::test_registers_never_run_backwards_and_net_is_import_less_export",
        "qnan-as-zero": "test_system_types.py::test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does[10]",
        "over-current-unnoticed": "test_alarms.py::test_current_beyond_the_range_is_told_by_phase[B]",
        "low-power-factor-latched": "test_alarms.py::test_low_power_factor_is_told_by_phase[B]",
        "rtc-flag-stuck": "test_clock.py::test_synchronised_clock_reads_the_time_and_clears_its_alert",
    },
    {
        "command-reads-back": (
            "test_configuration.py::test_command_that_only_logs_in_manual_mode_is_accepted_and_av1_still_reads_0"
        ),
        "alarm-bitmap-empty": "test_alarms.py::test_bitmap_is_the_alerts",
        "frequency-alarm-missing": "test_alarms.py::test_frequency_out_of_range_is_qnan_and_told[66.0]",
        "reactive-sign-inverted": "test_quadrants.py::test_powers_carry_the_signs_of_their_quadrant[Q1]",
        "clock-stopped": "test_clock.py::test_clock_runs_at_the_rate_of_time",
        "validation-slow": (
            "test_configuration.py::test_value_is_in_force_within_two_seconds_and_reliability_says_when"
        ),
    },
]

_BENCH = """\
schema: 1
extends: emulated
name: {name}
launch: {{extra_argv: {argv}}}
"""


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
            outcomes[f"{Path(case.attrib['file']).name}::{case.attrib['name']}"] = bad
    return Asked(done.returncode, done.stdout + done.stderr, outcomes, read_last(records))


def test_every_question_is_answered_well_by_the_emulated_meter(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "regress", "--allow-reset", "--json",
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert json.loads(done.stdout)["run_id"]
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None
    assert (run.header.kind, run.outcome) == ("regress", "PASS")
    assert len(run.findings) > 200
    assert {finding.outcome for finding in run.findings} == {"PASS"}


@pytest.mark.parametrize("seeded", _RUNS, ids=lambda seeded: f"{next(iter(seeded))}-and-{len(seeded) - 1}-more")
def test_each_defect_fails_the_question_about_it(seeded: dict[str, str], tmp_path: Path) -> None:
    argv = [word for name in seeded for word in ("--defect", name)]
    bench = tmp_path / "seeded.yaml"
    bench.write_text(_BENCH.format(name="seeded", argv=json.dumps(argv)))
    found = ask(tmp_path, bench, [_CONTROL, *seeded.values()], "--allow-reset")
    assert found.outcomes.pop(_CONTROL) == "passed", found.output[-3000:]
    unnoticed = [name for name, question in seeded.items() if found.outcomes.get(question) != "failure"]
    assert not unnoticed, f"{unnoticed} went unnoticed: {found.output[-3000:]}"
    assert found.exit_code == 1
    assert found.run is not None
    assert found.run.outcome == "FAIL"
    assert sum(finding.outcome == "FAIL" for finding in found.run.findings) >= len(seeded)
    captures = {event.text.split("/")[-1] for event in found.run.events if event.kind == "bus capture"}
    assert captures == {path.name for path in (tmp_path / "out" / "bus").iterdir()}
    assert len(captures) >= len(seeded) / 2


def test_every_defect_of_the_library_has_its_question() -> None:
    assert {name for seeded in _RUNS for name in seeded} == set(BEHAVIOUR_DEFECTS)


def test_what_would_clear_the_meter_is_not_asked_without_leave(tmp_path: Path) -> None:
    found = ask(tmp_path, "emulated", ["test_resets.py", "test_demand.py", _CONTROL])
    assert found.outcomes.pop(_CONTROL) == "passed", found.output[-3000:]
    assert set(found.outcomes.values()) == {"skipped"}
    assert len(found.outcomes) == 7
    assert found.exit_code == 0
    assert found.run is not None
    skipped = [finding for finding in found.run.findings if finding.outcome == "SKIP"]
    assert len(skipped) == 7
    assert all("--allow-reset" in finding.found for finding in skipped)
