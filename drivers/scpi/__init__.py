"""SCPI over VISA: transports, and a session that checks the error queue, keeps deadlines and never guesses."""

from __future__ import annotations

from drivers.scpi.parsing import parse_bool, parse_error, parse_float, says_over_range, split_answers
from drivers.scpi.resource import ResourceKind, resource_kind
from drivers.scpi.serial_line import SerialLine
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import Exchange, RecordingTransport, Transport
from drivers.scpi.visa import VisaTransport

__all__ = [
    "Exchange",
    "RecordingTransport",
    "ResourceKind",
    "ScpiSession",
    "SerialLine",
    "Transport",
    "VisaTransport",
    "parse_bool",
    "parse_error",
    "parse_float",
    "resource_kind",
    "says_over_range",
    "split_answers",
]
