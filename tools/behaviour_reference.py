"""Write docs/reference/behaviour.md from the behaviour profile. Run: ``python tools/behaviour_reference.py``."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

from meter_model.behaviour.profile import BehaviourProfile, Choice, choices
from meter_model.behaviour.settled import SETTLED

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "behaviour.md"

_HEAD = """# Behaviour that the manual leaves open

Generated from the source in `meter_model/behaviour/` by `python tools/behaviour_reference.py`: edit there, not here.

Where the manual is silent, or says two things, the model has a named choice. A meter type's and firmware's profile sets
it; `BehaviourProfile()` is every default. Pages are the manual's.
"""

_SETTLED_HEAD = """## Contradictions that leave no choice

Only one reading can be meant; the model has no other.
"""


def document() -> str:
    """Return the whole page."""
    kinds = {entry.name: type(entry.default) for entry in fields(BehaviourProfile)}
    every = sorted(choices(), key=lambda each: each.name.startswith("panel_"))  # the panel's last
    lines = [_HEAD, "## Choices\n", "| choice | default | pages |", "|---|---|---|"]
    lines += [f"| [`{each.name}`](#{each.name}) | `{each.default}` | {each.pages} |" for each in every]
    lines.append("")
    for each in every:
        lines += _section(each, kinds[each.name])
    lines += [_SETTLED_HEAD, "| subject | the manual says | taken | because | pages |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.subject} | {each.contradiction} | {each.taken} | {each.reason} | {each.pages} |" for each in SETTLED
    ]
    return "\n".join(lines) + "\n"


def _section(choice: Choice, kind: type) -> list[str]:
    lines = [f"### {choice.name}\n"]
    if issubclass(kind, StrEnum):
        lines.append(f"{inspect.getdoc(kind)}\n")
        meanings = _meanings(kind)
        for option in choice.options:
            is_default = " (default)" if option == choice.default else ""
            meaning = f": {meanings[option]}" if option in meanings else ""
            lines.append(f"- `{option}`{is_default}{meaning}")
        lines.append("")
    else:
        lines.append(f"A number; the default is {choice.default}.\n")
    lines.append(f"Default because: {choice.reason}. Pages {choice.pages}.\n")
    return lines


def _meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Return the texts that stand below the members in the source, by option."""
    found = re.findall(r'^    \w+ = "([^"]+)"\n    """(.+?)"""', inspect.getsource(kind), re.MULTILINE | re.DOTALL)
    return {option: " ".join(text.split()) for option, text in found}


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
