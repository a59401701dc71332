"""Prompts and answers as data, and the protocol of what asks them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PromptKind(StrEnum):
    """What an operator is asked for."""

    CONFIRM = "confirm"
    READ_VALUE = "read_value"
    PRESS_KEYS = "press_keys"
    SCAN = "scan"


TAKE_OUT, PUT_BACK = "take-out-", "put-back-"
"""What the id of a prompt begins with that asks for a unit to be taken out of its position, or put back."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to the operator. ``text``: what to do, in one or two plain sentences.

    ``screen``: the panel's screen that it is about, ``keys``: those to press, in order, ``unit``: of the value to read,
    ``position``: where the meter sits. All but the text may be empty.
    """

    prompt_id: str
    kind: PromptKind
    text: str
    screen: str = ""
    keys: tuple[str, ...] = ()
    unit: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the operator answered: ``text`` as typed or scanned, ``confirmed``: yes, or done; a "no" has False."""

    prompt_id: str
    text: str = ""
    confirmed: bool = True


class Operator(Protocol):
    """Asks a person, or what answers for one."""

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Ask, and wait for the answer; ``timeout_s`` is wall time. Raises NoAnswer where none comes."""
        ...
