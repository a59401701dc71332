"""What the provenance codes of limit rows mean, in words; docs/reference/provenance.md explains them at length."""

from __future__ import annotations

PROVENANCE = {
    "MANUAL": "in the meter's manual",
    "FR-LAW": "read in a public law that copies the table",
    "EU-LAW": "read in the directive itself",
    "K-H": "recalled with high confidence",
    "K-M": "recalled with medium confidence",
    "K-L": "recalled with low confidence",
}
"""By code, as in ``provenance`` of a row. Whether a row was compared with a bought copy is said apart from it."""


def in_words(code: str) -> str:
    """Say what a code means; one of a house's own is explained at the top of its file."""
    return PROVENANCE.get(code, f"{code}, explained at the top of its file")
