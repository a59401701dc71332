"""The end of a run: switch the outputs off first, then record it in the database or the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict

from drivers.errors import RigError
from drivers.meter import MeterBus, MeterClient
from meter_model.configuration import FIELDS
from rig.bench import Bench
from rig.errors import BenchFault
from rig.records import RunRecorder
from rig.safety.switching_off.safe_state import SafeStateReport


def confirm_off(bench: Bench, record: RunRecorder, say: Callable[[str], None], *, softly: bool) -> SafeStateReport:
    """Switch off, write down the result, and raise SafeStateNotConfirmed where off was not confirmed.

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


def restore_configuration(
    meter: MeterClient, as_found: Mapping[int, float], untouchable: Collection[int], record: RunRecorder
) -> dict[int, float]:
    """Put a meter's configuration back as it was found, verify it, record what it is now, and return that.

    ``untouchable``: analog values that are never written. Raises BenchFault where the meter is
    left otherwise than it was found.
    """
    try:
        now = dict(meter.read_configuration())
        for av in FIELDS:
            if now[av] != as_found[av] and av not in untouchable:
                meter.write_value(av, as_found[av])
        left = dict(meter.read_configuration())
    except RigError as error:
        record.event("configuration", f"the meter's configuration could not be restored: {error}", "error")
        raise
    record.configuration_after(left)
    wrong = {av: left[av] for av in FIELDS if left[av] != as_found[av]}
    if wrong:
        found = ", ".join(f"AV{av} is {value:g}, was {as_found[av]:g}" for av, value in wrong.items())
        raise BenchFault(f"the meter was not left as it was found: {found}; 'rig restore' puts them back")
    return left
