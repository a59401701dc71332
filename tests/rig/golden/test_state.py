"""What is known of a position between runs: its proof, the look of the unit before, and its lock."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rig.bench import load_bench
from rig.errors import UsageRefused
from rig.golden import proof as _proof
from rig.golden.state import RIGHT, forget, lock, note_proven, note_unit_wiring, position_state

REVERSED, EXCHANGED = "ct_reversed B", "ct_exchanged AC"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("RIG_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def file():
    return load_bench("emulated-eol-8")


@pytest.fixture
def shift(tmp_path):
    path = tmp_path / "shift.yaml"
    path.write_text("schema: 1\nextends: emulated-eol-8\nname: shift\ngolden: {units: ['007', '1E5'], proof_h: 8}\n")
    return load_bench(path)


def test_a_position_is_ready_when_a_golden_unit_has_passed(file):
    assert "no known good meter has proven this wiring" in position_state(file, "3").why_not_ready
    note_proven(file, "3", "007", "run")
    now = position_state(file, "3")
    assert (now.proven_by, now.why_not_ready, now.is_proven) == ("007", "", True)
    assert not position_state(file, "2").is_proven
    # A command about this position alone, and one about others, see the same.
    assert position_state(file.at_position("3"), "3").is_proven
    assert position_state(file.at_positions(["3", "4"]), "3").is_proven


def test_two_units_that_look_the_same_lock_until_a_golden_unit_passes(file):
    note_proven(file, "1", "007", "run")
    assert note_unit_wiring(file, "1", "A", REVERSED).is_proven
    locked = note_unit_wiring(file, "1", "B", REVERSED)
    assert not locked.is_proven
    assert "units A and B, one after the other, look the same here (ct_reversed B)" in locked.why_not_ready
    assert not note_unit_wiring(file, "1", "C", RIGHT).is_proven, "a unit that looks right does not unlock"
    assert note_proven(file, "1", "007", "run").why_not_ready == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("A", REVERSED), ("A", REVERSED)),  # the same unit once more
        (("A", REVERSED), ("B", EXCHANGED)),
        (("A", RIGHT), ("B", RIGHT)),
        (("A", ""), ("B", "")),  # nothing was seen
    ],
)
def test_other_pairs_lock_nothing(file, first, second):
    note_proven(file, "1", "007", "run")
    note_unit_wiring(file, "1", *first)
    assert note_unit_wiring(file, "1", *second).is_proven


def test_a_right_unit_in_between_ends_the_suspicion(file):
    note_proven(file, "1", "007", "run")
    for unit, picture in (("A", REVERSED), ("B", RIGHT), ("C", REVERSED)):
        found = note_unit_wiring(file, "1", unit, picture)
    assert found.is_proven
    # A look that failed says nothing, and does not part the two.
    note_unit_wiring(file, "1", "X", "")
    assert not note_unit_wiring(file, "1", "D", REVERSED).is_proven


def test_each_position_is_locked_by_itself(file):
    for position in ("1", "2"):
        note_proven(file, position, "007", "run")
    lock(file, "2", "position 2 is locked: golden unit 007 saw a reversed lead")
    assert position_state(file, "1").is_proven
    assert position_state(file, "2").why_not_ready == "position 2 is locked: golden unit 007 saw a reversed lead"
    assert lock(file, "2", "another reason").locked_why.endswith("a reversed lead"), "the first reason stays"


def test_rewiring_ends_proofs_and_suspicions_but_no_lock(file):
    for position in ("1", "2"):
        note_proven(file, position, "007", "run")
    note_unit_wiring(file, "1", "A", REVERSED)
    lock(file, "2", "locked")
    assert len(forget(file)) == 2
    assert position_state(file, "1").last_picture == ""
    assert not position_state(file, "1").is_proven
    assert position_state(file, "2").why_not_ready == "locked"


def test_a_proof_holds_for_its_hours_and_by_a_golden_unit_only(shift, monkeypatch):
    assert note_proven(shift, "1", "1E5", "run").is_proven
    with pytest.raises(UsageRefused, match="4711 is no golden unit of bench shift; its golden units are 007, 1E5"):
        note_proven(shift, "1", "4711", "run")

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=8.01)

    monkeypatch.setattr(_proof, "datetime", Later)
    assert "that holds for 8 h" in position_state(shift, "1").why_not_ready


def test_a_clock_that_was_set_back_proves_nothing(shift, monkeypatch):
    note_proven(shift, "1", "007", "run")

    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) - timedelta(hours=1)

    monkeypatch.setattr(_proof, "datetime", Earlier)
    assert not position_state(shift, "1").is_proven


@pytest.mark.parametrize("damage", ["", "{", "[]", json.dumps({"position": "7"})])
def test_a_note_that_cannot_be_read_locks_the_position(file, state, damage):
    note_proven(file, "1", "007", "run")
    note_unit_wiring(file, "1", "A", REVERSED)
    (path,) = state.glob("position-*.state.json")
    path.write_text(damage)
    assert "position 1 is locked: its note" in position_state(file, "1").why_not_ready
    assert note_proven(file, "1", "007", "run").why_not_ready == ""
