"""What the events of a run say about it so far: a fold over the lines of its file, bounded in size."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MOST_RESULTS = 400
_MOST_FINDINGS = 200
_MOST_WARNINGS = 12

GOOD = ("PASS", "COND_PASS")
BAD = ("FAIL", "COND_FAIL")


def time_of(event: Mapping[str, Any]) -> float:
    """Return when an event was published, seconds since 1970; 0 where that cannot be read."""
    try:
        return datetime.fromisoformat(str(event.get("time_utc"))).timestamp()
    except ValueError:
        return 0.0


@dataclass
class RunView:
    """A run as far as its events tell; ``take`` adds the next one.

    ``outputs``: off, changing, on or unknown. ``off_confirmed`` and ``off_by_analyzer``: by what confirmed the last way
    down, and nothing was switched on since. ``off_s``: when that was. ``reading_s``: when ``reading`` was taken.
    """

    run_id: str = ""
    bench: str = ""
    is_simulated: bool = False
    began_s: float = 0.0
    last_s: float = 0.0
    events: int = 0
    question: str = ""
    number: int = 0
    count: int = 0
    point: str = ""
    doing: str = ""
    outputs: str = "off"
    was_energised: bool = False
    off_confirmed: bool = False
    off_by_analyzer: bool = False
    off_s: float = 0.0
    is_live: bool = False
    live_text: str = ""
    reading: Mapping[str, Any] | None = None
    reading_s: float = 0.0
    meters: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    meters_s: dict[int, float] = field(default_factory=dict)
    results: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_MOST_RESULTS))
    findings: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_MOST_FINDINGS))
    warnings: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_WARNINGS))
    prompt: Mapping[str, Any] | None = None
    is_paused: bool = False
    stop_heard_s: float = 0.0
    socket: str = ""
    outcome: str = ""
    code: int | None = None
    units: tuple[Mapping[str, Any], ...] = ()
    why: str = ""
    serial_number: str = ""
    """Of the meter that was found, where there is one meter and its name has it."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Add an event; a kind that is not known changes nothing but the time."""
        self.events += 1
        self.last_s = time_of(event)
        handler = _HANDLERS.get(str(event.get("kind")))
        if handler is not None:
            handler(self, event)

    @property
    def has_ended(self) -> bool:
        """Whether the record of the run is closed: only then it has a verdict."""
        return bool(self.outcome)

    @property
    def passed(self) -> bool:
        """Whether the closed record says that the run passed."""
        return self.outcome in GOOD

    @property
    def failed(self) -> bool:
        """Whether the closed record says that the run failed."""
        return self.outcome in BAD

    @property
    def units_seen(self) -> int:
        """How many meters have a result so far."""
        return len({each.get("unit_number") for each in self.results})

    def _meter(self, each: Mapping[str, Any]) -> str:
        """Say which meter something is about, where there are several."""
        number = each.get("unit_number")
        several = len(self.units) > 1 or self.units_seen > 1
        if not several or not isinstance(number, int):
            return ""
        unit = self.units[number - 1] if 0 < number <= len(self.units) else {}
        return f"position {unit['position']}: " if unit.get("position") else f"meter {number}: "

    def failures(self) -> list[str]:
        """Return what failed, in words: questions first, then results that are beyond their limits."""
        said = [
            f"{self._meter(each)}{each.get('name')}: expected {each.get('expected')}, found {each.get('found')}"
            for each in self.findings
            if each.get("outcome") not in (*GOOD, "SKIP", "NOT_JUDGED")
        ]
        said += [
            f"{self._meter(each)}{_quantity(each)}: {_error(each)} at {each.get('point')}"
            for each in self.results
            if each.get("outcome") in BAD
        ]
        return list(dict.fromkeys(said))


def _quantity(result: Mapping[str, Any]) -> str:
    return f"{str(result.get('quantity')).replace('_', ' ')} {result.get('phase')}"


def _error(result: Mapping[str, Any]) -> str:
    error, limit = result.get("error_pct"), result.get("limit_pct")
    if not isinstance(error, int | float):
        return str(result.get("reason") or result.get("outcome"))
    return f"error {error:+.3g} %" + (f", limit ±{limit:g} %" if isinstance(limit, int | float) else "")


def _began(view: RunView, event: Mapping[str, Any]) -> None:
    view.run_id, view.bench = str(event.get("run_id", "")), str(event.get("bench", ""))
    view.is_simulated = bool(event.get("simulated"))
    view.began_s = view.began_s or time_of(event)


def _meter_found(view: RunView, event: Mapping[str, Any]) -> None:
    _, mark, number = str(event.get("name", "")).partition("S/N:")
    view.serial_number = number.strip() if mark else ""


