"""Find the serial port of the meters: listen at every baud rate, ask Who-Is; use a silent port only if named."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serial.tools import list_ports

from drivers.errors import DriverError
from drivers.meter.application import FoundDevice
from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterError
from drivers.meter.readings import Identity
from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.clock import monotonic_s
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.figures import BusFigures
from drivers.mstp.listener import BusListener
from drivers.mstp.settings import BAUD_RATES, PortSettings
from drivers.mstp.wire.adapter import lasting_name, latency_advice
from meter_model.objects.points import OBJECTS

RATES = (76_800, 38_400, 19_200, 9_600, 115_200, 57_600)
"""In the order in which they are tried: the usual ones of a meter first."""

HIGHEST_MASTER = 127
_LISTEN_S = 1.5
_SILENT_S = 2.0
"""A master that is alone polls all the time: two seconds without one octet are silence, at every baud rate."""

_ENOUGH_FRAMES = 12
_GOOD_SHARE = 0.9
_WHO_IS_S = 2.0
_ANSWER_S = 3.0
_SERIES = "4100"
_REGISTERED_VENDOR = 133
"""The vendor identifier that an S4100 gives, registered to the OEM (recalled, unverified)."""

_Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """A meter that answered: its address, its identity, and AV2 to AV11 as set (empty where it did not answer)."""

    mac: int
    identity: Identity
    configuration: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class FoundPort:
    """A serial port. ``baud`` None: nothing that is MS/TP was heard on it; ``said``: what was found, in words.

    ``own_mac``: an address that no other station on this bus has. ``others``: devices that answered and are no S4100.
    """

    device: str
    description: str
    said: str
    advice: str = ""
    baud: int | None = None
    own_mac: int = 0
    meters: tuple[FoundMeter, ...] = ()
    others: tuple[FoundDevice, ...] = ()

    @property
    def is_bus(self) -> bool:
        """Whether an MS/TP bus is connected to it."""
        return self.baud is not None


def serial_ports() -> tuple[tuple[str, str], ...]:
    """List the serial ports of this machine: the name that lasts (``/dev/serial/by-id``) and a description."""
    return tuple((lasting_name(port.device), _description(port)) for port in sorted(list_ports.comports()))


def _description(port: object) -> str:
    words = [str(getattr(port, name, None) or "") for name in ("manufacturer", "description")]
    return " ".join(word for word in words if word and word != "n/a")


def find_bus(
    device: str, description: str = "", *, may_talk: bool = False, report: _Report = lambda _line: None
) -> FoundPort:
    """Find out whether MS/TP is spoken at ``device``, how fast, and which meters are there; raises nothing.

    First it only listens. Where good frames come the rig joins the ring at a free address and asks Who-Is.
    On a silent port nothing is sent unless ``may_talk``: it may be an instrument's. With it the rig becomes the sole
    master at one rate after the other and asks Who-Is. ``report`` gets each step as a line.
    """
    try:
        heard = _listen_at_all_rates(device, report)
        if heard.octets == 0:
            return _ask_a_silent_port(device, description, may_talk, report)
        if not _is_readable(heard):
            said = f"{heard.octets} octets in {heard.duration_s:.1f} s, but MS/TP at no baud rate"
            advice = "if this is the RS-485 adapter, swap its two wires; otherwise it is something else: leave it out"
            return FoundPort(device, description, said, advice)
        report(
            f"{device}: {heard.baud} baud, masters {', '.join(map(str, heard.masters)) or 'none yet'}; asking Who-Is"
        )
        return _ask(device, description, heard.baud, free_mac(heard))
    except PortUnavailable as error:
        return FoundPort(device, description, error.reason, "the port was left out")
    except DriverError as error:
        return FoundPort(device, description, str(error), "the port was left out")


def _listen_at_all_rates(device: str, report: _Report) -> BusFigures:
    """Return what was heard at the first rate that can be read, else at the one with most good frames, or silence."""
    all_heard: list[BusFigures] = []
    for baud in RATES:
        report(f"{device}: listening at {baud} baud")
        heard = _listen(device, baud, _LISTEN_S if all_heard else _SILENT_S)
        if (heard.octets == 0 and not all_heard) or _is_readable(heard):
            return heard
        all_heard.append(heard)
    return max(all_heard, key=_good_frames)


def _listen(device: str, baud: int, longest_s: float, enough: int = _ENOUGH_FRAMES) -> BusFigures:
    analysis = BusAnalysis(baud, monotonic_s())
    good = 0
    with BusListener(device, baud) as listener:
        end_s = time.monotonic() + longest_s
        while good < enough and (left_s := end_s - time.monotonic()) > 0.0:
            heard = listener.listen(left_s)
            if heard is not None:
                analysis.take_batch(heard.frames, heard.stray_octets)
                good += sum(seen.valid for seen in heard.frames)
        return analysis.figures(monotonic_s())


def readable_rates(device: str, seconds: float) -> list[int]:
    """Listen at each baud rate for ``seconds``; returns those at which good frames come, most of all first."""
    found = {baud: _good_frames(_listen(device, baud, seconds, sys.maxsize)) for baud in BAUD_RATES}
    return sorted((baud for baud, good in found.items() if good), key=lambda baud: (found[baud], baud), reverse=True)


def _good_frames(heard: BusFigures) -> int:
    return heard.frames - heard.damaged


def _is_readable(heard: BusFigures) -> bool:
    """Whether most of what came was good frames, and more of them than chance makes."""
    few = _ENOUGH_FRAMES // 4
    return _good_frames(heard) >= few and _good_frames(heard) >= _GOOD_SHARE * heard.frames and (
        heard.stray_octets <= (1.0 - _GOOD_SHARE) * heard.octets + 16
    )  # fmt: skip


def free_mac(heard: BusFigures) -> int:
    """Return the lowest address that neither sent nor was addressed."""
    known = {node.mac for node in heard.nodes}
    return next((mac for mac in range(HIGHEST_MASTER + 1) if mac not in known), HIGHEST_MASTER)


def _ask_a_silent_port(device: str, description: str, may_talk: bool, report: _Report) -> FoundPort:
    silent = f"not one octet in {_SILENT_S:g} s"
    if not may_talk:
        advice = f"nothing was sent to it, it may be an instrument's; if it is the RS-485 adapter: --port {device}"
        return FoundPort(device, description, silent, advice)
    for baud in RATES:
        report(f"{device}: silent; asking Who-Is at {baud} baud as the only master")
        found = _ask(device, description, baud, 0)
        if found.meters or found.others:
            return found
    advice = (
        "check that the meter has control power, that both RS-485 wires and the common are connected and not swapped; "
        "then run this again"
    )
    return FoundPort(device, description, f"{silent}, and no device answered Who-Is at any baud rate", advice)


def _ask(device: str, description: str, baud: int, own_mac: int) -> FoundPort:
    settings = PortSettings(device, baud, own_mac, HIGHEST_MASTER, max_info_frames=8)
    meters: list[FoundMeter] = []
    others: list[FoundDevice] = []
    with MeterBus.open(settings, timeout_s=_ANSWER_S) as bus:
        for found in sorted(bus.who_is(timeout_s=_WHO_IS_S), key=lambda one: one.address):
            meter = _meter(bus, found)
            if meter is None:
                others.append(found)
            else:
                meters.append(meter)
    said = f"{baud} baud"
    for meter in meters:
        said += f"; MAC {meter.mac}: {meter.identity.object_name} (device {meter.identity.device_instance})"
    for other in others:
        said += f"; MAC {other.address}: device {other.device_instance}, no S4100 (vendor {other.vendor_identifier})"
    advice = str(latency_advice(device) or "")
    if not meters:
        said += "; no S4100 answered Who-Is"
        advice = advice or "give the meter control power and connect it to this bus; then run this again"
    return FoundPort(device, description, said, advice, baud, own_mac, tuple(meters), tuple(others))


def _meter(bus: MeterBus, found: FoundDevice) -> FoundMeter | None:
    """Identify a device; None where it is no S4100, or does not answer."""
    client = MeterClient(bus, found.address, OBJECTS, device_instance=found.device_instance, read_repeats=1)
    try:
        identity = client.identity()
    except (MeterError, LookupError, ValueError):  # another make may lack what an S4100 has
        return None
    named = f"{identity.model_name} {identity.object_name}"
    if found.vendor_identifier != _REGISTERED_VENDOR and _SERIES not in named:
        return None
    try:
        return FoundMeter(found.address, identity, dict(client.read_configuration()))
    except MeterError:
        return FoundMeter(found.address, identity, {})
