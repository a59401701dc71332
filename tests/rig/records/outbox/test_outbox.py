"""The outbox: each row is in it in the same transaction, and is sent once, however the sender is interrupted."""

import contextlib
import itertools
import shutil
import sqlite3
import uuid
from datetime import date, datetime

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import insert

from rig.cli import cli
from rig.errors import UsageRefused
from rig.records import tables
from rig.records.data import CertificateRecord
from rig.records.outbox.sender import NotSent, Sender, SenderBusy, Sent
from rig.records.outbox.sending_on import LONGEST_WAIT_S, SendingOn
from rig.records.store import RunStore
from rig.uid import new_uid, uid_of
from tests.rig.records.fabricated_run import fabricate
from tests.rig.records.outbox.contents import HEADER, RESULT, TABLES, contents, record_unit


class Killed(BaseException):
    """What stands for the kill of a sender."""


@pytest.fixture(scope="module")
def recorded_station(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "station.sqlite"
    with RunStore.open(path) as store:
        record_unit(store)
    return path


@pytest.fixture
def station(recorded_station, tmp_path):
    return shutil.copy(recorded_station, tmp_path / "station.sqlite")


@pytest.fixture
def server(tmp_path):
    return f"sqlite:///{tmp_path}/server.sqlite"


def send(path, server, **options):
    with Sender(path, server, **options) as sender:
        return sender.send()


def entries(path):
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT table_name, row_uid, is_change FROM outbox ORDER BY n").fetchall()
    connection.close()
    return found


def test_keys_rise_in_one_process_and_are_of_version_7():
    keys = [new_uid() for _ in range(5000)]
    assert keys == sorted(set(keys))
    assert {(uuid.UUID(key).version, uuid.UUID(key).variant) for key in keys} == {(7, uuid.RFC_4122)}


def test_a_key_states_the_time_at_which_it_was_made():
    stated_s = (uuid.UUID(new_uid()).int >> 80) / 1000
    assert abs(stated_s - datetime.now().timestamp()) < 60


def test_a_key_of_a_text_is_always_the_same_and_of_version_7():
    assert uid_of(None, "run 1") == uid_of(None, "run 1") != uid_of(None, "run 2")
    assert uuid.UUID(uid_of(None, "run 1")).version == 7


def test_every_table_is_sent_or_belongs_to_the_outbox():
    others = {table.name for table in tables.METADATA.sorted_tables} - {table.name for table in TABLES}
    assert others == {"outbox", "outbox_sent", "outbox_refused", "identity"}


def test_every_table_has_a_trigger_that_writes_to_the_outbox(station):
    with sqlite3.connect(station) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    connection.close()
    assert {f"outbox_of_{table.name}" for table in TABLES} <= found


def test_each_row_and_each_change_is_in_the_outbox_once(station):
    found = entries(station)
    assert len(found) == len(set(found))
    rows = contents(station)
    assert len([each for each in found if not each[2]]) == sum(each.total() for each in rows.values())
    assert sorted(table for table, _, is_change in found if is_change) == ["point", "point", "run"]


def test_a_transaction_that_is_undone_leaves_nothing_in_the_outbox(station):
    before = entries(station)
    with RunStore.open(station) as store:
        recorder = store.begin_run(HEADER)
        begun = entries(station)
        with contextlib.suppress(Killed), recorder.writing("a file") as connection:
            connection.execute(insert(tables.ARTIFACT).values(run_id=recorder.run_id, path="log", sha256=""))
            raise Killed
    assert entries(station) == begun != before


def test_a_row_without_a_key_is_refused(station):
    with sqlite3.connect(station) as connection, pytest.raises(sqlite3.IntegrityError, match=r"outbox\.row_uid"):
        connection.execute("INSERT INTO artifact (run_id, path, sha256) SELECT id, '', '' FROM run")
    connection.close()


def test_what_is_sent_reads_back_as_it_was_recorded(tmp_path, server):
    with RunStore.open(tmp_path / "station.sqlite") as store:
        run = fabricate(store, points=3, hostile="\N{GREEK SMALL LETTER OMEGA}'\"")
    send(tmp_path / "station.sqlite", server)
    with RunStore.open_to_read(server) as store:
        assert repr(store.run(run.run_id)) == repr(run)
    assert contents(server) == contents(tmp_path / "station.sqlite")


@pytest.mark.parametrize("batch", [7, 1000])
@pytest.mark.parametrize("survived", [0, 1])
def test_a_kill_between_commit_and_mark_neither_doubles_nor_loses(station, server, batch, survived):
    """Each sender is killed after the first COMMIT that follows ``survived`` marks, until one comes to its end."""
    kills = 0
    for _ in range(20):
        commits = itertools.count()

        def kill(commits=commits):
            if next(commits) >= survived:
                raise Killed

        try:
            send(station, server, batch=batch, on_commit=kill)
        except Killed:
            kills += 1
        if not survived or not kills:
            break
    assert kills or batch * survived > 7
    send(station, server, batch=batch)
    assert contents(server) == contents(station)
    assert send(station, server).entries == 0


def test_no_run_is_seen_as_ended_before_all_of_it_is_there(station, server):
    whole = contents(station)
    seen = []

    def look():
        with RunStore.open_to_read(server) as store:
            (run,) = store.runs()
        rows = contents(server)
        is_whole = all(rows[name].total() == whole[name].total() for name in whole)
        seen.append((run.finished_utc is not None, is_whole))

    send(station, server, batch=5, on_commit=look)
    assert (True, True) in seen
    assert (True, False) not in seen


def test_two_stations_whose_row_numbers_are_the_same_are_kept_apart(tmp_path, server):
    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite"]
    for path in paths:
        with RunStore.open(path) as store:
            record_unit(store, serial_number=path.stem)
        send(path, server, batch=4)
    expected = {name: contents(paths[0])[name] + contents(paths[1])[name] for name in contents(paths[0])}
    assert contents(server) == expected
    with RunStore.open_to_read(server) as store:
        assert sorted(run.serial_numbers for run in store.runs()) == [("a",), ("b",)]


def test_everything_sent_again_stays_single(station, server):
    send(station, server)
    with Sender(station, server) as sender:
        sender.send_again()
        assert sender.waiting() == len(entries(station))
        assert sender.send().refused == 0
    assert contents(server) == contents(station)


def test_a_new_server_gets_everything(station, tmp_path):
    for name in ("one", "two"):
        send(station, f"sqlite:///{tmp_path}/{name}.sqlite")
        assert contents(f"sqlite:///{tmp_path}/{name}.sqlite") == contents(station)


def test_a_refused_row_is_kept_and_holds_up_nothing(tmp_path, server):
    def certificate(store, run_id):
        store.enter_certificate(
            CertificateRecord(
                run_id=run_id,
                unit_number=1,
                serial_number="1",
                number="C-1",
                sequence=1,
                issued_on=date(2026, 1, 1),
                issued_utc=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
                pdf_sha256="",
                results_sha256="",
                raw_data_sha256="",
            )
        )

    for name in ("a", "b"):
        with RunStore.open(tmp_path / f"{name}.sqlite") as store:
            certificate(store, record_unit(store))
            record_unit(store)
    assert send(tmp_path / "a.sqlite", server).refused == 0
    sent = send(tmp_path / "b.sqlite", server)
    assert (sent.refused, "number" in sent.reason) == (1, True)
    with RunStore.open_to_read(server) as store:
        assert len(store.runs()) == 4
    again = send(tmp_path / "b.sqlite", server)
    assert (again.entries, again.refused) == (0, 1)
    with RunStore.open_to_read(tmp_path / "b.sqlite") as store:
        (destination,) = store.destinations()[1]
    assert (destination.waiting, destination.refused) == (0, 1)


def test_a_text_with_nul_is_sent_with_the_symbol_for_it(tmp_path, server):
    with RunStore.open(tmp_path / "station.sqlite") as store:
        record_unit(store, serial_number="12\x0034")
    send(tmp_path / "station.sqlite", server)
    with RunStore.open_to_read(server) as store:
        assert store.runs()[0].serial_numbers == ("12\u240034",)


def test_records_are_not_sent_to_themselves_or_to_a_copy(station, tmp_path):
    shutil.copy(station, tmp_path / "copy.sqlite")
    for place in (station, tmp_path / "copy.sqlite"):
        with pytest.raises(UsageRefused, match="to themselves or to a copy"):
            Sender(station, str(place))


def test_a_second_sender_to_the_same_server_is_refused(station, server):
    with Sender(station, server), pytest.raises(SenderBusy, match="by another process"):
        Sender(station, server)


def test_runs_of_an_older_version_are_sent_once_also_from_a_copy(tmp_path, server, monkeypatch):
    path = tmp_path / "old.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(ScriptDirectory, "get_current_head", lambda _: "0014")
        patch.setattr(command, "upgrade", lambda config, _, upgrade=command.upgrade: upgrade(config, "0014"))
        RunStore.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "INSERT INTO run (id, kind, bench_name, bench_file_sha256, software_version, operator, station,"
            " decision_rule, simulated, environment, started_utc, finished_utc, outcome, exit_code)"
            " VALUES ('11', 'certify', '', '', '', '', '', '', 0, '{}', '2026-01-01T00:00:00.000000+00:00',"
            " '2026-01-01T00:01:00.000000+00:00', 'PASS', 0);"
            "INSERT INTO unit (run_id, number, serial_number, device_instance, model, firmware, application, position)"
            " VALUES ('11', 1, '007', 1, '', '', '', '');"
            "INSERT INTO point (run_id, number, label, voltage_v, current_pct, angle_deg, phases, frequency_hz,"
            " started_utc, reason, deviation)"
            " VALUES ('11', 1, 'old', 277, 5, -60, 'B', 60, '2026-01-01T00:00:00.000000+00:00', '', '{}');"
            "INSERT INTO reference_reading (raw, monotonic_s, taken_utc, point_id)"
            " VALUES ('{}', 1.0, '2026-01-01T00:00:01.000000+00:00', 1);"
            "INSERT INTO guardian_entry (id, run_id, time_utc, reason, confirmed, data)"
            " VALUES ('g1', '11', '2026-01-01T00:00:02.000000+00:00', 'killed', 1, '{}');"
        )
    connection.close()
    shutil.copy(path, tmp_path / "copy.sqlite")
    for each in (path, tmp_path / "copy.sqlite"):
        assert send(each, server).refused == 0
    assert contents(server) == contents(path) == contents(tmp_path / "copy.sqlite")
    with RunStore.open_to_read(server) as store:
        run = store.run("11")
    assert (run.outcome, run.units[0].serial_number, len(run.points[0].reference_readings)) == ("PASS", "007", 1)
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE unit SET serial_number = '7'")
    connection.close()


