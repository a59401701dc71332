"""Open the bus of a bench and find its meters; one clear sentence where a meter is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterTimeout
from drivers.meter.readings import Identity
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.events import LineLost, LineRestored
from drivers.mstp.judging.bus import NOISY
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics
from meter_model.objects.points import OBJECTS
from rig.bench.config.files import BenchFile
from rig.bench.config.meter_type import MeterType
from rig.bench.schema.bench import BusPart, PositionPart
from rig.errors import BenchFault

_KEPT_FRAMES = 6000
"""What a bus of two can have for as long as an answer is awaited: the request is still there when none has come."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the bench and the meter that was found there. ``identity``: what the meter said when it was found."""

    name: str
    mac: int
    meter: MeterClient
    meter_type: MeterType
    identity: Identity


def port_settings(part: BusPart) -> PortSettings:
    """The settings of the MS/TP port that a bench file asks for."""
    same = ("baud", "mac", "max_master", "max_info_frames", "echo", "direction", "replug_wait_s")
    own: dict[str, Any] = {name: getattr(part, name) for name in same}
    return PortSettings(device=part.port, captured_frames=_KEPT_FRAMES, watchful=True, **own)


def open_bus(
    file: BenchFile,
    beat: Callable[[], None],
    stack: ExitStack,
    on_line: Callable[[LineLost | LineRestored], None] | None = None,
) -> MeterBus | None:
    """Open the RS-485 port of a bench, None where it has none; raises BenchFault for a port that is not there."""
    part = file.parts.bus
    if part is None:
        return None
    try:
        bus = MeterBus.open(
            port_settings(part),
            timeout_s=part.apdu_timeout_s,
            on_progress=beat,
            on_line=on_line,
            device_instance=part.device_instance,
        )
    except PortUnavailable as error:
        raise BenchFault(
            str(error),
            f"plug the adapter in, or correct 'bus: port' in {file.path.name} (the ports of this machine are listed "
            "by: python -m serial.tools.list_ports)",
        ) from error
    stack.callback(bus.close)
    return bus


@dataclass(frozen=True, slots=True)
class Absent:
    """A position whose meter does not answer, where meters at others do; ``why`` in one sentence."""

    name: str
    why: str


def find_present(
    file: BenchFile, bus: MeterBus, sleep: Callable[[float], None]
) -> tuple[tuple[Position, ...], tuple[Absent, ...]]:
    """Find the meters of all positions; of several, one that is missing is returned as absent.

    Raises BenchFault where no meter answers, or the only one does not.
    """
    found: list[Position] = []
    missing: list[tuple[Absent, BenchFault]] = []
    for part in file.parts.positions:
        try:
            found.append(find_meter(file, part, bus, sleep))
        except BenchFault as error:
            missing.append((Absent(part.name, str(error)), error))
    if missing and not found:
        raise missing[0][1]
    return tuple(found), tuple(absent for absent, _ in missing)


def find_meter(file: BenchFile, part: PositionPart, bus: MeterBus, sleep: Callable[[float], None]) -> Position:
    """Find and identify the meter of one position; raises BenchFault where it does not answer."""
    repeats = file.parts.bus.apdu_repeats if file.parts.bus else 0
    mac = part.mac if part.mac is not None else _mac_of(part, bus)
    meter = MeterClient(bus, mac, OBJECTS, device_instance=part.device_instance, read_repeats=repeats, sleep=sleep)
    try:
        identity = meter.identity()
    except MeterTimeout:
        raise _no_answer(part, mac, bus) from None
    if part.device_instance is not None and identity.device_instance != part.device_instance:
        raise BenchFault(
            f"position {part.name}: the meter at MAC {mac} is device {identity.device_instance}, not "
            f"{part.device_instance} as the bench file says"
        )
    return Position(part.name, mac, meter, file.meter_types[part.meter_type], identity)


def _mac_of(part: PositionPart, bus: MeterBus) -> int:
    found = bus.who_is(part.device_instance, part.device_instance)
    addresses = sorted({device.address for device in found})
    if not addresses:
        raise _no_answer(part, None, bus)
    if len(addresses) > 1:
        macs = ", ".join(map(str, addresses))
        raise BenchFault(
            f"position {part.name}: device instance {part.device_instance} is there more than once (MAC {macs})",
            "give each meter an instance of its own",
        )
    return addresses[0]


def _no_answer(part: PositionPart, mac: int | None, bus: MeterBus) -> BenchFault:
    """Say whether the whole bus is silent or only this meter missing: two different things to look for."""
    settings = bus.settings
    wanted = f"MAC {mac}" if mac is not None else f"device instance {part.device_instance}"
    others = bus.who_is(timeout_s=2.0)
    heard = bus.statistics().port
    noise = noise_on(bus)
    if noise and any(mac == device.address or part.device_instance == device.device_instance for device in others):
        return BenchFault(
            f"position {part.name}: the meter at {wanted} is on the bus, but requests to it fail on {settings.device}: "
            f"{noise}",
            "check termination, bias, shield and wires (rig bus check says more)",
        )
    if others:
        seen = ", ".join(f"MAC {device.address} (device {device.device_instance})" for device in others)
        told = f"position {part.name}: no meter answers at {wanted} on {settings.device}"
        if any(mac == device.address or part.device_instance == device.device_instance for device in others):
            told = (
                f"position {part.name}: the device at {wanted} on {settings.device} answers Who-Is but not what a "
                "meter is asked"
            )
        more = f"; {noise}: rig bus check says more" if noise else ""
        return BenchFault(told, f"on the bus: {seen}{more}")
    if heard.octets_received == 0:
        return BenchFault(
            f"nothing answers on {settings.device}: not one octet was received",
            "check that the meter has control power and that the two RS-485 wires are connected",
        )
    if noise:
        return BenchFault(
            f"nothing answers on {settings.device} at {settings.baud} baud: {noise}",
            f"check termination, bias, shield and wires, and {wanted} (rig bus check says more)",
        )
    return BenchFault(
        f"nothing answers on {settings.device} at {settings.baud} baud, though octets were received",
        f"check the baud rate (the meter's screen KBAUD), {wanted}, and whether the two RS-485 wires are swapped",
    )


def noise_on(bus: MeterBus) -> str:
    """Say how noisy the bus was, as its port counted it; nothing where it was not."""
    return noise_text(bus.statistics().port)


def noise_text(heard: Statistics) -> str:
    """Say in words how noisy a bus was by the counters of a port; nothing where it was not."""
    damaged = heard.header_crc_errors + heard.data_crc_errors
    good = heard.frames_received + heard.frames_for_others
    if damaged + heard.stray_octets == 0 or damaged <= NOISY * (good + damaged):
        return ""
    strays = f" and {heard.stray_octets} octets of no frame" if heard.stray_octets else ""
    return f"the bus is noisy, {damaged} damaged frames{strays} beside {good} good ones"
