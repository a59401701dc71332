"""The library of seeded defects: parsing, refusals, and what each does to a meter or the source."""

from dataclasses import replace

import pytest

from meter_model.behaviour.operation_choices import PurgeRecord
from meter_model.behaviour.profile import DEFAULT, PowerFactorSign
from meter_model.sampled.unit_errors import UnitErrors
from rig.emulation.defects.library import (
    CHOICES,
    DEFECTS,
    WITHOUT_VALUE,
    Defect,
    DefectRefused,
    apply_to_source,
    behaviour_of,
    disturbance_of,
    parse_defect,
    pickup_pct,
    profile_of,
    services_of,
    with_defects,
)
from rig.emulation.defects.services import APDU_DEFECTS


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("phase-b-current-gain=+1.0%", Defect("phase-b-current-gain", 1.0)),
        ("phase-b-current-gain = -0.25", Defect("phase-b-current-gain", -0.25)),
        ("phase-a-voltage-phase@2=0.5deg", Defect("phase-a-voltage-phase", 0.5, 2)),
        ("source-gain=+0.5%", Defect("source-gain", 0.5)),
        ("meter-clock=1e2ppm", Defect("meter-clock", 100.0)),
        ("quadrants-swapped", Defect("quadrants-swapped", 1.0)),
        ("object-av6-unchecked@2", Defect("object-av6-unchecked", 1.0, 2)),
    ],
)
def test_a_defect_is_read_from_its_text(text, defect):
    assert parse_defect(text) == defect


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("phase-d-current-gain=1%", "known are"),
        ("", "known are"),
        ("phase-b-current-gain", "needs a value in %"),
        ("phase-b-current-gain=much", "needs a value in %"),
        ("phase-b-current-gain=1deg", "needs a value in %"),
        ("source-gain@1=1%", "is in the source"),
        ("quadrants-swapped=1", "known are"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence_that_helps(text, says):
    with pytest.raises(DefectRefused, match=says):
        parse_defect(text)


def test_the_refusal_lists_every_name():
    with pytest.raises(DefectRefused) as caught:
        parse_defect("foo=1")
    assert all(name in str(caught.value) for name in [*DEFECTS, *WITHOUT_VALUE, *APDU_DEFECTS, *CHOICES])


def test_a_gain_defect_adds_to_what_the_unit_has():
    drawn = UnitErrors.drawn_from(3)
    changed = with_defects(drawn, [parse_defect("phase-b-current-gain=+1.0%")], 1)
    assert changed.gain_pct[4] - drawn.gain_pct[4] == pytest.approx(1.0)
    assert changed.gain_pct[:4] == drawn.gain_pct[:4]
    assert changed.delay_s == drawn.delay_s


def test_a_phase_defect_is_a_lead_at_sixty_hertz():
    changed = with_defects(UnitErrors.none(), [parse_defect("phase-c-voltage-phase=+0.5deg")], 1)
    assert changed.delay_s == (0.0, 0.0, pytest.approx(-0.5 / 360.0 / 60.0), 0.0, 0.0, 0.0)


def test_a_defect_of_one_meter_leaves_the_others_alone():
    defect = parse_defect("meter-clock@2=50ppm")
    assert with_defects(UnitErrors.none(), [defect], 1) == UnitErrors.none()
    assert with_defects(UnitErrors.none(), [defect], 2).clock_ppm == 50.0


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_every_defect_of_the_library_changes_something(name):
    defect, gains = parse_defect(f"{name}=1"), []
    apply_to_source([defect], lambda kind, fraction: gains.append((kind, fraction)))
    changed = with_defects(UnitErrors.none(), [defect], 1)
    if name == "source-pickup":
        assert (changed, gains, pickup_pct([defect, defect])) == (UnitErrors.none(), [], 2.0)
    elif name in ("ct-input-short", "voltage-dip"):
        assert (changed, gains) == (UnitErrors.none(), [])
        assert 0.99 in disturbance_of([defect], 1)
    elif name.startswith("source"):
        assert changed == UnitErrors.none()
        assert gains == [(name.split("-")[1] if name.count("-") == 2 else "both", 0.01)]
    else:
        assert changed != UnitErrors.none()
        assert gains == []


def test_a_defect_of_behaviour_leaves_the_errors_of_measurement_alone():
    defects = [parse_defect("quadrants-swapped"), parse_defect("clock-stopped@2")]
    assert with_defects(UnitErrors.none(), defects, 1) == UnitErrors.none()
    assert behaviour_of(defects, 1) == ["quadrants-swapped"]
    assert behaviour_of(defects, 2) == ["quadrants-swapped", "clock-stopped"]


def test_a_choice_made_otherwise_changes_the_profile_of_its_meter_only():
    defects = [parse_defect("choice-purge-record@2=absent"), parse_defect("choice-pf-sign=lead_positive")]
    assert profile_of(defects, 1) == replace(DEFAULT, pf_sign=PowerFactorSign.LEAD_POSITIVE)
    assert profile_of(defects, 2).purge_record is PurgeRecord.ABSENT


def test_a_choice_without_one_of_its_options_is_refused():
    with pytest.raises(DefectRefused, match=r"choice-purge-record=counted\|absent"):
        parse_defect("choice-purge-record=sometimes")


def test_defects_of_services_are_named_for_their_meter():
    defects = [
        parse_defect("reject-missing"),
        parse_defect("who-is-range-ignored@2"),
        parse_defect("quadrants-swapped"),
    ]
    assert services_of(defects, 1) == ["reject-missing"]
    assert services_of(defects, 2) == ["reject-missing", "who-is-range-ignored"]
