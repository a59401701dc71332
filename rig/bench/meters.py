"""Find the meters of a bench on its buses; one clear sentence where a meter is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import BusFailed, MeterTimeout
from drivers.meter.readings import Identity
from drivers.mstp.judging.bus import NOISY
from drivers.mstp.statistics import Statistics
from meter_model.objects.points import OBJECTS
from rig.bench.config.files import BenchFile
from rig.bench.config.meter_type import MeterType
from rig.bench.positions.at_once import at_once
from rig.bench.positions.buses import Buses
from rig.bench.schema.bench import PositionPart
from rig.errors import BenchFault
from rig.metrology.corrections.positions import PositionPath


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the bench and the meter that was found there. ``identity``: what the meter said when it was found.

    ``path``: the correction of the position, None where the bench has none.
    """

    name: str
    mac: int
    meter: MeterClient
    meter_type: MeterType
    identity: Identity
    path: PositionPath | None = None

    @property
    def bus(self) -> MeterBus:
        """The bus that the meter is on: its own, or one that positions share."""
        return self.meter.bus


@dataclass(frozen=True, slots=True)
class Absent:
    """A position whose meter does not answer, where meters at others do; ``why`` in one sentence."""

    name: str
    why: str


def find_present(
    file: BenchFile, buses: Buses, sleep: Callable[[float], None], *, all_may_be_absent: bool = False
) -> tuple[tuple[Position, ...], tuple[Absent, ...]]:
    """Find the meters of all positions; of several, one that is missing is returned as absent.

    Raises BenchFault where no meter answers, or the only one does not, unless ``all_may_be_absent``.
    """
    if not buses.open:
        return (), ()

    def look_for(part: PositionPart) -> Position | RigError:
        bus = buses.of(file, part)
        try:
            return find_meter(file, part, bus, bus.pause if len(buses.open) > 1 else sleep)
        except (BenchFault, BusFailed) as error:
            if isinstance(error, BusFailed) and len(buses.open) < 2:
                raise
            return error

    parts, ports = file.parts.positions, file.parts.bus_of
    there = [part for part in parts if (bus := ports(part)) is not None and bus.port in buses.open]
    looked = dict(zip(there, at_once(there, lambda part: buses.of(file, part), look_for), strict=True))
    found: list[Position] = []
    missing: list[tuple[Absent, RigError]] = []
    for part in parts:
        one = looked[part] if part in looked else _why_no_port(file, part, buses)
        if isinstance(one, Position):
            found.append(one)
        else:
            missing.append((Absent(part.name, str(one)), one))
    if missing and not found and not all_may_be_absent:
        raise missing[0][1]
    return tuple(_corrected(file, found)), tuple(absent for absent, _ in missing)


def _corrected(file: BenchFile, found: Sequence[Position]) -> list[Position]:
    """Give each position its correction, which depends on how many meters are fitted."""
    corrections, wiring = file.parts.position_corrections, file.parts.wiring
    if corrections is None or wiring is None:
        return list(found)
    return [replace(each, path=corrections.at(each.name, len(found), wiring.ct.secondary_v)) for each in found]


def _why_no_port(file: BenchFile, part: PositionPart, buses: Buses) -> BenchFault:
    own = file.parts.bus_of(part)
    assert own is not None
    return BenchFault(f"position {part.name}: {buses.failed[own.port]}")


def find_meter(file: BenchFile, part: PositionPart, bus: MeterBus, sleep: Callable[[float], None]) -> Position:
    """Find and identify the meter of one position; raises BenchFault where it does not answer."""
    own = file.parts.bus_of(part)
    repeats = own.apdu_repeats if own is not None else 0
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
