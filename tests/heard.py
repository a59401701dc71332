"""Hear the events of a bench or a run: as lines, as a person sees them, or as they are."""

from rig.events import Event, Events


def heard(lines, kind=Event):
    """Return a publisher whose events of ``kind`` go into ``lines`` as texts, where they have any."""
    events = Events()
    events.subscribe(kind, lambda event: lines.append(str(event)) if str(event) else None)
    return events
