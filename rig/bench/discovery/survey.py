"""Join a ring and ask its devices: the announcements of each, and how fast it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bacpypes3.primitivedata import CharacterString, ObjectIdentifier, Unsigned

from drivers.meter.application import RIG_DEVICE_INSTANCE, FoundDevice
from drivers.meter.bus import MeterBus
from drivers.meter.errors import BusFailed, MeterAborted, MeterRefused, MeterRejected, MeterTimeout
from drivers.mstp.analysis import figures_of
from drivers.mstp.clock import monotonic_s
from drivers.mstp.figures import BusFigures
from drivers.mstp.judging.finding import DeviceFound, Finding, fault
from drivers.mstp.settings import PortSettings
from rig.bench.discovery.probing import ANY_DEVICE, Probed, plan, probe, property_request
from rig.bench.discovery.probing import findings as probe_findings

_TIMED_READS = 10
"""Reads of one small property, to time the answers."""
_MOST_SILENT = 3
"""Reads without an answer, one after another, after which a device is not asked for more."""
_WHO_IS_S = (3.0, 1.0)
"""Who-Is is sent twice: of two stations with one address the one may have drowned the other."""
_WHO_IS_ROUTER = b"\x01\x80\x00"
"""Who-Is-Router-To-Network, for all networks (ASHRAE 135 clause 6.4.1)."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in the ring; ``figures`` of the time in it, this rig's own frames included.

    ``joined``: whether the rig had the token; if not, ``figures`` are of what it heard meanwhile, None for nothing.
    """

    figures: BusFigures | None
    devices: tuple[DeviceFound, ...]
    findings: tuple[Finding, ...]
    joined: bool = True
    probed: Probed | None = None


def survey(
    settings: PortSettings,
    timeout_s: float,
    device_instance: int = RIG_DEVICE_INSTANCE,
    everywhere: bool = False,
    on_probe: Callable[[str], None] | None = None,
) -> Survey:
    """Join the ring at ``settings``, ask Who-Is, read each device; raises PortUnavailable for a port that is not there.

    ``device_instance``: the rig's own. ``everywhere``: ask the devices behind routers too. ``on_probe``: ask
    every address, and tell it first how long that takes; None: ask only those heard. A device that does not answer is
    no error: that it did not is in the figures.
    """
    start_s = monotonic_s()
    try:
        with MeterBus.open(settings, timeout_s=timeout_s, device_instance=device_instance) as bus:
            bus.send_npdu(_WHO_IS_ROUTER)
            found: dict[FoundDevice, None] = {}
            for wait_s in _WHO_IS_S:
                found |= dict.fromkeys(bus.who_is(timeout_s=wait_s, everywhere=everywhere))
            devices = [_read(bus, one) for one in found if one.network == 0]
            end_s, frames = monotonic_s(), bus.captured()  # handing over many frames takes its time
            port = bus.statistics().port
            probed = None
            if on_probe is not None:
                before = figures_of(frames, settings.baud, since_s=start_s, until_s=end_s)
                rotation_s = before.rotation.mean_s if before.rotation is not None else 0.0
                probed = probe(bus, plan(bus, before.heard, rotation_s), on_probe)
    except BusFailed as failed:
        figures = figures_of(failed.frames, settings.baud, until_s=monotonic_s()) if failed.frames else None
        return Survey(figures, (), (_cannot_join(settings, failed),), joined=False)
    figures = figures_of(frames, settings.baud, port.stray_octets, since_s=start_s, until_s=end_s)
    devices += devices_beyond(figures, found)
    found_too = [own_address_taken(settings.mac)] if port.duplicate_address else []
    if probed is not None:
        found_too += probe_findings(probed, figures, settings.mac)
    return Survey(figures, tuple(devices), tuple(found_too), probed=probed)


def devices_beyond(figures: BusFigures, found: Iterable[FoundDevice] = ()) -> tuple[DeviceFound, ...]:
    """Return the devices behind routers that were heard; those ``found`` by Who-Is with their vendor."""
    vendors = {(one.network, one.full_address, one.device_instance): one.vendor_identifier for one in found}
    return tuple(
        DeviceFound(
            one.router,
            one.device_instance,
            vendors.get((one.network, one.address, one.device_instance), 0),
            network=one.network,
            remote_address=one.address_text,
        )
        for one in figures.remote_devices
    )


def _cannot_join(settings: PortSettings, failed: BusFailed) -> Finding:
    return fault(
        "cannot-join",
        f"the rig did not get the token at this address: {failed.reason}",
        f"check that the masters' Max_Master is {settings.mac} at least, and that the rig's transmitter is connected",
        settings.mac,
    )


def own_address_taken(mac: int) -> Finding:
    """Report that another station has the rig's own address."""
    return fault(
        "duplicate-mac",
        "this is the rig's own address, and another station sends from it",
        "give the rig another one: 'bus: mac' in the bench file, or --mac",
        mac,
    )


def _read(bus: MeterBus, found: FoundDevice) -> DeviceFound:
    name = _property(bus, found, "object-name", CharacterString)
    max_master = _property(bus, found, "max-master", Unsigned)
    max_info_frames = _property(bus, found, "max-info-frames", Unsigned)
    answered: set[int] = set()
    silent = 0
    for number in range(_TIMED_READS if name is not None else 0):
        # By turns it is asked by its instance and as "this device": of two stations both answer the latter.
        asked = ANY_DEVICE if number % 2 else found.device_instance
        told = _property(bus, found, "object-identifier", ObjectIdentifier, asked)
        silent = 0 if told is not None else silent + 1
        if told is not None and int(told[1]) != ANY_DEVICE:
            answered.add(int(told[1]))
        if silent >= _MOST_SILENT:
            break
    return DeviceFound(
        found.address,
        found.device_instance,
        found.vendor_identifier,
        None if name is None else str(name),
        None if max_master is None else int(max_master),
        None if max_info_frames is None else int(max_info_frames),
        answered=tuple(sorted(answered)),
    )


def _property(bus: MeterBus, found: FoundDevice, name: str, kind: Any, instance: int | None = None) -> Any:
    """Read one property of a device object, a ``kind`` of bacpypes3; None where it is not there or no answer comes."""
    request = property_request(found.device_instance if instance is None else instance, name)
    try:
        (exchange,) = bus.exchange(found.address, [request], name=lambda _request: f"reading {name}")
        return exchange.answer.propertyValue.cast_out(kind)
    except (MeterTimeout, MeterRefused, MeterAborted, MeterRejected, ValueError):
        return None
