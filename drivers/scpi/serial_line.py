"""Line settings of a serial (ASRL) instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "even", "odd"]
Flow = Literal["none", "rts-cts", "xon-xoff", "dtr-dsr"]
Termination = Literal["lf", "cr", "crlf"]

ENDS: dict[Termination, str] = {"lf": "\n", "cr": "\r", "crlf": "\r\n"}
"""The characters that end a message and an answer."""


@dataclass(frozen=True, slots=True)
class SerialLine:
    """Settings of a serial line, as the instrument's front panel has them: ``baud`` bits a second, 8N1 as a rule.

    ``flow``: the flow control. ``termination``: what ends messages and answers; None is what the driver says.
    """

    baud: int = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow = "none"
    termination: Termination | None = None
