"""The proposed behaviour profile: what a person reviews, and puts into the meter type's file for a firmware version."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rig.procedures.characterise.evidence import Evidence, Sureness
from rig.procedures.characterise.figures import Figure

_WIDTH = 116


@dataclass(frozen=True, slots=True)
class Characterised:
    """What was characterised: ``firmware`` of the unit, where and when, and the id of the run that has the readings."""

    meter_type: str
    firmware: str
    serial_number: str
    bench: str
    simulated: bool
    run: str
    day: dt.date


def proposal_text(of: Characterised, found: Sequence[Evidence], measured: Sequence[Figure] = ()) -> str:
    """Return the part ``behaviour`` of a meter type's file as YAML, each choice below its evidence.

    ``reviewed_by`` is empty: no file with an empty one is accepted, so that no suite judges by a proposal that a
    person has not reviewed. What is the default is a comment; what was not told or not asked is one too, and so are
    the figures ``measured``, which belong to no choice.
    """
    where = f"run {of.run}, bench {of.bench}{' (simulated)' if of.simulated else ''}"
    clear = [each for each in found if each.sureness is Sureness.CLEAR]
    changed = [each for each in clear if not each.is_default]
    lines = [
        f"# Proposed behaviour of meter type {of.meter_type}, firmware {of.firmware}.",
        *_comment(f"rig characterise, {of.day}: one unit, serial number {of.serial_number}; {where}.", ""),
        *_comment(
            "Review the evidence, fill in reviewed_by and reviewed_on, and put this entry into the meter type's file. "
            "No file with an empty reviewed_by is accepted, and suites ask about no choice of an unreviewed version.",
            "",
        ),
        "behaviour:",
        f'  - firmware: ["{of.firmware}"]',
        '    reviewed_by: ""',
        "    reviewed_on: null",
        f"    evidence: rig characterise, {where}, {of.day}, unit {of.serial_number}",
        "    choices:" if changed else "    choices: {}",
    ]
    for each in changed:
        lines += _comment(f"{each.key} {each.text}", "      ")
        lines.append(f"      {each.choice}: {each.proposed}")
    for heading, group in (
        ("As by default, which needs no line:", [each for each in clear if each.is_default]),
        ("Not told by this test; decide by hand, or leave the default:", _of(found, Sureness.NOT_TOLD)),
        ("Not asked:", _of(found, Sureness.NOT_ASKED)),
    ):
        if group:
            lines += ["", f"# {heading}"]
        for each in group:
            lines += _comment(f"{each.key} {each.text}", "", "  ")
    if measured:
        lines += ["", "# Measured, no choice of the profile:"]
    for figure in measured:
        lines += _comment(f"{figure.key} {figure.text}", "", "  ")
    return "\n".join(lines) + "\n"


def _of(found: Sequence[Evidence], sureness: Sureness) -> list[Evidence]:
    return [each for each in found if each.sureness is sureness]


def _comment(text: str, indent: str, hanging: str = "") -> list[str]:
    first, rest = f"{indent}# ", f"{indent}# {hanging}"
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False)
