"""A finding about a bus, and the announcements of a device: the types that all judgements share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial


class Severity(StrEnum):
    """How bad a finding is: ``fault`` breaks or will break traffic, ``warning`` costs time, ``note`` is information."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``kind`` names it for programs; ``mac`` None means the bus as a whole."""

    severity: Severity
    kind: str
    what: str
    advice: str
    mac: int | None = None

    @property
    def where(self) -> str:
        """Where it is, in words."""
        return "the bus" if self.mac is None else f"MAC {self.mac}"


fault = partial(Finding, Severity.FAULT)
warning = partial(Finding, Severity.WARNING)
note = partial(Finding, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """A device that answered Who-Is, and what it says of itself (None: it has no such property, or did not answer).

    ``network`` 0 is this bus, and ``mac`` its address there. Else ``mac`` is that of the ``router`` through which it
    is reached, and ``remote_address`` its address on that network, in words. ``answered``: the device instances that
    it gave when it was asked for its own.
    """

    mac: int
    device_instance: int
    vendor_identifier: int = 0
    name: str | None = None
    max_master: int | None = None
    max_info_frames: int | None = None
    network: int = 0
    remote_address: str = ""
    answered: tuple[int, ...] = ()

    @property
    def where(self) -> str:
        """Its address in words: network and MAC."""
        if self.network == 0:
            return f"MAC {self.mac}"
        return f"network {self.network}, MAC {self.remote_address}, through MAC {self.mac}"


def ms(time_s: float) -> str:
    """Write a time in milliseconds."""
    return f"{time_s * 1e3:.0f} ms" if time_s >= 0.1 else f"{time_s * 1e3:.1f} ms"


def times(count: int) -> str:
    """Write how often something was."""
    return "once" if count == 1 else f"{count} times"
