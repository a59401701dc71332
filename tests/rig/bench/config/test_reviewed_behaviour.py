"""A meter type says for which firmware versions somebody has reviewed how the manual is to be read."""

from __future__ import annotations

import pytest

from meter_model.behaviour.profile import DEFAULT, PhaseLoss
from rig.bench.config.meter_type import load_meter_type
from rig.errors import BenchFileError

_TYPE = """\
schema: 1
name: mine
ratings:
  UL:
    accuracy: {why: a}
    measuring: {why: b}
    damage: {why: c}
"""
_REVIEWED = """\
behaviour:
  - firmware: ["1100", "1101"]
    reviewed_by: somebody
    reviewed_on: 2026-01-31
    evidence: two units characterised
    choices: {CHOICES}
"""


def _load(tmp_path, choices="{}", text=_REVIEWED):
    path = tmp_path / "mine.yaml"
    path.write_text(_TYPE + text.replace("{CHOICES}", choices), encoding="utf-8")
    return load_meter_type(str(path))


def test_choices_that_are_named_differ_from_the_defaults_and_no_others(tmp_path):
    found = _load(tmp_path, "{phase_loss: fraction_of_system_voltage, minimum_voltage_v: 5}")
    reviewed = found.reviewed_behaviour("1101")
    assert reviewed is not None
    assert reviewed.profile.phase_loss is PhaseLoss.FRACTION_OF_SYSTEM_VOLTAGE
    assert reviewed.profile.minimum_voltage_v == 5.0
    assert reviewed.profile.rms_window is DEFAULT.rms_window


def test_version_that_nobody_reviewed_has_no_behaviour(tmp_path):
    assert _load(tmp_path).reviewed_behaviour("1102") is None
    assert _load(tmp_path, text="").reviewed_behaviour("1100") is None


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ("{phase_lost: drop_below}", "'phase_lost' is no choice of the behaviour profile"),
        ("{phase_loss: sometimes}", "phase_loss is one of fraction_of_system_voltage, drop_below, not 'sometimes'"),
        ("{minimum_voltage_v: low}", "minimum_voltage_v is a number, not 'low'"),
    ],
)
def test_choice_that_is_none_is_refused_with_its_options(tmp_path, choices, reason):
    with pytest.raises(BenchFileError, match=reason):
        _load(tmp_path, choices)


def test_version_with_two_behaviours_is_refused(tmp_path):
    twice = _REVIEWED + _REVIEWED.split("\n", 1)[1]
    with pytest.raises(BenchFileError, match="1100, 1101 has more than one behaviour"):
        _load(tmp_path, text=twice)


def test_built_in_meter_type_names_the_emulated_meters_firmware():
    reviewed = load_meter_type("s4100").reviewed_behaviour("1000")
    assert reviewed is not None
    assert reviewed.profile == DEFAULT
