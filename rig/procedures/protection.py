"""Record that no protection is left once rig and guardian are both gone; refuse such a run unless it is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig.bench.protection import NOT_PROTECTED, is_protected
from rig.events import Noted
from rig.procedures.needs import require_protection

if TYPE_CHECKING:
    from rig.bench import Bench


def note_protection(bench: Bench, *, unprotected: bool) -> None:
    """Record that nothing protects (event ``unprotected``); where that is not allowed nothing can be energised."""
    if bench.supervisor is None or is_protected(bench.file.parts):
        return
    if unprotected:
        bench.events.publish(Noted("unprotected", NOT_PROTECTED))
        return
    bench.supervisor.pre_energise_checks += (lambda: require_protection(bench.file, unprotected=False),)
