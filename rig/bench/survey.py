"""Taking part in a ring to ask who is there: what each device says of itself, and how fast it answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import ReadPropertyRequest
from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import CharacterString, ObjectIdentifier, Unsigned

from drivers.meter import BusFailed, FoundDevice, MeterAborted, MeterBus, MeterRefused, MeterRejected, MeterTimeout
from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.clock import monotonic_s
from drivers.mstp.diagnosis import DeviceFound, Finding, Severity
from drivers.mstp.figures import BusFigures
from drivers.mstp.settings import PortSettings

_CAPTURED_FRAMES = 50_000
_TIMED_READS = 10
"""Reads of one small property, to time the answers."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in the ring; ``figures`` of the time in it, this rig's own frames included, None if not joined."""

    figures: BusFigures | None
    devices: tuple[DeviceFound, ...]
    findings: tuple[Finding, ...]


def survey(settings: PortSettings, timeout_s: float) -> Survey:
    """Join the ring at ``settings``, ask Who-Is, read each device; raises PortUnavailable for a port that is not there.

    A device that does not answer is no error: that it did not is in the figures.
    """
    start_s = monotonic_s()
    try:
        with MeterBus.open(settings, timeout_s=timeout_s) as bus:
            devices = tuple(_read(bus, found) for found in bus.who_is())
            frames = bus.captured()
            end_s = monotonic_s()
            own = bus.statistics().port.duplicate_address
    except BusFailed as failed:
        return Survey(None, (), (_cannot_join(settings, failed),))
    analysis = BusAnalysis(settings.baud, frames[0].start_s if frames else start_s)
    analysis.take_batch(frames, 0)
    figures = analysis.figures(max(end_s, frames[-1].end_s) if frames else end_s)
    return Survey(figures, devices, (own_address_taken(settings.mac),) if own else ())


def _cannot_join(settings: PortSettings, failed: BusFailed) -> Finding:
    return Finding(
        Severity.FAULT,
        "cannot-join",
        settings.mac,
        f"the rig did not get the token at this address: {failed.reason}",
        f"check that the masters' Max_Master is {settings.mac} at least, and that the rig's transmitter is connected",
    )


def own_address_taken(mac: int) -> Finding:
    """Say that somebody else has the rig's own address."""
    return Finding(
        Severity.FAULT,
        "duplicate-mac",
        mac,
        "this is the rig's own address, and another station sends from it",
        "give the rig another one: 'bus: mac' in the bench file, or --mac",
    )


def _read(bus: MeterBus, found: FoundDevice) -> DeviceFound:
    name = _property(bus, found, "object-name", CharacterString)
    max_master = _property(bus, found, "max-master", Unsigned)
    max_info_frames = _property(bus, found, "max-info-frames", Unsigned)
    if name is not None:
        for _ in range(_TIMED_READS):
            _property(bus, found, "object-identifier", ObjectIdentifier)
    return DeviceFound(
        found.address,
        found.device_instance,
        found.vendor_identifier,
        None if name is None else str(name),
        None if max_master is None else int(max_master),
        None if max_info_frames is None else int(max_info_frames),
    )


def _property(bus: MeterBus, found: FoundDevice, name: str, kind: Any) -> Any:  # noqa: ANN401 - bacpypes3 has no types
    """Read one property of a device object; None where it is not there or no answer comes."""
    request = ReadPropertyRequest(
        objectIdentifier=ObjectIdentifier(("device", found.device_instance)),
        propertyIdentifier=PropertyIdentifier(name),
    )
    try:
        (exchange,) = bus.exchange(found.address, [request], name=lambda _request: f"reading {name}")
    except (MeterTimeout, MeterRefused, MeterAborted, MeterRejected):
        return None
    return exchange.answer.propertyValue.cast_out(kind)


def readable_rates(device: str, seconds: float) -> list[int]:
    """Listen at each baud rate for ``seconds``; returns those at which good frames come, most of all first."""
    from drivers.mstp.listener import BusListener
    from drivers.mstp.settings import BAUD_RATES

    found: list[tuple[int, int]] = []
    for baud in BAUD_RATES:
        good = 0
        with BusListener(device, baud) as listener:
            end_s = time.monotonic() + seconds
            while (left_s := end_s - time.monotonic()) > 0.0:
                heard = listener.listen(left_s)
                good += sum(seen.valid for seen in heard.frames) if heard is not None else 0
        if good:
            found.append((good, baud))
    return [baud for _, baud in sorted(found, reverse=True)]
