"""Map a resource name to one key for the thing it names on this host, for any spelling. Opens nothing."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Callable

_LAN = re.compile(
    r"TCPIP\d*::(?P<host>[^:,]+)(?:,(?P<vxi_port>\d+))?(?:::(?P<device>[^:]+?))?(?:::(?P<kind>INSTR|SOCKET))?",
    re.IGNORECASE,
)
_GPIB = re.compile(r"GPIB(?P<board>\d*)::(?P<primary>\d+)(?:::(?P<secondary>\d+))?(?:::INSTR)?", re.IGNORECASE)
_USB = re.compile(
    r"USB\d*::(?P<vendor>\w+)::(?P<product>\w+)::(?P<serial>[^:\s]+)(?:::\d+)?(?:::(?:INSTR|RAW))?", re.IGNORECASE
)
_SERIAL = re.compile(r"ASRL(?P<port>.+?)(?:::INSTR)?", re.IGNORECASE)
_URL = re.compile(r"(?:tcp|socket|rfc2217)://(?P<host>\[[^\]]+\]|[^:/\[\]]+):(?P<port>\d+)", re.IGNORECASE)
_ITSELF = re.compile(r"inst0|hislip0", re.IGNORECASE)
_SCPI_PORTS = (5024, 5025)
"""Ports at which a LAN instrument speaks SCPI itself (IANA: scpi-telnet, scpi-raw)."""

_HISLIP_PORT = 4880

Resolve = Callable[[str], tuple[str, ...]]


def keys_of(resource: str, resolve: Resolve | None = None) -> tuple[str, ...]:
    """Return the keys of a VISA resource, a serial port or a ``tcp://host:port``; equal things share at least one.

    A LAN name is looked up (``resolve``; this may wait for a name server); every address of this host is
    ``localhost``. An unknown host keeps its name. A serial port is its device number, links followed. GPIB and USB
    numbers are compared as numbers, letters without case, optional fields as their defaults.
    """
    resolve = addresses_of if resolve is None else resolve
    if (url := _URL.fullmatch(resource)) is not None:
        return tuple(f"tcp/{one}:{int(url['port'])}" for one in resolve(url["host"].strip("[]")))
    if (lan := _LAN.fullmatch(resource)) is not None:
        return _keys_of_lan(lan, resolve)
    if (gpib := _GPIB.fullmatch(resource)) is not None:
        secondary = "" if gpib["secondary"] is None else f"/{int(gpib['secondary'])}"
        return (f"gpib/{int(gpib['board'] or 0)}/{int(gpib['primary'])}{secondary}",)
    if (usb := _USB.fullmatch(resource)) is not None:
        return (f"usb/{_number(usb['vendor'])}/{_number(usb['product'])}/{usb['serial'].lower()}",)
    if (line := _SERIAL.fullmatch(resource)) is not None:
        return (key_of_port(line["port"]),)
    if "::" in resource:
        return (f"visa/{resource.lower().removesuffix('::instr')}",)
    return (key_of_port(resource),)


def key_of_port(device: str) -> str:
    """Return the key of a serial port: its device number; its name without case where there is no such device."""
    try:
        number = os.stat(device).st_rdev  # noqa: PTH116 - the device that the text names, links followed
    except (OSError, ValueError):
        number = 0
    if number:
        return f"tty/{os.major(number)}:{os.minor(number)}"
    return f"tty/{device.lower().removeprefix('//./').removeprefix(chr(92) * 2 + '.' + chr(92))}"


def addresses_of(host: str) -> tuple[str, ...]:
    """Return the addresses of ``host``, sorted, this host's own as ``localhost``; the name itself where it has none."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return (host.lower().rstrip("."),)
    return tuple(sorted({_plain(str(address)) for address in found}))


def _plain(address: str) -> str:
    """Write an address in one way; any address of this host is ``localhost``."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return address.lower()
    if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped is not None:
        one = one.ipv4_mapped
    return "localhost" if one.is_loopback or one.is_unspecified or _is_of_this_host(one) else str(one)


def _is_of_this_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this host has ``address``: only then a socket can be bound to it."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(address), 0))
    except OSError:
        return False
    return True


def _keys_of_lan(lan: re.Match[str], resolve: Resolve) -> tuple[str, ...]:
    """Return the keys of a LAN resource; an instrument's own standard doors (VXI-11, HiSLIP, SCPI) have one in common.

    A host may be a gateway or a computer with several instruments, so another port or device name is another thing;
    that two of these are one instrument is found by its identity.
    """
    device = lan["device"] or ""
    hosts = resolve(lan["host"])
    if (lan["kind"] or "").upper() == "SOCKET" or device.isdigit():
        port = int(device) if device.isdigit() else 0
        keys = [f"tcp/{host}:{port}" for host in hosts]
        return (*keys, *(f"lan/{host}" for host in hosts if port in _SCPI_PORTS and host != "localhost"))
    name, _, port_text = device.partition(",")
    if name.lower().startswith("hislip") and port_text.isdigit() and int(port_text) != _HISLIP_PORT:
        return tuple(f"tcp/{host}:{int(port_text)}" for host in hosts)
    device = name if port_text == str(_HISLIP_PORT) else device
    if lan["vxi_port"]:
        keys = [f"tcp/{host}:{int(lan['vxi_port'])}/{device.lower() or 'inst0'}" for host in hosts]
        is_itself = device.lower() in ("", "inst0")
        return (*keys, *(f"lan/{host}" for host in hosts if is_itself and host != "localhost"))
    if not device or device.upper() == "INSTR" or _ITSELF.fullmatch(device):
        return tuple(f"lan/{host}" for host in hosts)
    return tuple(f"lan/{host}/{device.lower()}" for host in hosts)


def _number(text: str) -> str:
    """Write a USB vendor or product number in one way, hexadecimal; a text that is no number as it is."""
    try:
        return f"{int(text, 0):04x}"
    except ValueError:
        return text.lower()
