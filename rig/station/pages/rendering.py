"""The operator's page as text: a whole page for a browser, and its regions for the one that is open."""

from __future__ import annotations

import html
import importlib.resources
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from rig.station.pages import drawings
from rig.station.pages.words import NOT_STOPPED, words_of
from rig.station.panel_watch import KEYS
from rig.station.phase import Phase
from rig.station.run_view import BAD, GOOD
from rig.station.service import TYPED, Station

REGIONS = (
    "warning",
    "state",
    "message",
    "tiles",
    "prompt",
    "panel",
    "controls",
    "progress",
    "readings",
    "bars",
    "outputs",
    "vectors",
    "warnings",
)
_MOST_BARS = 9


@cache
def _environment() -> Any:  # Any: jinja2.Environment, which is an extra
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("rig.station.pages", "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> str:
    """Fill a template of ``rig/station/pages/web``; what is put in is escaped."""
    text: str = _environment().get_template(template).render(**values)
    return text


def asset(name: str) -> str:
    """Return a file of ``rig/station/pages/web`` as it is."""
    return (importlib.resources.files("rig.station.pages") / "web" / name).read_text(encoding="utf-8")


def regions(station: Station, now_s: float | None = None) -> dict[str, str]:
    """Return the parts of the page that change, as HTML by name."""
    now_s = time.time() if now_s is None else now_s
    values = _values(station, now_s)
    return {name: render(f"region_{name}.html", **values) for name in REGIONS}


def page(station: Station, drawn: Mapping[str, str]) -> str:
    """Return the whole page with these regions: the same as an open one shows, without scripts too."""
    return render("page.html", station=station, regions=drawn, phase=str(station.phase))


def summary(station: Station) -> dict[str, Any]:
    """Return what the script and other programs need beside the regions."""
    off, view = station.off, station.view
    confirmed = off is not None and off.is_confirmed(view, lives=station.lives)
    return {
        "phase": str(station.phase),
        "message": station.message.number,
        "stop": None
        if off is None
        else {
            "asked": off.asked_s,
            "acknowledged": off.is_acknowledged(view, lives=station.lives),
            "confirmed": confirmed,
        },
        "scanned": {} if station.run is None else station.run.scanned,
        "run": view.run_id,
        "outcome": view.outcome,
        "safe_to_open": station.is_safe_to_open,
        "prompt": (view.prompt or {}).get("prompt_id") if station.lives else None,
    }


def _values(station: Station, now_s: float) -> Mapping[str, object]:
    view, run, phase = station.view, station.run, station.phase
    lives = station.lives and not view.has_ended
    elapsed_s = now_s - run.began_s if run is not None and lives else None
    expected_s = station.expected_s
    fraction = _fraction(view.number, view.count, elapsed_s, expected_s)
    prompt = view.prompt if lives else None
    return {
        "station": station,
        "view": view,
        "run": run,
        "phase": str(phase),
        "is_at_work": lives,
        "words": words_of(station),
        "not_stopped": NOT_STOPPED,
        "prompt": prompt,
        "is_typed": prompt is not None and str(prompt.get("kind")).lower() in TYPED,
        "elapsed_s": elapsed_s,
        "left_s": None if elapsed_s is None or expected_s is None else max(0.0, expected_s - elapsed_s),
        "fraction": fraction,
        "question": readable(view.question),
        "reading_age_s": max(0.0, now_s - view.reading_s) if view.reading else None,
        "meters": [
            (unit, values, max(0.0, now_s - view.meters_s[unit])) for unit, values in sorted(view.meters.items())
        ],
        "bars": [(each, drawings.error_bar(each)) for each in _shown_bars(view.results)],
        "tiles": _tiles(station),
        "panel": station.panel.view if station.panel is not None else None,
        "panel_keys": KEYS,
        "vectors": drawings.vectors(view.reading if lives else None),
    }


def _fraction(number: int, count: int, elapsed_s: float | None, expected_s: float | None) -> float | None:
    if elapsed_s is None:
        return None
    if expected_s:
        return min(0.99, elapsed_s / expected_s)
    return (number - 1) / count if count else None


def readable(question: str) -> str:
    """Return the name of a test as people read it: ``test_a_b[277V]`` is "a b 277V"."""
    name = question.removeprefix("test_").replace("_", " ").replace("[", " ").replace("]", "")
    return html.unescape(name).strip()


def _shown_bars(results: Any) -> list[Mapping[str, Any]]:  # Any: a deque of JSON objects
    """Return the results to draw: those beyond their limits, then the latest."""
    drawn = [each for each in results if isinstance(each.get("error_pct"), int | float) and each.get("limit_pct")]
    wrong = [each for each in drawn if each.get("outcome") not in ("PASS", "COND_PASS")]
    latest = [each for each in reversed(drawn) if each not in wrong]
    return (wrong[-_MOST_BARS:] + latest)[:_MOST_BARS]


def _tiles(station: Station) -> list[dict[str, str]]:
    """Return one tile for each position of a bench that has several."""
    if len(station.settings.positions) < 2:
        return []
    scanned = station.filling or ({} if station.run is None else station.run.scanned)
    outcomes = {str(each.get("position")): str(each.get("outcome")) for each in station.view.units}
    tiles = []
    for position in station.settings.positions:
        outcome = outcomes.get(position, "")
        if position in station.settings.masked:
            state = "masked"
        elif station.filling:
            state = "scanned" if position in scanned else "next" if position == station.next_position else "empty"
        elif position not in scanned:
            state = "empty"
        elif outcome:
            state = "pass" if outcome in GOOD else "fail" if outcome in BAD else "no-verdict"
        else:
            state = "no-verdict" if station.phase.is_result else "testing"
        tiles.append({"position": position, "number": scanned.get(position, ""), "state": state, "outcome": outcome})
    return tiles


SETTLED = (Phase.IDLE, Phase.FILLING)
"""Phases in which nothing on the page changes with time alone."""
