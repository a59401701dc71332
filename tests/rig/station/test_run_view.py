"""What the station shows of a run: a fold over the lines of its events."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rig.station.event_tail import EventTail
from rig.station.run_view import RunView

KINDS = ["RunBegan", "EnergiseStep", "Energised", "SwitchedOff", "RunEnded", "PromptShown", "Judged", "MeterRead", "x"]


def _view(*events: dict) -> RunView:
    view = RunView()
    for event in events:
        view.take(event)
    return view


def test_a_run_passes_only_when_its_record_is_closed() -> None:
    judged = {"kind": "Judged", "results": [{"outcome": "PASS"}], "measurement": {"point": "p"}}
    assert not _view(judged).passed
    assert _view(judged, {"kind": "RunEnded", "outcome": "PASS", "code": 0}).passed
    assert not _view(judged, {"kind": "RunEnded", "outcome": "TERMINATED", "code": 2}).passed


def test_off_is_confirmed_until_the_outputs_go_on_again() -> None:
    off = {"kind": "SwitchedOff", "confirmed": True, "confirmed_by": ["source", "analyzer"]}
    view = _view({"kind": "Energised", "point": "p"}, off)
    assert view.off_confirmed
    assert view.off_by_analyzer
    view.take({"kind": "EnergiseStep", "number": 1, "count": 10, "name": "interlock"})
    assert not view.off_confirmed
    assert not view.off_by_analyzer
    view.take({"kind": "SwitchedOff", "confirmed": False, "confirmed_by": ["source"]})
    assert view.outputs == "unknown"


@given(st.lists(st.fixed_dictionaries({"kind": st.sampled_from(KINDS)}), max_size=40))
def test_events_without_their_fields_raise_nothing(events: list[dict]) -> None:
    assert not _view(*events).passed


def test_the_memory_of_a_view_is_bounded() -> None:
    result = {"kind": "Judged", "results": [{"outcome": "FAIL", "error_pct": 1.0}] * 50, "measurement": None}
    view = _view(*[result] * 100)
    assert len(view.results) == 400


def test_a_tail_leaves_an_unfinished_line_for_the_next_look(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    tail = EventTail(file)
    assert list(tail.new()) == []
    first, second = (json.dumps({"n": number}) for number in (1, 2))
    file.write_text(f"{first}\nnot json\n[1]\n{second[:4]}")
    assert list(tail.new()) == [{"n": 1}]
    file.write_text(f"{first}\nnot json\n[1]\n{second}\n")
    assert list(tail.new()) == [{"n": 2}]


def test_a_failure_of_one_of_several_meters_names_its_position() -> None:
    found = {"name": "AV2", "expected": "40", "found": "30", "outcome": "FAIL", "unit_number": 2}
    units = [{"position": "A", "outcome": "PASS"}, {"position": "B", "outcome": "FAIL"}]
    answered = {"kind": "QuestionAnswered", "finding": found}
    assert _view(answered).failures() == ["AV2: expected 40, found 30"]
    several = _view(answered, {"kind": "RunEnded", "outcome": "FAIL", "code": 1, "units": units})
    assert several.failures() == ["position B: AV2: expected 40, found 30"]
