"""What a suite needs of a bench: asked of the bench file, before any I/O."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.errors import UsageRefused

JUDGING = ("source", "analyzer", "meter")
"""Whoever judges a meter needs a stimulus, a reference, and a meter that can be read."""


def require(bench: BenchFile, *capabilities: str) -> None:
    """Raise UsageRefused naming what ``bench`` lacks of ``capabilities`` (BenchFile.capabilities), and what works."""
    missing = [name for name in capabilities if name not in bench.capabilities]
    if missing:
        works = [command for command, needs in _WORKS.items() if needs <= bench.capabilities]
        raise UsageRefused(
            f"bench {bench.name} has no {' and no '.join(missing)}, and this needs {'them' if missing[1:] else 'one'}; "
            f"what works on it: {', '.join(works)}"
        )


_WORKS = {
    "rig bench check": frozenset[str](),
    "rig snapshot": frozenset({"meter"}),
    "rig regress": frozenset({"meter"}),
    "rig bus": frozenset({"bus"}),
    "rig hold": frozenset({"source"}),
    "rig off": frozenset({"source"}),
}
