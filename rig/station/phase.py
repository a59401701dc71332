"""The state that a station shows, one word for each."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What the station does now, or the result that it keeps until the next scan."""

    IDLE = "idle"
    FILLING = "filling"
    """Some positions have their serial number, others are scanned next."""
    STARTING = "starting"
    RUNNING = "running"
    PROMPT = "prompt"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    NOT_STOPPED = "not-stopped"
    """Outputs off was asked for, and nothing has confirmed it in time."""
    STOPPED = "stopped"
    PASSED = "pass"
    FAILED = "fail"
    NO_VERDICT = "no-verdict"
    """The run has ended and its record has no verdict about the unit."""
    REFUSED = "refused"
    """The run did not begin: what was asked for, or the bench, did not permit it."""
    BROKEN = "broken"
    """The run's process ended without closing its record."""

    @property
    def is_result(self) -> bool:
        """Whether it is what came of a run, kept until the next scan."""
        return self in (
            Phase.STOPPED, Phase.PASSED, Phase.FAILED, Phase.NO_VERDICT, Phase.REFUSED, Phase.BROKEN,
        )  # fmt: skip
