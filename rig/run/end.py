"""The end of a run: what the bus did in it."""

from __future__ import annotations

from dataclasses import asdict

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from rig.events import Events, Noted


def note_bus(bus: MeterBus, events: Events) -> None:
    """Record what the bus did in this run: above all how often a lost read was repeated."""
    try:
        counted = bus.statistics()
    except RigError as error:
        events.publish(Noted("bus", f"no statistics: {error}", "warning"))
        return
    severity = "warning" if counted.repeats or counted.timeouts or counted.port.lines_lost else "info"
    text = f"{counted.requests} requests, {counted.timeouts} unanswered, {counted.repeats} repeated"
    if counted.port.lines_lost:
        text += f"; the adapter was away for {counted.lost_s:.1f} s, {counted.asked_again} reads asked again for that"
    events.publish(Noted("bus", text, severity, asdict(counted.port)))
