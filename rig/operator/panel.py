"""An operator that is no person: it presses the keys of emulated panels and reads their displays."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from rig.operator.errors import NoAnswer
from rig.operator.panel_link import PanelNotThere, PanelView
from rig.operator.prompts import PUT_BACK, TAKE_OUT, Answer, Prompt, PromptKind

_UNTIL = " until shown"
_MOST_PRESSED = 64
_ICONS = "icons"
_NO_POSITIONS: Mapping[str, int] = MappingProxyType({})


class Link(Protocol):
    """What shows panels and presses their keys: ``PanelLink``."""

    def view(self, meter: int = 0) -> PanelView:
        """Return what the display shows."""
        ...

    def press(self, meter: int, *keys: str) -> PanelView:
        """Press keys; returns what is shown then."""
        ...

    def connect(self, meter: int, on: bool) -> None:
        """Connect a meter's voltage and CT leads, or take them off."""
        ...


class PanelOperator:
    """Answers prompts from the panels behind ``link``; ``meters``: number of the meter by position (else the first).

    A prompt with keys has them pressed; ``PLUS until shown`` is pressed until the prompt's screen is there. A prompt
    with a screen is answered "no" when another screen is shown, with what is shown. A value is answered with its unit,
    a scan with the serial number that the panel shows. A unit that is to be taken out of its position, or put back, has
    its leads taken off or connected. Any other prompt for a yes is answered with yes while the
    display is on.
    """

    def __init__(self, link: Link, meters: Mapping[str, int] = _NO_POSITIONS) -> None:
        self._link = link
        self._meters = meters

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Answer at once; raises NoAnswer where the panel cannot be reached."""
        number = self._meters.get(prompt.position, 0)
        try:
            if prompt.prompt_id.startswith((TAKE_OUT, PUT_BACK)):
                self._link.connect(number, on=prompt.prompt_id.startswith(PUT_BACK))
                return Answer(prompt.prompt_id)
            view = self._pressed(number, prompt)
            if prompt.kind is PromptKind.SCAN:
                return Answer(prompt.prompt_id, self._serial_number(number))
        except PanelNotThere as error:
            raise NoAnswer(prompt.prompt_id, str(error)) from error
        if prompt.screen and view.label != prompt.screen:
            return Answer(prompt.prompt_id, view.label, confirmed=False)
        if prompt.kind is PromptKind.READ_VALUE:
            text = (" ".join(view.icons) or "none") if prompt.unit == _ICONS else view.reading
            return Answer(prompt.prompt_id, text)
        return Answer(prompt.prompt_id, view.label, confirmed=view.is_on)

    def _pressed(self, number: int, prompt: Prompt) -> PanelView:
        view = self._link.view(number)
        for key in prompt.keys:
            if not key.endswith(_UNTIL):
                view = self._link.press(number, key)
                continue
            for _ in range(_MOST_PRESSED):
                if view.label == prompt.screen:
                    break
                view = self._link.press(number, key.removesuffix(_UNTIL))
        return view

    def _serial_number(self, number: int) -> str:
        """Go to SN from anywhere: out of every menu, then PLUS until INFO is shown, and to the right."""
        view = self._link.press(number, *["BACK"] * 8)
        for label, key in (("INFO", "PLUS"), ("SN", "ENTER")):
            for _ in range(_MOST_PRESSED):
                if view.label == label:
                    break
                view = self._link.press(number, key)
        if view.label != "SN":
            raise PanelNotThere("the panel does not show SN")
        return view.value
