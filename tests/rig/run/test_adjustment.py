"""``rig certify --after-adjustment-of``: as found and as left are of one meter, and of runs that are there."""

from types import SimpleNamespace

import pytest

from rig.cli.run import run as run_command
from rig.errors import UsageRefused
from rig.records.store import RunStore
from rig.run.adjustment import NotTheAdjustedMeter, refuse_another_meter, run_before
from tests.rig.procedures.rejudging.measured_runs import header, record_run


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "runs.sqlite"
    with RunStore.open(path) as store:
        found = record_run(store)
        record_run(store, after_adjustment_of=found)
        store.begin_run(header(kind="hold")).finish("NOT_JUDGED", 0)
    return path, found


def bench(*serials):
    return SimpleNamespace(
        positions=[SimpleNamespace(identity=SimpleNamespace(serial_number=serial)) for serial in serials]
    )


def test_the_same_meter_may_follow_and_another_may_not(records):
    path, found = records
    with RunStore.open_to_read(path) as store:
        refuse_another_meter(store, found, bench("77", "4100"))
        for others in ((), ("77",)):
            with pytest.raises(NotTheAdjustedMeter, match="found meter 4100, and the bench has"):
                refuse_another_meter(store, found, bench(*others))


def test_the_link_is_recorded_and_listed(records, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    path, found = records
    with RunStore.open_to_read(path) as store:
        assert [run.header.after_adjustment_of for run in store.runs()] == [None, found, None]
    assert run_command(["runs", "--records", str(path)]) == 0
    assert f"after adjustment of {found[:8]}" in capsys.readouterr().out


def test_a_run_that_judged_nothing_found_no_meter(records):
    with pytest.raises(UsageRefused, match="judged nothing"):
        run_before("last", str(records[0]))


def test_a_run_that_is_not_there_is_refused_before_anything_opens(records, capsys):
    code = run_command(["certify", "--records", str(records[0]), "--after-adjustment-of", "nosuch"])
    assert code == 11
    assert "no run 'nosuch'" in capsys.readouterr().err
