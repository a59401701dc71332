"""The end of a run as its record has it: outputs off first, then written down wherever that is still possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.errors import RigError
from rig.bench import Bench
from rig.records import RunRecorder
from rig.safety.safe_state import SafeStateReport


def confirm_off(bench: Bench, record: RunRecorder, say: Callable[[str], None], *, softly: bool) -> SafeStateReport:
    """Switch off, write down what came of it, and raise SafeStateNotConfirmed where nobody could confirm it.

    What the database does not take goes into the guardian's journal, which has its room already.
    """
    assert bench.supervisor is not None
    report = bench.supervisor.de_energise(softly=softly)
    text = "; ".join(report.details)
    severity = "info" if report.confirmed else "error"
    data = {"confirmed": report.confirmed, "by": list(report.by)}
    if not note_if_possible(record, say, "safe state", text, severity, data) and bench.guardian is not None:
        bench.guardian.note(text, confirmed=report.confirmed)
    report.raise_if_not_confirmed()
    return report


def note_if_possible(
    record: RunRecorder,
    say: Callable[[str], None],
    kind: str,
    text: str,
    severity: str = "error",
    data: Mapping[str, object] | None = None,
) -> bool:
    """Record an event; False where the record cannot be written any more: that must not keep anything on."""
    try:
        record.event(kind, text, severity, data)
    except RigError as error:
        say(str(error))
        return False
    return True
