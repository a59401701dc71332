"""Errors between the rig and a meter, each with its data."""

from __future__ import annotations

from drivers.errors import DriverError
from drivers.mstp.codec.frames import SeenFrame


class BusFailed(DriverError):
    """The MS/TP port has ended: no device on the bus can be reached; ``device`` is its path, ``reason`` says why.

    ``frames``: the last frames on the bus where the bus could not be opened, since they cannot be asked for later.
    """

    def __init__(self, device: str, reason: str) -> None:
        self.frames: tuple[SeenFrame, ...] = ()
        super().__init__(f"the bus on {device} failed: {reason}")
        self.device = device
        self.reason = reason


class BusInterrupted(BusFailed):
    """The adapter went while ``request`` to the meter at MAC ``address`` was under way; whether it was done is unknown.

    The bus goes on when the adapter is back.
    """

    def __init__(self, device: str, address: int, request: str) -> None:
        what = f"the adapter was lost while a request to the meter at MAC {address} was under way ({request})"
        super().__init__(device, f"{what}; read back what it may have changed before sending it again")
        self.address = address
        self.request = request


class MeterError(DriverError):
    """A request to a meter failed; ``address`` is its MAC, ``request`` what was asked of it."""

    def __init__(self, address: int, request: str, message: str) -> None:
        super().__init__(f"the meter at MAC {address} {message} ({request})")
        self.address = address
        self.request = request


class MeterTimeout(MeterError):
    """No answer came within ``waited_s`` seconds."""

    def __init__(self, address: int, request: str, waited_s: float) -> None:
        hint = "check its address, the baud rate and the wiring"
        super().__init__(address, request, f"did not answer within {waited_s:g} s; {hint}")
        self.waited_s = waited_s


class MeterRefused(MeterError):
    """The meter answered with a BACnet Error; ``error_class`` and ``error_code`` are its hyphen names."""

    def __init__(self, address: int, request: str, error_class: str, error_code: str) -> None:
        super().__init__(address, request, f"refused: {error_class}, {error_code}")
        self.error_class = error_class
        self.error_code = error_code


class MeterAborted(MeterError):
    """The meter answered with a BACnet Abort; ``reason`` is its hyphen name."""

    def __init__(self, address: int, request: str, reason: str) -> None:
        super().__init__(address, request, f"aborted: {reason}")
        self.reason = reason


class MeterRejected(MeterError):
    """The meter answered with a BACnet Reject; ``reason`` is its hyphen name."""

    def __init__(self, address: int, request: str, reason: str) -> None:
        super().__init__(address, request, f"rejected: {reason}")
        self.reason = reason


class AnswerNotUnderstood(MeterError):
    """The meter's answer does not fit the request; ``reason`` says in what."""

    def __init__(self, address: int, request: str, reason: str) -> None:
        super().__init__(address, request, f"gave an answer that is not understood: {reason}")
        self.reason = reason


class ValueNotTaken(MeterError):
    """A written value did not read back in time; ``written``, what was ``read`` last, ``reliability`` (0: no fault)."""

    def __init__(
        self, address: int, request: str, written: float, read: float, reliability: int, waited_s: float
    ) -> None:
        super().__init__(
            address,
            request,
            f"acknowledged {written:g} but reads {read:g} (reliability {reliability}) after {waited_s:g} s",
        )
        self.written = written
        self.read = read
        self.reliability = reliability
        self.waited_s = waited_s
