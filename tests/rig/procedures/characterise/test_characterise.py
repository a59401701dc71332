"""A meter made with each choice otherwise is characterised rightly; what no reading tells is said to be so."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

import pytest

from meter_model.behaviour.profile import (
    DEFAULT,
    BehaviourProfile,
    FrequencyErrorReach,
    PowerFactorSign,
    PowerRange,
    ReactivePower,
    RegisterReliability,
)
from rig.errors import LimitExceeded
from rig.procedures.characterise.characterise import characterise
from rig.procedures.characterise.evidence import Evidence, Sureness, decided
from rig.procedures.characterise.figures import figures
from tests.rig.procedures.characterise.sampled_subject import SampledSubject

TOLD = (
    "reactive_power", "total_apparent", "total_import_export", "rms_window", "phase_loss", "type_31_phase_values",
    "pf_sign", "zero_power_pf", "unused_phase_energies", "reserved_inputs", "bi_names", "pf_units", "alarm_limit",
    "low_voltage", "frequency_error_reach", "missing_reliability", "power_range", "maximum_reactive_direction",
    "rolling_start", "low_power_factor", "imbalance_reference", "pair_alarm", "alarm_bitmap_at", "maximum_power_at",
    "services_supported", "object_types_supported", "anti_alias", "no_load_current_pct", "command_spacing",
    "write_delay_s", "ride_through_s",
)  # fmt: skip
"""Choices that the tests tell on a bench of system type 40."""


def found(profile: BehaviourProfile = DEFAULT, **chosen: Any) -> dict[str, Evidence]:
    return {each.choice: each for each in characterise(SampledSubject(profile, **chosen))}


def wrong(profile: BehaviourProfile, evidence: dict[str, Evidence]) -> list[str]:
    """Evidence of the choices that ought to be told which proposes anything but what the meter does."""
    expected = {name: getattr(profile, name) for name in TOLD}
    plain = {name: str(value) if isinstance(value, StrEnum) else value for name, value in expected.items()}
    return [evidence[name].text for name, value in plain.items() if evidence[name].proposed != value]


def turned_by(places: int) -> BehaviourProfile:
    """Every told choice taken so many options further on."""
    change: dict[str, Any] = {}
    for name in TOLD:
        default = getattr(DEFAULT, name)
        if isinstance(default, StrEnum):
            options = list(type(default))
            change[name] = options[(options.index(default) + places) % len(options)]
    return replace(DEFAULT, **change)


SINGLE = (
    {"reactive_power": ReactivePower.FRYZE},
    {"power_range": PowerRange.MAGNITUDE},
    {"pf_sign": PowerFactorSign.LEAD_POSITIVE},
    {
        "frequency_error_reach": FrequencyErrorReach.ALL_MEASURED,
        "register_reliability": RegisterReliability.FOLLOWS_POWER,
    },
    {"no_load_current_pct": 0.05},
    {"write_delay_s": 3.0},
    {"ride_through_s": 0.25},
)


@pytest.mark.parametrize("places", range(4))
def test_a_meter_with_every_choice_otherwise_is_told(places):
    profile = turned_by(places)
    evidence = found(profile)
    assert wrong(profile, evidence) == []
    assert all(evidence[name].sureness is Sureness.CLEAR for name in TOLD)


@pytest.mark.parametrize("change", SINGLE, ids=lambda change: next(iter(change)))
def test_one_choice_otherwise_changes_no_other_proposal(change):
    profile = replace(DEFAULT, **change)
    evidence = found(profile)
    loose = {"no_load_current_pct", "write_delay_s", "ride_through_s"} & set(change)
    assert [text for text in wrong(profile, evidence) if not loose or not text.startswith(tuple(loose))] == []
    for name in loose:
        assert evidence[name].proposed == pytest.approx(getattr(profile, name), abs=0.1 * getattr(profile, name) + 0.1)
    if "register_reliability" in change:
        assert evidence["register_reliability"].proposed == "follows_power"


def test_latency_updates_and_frequency_range_are_measured():
    latency, updates, frequency = (figure.found for figure in figures(SampledSubject()))
    assert 0.0 < float(latency.split(" s")[0]) <= 2.1
    assert updates.startswith("every 1.00 s")
    assert "a float32 at 0." in updates
    assert "44 Hz: QNAN, BI7 active; 45 Hz: 45.00 Hz, BI7 inactive" in frequency
    assert "65 Hz: 65.00 Hz, BI7 inactive; 66 Hz: QNAN, BI7 active" in frequency


def test_every_choice_of_the_profile_has_evidence_or_a_reason():
    evidence = found(allow_reset=False)
    assert set(evidence) == {entry.name for entry in fields(BehaviourProfile)}
    not_asked = [each for each in evidence.values() if each.sureness is Sureness.NOT_ASKED]
    assert all(each.proposed is None and each.read for each in not_asked)
    assert "allow it with --allow-reset" in evidence["rolling_start"].text


def test_a_load_that_the_bench_refuses_is_not_asked(monkeypatch):
    subject = SampledSubject()
    load = subject.load

    def without_waveforms(point):
        if point.waveform:
            raise LimitExceeded("voltage (order)", 27, 1, "", "the source's highest harmonic")
        return load(point)

    monkeypatch.setattr(subject, "load", without_waveforms)
    evidence = {each.choice: each for each in characterise(subject)}
    assert evidence["anti_alias"].sureness is Sureness.NOT_ASKED
    assert "the source's highest harmonic" in evidence["anti_alias"].text
    assert evidence["phase_loss"].proposed == "drop_below"


@pytest.mark.parametrize("system_type", [10, 11])
def test_one_ct_tells_nothing_about_adding_phases_up(system_type):
    evidence = found(system_type=system_type)
    for name in ("total_apparent", "total_import_export", "imbalance_reference"):
        assert evidence[name].sureness is Sureness.NOT_ASKED
    assert evidence["reactive_power"].proposed == "quarter_period_shift"


@pytest.mark.parametrize(
    ("off", "proposed"),
    [
        ({"a": 0.001, "b": 0.5}, "a"),
        ({"a": 0.4, "b": 0.5}, None),
        ({"a": 0.0, "b": 0.005}, None),
        ({"a": 0.3, "b": 1.0}, "a"),
        ({"a": 1.0, "b": 1.0}, None),
    ],
)
def test_a_hypothesis_is_proposed_where_it_alone_fits(off, proposed):
    evidence = decided("C1", "reactive_power", "a load", "a reading", off)
    assert evidence.proposed == proposed
    assert (evidence.sureness is Sureness.CLEAR) == (proposed is not None)
