"""Readings of a meter: plain values with the times of the requests that returned them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a meter says it is; texts as its Device object has them, ``serial_number`` from its Object_Name."""

    device_instance: int
    object_name: str
    serial_number: str
    vendor_name: str
    vendor_identifier: int
    model_name: str
    firmware_revision: str
    application_software_version: str
    location: str
    description: str
    protocol_revision: int
    max_master: int


@dataclass(frozen=True, slots=True)
class LoadPointReading:
    """One answer of a meter, all of one update: AI instance to value (NaN for QNAN), in the points' own units.

    Times are seconds of the system's monotonic clock: when the request was handed to the bus, when its answer was in.
    """

    values: Mapping[int, float]
    requested_at_s: float
    answered_at_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a snapshot: its times (monotonic seconds) and the ``canaries``, AI instance to value."""

    requested_at_s: float
    answered_at_s: float
    canaries: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole meter, read in several requests.

    ``values`` are the present values by (kind, instance): floats for AI and AV (NaN for QNAN), 0.0 or 1.0 for BI.
    ``reliability`` are those of AI and AV (0: no fault). ``torn`` says that an update of the meter fell in between,
    so that not all values are of the same one; the canaries show it, values that move with every update and are
    read in the first part and again in the last. A meter without any load has no such values, and none of its readings
    can be torn.
    """

    values: Mapping[tuple[str, int], float]
    reliability: Mapping[tuple[str, int], int]
    parts: tuple[Part, ...]
    torn: bool

    @property
    def requested_at_s(self) -> float:
        """When the first request was handed to the bus."""
        return self.parts[0].requested_at_s

    @property
    def answered_at_s(self) -> float:
        """When the last answer was in."""
        return self.parts[-1].answered_at_s
