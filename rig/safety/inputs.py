"""Interlock and emergency stop as inputs: the rig reads, records and obeys them; hardware protects people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from drivers.errors import RigError
from drivers.switch.base import SafetyContacts

READ_EVERY_S = 0.5
"""Wall seconds between two readings while something is energised."""

FRESH_S = 1.0
"""A reading that took longer than this, in wall seconds, says nothing about now."""

_NAMES = {"interlock": "the interlock", "emergency_stop": "the emergency stop's contact"}

_SAID = {True: "closed", False: "open", None: "not sensed"}

SafeWhen = Literal["closed", "open"]


@dataclass(frozen=True, slots=True)
class InputsReading:
    """What was read, and whether it is safe to energise.

    ``found`` and ``wanted`` in words: where it is not safe, of the contacts in the wrong state.
    """

    is_safe: bool
    found: str
    wanted: str


@dataclass(eq=False)
class SafetyInputs:
    """The contacts of the safety circuit that are wired to the switch unit; ``read`` asks it, nothing is remembered.

    ``safe_when``: of the wired ones, ``interlock`` and ``emergency_stop``, whether they are closed or open while it is
    safe to energise. A switch unit that does not answer, or answers late, or with what is neither, counts as open.
    """

    sense: Callable[[], SafetyContacts]
    safe_when: Mapping[str, SafeWhen]
    now_s: Callable[[], float] = field(default=time.monotonic, kw_only=True)
    _last_s: float | None = field(default=None, init=False)

    @classmethod
    def none(cls) -> SafetyInputs:
        """Return the inputs of a bench that has none."""
        return cls(SafetyContacts, {})

    @property
    def are_wired(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.safe_when)

    @property
    def text(self) -> str:
        """Which inputs are wired and which are not, as shown when the bench is opened."""
        if not self.are_wired:
            return "interlock: not wired; the rig does not see whether the enclosure is shut"
        wanted = _in_words(self.safe_when)
        words = [f"interlock: energised only with {wanted}, read before and every {READ_EVERY_S:g} s meanwhile"]
        for name, what in _NAMES.items():
            if name not in self.safe_when:
                words.append(f"{name.replace('_', ' ')}: not wired")
            elif self.safe_when[name] == "open":
                words.append(f"{what} is safe when open, so that a broken wire is not noticed")
        return "; ".join(words)

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return self.are_wired and (self._last_s is None or self.now_s() - self._last_s >= READ_EVERY_S)

    def read(self) -> InputsReading:
        """Ask the switch unit now; raises nothing."""
        asked_s = self.now_s()
        try:
            contacts = self.sense()
        except RigError as error:
            self._last_s = self.now_s()
            return InputsReading(False, f"the switch unit did not say ({error})", _in_words(self.safe_when))
        self._last_s = self.now_s()
        took_s = self._last_s - asked_s
        if took_s > FRESH_S:
            return InputsReading(
                False, f"the switch unit answered after {took_s:.1f} s only", _in_words(self.safe_when)
            )
        said = {name: _SAID[getattr(contacts, name)] for name in self.safe_when}
        wrong = {name: found for name, found in said.items() if found != self.safe_when[name]}
        wanted = {name: self.safe_when[name] for name in wrong or said}
        return InputsReading(not wrong, _in_words(wrong or said), _in_words(wanted))


def _in_words(states: Mapping[str, str]) -> str:
    return " and ".join(f"{_NAMES[name]} {state}" for name, state in states.items())
