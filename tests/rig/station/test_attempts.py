"""What was scanned and became no run is in the records."""

from __future__ import annotations

from pathlib import Path

from rig.records.store import RunStore
from rig.station.attempts import AttemptNotes
from rig.station.service import Station
from rig.station.settings import StationSettings
from tests.waiting import wait_for


def test_a_refused_scan_is_an_attempt_with_its_reason(tmp_path: Path) -> None:
    records = tmp_path / "records.sqlite"
    settings = StationSettings(folder=tmp_path / "station", name="Line 3", records=str(records))
    station = Station(settings, note_attempt=AttemptNotes(settings.records).note)
    assert not station.enter("<b>1</b>\r\n")
    assert station.enter("\r\n")  # the second half of CR LF is no attempt

    def attempts():
        if not records.exists():
            return ()
        with RunStore.open(records) as store:
            return store.attempts()

    wait_for(attempts, "the attempt is recorded", 20.0)
    (one,) = attempts()
    assert (one.station, one.scanned, one.kind) == ("Line 3", "<b>1</b>", "eol")
    assert "is no serial number" in one.reason
