"""What the provenance codes of limit rows mean, in words; docs/reference/provenance.md explains them at length."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

PROVENANCE = {
    "MANUAL": "in the meter's manual",
    "FR-LAW": "read in a public law that copies the table",
    "EU-LAW": "read in the directive itself",
    "K-H": "recalled with high confidence",
    "K-M": "recalled with medium confidence",
    "K-L": "recalled with low confidence",
    "own": "a rule of the house that wrote the file",
}
"""By code, as in ``provenance`` of a row. Whether a row was compared with a bought copy is said apart from it."""


def in_words(code: str, own: Mapping[str, str] | None = None) -> str:
    """Say what a code means; ``own``: what the file that has it says of its own codes."""
    return (own or {}).get(code) or PROVENANCE.get(code, f"{code}, explained at the top of its file")


def why_unknown(code: str, own: Mapping[str, str]) -> str:
    """Say why a code means nothing in a file that explains ``own``, with the nearest one; empty where it is known."""
    known = [*PROVENANCE, *own]
    if code in known:
        return ""
    near = difflib.get_close_matches(code, known, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
    return f"there is no provenance code {code!r}; {advice} Explain a code of your own under 'provenances'"
