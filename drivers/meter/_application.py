"""The rig's own device on the bus: bacpypes3's application, keeping what others say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import IAmRequest, IHaveRequest
from bacpypes3.local.device import DeviceObject

from drivers.meter._octets import OctetsApplication

_RIG_DEVICE_INSTANCE = 4_194_302
MAX_APDU_OCTETS = 480


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that answered Who-Is: its MAC ``address``, instance, largest APDU in octets, and vendor identifier."""

    address: int
    device_instance: int
    max_apdu_octets: int
    vendor_identifier: int


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object that a device at MAC ``address`` said it has: (object type, instance) numbers, and its name."""

    address: int
    device_instance: int
    place: tuple[int, int]
    name: str


def rig_device(timeout_s: float) -> DeviceObject:
    """Return the Device object of the rig; ``timeout_s`` seconds is how long it waits for an answer."""
    return DeviceObject(
        objectIdentifier=("device", _RIG_DEVICE_INSTANCE),
        objectName="S4100 rig",
        maxApduLengthAccepted=MAX_APDU_OCTETS,
        segmentationSupported="noSegmentation",
        apduTimeout=round(timeout_s * 1000.0),
        numberOfApduRetries=0,
        vendorIdentifier=0,
    )


class RigApplication(OctetsApplication):
    """bacpypes3's application, keeping every I-Am: two devices with one instance must not look like one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self.heard: list[FoundDevice] = []
        self.objects: list[FoundObject] = []

    async def do_IAmRequest(self, apdu: IAmRequest) -> None:  # noqa: N802
        source = apdu.pduSource
        if len(source.addrAddr or b"") == 1:
            found = FoundDevice(
                source.addrAddr[0],
                int(apdu.iAmDeviceIdentifier[1]),
                int(apdu.maxAPDULengthAccepted),
                int(apdu.vendorID),
            )
            if found not in self.heard:
                self.heard.append(found)
        await super().do_IAmRequest(apdu)

    async def do_IHaveRequest(self, apdu: IHaveRequest) -> None:  # noqa: N802
        source, place = apdu.pduSource, apdu.objectIdentifier
        if len(source.addrAddr or b"") == 1:
            instance = int(apdu.deviceIdentifier[1])
            named = str(apdu.objectName)
            self.objects.append(FoundObject(source.addrAddr[0], instance, (int(place[0]), int(place[1])), named))
