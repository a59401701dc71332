"""The guardian's journal: a fixed number of slots, none of which a full disk or a half-written entry takes away."""

import json
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.safety.guardian.journal import SLOT_OCTETS, SLOTS, append_entry, make_journal, read_journal
from rig.safety.state import JOURNAL, Opening, state_folder

FEW = 5


@pytest.fixture(scope="module")
def few_slots():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rig.safety.guardian.journal.SLOTS", FEW)
        yield


def ids(path):
    return [entry["id"] for entry in read_journal(path)]


def test_journal_reserves_its_room_so_that_a_full_disk_loses_no_entry(tmp_path):
    path = tmp_path / "bench-lab.journal"
    make_journal(path)
    size = path.stat().st_size
    assert size == SLOTS * SLOT_OCTETS
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))  # no file may grow beyond what this one has
    try:
        with pytest.raises(OSError, match="too large"):
            (tmp_path / "other").write_bytes(b" " * (size + 1))
        for number in range(SLOTS + 1):
            append_entry(path, {"id": number})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ids(path) == list(range(1, SLOTS + 1))
    assert path.stat().st_size == size


def test_entry_that_is_too_long_is_shortened_and_keeps_what_matters(tmp_path):
    path = tmp_path / "bench-lab.journal"
    results = [{"resource": f"R{number}", "confirmed": True, "details": "y" * 5000} for number in range(3)]
    append_entry(path, {"id": "1", "reason": "x" * 9000, "confirmed": True, "run": "r", "results": results})
    (entry,) = read_journal(path)
    assert entry["shortened"]
    assert entry["confirmed"] is True
    assert entry["run"] == "r"
    assert [result["resource"] for result in entry["results"]] == ["R0", "R1", "R2"]


def test_older_journals_are_read_with_those_of_all_openings():
    lines = [{"id": "old", "time": "2026-01-01T00:00:00+00:00"}, {"id": "old 2", "time": "2026-01-03T00:00:00+00:00"}]
    (state_folder() / "guardian-journal.jsonl").write_text(
        "\n".join(json.dumps(line) for line in lines) + '\n{"id": "half", "rea'
    )
    append_entry(state_folder() / "bench-lab.journal", {"id": "lab", "time": "2026-01-02T00:00:00+00:00"})
    append_entry(Opening.begin("line 2").file(JOURNAL), {"id": "line", "time": "2026-01-04T00:00:00+00:00"})
    assert [entry["id"] for entry in read_journal()] == ["old", "lab", "old 2", "line"]


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert read_journal(tmp_path / "none.journal") == []
    assert read_journal() == []


def test_a_journal_of_which_only_a_part_was_made_is_completed(tmp_path):
    path = tmp_path / "bench-lab.journal"
    path.write_bytes(b" " * (SLOT_OCTETS + 17))
    append_entry(path, {"id": "1"})
    assert path.stat().st_size == SLOTS * SLOT_OCTETS
    assert ids(path) == ["1"]


@settings(max_examples=20)
@given(count=st.integers(0, 2 * FEW + 3))
def test_the_newest_entries_are_kept_in_order(few_slots, tmp_path_factory, count):
    path = tmp_path_factory.mktemp("journal") / "bench-lab.journal"
    for number in range(count):
        append_entry(path, {"id": number})
    assert ids(path) == list(range(count))[-FEW:]


@settings(max_examples=20)
@given(data=st.data(), count=st.integers(1, FEW))
def test_what_is_spoilt_in_one_slot_loses_that_entry_only(few_slots, tmp_path_factory, data, count):
    path = tmp_path_factory.mktemp("journal") / "bench-lab.journal"
    for number in range(1, count + 1):
        append_entry(path, {"id": number, "reason": "x" * 200})
    content = bytearray(path.read_bytes())
    spoilt = data.draw(st.integers(1, count))
    start = spoilt % FEW * SLOT_OCTETS
    kept = data.draw(st.integers(0, 200))  # what had reached the disk when everything stopped
    content[start + kept : start + SLOT_OCTETS] = b"\0" * (SLOT_OCTETS - kept)
    path.write_bytes(content)
    assert ids(path) == [number for number in range(1, count + 1) if number != spoilt]
    append_entry(path, {"id": "next"})
    assert ids(path)[-1] == "next"
    assert len(ids(path)) >= min(count, FEW - 1)
