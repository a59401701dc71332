"""The log of a run: nothing that happens to its file reaches the process that logs."""

import logging
import os

import pytest

from drivers import log_handler
from drivers.log import FILE, log_as, note


@pytest.fixture(autouse=True)
def ended():
    yield
    log_handler.end()


def test_lines_are_appended_and_others_than_ours_from_warnings_on(tmp_path, monkeypatch):
    path = tmp_path / "run.log"
    path.write_text("before\n")
    monkeypatch.setenv(FILE, str(path))
    log_as("rig")
    note("rig.one", "two %d", 2)
    note("other.one", "not this")
    logging.getLogger("other").warning("this\nand that")
    before, first, second, rest = path.read_text().splitlines()
    assert before == "before"
    assert first.endswith(f"Z rig[{os.getpid()}] INFO rig.one: two 2")
    assert second.endswith("WARNING other: this")
    assert rest == "    and that"


def test_deleted_folder_full_disk_and_missing_folder_are_no_errors(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv(FILE, str(folder / "run.log"))
    log_as("rig", never_waits=True)
    (folder / "run.log").unlink()
    folder.rmdir()
    note("rig", "one")
    log_as("rig")  # the folder is gone
    note("rig", "two")
    monkeypatch.setenv(FILE, "/dev/full")
    log_as("rig")
    note("rig", "three")


def test_disk_that_takes_nothing_holds_up_no_process_that_never_waits():
    reading, writing = os.pipe()
    handler = log_handler.LogHandler(writing, "guardian", never_waits=True)
    for _ in range(5000):
        handler.handle(logging.LogRecord("rig", logging.INFO, "", 0, "x" * 1000, (), None))
    handler.close()
    assert handler._waiting.qsize() >= 900, "what the disk does not take is left out"
    os.close(reading)
    os.close(writing)


def test_without_a_log_nothing_is_logged(monkeypatch, caplog):
    monkeypatch.delenv(FILE, raising=False)
    log_as("rig")
    with caplog.at_level(logging.DEBUG):
        note("rig", "one")
    assert caplog.records == []
