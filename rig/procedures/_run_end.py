"""The end of a run as its record has it: outputs off first, then written down wherever that is still possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from drivers.errors import RigError
from drivers.meter import MeterBus
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


def note_bus(bus: MeterBus, record: RunRecorder) -> None:
    """Record what the bus did in this run: above all how often a lost read was repeated."""
    try:
        counted = bus.statistics()
    except RigError as error:
        record.event("bus", f"no statistics: {error}", "warning")
        return
    severity = "warning" if counted.repeats or counted.timeouts or counted.port.lines_lost else "info"
    text = f"{counted.requests} requests, {counted.timeouts} unanswered, {counted.repeats} repeated"
    if counted.port.lines_lost:
        text += f"; the adapter was away for {counted.lost_s:.1f} s, {counted.asked_again} reads asked again for that"
    record.event("bus", text, severity, asdict(counted.port))
