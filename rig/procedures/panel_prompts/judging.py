"""What an answer about the panel is worth: compared with what the model shows for the bus's readings."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from meter_model.behaviour.panel_choices import PanelRounding
from meter_model.panel.data_screens import Screen
from meter_model.panel.numbers import ENERGIES, NOT_VALID, POWERS, Number, Scale, shown
from meter_model.panel.panel import Menu, Panel, Setting
from meter_model.panel.setup_screens import SETUP_MENU, text_of
from meter_model.panel.showing import icons, number_of, shown_screen
from rig.operator import Answer, PromptKind
from rig.procedures.panel_prompts.bus_meter import BusMeter, Readings
from rig.procedures.panel_prompts.steps import Check, PanelStep

_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([A-Za-z]*)\Z")
_KNOWN_ICONS = ("heart", "alert", "wrench")
_SPREAD = 5e-4
"""How far a constant load may change from one update of the meter to another, as a part of the value."""

_SPREAD_OF_RANGE = 1e-5
"""The same of a power as a part of the maximum power, for values near zero."""


@dataclass(frozen=True, slots=True)
class PanelJudgement:
    """What became of a step. ``expected`` and ``shown``: in words for people; ``detail``: one sentence where it failed.

    ``low``, ``high``: between which a number passes, in the unit of the bus; None of what is no number.
    ``is_lost``: the panel is not where the next step begins.
    """

    key: str
    passed: bool
    expected: str
    shown: str
    detail: str = ""
    low: float | None = None
    high: float | None = None
    is_lost: bool = False


def complaint(step: PanelStep, answer: Answer) -> str | None:
    """Say why an answer cannot be judged, so that the operator is asked again; None where it can."""
    if step.prompt.kind is not PromptKind.READ_VALUE or not answer.confirmed:
        return None
    text = answer.text.strip()
    if not text:
        return "Nothing was typed."
    if step.check is Check.ICONS:
        unknown = [each for each in _words(text) if each not in (*_KNOWN_ICONS, "none")]
        return f"There is no icon {unknown[0]}." if unknown else None
    screen = _screen(step)
    if screen is None or screen.scale is None or set(text) <= {"-"}:
        return None
    match = _NUMBER.match(text)
    if match is None:
        return f"{text} is not a number with a unit."
    if not match[2] and screen.scale.units != ("",):
        return "The unit is missing."
    return None


def judge(step: PanelStep, answer: Answer, before: Readings, after: Readings) -> PanelJudgement:
    """Compare an answer with what was read over the bus before and after it."""
    if step.check in (Check.LABEL, Check.SETTING) or not answer.confirmed:
        return _judge_label(step, answer, after)
    if step.check is Check.ICONS:
        wanted = {frozenset(icons(_meter(step, each))) for each in (before, after)}
        seen = frozenset(each for each in _words(answer.text) if each != "none")
        names = ", or ".join(" ".join(sorted(each)) or "none" for each in wanted)
        said = f"the icons {' '.join(sorted(seen)) or 'none'} are on; by the binary inputs it is {names}"
        return PanelJudgement(step.key, seen in wanted, names, answer.text, "" if seen in wanted else said)
    if isinstance(step.place, Setting):
        return _judge_setting(step, step.place, answer, after)
    screen = _screen(step)
    assert screen is not None
    if screen.scale is None:
        return _judge_text(step, screen, answer, before, after)
    return _judge_number(step, screen, answer, before, after)


def _judge_label(step: PanelStep, answer: Answer, after: Readings) -> PanelJudgement:
    """The display shows the screen that the keys lead to, and a setting is read over the bus as it was accepted."""
    label = step.prompt.screen
    seen = answer.text or ("yes" if answer.confirmed else "something else")
    if not answer.confirmed:
        says = f"the display does not show {label or 'the right screen'} after these keys"
        return PanelJudgement(step.key, False, label, seen, says, is_lost=True)
    if step.check is Check.SETTING:
        value = after.get(step.instance, math.nan)
        if not isinstance(value, float | int) or not math.isclose(value, float(step.expected), rel_tol=1e-6):
            says = f"{step.instance} reads {value} over the bus, and {step.expected} was accepted on the panel"
            return PanelJudgement(step.key, False, step.expected, str(value), says, is_lost=True)
    return PanelJudgement(step.key, True, label if step.check is Check.LABEL else step.expected, seen)


def _judge_text(step: PanelStep, screen: Screen, answer: Answer, before: Readings, after: Readings) -> PanelJudgement:
    wanted = list(dict.fromkeys(shown_screen(screen, _meter(step, each)).value for each in (before, after)))
    passed = answer.text.strip().casefold() in [each.casefold() for each in wanted]
    names = " or ".join(wanted)
    says = f"{step.prompt.screen} shows {answer.text.strip()}, not {names}"
    return PanelJudgement(step.key, passed, names, answer.text.strip(), "" if passed else says)


def _judge_setting(step: PanelStep, place: Setting, answer: Answer, after: Readings) -> PanelJudgement:
    """The setup menu shows what the bus reads; leading zeros need not be typed."""
    wanted = text_of(SETUP_MENU[place.index].fields[place.field], _meter(step, after))
    typed = answer.text.strip()
    number = _as_number(typed)
    passed = typed.casefold() == wanted.casefold() or (number is not None and number == _as_number(wanted))
    says = f"{step.prompt.screen} shows {typed}; by the bus it is {wanted}"
    return PanelJudgement(step.key, passed, wanted, typed, "" if passed else says)


def _as_number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _judge_number(step: PanelStep, screen: Screen, answer: Answer, before: Readings, after: Readings) -> PanelJudgement:
    assert screen.scale is not None
    models = [number_of(screen, _meter(step, each)) for each in (before, after)]
    values = [_value(screen, each) for each in (before, after)]
    typed = answer.text.strip()
    names = " to ".join(dict.fromkeys(f"{each.text} {each.unit}".strip() for each in models if each is not None))
    if any(math.isnan(each) for each in values):
        passed = bool(typed) and set(typed) <= set(NOT_VALID)
        says = f"{step.prompt.screen} shows {typed}, and the value is not valid in this system type"
        return PanelJudgement(step.key, passed, NOT_VALID, typed, "" if passed else says)
    low, high = _limits(step, screen.scale, values, [each.step for each in models if isinstance(each, Number)])
    value, why = _typed_value(typed, screen.scale, step)
    passed = not why and low <= value <= high
    says = why or f"{step.prompt.screen} shows {typed}; by the bus it is {names}"
    return PanelJudgement(step.key, passed, names, typed, "" if passed else says, low, high)


def _limits(step: PanelStep, scale: Scale, values: list[float], steps: list[Decimal]) -> tuple[float, float]:
    """Return between which values the display may be: the two readings, its last digit, the change of one update.

    Energies only grow between the readings.
    """
    digit = float(max(steps))
    rounding = digit / 2.0 if step.profile.panel_rounding is PanelRounding.NEAREST else digit
    spread = 0.0 if scale in ENERGIES else _SPREAD * max(map(abs, values))
    spread += _SPREAD_OF_RANGE * step.configuration.max_power_kw if scale in POWERS else 0.0
    return min(values) - rounding - spread, max(values) + rounding + spread


def _typed_value(text: str, scale: Scale, step: PanelStep) -> tuple[float, str]:
    """Return a typed number in the unit of the bus, and what is wrong with it: empty where nothing is."""
    match = _NUMBER.match(text)
    units = [each.casefold() for each in scale.units]
    unit = match[2].casefold() if match is not None else ""
    if match is None or unit not in units:
        return math.nan, f"{step.prompt.screen} shows {text}, which has none of the units {', '.join(scale.units)}"
    value = float(match[1].replace(",", ".")) * 1000.0 ** (units.index(unit) - scale.bus_place)
    model = shown(value, scale, step.profile)
    if model.unit.casefold() != unit:
        return value, f"{step.prompt.screen} shows {text}; a meter shows that value as {model.text} {model.unit}"
    return value, ""


def _value(screen: Screen, readings: Readings) -> float:
    found = [sign * float(readings.get(f"AI{instance}", math.nan)) for instance, sign in screen.inputs]
    return math.fsum(found) if not any(map(math.isnan, found)) else math.nan


def _meter(step: PanelStep, readings: Readings) -> BusMeter:
    return BusMeter(step.configuration, step.profile, readings)


def _screen(step: PanelStep) -> Screen | None:
    """Return the screen of the main menu at which the step ends."""
    place = step.place
    if not isinstance(place, Menu):
        return None
    return Panel(BusMeter(step.configuration, step.profile)).menu[place.row][place.column]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.casefold())
