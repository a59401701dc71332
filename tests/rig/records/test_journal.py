"""The guardian's journal tells the records how a run that could not speak for itself has ended."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.records.data import RunHeader
from rig.records.store import RunStore

HEADER = RunHeader(kind="certify", bench_name="emulated", bench_file_sha256="00", software_version="0.1.0")


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        yield store


def entry(entry_id="1", *, after_s=0.0, confirmed=True, **more):
    time = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=after_s)
    return {"id": entry_id, "time": time.isoformat(), "reason": "the rig died", "confirmed": confirmed, **more}


def test_crashed_run_is_terminated_once_the_guardian_confirms_safe_state(store):
    store.begin_run(HEADER)
    assert store.run("last").outcome == "ABORTED"
    assert store.fold_journal([entry()]) == 1
    assert store.run("last").outcome == "TERMINATED"
    assert store.runs()[0].outcome == "TERMINATED"
    (folded,) = store.run("last").journal
    assert (folded.reason, folded.confirmed) == ("the rig died", True)


def test_a_crashed_run_stays_aborted_if_the_guardian_could_not_confirm(store):
    store.begin_run(HEADER)
    store.fold_journal([entry(confirmed=False)])
    assert store.run("last").outcome == "ABORTED"
    store.fold_journal([entry("2", confirmed="true")])
    assert store.run("last").outcome == "ABORTED", "only a plain true is a confirmation"


def test_a_finished_run_keeps_its_outcome_and_lists_the_entry(store):
    run = store.begin_run(HEADER)
    run.finish("PASS", 0)
    store.fold_journal([entry(run=run.run_id, confirmed=False)])
    assert store.run("last").outcome == "PASS"
    assert len(store.run("last").journal) == 1


def test_entry_belongs_to_the_run_it_names_or_the_open_one_on_its_bench(store):
    first = store.begin_run(HEADER)
    other = store.begin_run(RunHeader(kind="eol", bench_name="bench 2", bench_file_sha256="0", software_version="0"))
    done = store.begin_run(RunHeader(kind="eol", bench_name="bench 3", bench_file_sha256="0", software_version="0"))
    done.finish("PASS", 0)
    store.fold_journal(
        [
            entry("a", run=first.run_id),
            entry("b", bench="bench 2"),
            entry("c", bench="bench 3", after_s=1),
            entry("d", bench="emulated", after_s=-3600),
            entry("e", run="a run of another database"),
            {"id": 6, "time": "no time", "confirmed": True},
            {"id": 7, "time": 1e300, "confirmed": True},
        ]
    )
    assert [e.entry_id for e in store.run(first.run_id).journal] == ["a"]
    assert [e.entry_id for e in store.run(other.run_id).journal] == ["b"]
    assert store.run(done.run_id).journal == ()
    assert store.fold_journal([entry("c"), entry("d"), entry("e"), {"id": 6}, {"id": 7}]) == 0, "kept all the same"


@settings(max_examples=15, deadline=None)
@given(offers=st.lists(st.lists(st.sampled_from("abcde"), max_size=6), max_size=4))
def test_folding_is_idempotent_however_the_entries_are_offered(tmp_path_factory, offers):
    with RunStore.open(tmp_path_factory.mktemp("journal") / "records.sqlite") as store:
        store.begin_run(HEADER)
        added = sum(store.fold_journal(entry(name) for name in offer) for offer in offers)
        distinct = {name for offer in offers for name in offer}
        assert added == len(distinct)
        assert {e.entry_id for e in store.run("last").journal} == distinct
