"""The note of what a meter was set to: kept from before the first write until the meter is as it was found."""

import json
import os
from types import SimpleNamespace

import pytest

from rig.bench.as_found import AsFound, Departure, look_at, noted_meters, said_of
from rig.errors import BenchFault
from rig.procedures.restoring import restore_meters

ABOUT = {"bench": "lab", "position": "1", "run": "r"}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


class Meter:
    """A meter that keeps what it is written; ``writes`` has all of it in order."""

    def __init__(self, **values):
        self.values = dict.fromkeys(range(2, 12), 0.0) | {int(name[2:]): value for name, value in values.items()}
        self.writes = []
        self.deaf = set()

    def read_configuration(self):
        return dict(self.values)

    def write_value(self, av, value):
        self.writes.append(av)
        if av in self.deaf:
            raise BenchFault("it says otherwise")
        self.values[av] = value


def position(meter, serial_number="S1", device_instance=7):
    identity = SimpleNamespace(serial_number=serial_number, device_instance=device_instance)
    return SimpleNamespace(name="1", meter=meter, identity=identity)


def restore(*positions):
    said = []
    good = restore_meters(SimpleNamespace(positions=positions), said.append)
    return good, said


def noted(**found):
    note = AsFound("S1", 7)
    for name, value in found.items():
        note.note(int(name[2:]), value, **ABOUT)
    return note


def test_what_was_found_first_is_kept_whatever_is_noted_later():
    note = noted(AV6=600.0)
    note.note(6, 480.0, **ABOUT)
    note.note(2, 40.0, **ABOUT)
    assert AsFound("S1", 7).found == {2: 40.0, 6: 600.0}
    assert note.content["bench"] == "lab"


def test_the_next_command_says_what_is_not_as_it_was_found():
    noted(AV6=600.0, AV2=40.0)
    here = position(Meter(AV6=480.0, AV2=40.0))
    (line,) = said_of(here, look_at(here))
    assert line == ("meter at 1 (S1): AV6 is 480 where 600 was found; 'rig restore' puts it back")
    assert AsFound("S1", 7).found == {6: 600.0}, "what is right again is not asked about any more"


def test_a_meter_that_is_as_it_was_found_has_no_note_any_more():
    note = noted(AV6=600.0)
    assert note.forget({6: 600.0}) == ()
    assert not note.path.exists()
    assert look_at(position(Meter())) == ()


def test_a_value_that_was_not_read_stays_noted():
    assert noted(AV6=600.0).forget({2: 1.0}) == ()
    assert AsFound("S1", 7).found == {6: 600.0}


def test_restoring_writes_what_others_depend_on_first_and_reads_it_back():
    noted(AV6=600.0, AV3=100.0, AV5=2.0, AV8=9.0)
    meter = Meter(AV6=480.0, AV3=50.0, AV5=1.0, AV8=8.0)
    good, said = restore(position(meter))
    assert good
    assert meter.writes == [5, 3, 6, 8]
    assert "AV6 was 480, put back to 600 and read back" in "\n".join(said)
    assert noted_meters() == []
    assert restore(position(meter)) == (True, ["meter at 1 (serial number S1, device 7): nothing to put back"])


@pytest.mark.parametrize("other", [("S2", 7), ("S1", 8), ("S2", 8)])
def test_another_meter_is_never_written_to(other):
    noted(AV6=600.0)
    meter = Meter(AV6=480.0)
    good, said = restore(position(meter, *other))
    assert meter.writes == []
    assert "is not on this bench and was left alone; it was found with AV6 600" in said[-1]
    assert good is (other == ("S2", 8)), "one that has the number or the instance may be it"
    assert AsFound("S1", 7).found == {6: 600.0}


@pytest.mark.parametrize("av", [10, 11])
def test_what_would_clear_demand_and_logs_is_left_to_a_person(av):
    noted(**{f"AV{av}": 15.0})
    meter = Meter(**{f"AV{av}": 3.0})
    good, said = restore(position(meter))
    assert not good
    assert meter.writes == []
    assert "would clear demand and trend logs, so set it by hand" in said[0]


def test_value_not_taken_stays_noted_and_the_others_are_put_back():
    noted(AV6=600.0, AV8=9.0)
    meter = Meter(AV6=480.0, AV8=8.0)
    meter.deaf = {6}
    good, said = restore(position(meter))
    assert not good
    assert meter.values[8] == 9.0
    assert "AV6 is 480 where 600 was found, and could not be put back: it says otherwise" in said[0]
    assert AsFound("S1", 7).found == {6: 600.0}


def test_a_note_that_cannot_be_written_keeps_the_meter_from_being_changed(tmp_path, monkeypatch):
    note = AsFound("S1", 7)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BenchFault, match=r"cannot be noted in .* \(No space left on device\), so nothing is written"):
        note.note(6, 600.0, **ABOUT)
    assert list(note.path.parent.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"serial_number": "S2", "device_instance": 7, "found": {"AV6": 1}}'])
def test_a_note_that_is_damaged_or_of_another_meter_says_nothing(text):
    note = AsFound("S1", 7)
    note.path.write_text(text)
    assert note.found == {}


def test_serial_numbers_that_no_file_name_can_have_are_kept_apart():
    one, other = AsFound("../../a b", 1), AsFound("é" * 500, 2)
    for each in (one, other):
        each.note(6, 600.0, **ABOUT)
        assert each.path.parent.name == "state"
    assert {note.serial_number for note in noted_meters()} == {"../../a b", "é" * 500}
    assert json.loads(one.path.read_text())["serial_number"] == "../../a b"
    assert Departure(6, 600.0, 480.0).text == "AV6 is 480 where 600 was found"
