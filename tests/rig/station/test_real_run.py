"""A station with the real command: ``rig eol`` on the emulated bench, without a browser."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rig.safety.state import read_json
from rig.station.pages.history import history, one_run
from rig.station.phase import Phase
from rig.station.service import STATE_FILE, Station
from rig.station.settings import StationSettings
from tests.waiting import wait_for

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

SERIAL_NUMBER = "3718921039"
"""Of the first emulated meter, seed 1."""


def _until(station: Station, *phases: Phase) -> None:
    def is_there() -> bool:
        station.tick()
        return station.phase in phases

    wait_for(is_there, f"the station is {', '.join(phases)}", 100.0)


def _until_on(station: Station) -> None:
    def is_on() -> bool:
        station.tick()
        return station.view.outputs == "on" and station.view.reading is not None

    wait_for(is_on, "the outputs are on", 60.0)


def test_a_real_run_is_killed_then_paused_stopped_and_never_passes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    settings = StationSettings(folder=tmp_path / "station", records=str(tmp_path / "records.sqlite"))
    station = Station(settings)
    assert station.enter(f"{SERIAL_NUMBER}\r\n")
    _until_on(station)
    pid = (read_json(settings.folder / STATE_FILE) or {})["pid"]
    os.kill(pid, signal.SIGKILL)
    _until(station, Phase.BROKEN)
    assert station.off is not None  # rig off has confirmed it

    wait_for(lambda: station.enter(SERIAL_NUMBER) and station.lives, "the next run", 5.0)
    _until_on(station)
    again = Station(settings)  # as after a restart of the service
    _until_on(again)
    assert again.pause(paused=True)
    _until(again, Phase.PAUSED)
    assert again.view.off_by_analyzer
    assert again.is_safe_to_open
    assert again.pause(paused=False)
    _until_on(again)
    assert not again.is_safe_to_open
    again.stop()
    _until(again, Phase.STOPPED)
    assert again.is_safe_to_open
    wait_for(lambda: not station.lives, "the end of the run", 30.0)
    again.tick()
    assert again.view.outcome == "TERMINATED"

    found = history(settings.records)
    assert [each.outcome for each in found.runs] == ["TERMINATED", "TERMINATED"]
    run, _, problem = one_run(settings.records, found.runs[0].run_id)
    assert run is not None, problem
    assert [unit.serial_number for unit in run.units] == [SERIAL_NUMBER]
