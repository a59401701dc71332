"""Parse VISA resource names: the kind of connection, or what is wrong with the name.

Source: VPP-4.3 (VISA library), table 4.3.1 for the forms (recalled, unverified); ``hislip0,PORT`` and device paths
after ``ASRL`` as pyvisa-py's source takes them. Names of NI-VISA's own (aliases) are not taken: they mean nothing on
another computer.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from types import MappingProxyType


class ResourceKind(enum.Enum):
    """A kind of connection, with its form as a person writes it."""

    SOCKET = "TCPIP0::192.168.1.20::5025::SOCKET"
    HISLIP = "TCPIP0::192.168.1.20::hislip0::INSTR"
    VXI11 = "TCPIP0::192.168.1.20::inst0::INSTR"
    GPIB = "GPIB0::5::INSTR"
    USB = "USB0::0x0957::0x1234::MY12345678::INSTR"
    SERIAL = "ASRL/dev/ttyUSB0::INSTR"


_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_ID = r"(?:0x[0-9A-F]{1,4}|\d{1,5})"
_INSTR = r"(?:::INSTR)?"
_FORMS: Mapping[ResourceKind, re.Pattern[str]] = MappingProxyType(
    {
        kind: re.compile(form, re.IGNORECASE | re.ASCII)
        for kind, form in (
            (ResourceKind.SOCKET, rf"TCPIP\d*::{_HOST}::(?P<port>\d+)::SOCKET"),
            (ResourceKind.HISLIP, rf"TCPIP\d*::{_HOST}::hislip\d+(?:,(?P<port>\d+))?{_INSTR}"),
            (
                ResourceKind.VXI11,
                rf"TCPIP\d*::{_HOST}(?:,(?P<port>\d+))?(?:::(?!INSTR|SOCKET|hislip)[A-Z][\w,]*)?{_INSTR}",
            ),
            (ResourceKind.GPIB, rf"GPIB\d*::(?P<primary>\d+)(?:::(?P<secondary>\d+))?{_INSTR}"),
            (ResourceKind.USB, rf"USB\d*::{_ID}::{_ID}::(?!(?:INSTR|RAW)\Z)[^:\s]+(?:::\d+)?{_INSTR}"),
            (ResourceKind.SERIAL, rf"ASRL(?:\d+|COM\d+|/[^:\s]+){_INSTR}"),
        )
    }
)
_PORTS, _PRIMARY, _SECONDARY = range(1, 65536), range(31), (*range(31), *range(96, 127))


def resource_kind(resource: str) -> ResourceKind:
    """Return what kind of connection ``resource`` names; raises ValueError with a sentence that says what kinds are.

    Nothing is opened. Whether an instrument answers there, and whether the VISA library in use has this kind, shows
    when it is opened.
    """
    for kind, form in _FORMS.items():
        match = form.fullmatch(resource)
        if match is not None:
            _check_numbers(resource, match.groupdict())
            return kind
    known = ", ".join(each.value for each in ResourceKind)
    raise ValueError(f"{resource!r} is no VISA resource name; the kinds are {known}")


def _check_numbers(resource: str, numbers: Mapping[str, str | None]) -> None:
    for name, allowed, words in (
        ("port", _PORTS, "a port is 1 to 65535"),
        ("primary", _PRIMARY, "a GPIB address is 0 to 30"),
        ("secondary", _SECONDARY, "a secondary GPIB address is 0 to 30 or 96 to 126"),
    ):
        text = numbers.get(name)
        if text is not None and (len(text) > 9 or int(text) not in allowed):
            raise ValueError(f"{resource!r} is no VISA resource name: {words}, not {text}")
