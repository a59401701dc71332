"""Events that an MS/TP port reports to its owner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A data frame for this node, or a broadcast: MAC addresses 0..254 (``destination`` 255 = broadcast), the NPDU.

    With ``expecting_reply`` the sender waits, for 250 ms at most, for an NPDU from here that answers this one.
    """

    source: int
    destination: int
    expecting_reply: bool
    npdu: bytes


@dataclass(frozen=True, slots=True)
class LineLost:
    """The adapter is gone, ``reason`` says how; the port waits for it to come back. What it had to send is gone too."""

    reason: str


@dataclass(frozen=True, slots=True)
class LineRestored:
    """The adapter is back and its node has had the token again, ``lost_s`` seconds after LineLost."""

    lost_s: float


@dataclass(frozen=True, slots=True)
class PortFailed:
    """The port has ended and will give no further event; ``reason`` says why, in words for a person."""

    reason: str


PortEvent = FrameReceived | LineLost | LineRestored | PortFailed
