"""Check a bench file for the parts that a suite needs, before any I/O."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.bench.protection import is_protected
from rig.errors import UsageRefused

JUDGING = ("source", "analyzer", "meter")
"""Judging a meter needs a stimulus, a reference, and a meter that can be read."""


def require(bench: BenchFile, *capabilities: str) -> None:
    """Raise UsageRefused naming what ``bench`` lacks of ``capabilities`` (BenchFile.capabilities), and what works."""
    missing = [name for name in capabilities if name not in bench.capabilities]
    if missing:
        works = [command for command, needs in _WORKS.items() if needs <= bench.capabilities]
        raise UsageRefused(
            f"bench {bench.name} has no {' and no '.join(missing)}, and this needs {'them' if missing[1:] else 'one'}; "
            f"what works on it: {', '.join(works)}"
        )


def require_protection(bench: BenchFile, *, unprotected: bool) -> None:
    """Raise UsageRefused where nothing would switch a source off once rig and guardian are both gone.

    ``unprotected``: the operator has accepted that; a run that a person watches does not need it (hold).
    """
    if not unprotected and not is_protected(bench.parts):
        raise UsageRefused(
            f"bench {bench.name} is not protected: if the rig and its guardian are both gone (mains, kernel, kill), "
            "nothing switches its outputs off, since its source has no watchdog and it has no contactor; fit one "
            "(switch: contactor), or say --unprotected, which is recorded"
        )


_WORKS = {
    "rig bench check": frozenset[str](),
    "rig snapshot": frozenset({"meter"}),
    "rig regress": frozenset({"meter"}),
    "rig bus": frozenset({"bus"}),
    "rig hold": frozenset({"source"}),
    "rig off": frozenset({"source"}),
}
