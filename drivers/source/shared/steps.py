"""Settings that are read back: a command, the question that shows whether it was taken, and what agrees with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.errors import AnswerInvalid, SettingNotTaken
from drivers.scpi.parsing import parse_bool, parse_float
from drivers.scpi.session import ScpiSession


@dataclass(frozen=True, slots=True)
class Step:
    """One setting: ``query`` is asked after ``command``; ``agrees`` raises ValueError for what it cannot read.

    Without a query there is nothing to ask. ``wanted`` is the setting in words, for messages.
    """

    command: str
    query: str
    wanted: str
    agrees: Callable[[str], bool]


def act(command: str) -> Step:
    """Return a command that sets nothing which could be asked for."""
    return Step(command, "", "", lambda _said: True)


def number(header: str, value: float, tolerance: float, *, decimals: int = 3, select: str = "") -> Step:
    """Set a number, written with ``decimals`` (never an exponent); what is read back may be off by ``tolerance``.

    ``select`` is a modal command that goes before both command and query (``INST:NSEL 2``), so that each of them says
    by itself whom it means.
    """
    return _step(select, header, f"{value:.{decimals}f}", near(value, tolerance))


def near(value: float, tolerance: float) -> Callable[[str], bool]:
    """Return what says whether an answer is a number within ``tolerance`` of ``value``."""

    def agrees(said: str) -> bool:
        found = parse_float(said)
        return found is not None and abs(found - value) <= tolerance

    return agrees


def angle(header: str, angle_deg: float, tolerance_deg: float, *, decimals: int = 2, select: str = "") -> Step:
    """Set an angle, sent as 0 to below 360 degrees; 240, -120 and 600 are the same when it is read back."""
    wanted = f"{angle_deg % 360.0:.{decimals}f}"
    if float(wanted) == 360.0:
        wanted = f"{0.0:.{decimals}f}"

    def agrees(said: str) -> bool:
        found = parse_float(said)
        return found is not None and abs((found - angle_deg + 180.0) % 360.0 - 180.0) <= tolerance_deg

    return _step(select, header, wanted, agrees)


def switch(header: str, on: bool, *, select: str = "") -> Step:
    """Switch something ON or OFF; instruments answer 0, 1, ON or OFF."""
    return _step(select, header, "ON" if on else "OFF", lambda said: parse_bool(said) is on)


def word(header: str, wanted: str, *, select: str = "") -> Step:
    """Choose a word, given in its short form; the answer may be the short or the long form."""
    return _step(select, header, wanted, lambda said: said.strip('"').strip().upper().startswith(wanted.upper()))


def apply(session: ScpiSession, todo: Sequence[Step], *, one_by_one: bool = False) -> None:
    """Send the steps and compare what the instrument says it is set to, in as few messages as possible.

    ``one_by_one``: one command a message, for instruments that need pacing (each is followed by the error query,
    which they answer when they are done). Raises InstrumentRefused, AnswerInvalid, SettingNotTaken.
    """
    if one_by_one:
        for step in todo:
            session.write(step.command)
    elif todo:
        session.write(*(step.command for step in todo))
    asked = [step for step in todo if step.query]
    if one_by_one:
        answers = [session.query(step.query) for step in asked]
    else:
        answers = session.query_all([step.query for step in asked])
    for step, answer in zip(asked, answers, strict=True):
        try:
            agrees = step.agrees(answer)
        except ValueError as error:
            raise AnswerInvalid(session.resource, step.query, answer) from error
        if not agrees:
            raise SettingNotTaken(session.resource, step.query.rstrip("?"), step.wanted, answer)


def _step(select: str, header: str, wanted: str, agrees: Callable[[str], bool]) -> Step:
    before = f"{select};:" if select else ""
    return Step(f"{before}{header} {wanted}", f"{before}{header}?", wanted, agrees)
