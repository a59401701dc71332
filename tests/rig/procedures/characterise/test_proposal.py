"""The proposed profile as a file: refused by every suite until a person has reviewed it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from importlib import resources

import pytest

from meter_model.behaviour.profile import DEFAULT, PhaseLoss, ReactivePower
from rig.bench.config.meter_type import load_meter_type
from rig.errors import BenchFileError
from rig.procedures.characterise.characterise import characterise
from rig.procedures.characterise.proposal import Characterised, proposal_text
from tests.rig.procedures.characterise.sampled_subject import SampledSubject

OF = Characterised("S4100", "1007", "4711", "lab", False, "6f1c", dt.date(2026, 11, 30))
PROFILE = replace(DEFAULT, reactive_power=ReactivePower.FRYZE, phase_loss=PhaseLoss.FRACTION_OF_SYSTEM_VOLTAGE)


@pytest.fixture(scope="module")
def proposed() -> str:
    return proposal_text(OF, characterise(SampledSubject(PROFILE, allow_reset=False)))


@pytest.fixture
def meter_file(tmp_path):
    """A meter type's file with a proposal in place of its own behaviour."""
    text = (resources.files("fixtures.meters") / "s4100.yaml").read_text(encoding="utf-8")
    ratings = text[: text.index("\nbehaviour:")]
    path = tmp_path / "meter.yaml"

    def put(behaviour: str):
        path.write_text(f"{ratings}\n{behaviour}", encoding="utf-8")
        return path

    return put


def reviewed(text: str) -> str:
    """Fill in what a person fills in."""
    by = text.replace('reviewed_by: ""', "reviewed_by: N. N.")
    return by.replace("reviewed_on: null", "reviewed_on: 2026-12-01")


def test_a_proposal_says_what_was_applied_read_and_compared(proposed):
    assert "      reactive_power: fryze" in proposed
    assert "third harmonics of 10 % of voltage and 40 % of current" in proposed
    assert "quarter_period_shift" in proposed
    assert "serial number 4711; run 6f1c, bench lab" in proposed
    assert "# As by default, which needs no line:" in proposed
    assert "# Not asked:" in proposed
    assert max(map(len, proposed.splitlines())) <= 120


def test_no_suite_loads_a_proposal_that_was_not_reviewed(proposed, meter_file):
    with pytest.raises(BenchFileError, match="no person has reviewed this behaviour: look at its evidence"):
        load_meter_type(str(meter_file(proposed)))


def test_a_reviewed_proposal_is_the_behaviour_of_its_firmware(proposed, meter_file):
    meter_type = load_meter_type(str(meter_file(reviewed(proposed))))
    behaviour = meter_type.reviewed_behaviour("1007")
    assert behaviour is not None
    assert behaviour.profile == PROFILE
    assert meter_type.reviewed_behaviour("1000") is None


def test_a_meter_of_defaults_needs_no_choices(meter_file):
    text = proposal_text(OF, characterise(SampledSubject(allow_reset=False)))
    assert "    choices: {}" in text
    behaviour = load_meter_type(str(meter_file(reviewed(text)))).reviewed_behaviour("1007")
    assert behaviour is not None
    assert behaviour.profile == DEFAULT
