"""One run in each folder: named by the run's id, claimed before anything is written there."""

import datetime as dt
import json
import threading

import pytest

from rig.errors import UsageRefused
from rig.run.folder import claim, folder_for, release

NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def test_two_runs_of_one_second_have_folders_of_their_own():
    first, second = (folder_for(NOON, "eol", run_id) for run_id in ("0f3a5b7c-1", "1f3a5b7c-1"))
    assert first != second
    assert str(first) == "runs/20261130T120000Z-eol-0f3a5b7c"


def test_a_folder_with_another_run_is_refused_and_kept(tmp_path):
    claim(tmp_path / "out", "one")
    claim(tmp_path / "out", "one")  # the same run again
    with pytest.raises(UsageRefused, match=r"out has a run in it already, which is kept; name another folder with"):
        claim(tmp_path / "out", "two")
    release(tmp_path / "out", "two")  # not its own
    with pytest.raises(UsageRefused):
        claim(tmp_path / "out", "two")


@pytest.mark.parametrize("name", ["report.html", "results.json", "results.csv"])
def test_a_folder_of_a_run_without_a_claim_is_refused(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(UsageRefused, match="has a run in it"):
        claim(tmp_path, "two")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_report_may_be_drawn_again_where_the_same_run_is(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"run_id": "one"}))
    claim(tmp_path, "one")


def test_a_folder_with_other_files_is_taken_and_they_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    claim(tmp_path, "one")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_folder_of_a_run_that_never_began_is_free_again(tmp_path):
    claim(tmp_path, "one")
    release(tmp_path, "one")
    claim(tmp_path, "two")


def test_of_many_that_claim_one_folder_at_once_one_gets_it(tmp_path):
    barrier, got = threading.Barrier(16), []

    def one(number):
        barrier.wait()
        try:
            claim(tmp_path / "out", f"run {number}")
        except UsageRefused:
            return
        got.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


@pytest.mark.parametrize("where", ["file", "file/below", "nowhere\0"])
def test_a_place_that_cannot_be_a_folder_is_refused_in_one_sentence(tmp_path, where):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageRefused, match="cannot be written to"):
        claim(tmp_path / where, "one")
