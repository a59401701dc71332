"""Reading commands: what is recorded is shown, nothing is written to any table or file, also where nothing could be."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from rig.cli.run import run
from rig.records.data import RunHeader
from rig.records.errors import RecordsUnusable, SchemaTooNew
from rig.records.store import RunStore

HEADER = RunHeader(kind="certify", bench_name="emulated", bench_file_sha256="00", software_version="0.1.0")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "no-state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def archive(tmp_path):
    """A folder with a database of two runs, one of which did not end, that no process has open."""
    path = tmp_path / "archive" / "records of 100% #1?.sqlite"
    with RunStore.open(path) as store:
        store.begin_run(HEADER).finish("PASS", 0)
        store.begin_run(HEADER)
    for lock in path.parent.glob("*.lock"):
        lock.unlink()
    return path


def contents(folder):
    """What is in a folder: every path, with its mode, time and content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }


def on_a_read_only_mount(folder, *words):
    """Run the rig in ``folder`` while that is mounted so that not even root may write there."""
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99; cd "$1" || exit 98; shift; exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(folder), sys.executable, "-m", "rig.cli", *words],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "RIG_STATE_DIR": str(folder / "state")},
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("mounting is not permitted here")
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", [("runs",), ("report", "--out", "out"), ("support-bundle", "b.zip")])
def test_reading_command_leaves_an_archive_as_it_is(archive, tmp_path, words, capsys):
    before = contents(archive.parent)
    assert run([*words, "--records", str(archive)]) == 0
    assert contents(archive.parent) == before
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [("runs",), ("report",), ("report", "1234")])
@pytest.mark.parametrize(
    "name", ["other.sqlite", "no/folder/other.sqlite", "sqlite:///other.sqlite", "file:x?mode=rwc"]
)
def test_database_that_is_not_there_is_one_sentence_and_is_not_made(tmp_path, capsys, words, name):
    assert run([*words, "--records", name]) == 11
    assert "there is no such file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "is no file"), (lambda path: os.mkfifo(path), "is no file"),
        (lambda path: path.write_bytes(b""), "is not an SQLite database"),
        (lambda path: path.write_text("schema: 1\n"), "is not an SQLite database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + b"x" * 500), "cannot be read"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close(), "no table of the rig"),
    ],
    ids=["folder", "pipe", "empty", "text", "damaged", "other"],
)  # fmt: skip
def test_file_that_is_no_database_of_runs_is_refused_and_left_alone(tmp_path, capsys, make, said):
    path = tmp_path / "x.sqlite"
    make(path)
    before = contents(tmp_path) if path.is_file() else None
    assert run(["runs", "--records", str(path)]) == 11
    assert said in capsys.readouterr().err
    assert before is None or contents(tmp_path) == before


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_archive_in_a_folder_that_cannot_be_written_is_read(archive):
    code, said, errors = on_a_read_only_mount(archive.parent, "runs", "--records", str(archive))
    assert (code, errors) == (0, "")
    assert "PASS" in said
    code, _, errors = on_a_read_only_mount(archive.parent, "report", "--records", str(archive))
    assert (code, len(errors.splitlines())) == (11, 1)
    assert "--out" in errors


def test_runs_are_read_while_another_process_writes(archive):
    with RunStore.open(archive) as writer, RunStore.open_to_read(archive) as reader:
        assert len(reader.runs()) == 2
        run_id = writer.begin_run(HEADER).run_id
        with RunStore.open_to_read(archive) as later:
            assert run_id in [one.run_id for one in later.runs()]
        assert writer.begin_run(HEADER).run_id


def test_log_that_a_killed_process_left_is_read(archive, tmp_path):
    killed = tmp_path / "killed"
    with RunStore.open(archive) as writer:
        run_id = writer.begin_run(HEADER).run_id
        shutil.copytree(archive.parent, killed)
    (killed / f"{archive.name}-shm").unlink()
    with RunStore.open_to_read(killed / archive.name) as store:
        assert run_id in [one.run_id for one in store.runs()]


def test_the_journal_counts_in_the_view_and_not_in_the_file(archive):
    before = contents(archive.parent)
    with RunStore.open_to_read(archive) as store:
        crashed = next(one for one in store.runs() if one.finished_utc is None)
        assert crashed.outcome == "ABORTED"
        entry = {
            "id": "1",
            "time": datetime.now(UTC).isoformat(),
            "reason": "x",
            "confirmed": True,
            "run": crashed.run_id,
        }
        assert store.fold_journal([entry]) == 1
        assert store.fold_journal([entry]) == 0
        assert store.run(crashed.run_id).outcome == "TERMINATED"
    assert contents(archive.parent) == before
    with RunStore.open_to_read(archive) as store:
        assert store.run(crashed.run_id).outcome == "ABORTED"


def test_older_schema_is_read_without_being_changed(tmp_path, monkeypatch):
    path = tmp_path / "archive" / "old.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(ScriptDirectory, "get_current_head", lambda _: "0001")
        patch.setattr(command, "upgrade", lambda config, _, upgrade=command.upgrade: upgrade(config, "0001"))
        RunStore.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO run (id, kind, bench_name, bench_file_sha256, software_version, operator, station,"
            " decision_rule, simulated, environment, started_utc)"
            " VALUES ('11', 'certify', '', '', '', '', '', '', 0, '{}', '2026-01-01T00:00:00.000000Z');"
        )
    connection.close()
    before = contents(path.parent)
    with RunStore.open_to_read(path) as store:
        assert [one.run_id for one in store.runs()] == ["11"]
        assert store.fold_journal([{"id": 1, "run": "11", "time": 1e9, "confirmed": True}]) == 1
    assert contents(path.parent) == before


def test_newer_schema_is_refused(archive):
    with sqlite3.connect(archive) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaTooNew):
        RunStore.open_to_read(archive)


def test_no_run_begins_in_a_store_that_is_open_to_read(archive):
    with RunStore.open_to_read(archive) as store, pytest.raises(RecordsUnusable, match="for reading only"):
        store.begin_run(HEADER)
