"""Opening: migrations from nothing, refusal of what is too new or not ours, many at once, and survival of a kill."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from rig.load_point import LoadPoint
from rig.records import sqlite_file
from rig.records.data import RunHeader
from rig.records.errors import RecordNotWritten, RecordsUnusable, SchemaTooNew
from rig.records.store import RunStore
from rig.records.tables import METADATA

HEADER = RunHeader(kind="certify", bench_name="emulated", bench_file_sha256="00", software_version="0.1.0")


def test_migrating_from_nothing_gives_exactly_the_tables_of_the_models(tmp_path):
    path = tmp_path / "deep" / "down" / "records.sqlite"
    RunStore.open(path).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert context.get_current_revision() == sqlite_file.REVISIONS[-1]
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_schema_versions_are_those_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", str(Path(sqlite_file.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == sqlite_file.REVISIONS


def test_an_sqlite_file_is_durable_and_keeps_its_references(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store, store._database.reading() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_opening_again_keeps_what_is_there(tmp_path):
    path = tmp_path / "records.sqlite"
    with RunStore.open(path) as store:
        run_id = store.begin_run(HEADER).run_id
    with RunStore.open(f"sqlite:///{path}") as store:
        assert [run.run_id for run in store.runs()] == [run_id]


@pytest.mark.parametrize("by", ["deleted", "another file", "a folder", "its folder is gone", "nothing"])
def test_a_file_that_goes_while_it_is_open_is_no_place_for_records(tmp_path, by):
    path = tmp_path / "runs" / "records.sqlite"
    with RunStore.open(path) as store:
        recorder = store.begin_run(HEADER)
        if by == "its folder is gone":
            path.parent.rename(tmp_path / "away")
        elif by != "nothing":
            path.unlink()
        if by == "another file":
            path.write_bytes(b"")
        elif by == "a folder":
            path.mkdir()
        refused = pytest.raises(RecordNotWritten, match="the file was deleted or replaced while it was open")
        with contextlib.nullcontext() if by == "nothing" else refused:
            recorder.finish("PASS", 0)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "records.sqlite"
    RunStore.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        SchemaTooNew,
        match=rf"version is '9999', but this software knows versions up to '{sqlite_file.REVISIONS[-1]}' only",
    ):
        RunStore.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8 not a database" * 100)
    before = path.read_bytes()
    with pytest.raises(RecordsUnusable, match="file is not a database"):
        RunStore.open(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE point (x)")
    connection.commit()
    with pytest.raises(RecordsUnusable, match="table point already exists"):
        RunStore.open(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("point",)]
    connection.close()


@pytest.mark.parametrize("url", ["nonsense://", "postgresql+nodriver://host/db", "://"])
def test_a_url_that_leads_nowhere_is_refused_in_one_sentence(url):
    with pytest.raises(RecordsUnusable, match=re.escape(url)):
        RunStore.open(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordsUnusable, match="folder"):
        RunStore.open(tmp_path / "file" / "records.sqlite")


def test_threads_that_open_a_new_database_at_once_all_get_it(tmp_path):
    path = tmp_path / "records.sqlite"

    def open_and_begin(_):
        with RunStore.open(path) as store:
            return store.begin_run(HEADER).run_id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(open_and_begin, range(8)))
    with RunStore.open(path) as store:
        assert {run.run_id for run in store.runs()} == ids


_WRITER = """
import sys
from rig.load_point import LoadPoint
from rig.records.data import RunHeader
from rig.records.store import RunStore
store = RunStore.open(sys.argv[1])
run = store.begin_run(RunHeader(kind="eol", bench_name="b", bench_file_sha256="0", software_version="0"))
point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
number = 0
while True:
    point.meter_reading({11: float(number)}, requested_monotonic_s=0.0, answered_monotonic_s=0.0)
    number += 1
    print(number, flush=True)
"""


@pytest.mark.realtime
def test_processes_killed_while_writing_lose_nothing_they_had_stored(tmp_path):
    path = tmp_path / "records.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    reported = []
    for writer in writers:
        for line in writer.stdout:
            if int(line) >= 25:
                break
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
    for writer in writers:
        rest = [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        reported.append(max([25, *rest]))
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL
    with RunStore.open(path) as store:
        runs = [store.run(run.run_id) for run in store.runs()]
    assert [run.outcome for run in runs] == ["ABORTED", "ABORTED"]
    stored = sorted(len(run.points[0].meter_readings) for run in runs)
    for run in runs:
        assert [reading.values[11] for reading in run.points[0].meter_readings] == list(
            map(float, range(len(run.points[0].meter_readings)))
        )
    for kept, told in zip(stored, sorted(reported), strict=True):
        assert told <= kept <= told + 1
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_points_of_a_database_without_phase_voltages_are_balanced(tmp_path, monkeypatch):
    path = tmp_path / "records.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(ScriptDirectory, "get_current_head", lambda _: "0001")
        patch.setattr(command, "upgrade", lambda config, _, upgrade=command.upgrade: upgrade(config, "0001"))
        RunStore.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "INSERT INTO run (id, kind, bench_name, bench_file_sha256, software_version, operator, station,"
            " decision_rule, simulated, environment, started_utc)"
            " VALUES ('11', 'certify', '', '', '', '', '', '', 0, '{}', '2026-01-01T00:00:00.000000Z');"
            "INSERT INTO point (run_id, number, label, voltage_v, current_pct, angle_deg, phases, frequency_hz,"
            " started_utc, reason, deviation)"
            " VALUES ('11', 1, 'old', 277, 5, -60, 'B', 60, '2026-01-01T00:00:00.000000Z', '', '{}');"
        )
    connection.close()
    with RunStore.open(path) as store:
        (point,) = store.run("last").points
    assert point.load_point == LoadPoint(277.0, 5.0, -60.0, "B")
    assert (point.temperature_c, point.humidity_pct) == (None, None)
