"""Errors of an MS/TP port."""

from __future__ import annotations

from drivers.errors import DriverError


class PortError(DriverError):
    """Something about an MS/TP port; ``device`` is its path."""

    def __init__(self, device: str, message: str) -> None:
        super().__init__(f"{device}: {message}")
        self.device = device


class PortUnavailable(PortError):
    """The serial port could not be opened, or is no longer there; ``reason`` says why."""

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(device, reason)
        self.reason = reason


class PortSettingInvalid(PortError):
    """A setting is outside what clause 9 allows: ``field`` its name, ``value`` what was asked, ``rule`` what holds."""

    def __init__(self, device: str, field: str, value: object, rule: str) -> None:
        super().__init__(device, f"{field} = {value!r} is refused: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class NpduRefused(PortError):
    """An NPDU cannot be sent as one MS/TP frame; ``size`` is its octet count, ``destination`` where it was to go."""

    def __init__(self, device: str, destination: int, size: int, rule: str) -> None:
        super().__init__(device, f"an NPDU of {size} octets to {destination} is not sent: {rule}")
        self.destination = destination
        self.size = size
        self.rule = rule
