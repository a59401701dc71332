"""Openings of a bench in the state folder: files of their own, removed in time, and nothing lost before that."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.source.base import SafeOff
from rig.bench.lock import noted
from rig.records.data import RunHeader
from rig.records.store import RunStore
from rig.safety.guardian.journal import append_entry, make_journal, read_journal, take_journal_in
from rig.safety.guardian.leftovers import KEPT_DAYS, sweep
from rig.safety.off import forget_open_bench, note_open_bench, recipes_of
from rig.safety.state import (
    ENDPOINTS,
    HOLDER,
    JOURNAL,
    LAUNCHED_LOG,
    RECIPES,
    TAKEN,
    Opening,
    marked_process,
    openings,
    openings_of,
    process_lives,
)

HEADER = RunHeader(kind="certify", bench_name="lab", bench_file_sha256="00", software_version="0.1.0")


def recipe(port: int = 1) -> SafeOff:
    return SafeOff(f"TCPIP0::127.0.0.1::{port}::SOCKET", ("OUTP OFF",), "OUTP?", ("0",))


@pytest.fixture(scope="module")
def dead() -> dict:
    """How a process that has ended is named in a note."""
    source = "import json; from rig.safety.state import marked_process; import os; print(os.getpid())"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    return {"pid": int(done.stdout), "pid_since": "earlier"}


def left_behind(bench: str, dead: dict, port: int = 1) -> Opening:
    """An opening whose rig and guardian were both killed while the source was on."""
    opening = Opening.begin(bench)
    opening.write(HOLDER, dead)
    note_open_bench(opening, [recipe(port)])
    opening.write(RECIPES, {**opening.note(RECIPES), **dead})
    return opening


def make_older(path: Path, days: float) -> None:
    then_s = time.time() - days * 86_400.0
    os.utime(path, (then_s, then_s))


def names(opening: Opening) -> set[str]:
    return {path.name.rpartition(opening.id)[2] for path in opening.folder.iterdir() if opening.id in path.name}


@given(bench=st.text(min_size=1, max_size=200))
def test_an_opening_is_found_again_by_the_name_of_its_bench(tmp_path_factory, bench: str) -> None:
    folder = tmp_path_factory.mktemp("state")
    opening = Opening(bench, "0123456789abcd", folder)
    opening.write(HOLDER, {"pid": 1})
    assert openings_of(bench, folder) == [opening]
    assert [path.parent for path in folder.iterdir()] == [folder]


def test_two_openings_of_one_bench_share_no_file() -> None:
    with noted(Opening.begin("lab")) as one, noted(Opening.begin("lab")) as two:
        assert {one.file(HOLDER), one.file(RECIPES)}.isdisjoint({two.file(HOLDER), two.file(RECIPES)})
        assert {opening.id for opening in openings_of("lab")} == {one.id, two.id}
    assert openings() == []


def test_an_opening_that_ends_in_good_order_leaves_nothing() -> None:
    with noted(Opening.begin("lab")) as opening:
        opening.write(ENDPOINTS, {})
        opening.file(LAUNCHED_LOG).write_text("ready")
        make_journal(opening.file(JOURNAL))
        note_open_bench(opening, [recipe()])
        forget_open_bench(opening)
    assert names(opening) == set()


def test_a_journal_with_entries_outlives_its_opening() -> None:
    with noted(Opening.begin("lab")) as opening:
        append_entry(opening.file(JOURNAL), {"id": "1"})
    assert names(opening) == {JOURNAL}
    assert [entry["id"] for entry in read_journal()] == ["1"]


def test_what_says_how_a_source_that_may_be_on_is_switched_off_is_kept(dead: dict) -> None:
    opening = left_behind("lab", dead)
    sweep()
    assert {RECIPES, HOLDER} <= names(opening)
    assert [each for one in openings_of("lab") for each in recipes_of(one)] == [recipe()]


def test_a_source_that_a_later_run_has_seen_off_is_no_longer_left_on(dead: dict) -> None:
    left, other = left_behind("lab", dead), left_behind("lab", dead, port=2)
    with noted(Opening.begin("another name")) as opening:
        note_open_bench(opening, [recipe()])
        forget_open_bench(opening)
    assert names(left) == set()
    assert RECIPES in names(other)


def test_of_a_launched_process_that_is_gone_nothing_is_kept(dead: dict) -> None:
    opening = left_behind("lab", dead)
    gone = {"launched_pid": dead["pid"], "launched_pid_since": "earlier"}
    opening.write(RECIPES, {**opening.note(RECIPES), **gone})
    sweep()
    assert names(opening) == set()


@pytest.mark.parametrize("knows_run", [True, False])
def test_a_journal_goes_days_after_the_database_of_its_run_took_it_in(
    tmp_path: Path, dead: dict, knows_run: bool
) -> None:
    opening = Opening.begin("lab")
    opening.write(HOLDER, dead)
    journal = opening.file(JOURNAL)
    with RunStore.open(tmp_path / "records.sqlite") as store:
        run_id = store.begin_run(HEADER).run_id if knows_run else "of another database"
        append_entry(journal, {"id": "1", "run": run_id, "reason": "gone", "confirmed": True})
        make_older(journal, 2 * KEPT_DAYS)
        sweep()
        assert JOURNAL in names(opening), "not before it was taken in"
        take_journal_in(store.fold_journal, store.has_run)
    sweep()
    assert JOURNAL in names(opening), "not at once"
    assert (TAKEN in names(opening)) is knows_run
    if knows_run:
        make_older(opening.file(TAKEN), KEPT_DAYS + 1)
    sweep()
    assert (JOURNAL in names(opening)) is not knows_run


def test_an_entry_after_the_journal_was_taken_in_keeps_it(dead: dict) -> None:
    opening = Opening.begin("lab")
    opening.file(TAKEN).touch()
    make_older(opening.file(TAKEN), 3 * KEPT_DAYS)
    append_entry(opening.file(JOURNAL), {"id": "1"})
    make_older(opening.file(JOURNAL), 2 * KEPT_DAYS)
    sweep()
    assert JOURNAL in names(opening)


def test_process_number_used_again_is_not_the_process_of_the_note() -> None:
    note = marked_process("pid", os.getpid())
    assert process_lives(note, "pid")
    assert not process_lives({**note, "pid_since": "before the last boot"}, "pid")
    assert not process_lives({"pid": 10**30}, "pid")
    assert not process_lives({"pid": True}, "pid")
    assert not process_lives({}, "pid")
