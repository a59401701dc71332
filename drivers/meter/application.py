"""The rig's own BACnet device: a bacpypes3 application that stores the I-Am and network messages of other devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import IAmRequest, IHaveRequest, WritePropertyRequest
from bacpypes3.errors import ExecutionError
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import Address

from drivers.meter.requests.octets import OctetsApplication
from drivers.meter.requests.packing import MAX_APDU_OCTETS, THIS_DEVICE
from drivers.mstp.settings import PortSettings

RIG_DEVICE_INSTANCE = 4_194_302
"""The highest that a device may have: where no bench file says otherwise, the rig is found last."""


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that answered Who-Is: its MAC ``address``, instance, largest APDU in octets, and vendor identifier.

    ``network`` 0 is this bus. Else ``address`` is the last octet of its address on that network, ``full_address`` all
    of it: it is reached through a router, and is no station of this bus.
    """

    address: int
    device_instance: int
    max_apdu_octets: int
    vendor_identifier: int
    network: int = 0
    full_address: bytes = b""


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object that a device at MAC ``address`` said it has: (object type, instance) numbers, and its name.

    ``network`` and ``full_address`` are as in FoundDevice.
    """

    address: int
    device_instance: int
    place: tuple[int, int]
    name: str
    network: int = 0
    full_address: bytes = b""


def rig_device(timeout_s: float, settings: PortSettings, device_instance: int) -> DeviceObject:
    """Return the Device object of the rig; ``timeout_s`` seconds is how long it waits for an answer."""
    return DeviceObject(
        objectIdentifier=("device", device_instance),
        objectName=f"S4100 rig {device_instance}",
        maxApduLengthAccepted=MAX_APDU_OCTETS,
        segmentationSupported="noSegmentation",
        apduTimeout=round(timeout_s * 1000.0),
        numberOfApduRetries=0,
        vendorIdentifier=0,
        maxMaster=settings.max_master,
        maxInfoFrames=settings.max_info_frames,
    )


class RigApplication(OctetsApplication):
    """bacpypes3's application that keeps every I-Am, so that two devices with one instance do not look like one.

    Those of other networks are kept as what they are: a router's MAC, or a MAC on another network, says nothing about
    the stations of this bus. No property of the rig's own device can be written.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.heard: list[FoundDevice] = []
        self.objects: list[FoundObject] = []

    async def do_IAmRequest(self, apdu: IAmRequest) -> None:
        """Keep what a device says of itself."""
        place = _place(apdu.pduSource)
        if place is not None:
            address, network, full = place
            found = FoundDevice(
                address,
                int(apdu.iAmDeviceIdentifier[1]),
                int(apdu.maxAPDULengthAccepted),
                int(apdu.vendorID),
                network,
                full,
            )
            if found not in self.heard:
                self.heard.append(found)
        await super().do_IAmRequest(apdu)

    async def do_IHaveRequest(self, apdu: IHaveRequest) -> None:
        """Keep which device has an object."""
        place, what = _place(apdu.pduSource), apdu.objectIdentifier
        if place is not None:
            address, network, full = place
            instance = int(apdu.deviceIdentifier[1])
            named = str(apdu.objectName)
            found = FoundObject(address, instance, (int(what[0]), int(what[1])), named, network, full)
            self.objects.append(found)

    async def do_WritePropertyRequest(self, apdu: WritePropertyRequest) -> None:
        """Refuse it: raises ExecutionError, which bacpypes3 answers as an Error."""
        wanted = apdu.objectIdentifier
        own = self.device_object
        if (int(wanted[0]), int(wanted[1])) == (int(own.objectIdentifier[0]), THIS_DEVICE):
            wanted = own.objectIdentifier
        found = self.get_object_id(wanted)
        if found is None:
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        if found.get_property_type(apdu.propertyIdentifier) is None:
            raise ExecutionError(errorClass="property", errorCode="unknownProperty")
        raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")


def _place(source: Address) -> tuple[int, int, bytes] | None:
    """Return last octet, network (0: this bus) and all octets of a sender's address; None for what is no station."""
    octets = bytes(source.addrAddr or b"")
    if source.addrType == Address.localStationAddr and len(octets) == 1:
        return octets[0], 0, octets
    if source.addrType == Address.remoteStationAddr and octets:
        return octets[-1], int(source.addrNet), octets
    return None