def _question(view: RunView, event: Mapping[str, Any]) -> None:
    view.question, view.doing = str(event.get("name", "")), ""
    number, count = event.get("number"), event.get("count")
    if isinstance(number, int) and isinstance(count, int) and count:
        view.number, view.count = number, count


def _point(view: RunView, event: Mapping[str, Any]) -> None:
    view.point, view.doing = str(event.get("point", "")), ""


def _step_up(view: RunView, event: Mapping[str, Any]) -> None:
    view.outputs, view.was_energised = "changing", True
    view.off_confirmed = view.off_by_analyzer = False
    view.doing = f"switching on: step {event.get('number')} of {event.get('count')}, {event.get('name')}"


def _energised(view: RunView, event: Mapping[str, Any]) -> None:
    view.outputs, view.was_energised, view.is_paused = "on", True, False
    view.off_confirmed = view.off_by_analyzer = False
    _point(view, event)


def _off(view: RunView, event: Mapping[str, Any]) -> None:
    confirmed, by = event.get("confirmed") is True, event.get("confirmed_by") or ()
    view.outputs = "off" if confirmed else "unknown"
    view.off_confirmed, view.off_s = confirmed, time_of(event)
    view.off_by_analyzer = confirmed and "analyzer" in by
    view.reading, view.meters = None, {}
    view.is_live = view.is_live and not confirmed
    view.doing = "" if confirmed else view.doing


def _live(view: RunView, event: Mapping[str, Any]) -> None:
    view.is_live, view.live_text = True, str(event.get("text", ""))


def _answers(view: RunView, _event: Mapping[str, Any]) -> None:
    view.is_live, view.live_text = False, ""


def _reading(view: RunView, event: Mapping[str, Any]) -> None:
    view.reading, view.reading_s = event, time_of(event)


def _meter(view: RunView, event: Mapping[str, Any]) -> None:
    unit, values = event.get("unit_number") or 1, event.get("values")
    if isinstance(unit, int) and isinstance(values, dict) and (unit in view.meters or len(view.meters) < 64):
        view.meters[unit], view.meters_s[unit] = values, time_of(event)


def _judged(view: RunView, event: Mapping[str, Any]) -> None:
    point = (event.get("measurement") or {}).get("point", "")
    for each in event.get("results") or ():
        view.results.append({**each, "point": point})


def _answered(view: RunView, event: Mapping[str, Any]) -> None:
    finding = event.get("finding")
    if isinstance(finding, dict):
        view.findings.append(finding)


def _warned(view: RunView, event: Mapping[str, Any]) -> None:
    text = str(event.get("text", ""))
    if text and text not in view.warnings:
        view.warnings.append(text)


def _failed(view: RunView, event: Mapping[str, Any]) -> None:
    view.why = view.why or str(event.get("text", ""))
    _warned(view, event)


def _prompt(view: RunView, event: Mapping[str, Any]) -> None:
    prompt = event.get("prompt")
    view.prompt = prompt if isinstance(prompt, dict) else None


def _prompt_done(view: RunView, _event: Mapping[str, Any]) -> None:
    view.prompt = None


def _listening(view: RunView, event: Mapping[str, Any]) -> None:
    view.socket = str(event.get("socket", ""))


def _paused(view: RunView, _event: Mapping[str, Any]) -> None:
    view.is_paused = True


def _goes_on(view: RunView, _event: Mapping[str, Any]) -> None:
    view.is_paused = False


def _stop_heard(view: RunView, event: Mapping[str, Any]) -> None:
    view.stop_heard_s = time_of(event)


def _ended(view: RunView, event: Mapping[str, Any]) -> None:
    view.outcome = str(event.get("outcome", ""))
    code = event.get("code")
    view.code = code if isinstance(code, int) else None
    view.units = tuple(each for each in event.get("units") or () if isinstance(each, dict))
    view.prompt, view.is_paused = None, False


_HANDLERS = {
    "RunBegan": _began,
    "MeterFound": _meter_found,
    "QuestionBegan": _question,
    "PointBegan": _point,
    "EnergiseStep": _step_up,
    "Energised": _energised,
    "PointApplied": _energised,
    "SwitchedOff": _off,
    "OutputsFailed": _failed,
    "LiveTerminals": _live,
    "SourceAnswers": _answers,
    "ReadingSeen": _reading,
    "MeterRead": _meter,
    "Judged": _judged,
    "QuestionAnswered": _answered,
    "QuestionFailed": _failed,
    "Warned": _warned,
    "Failed": _failed,
    "Refused": _failed,
    "PromptShown": _prompt,
    "PromptAnswered": _prompt_done,
    "Listening": _listening,
    "Paused": _paused,
    "Continued": _goes_on,
    "StopHeard": _stop_heard,
    "RunEnded": _ended,
}
