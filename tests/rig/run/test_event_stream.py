"""The events of a run as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

from rig.events import Events, Noted, ReadingSeen, SwitchedOff
from rig.load_point import LoadPoint
from rig.procedures.events import PointBegan
from rig.records.data import FindingRecord
from rig.run.events import Failed, QuestionAnswered, RunEnded
from rig.run.streaming.event_stream import EVENTS_FILE, EventStream, begin_stream


def _lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()]


def test_each_event_is_a_line_with_its_kind_and_fields(tmp_path: Path) -> None:
    events = Events()
    _, end = begin_stream(tmp_path, events)
    point = LoadPoint(277.0, 100.0, 0.0)
    events.publish(PointBegan(point))
    events.publish(Noted("outputs", "were never on", data={"x": float("nan")}))
    events.publish(ReadingSeen((277.0, None, float("inf")), (1.0,), (0.0,), (None,), 60.0))
    events.publish(SwitchedOff(True, ("off",), ("source", "analyzer")))
    events.publish(QuestionAnswered(FindingRecord(name="AV2", expected="40", found="40", outcome="PASS")))
    events.publish(Failed("broke", ValueError("why")))
    end()
    events.publish(PointBegan(point))
    lines = _lines(tmp_path)
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5, 6]
    kinds = ["PointBegan", "Noted", "ReadingSeen", "SwitchedOff", "QuestionAnswered", "Failed"]
    assert [line["kind"] for line in lines] == kinds
    assert lines[0]["point"] == point.label
    assert (lines[1]["what"], lines[1]["data"]) == ("outputs", {"x": None})
    assert lines[2]["voltages_v"] == [277.0, None, "Infinity"]
    assert lines[3]["confirmed_by"] == ["source", "analyzer"]
    assert lines[4]["finding"]["outcome"] == "PASS"
    assert lines[5]["error"] == "why"


def test_the_end_of_a_run_has_outcome_and_code(tmp_path: Path) -> None:
    from rig.exit_codes import ExitCode
    from rig.metrology.outcome import Outcome

    stream = EventStream(tmp_path)
    stream.take(RunEnded(Outcome.FAIL, ExitCode.FAIL))
    stream.close()
    assert (_lines(tmp_path)[0]["outcome"], _lines(tmp_path)[0]["code"]) == ("FAIL", 1)


def test_a_stream_goes_on_after_a_line_that_was_torn(tmp_path: Path) -> None:
    (tmp_path / EVENTS_FILE).write_text('{"n": 1, "kind": "A"}\n{"n": 2, "ki')
    stream = EventStream(tmp_path)
    stream.write({"kind": "B"})
    stream.close()
    text = (tmp_path / EVENTS_FILE).read_text()
    assert text.splitlines()[1] == '{"n": 2, "ki'
    assert json.loads(text.splitlines()[2])["kind"] == "B"
