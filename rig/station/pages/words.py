"""What the page says in each state: the big word, the sentence below it, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from rig.station.phase import Phase
from rig.station.service import Station

NOT_STOPPED = "NOT stopped: press the emergency stop"


@dataclass(frozen=True)
class Words:
    """The state in words. ``mark``: a sign that needs no colour to be told from the others."""

    big: str
    mark: str
    what: str
    next: str


def words_of(station: Station) -> Words:
    """Return what to show now."""
    phase, run, view = station.phase, station.run, station.view
    scanned = [] if run is None else list(run.scanned.values())
    numbers = ", ".join(scanned) if len(scanned) < 4 else f"{len(scanned)} meters"
    why = station.said_at_the_end
    if phase is Phase.IDLE:
        return Words("READY", "", "No meter is being tested.", "Fit a meter and scan its serial number.")
    if phase is Phase.FILLING:
        done = f"{len(station.filling)} of {len(station.settings.used)} positions have a serial number."
        at = station.next_position
        return Words("SCAN", "", done, f"Scan the meter at position {at}, or press Start to leave the rest out.")
    if phase is Phase.STARTING:
        return Words("STARTING", "", f"{numbers}: the bench is being opened.", "Keep the enclosure shut. Wait.")
    if phase is Phase.RUNNING:
        return Words("TESTING", "", numbers, "Keep the enclosure shut. Wait for the result.")
    if phase is Phase.PROMPT:
        return Words("YOUR TURN", "?", numbers, "Do what is asked below. Keep the enclosure shut.")
    if phase is Phase.PAUSING:
        return Words("PAUSING", "", numbers, "Outputs go off after the present step. Wait.")
    if phase is Phase.PAUSED:
        return Words("PAUSED", "", f"{numbers}: the outputs are off.", "Press Continue: the outputs go on again.")
    if phase is Phase.STOPPING:
        return Words("STOPPING", "", "The outputs are being switched off.", "Wait. Do not open the enclosure.")
    if phase is Phase.NOT_STOPPED:
        return Words("NOT STOPPED", "!", "Nothing has confirmed that the outputs are off.", f"{NOT_STOPPED}.")
    return _result(phase, numbers, why, station, view.outcome)


def _result(phase: Phase, numbers: str, why: str, station: Station, outcome: str) -> Words:
    if phase is Phase.PASSED:
        return Words("PASS", "✓", numbers, "Take the meter out. Fit the next one and scan it.")
    if phase is Phase.FAILED:
        classes = [word.replace("_", " ") for each in station.view.units for word in each.get("failure_classes") or ()]
        failed = [*dict.fromkeys(classes), *station.view.failures()]
        what = "; ".join([numbers, *failed[:4]])
        return Words("FAIL", "✗", what, "Set the meter aside as failed. Scan the next one.")
    if phase is Phase.STOPPED:
        return Words(
            "STOPPED", "■", f"{numbers}: stopped, no result." if numbers else "The outputs are off.",
            "The outputs are confirmed off. To test the meter again, scan it.",
        )  # fmt: skip
    if phase is Phase.REFUSED:
        return Words("NOT TESTED", "–", why or "The test did not begin.", "Mend what is said here, then scan again.")
    if phase is Phase.BROKEN:
        return Words(
            "NO RESULT", "–", f"{numbers}: the test ended before its result was recorded.",
            "The meter has not passed. Scan it to test it again. If this happens twice, call the engineer.",
        )  # fmt: skip
    if station.is_of_another_meter:
        return Words(
            "NO RESULT", "–",
            f"Scanned {numbers}, but the meter on the bench says {station.view.serial_number}.",
            "The result does not count. Fit the right meter and scan it.",
        )  # fmt: skip
    return Words(
        "NO RESULT", "–", f"{numbers}: {outcome}. {why}".strip(),
        "The meter has not passed. Scan it to test it again. If this happens twice, call the engineer.",
    )  # fmt: skip