class FakeSender:
    def __init__(self, errors):
        self.where, self._errors = "there", errors

    def waiting(self):
        return 3

    def send(self):
        if self._errors and (error := self._errors.pop(0)):
            raise error
        return Sent(0)

    def close(self):
        pass


def test_a_server_that_is_away_is_said_once_and_tried_at_longer_intervals():
    said, slept = [], []
    errors = [NotSent("there", "it is gone", 3)] * 9 + [None] * 2
    sending = SendingOn(lambda: FakeSender(errors), 2.0, said.append, slept.append)
    for _ in range(11):
        sending.turn()
    assert slept == [2.0, 4.0, 8.0, 16.0, 32.0, *[LONGEST_WAIT_S] * 4, 2.0, 2.0]
    assert [line.partition(":")[0] for line in said][:1] == ["sending to there"]
    assert sum("nothing is lost, 3 rows wait" in line for line in said) <= 9
    assert said[-1] == "sending to there: 3 rows wait"


def test_the_commands_send_and_say_how_far_that_has_come(station, server):
    def rig(*arguments):
        return (
            CliRunner().invoke(cli, ["records", *arguments, "--records", str(station)], catch_exceptions=False).stdout
        )

    rows = len(entries(station))
    assert rig("status") == f"{rows} rows, and none was sent to a server yet\n"
    assert rig("send", "--to", server) == f"{rows} rows sent to {server}\n"
    assert rig("send", "--to", server) == f"0 rows sent to {server}\n"
    with RunStore.open(station) as store:
        store.begin_run(HEADER)
    assert f": 1 of {rows + 1} rows wait; last sent " in rig("status")
    assert '"waiting": 1' in rig("status", "--json")


def test_results_of_a_run_that_goes_on_are_sent_as_they_come(station, server):
    from rig.load_point import LoadPoint

    with RunStore.open(station) as store:
        run = store.begin_run(HEADER)
        point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
        point.climate(23.0, None)
        send(station, server)
        point.result(RESULT)
        send(station, server)
        point.finish()
        run.finish("FAIL", 1)
        send(station, server)
        with RunStore.open_to_read(server) as there:
            assert repr(there.run(run.run_id)) == repr(store.run(run.run_id))
