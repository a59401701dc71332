"""One request and its answer: the times, a refusal as an error, and the counts of all exchanges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import AbortPDU, AbortReason, RejectPDU

from drivers.meter.errors import MeterAborted, MeterError, MeterRefused, MeterRejected, MeterTimeout
from drivers.mstp.statistics import Statistics


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """What was counted since the bus was opened: the port's own counters, and requests at the application's level.

    ``repeats`` are requests sent again after no answer came; ``timeouts`` those that were given up. ``asked_again`` are
    reads sent again because the adapter had gone meanwhile; ``lost_s`` is for how long it was away, in all.
    """

    port: Statistics
    requests: int
    repeats: int
    timeouts: int
    asked_again: int = 0
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer (bacpypes3 APDUs), with their times in monotonic seconds."""

    request: Any
    answer: Any
    requested_at_s: float
    answered_at_s: float


def refusal_of(nack: Any, address: int, request: str, timeout_s: float) -> MeterError:
    """Return the error for bacpypes3's Error, Reject or Abort to ``request``; its own time-outs come as Aborts."""
    if isinstance(nack, AbortPDU):
        if nack.apduAbortRejectReason in (AbortReason.noResponse, AbortReason.tsmTimeout):
            return MeterTimeout(address, request, timeout_s)
        return MeterAborted(address, request, str(nack.apduAbortRejectReason))
    if isinstance(nack, RejectPDU):
        return MeterRejected(address, request, str(nack.apduAbortRejectReason))
    return MeterRefused(address, request, str(nack.errorClass), str(nack.errorCode))
