"""The Device object: identity, protocol limits and the writable properties (manual pages 21 to 23)."""

from __future__ import annotations

from typing import Any

from meter_model.behaviour.profile import (
    BehaviourProfile,
    DatabaseRevision,
    ObjectNameAccess,
    ObjectTypesSupported,
    ServicesSupported,
)
from meter_model.device.clock import RealTimeClock
from meter_model.objects.access import checked_text, checked_unsigned, property_error
from meter_model.objects.points import DEVICE, OBJECTS

MAXIMUM_INSTANCE = 4_193_999
"""Highest device instance that may be written."""

_LOCATION_LIMIT = 64
_STORED = ("object-name", "location", "max-master", "database-revision")
_NAME_LIMIT = 64
_DESCRIBING = ("object-identifier", "object-name")
"""What Database_Revision is about, of what can be written (ASHRAE 135, clause 12, Device object)."""
_SERVICES = {
    ServicesSupported.AS_PRINTED: "0000000000001011010000000000000011110000",
    ServicesSupported.WITH_REINITIALIZE_DEVICE: "0000000000001011010010000000000011110000",
}
_OBJECT_TYPES = {
    ObjectTypesSupported.TREND_LOG: "1011000010000000000010000",  # AI, AV, BI, Device, Trend_Log
    ObjectTypesSupported.AS_PRINTED: "101100001000000000010000000000",
}


class Device:
    """Properties of the Device object; values are as ``S4100.read`` returns them."""

    def __init__(
        self, serial_number: str, instance: int, firmware_revision: str, profile: BehaviourProfile, clock: RealTimeClock
    ) -> None:
        self.instance = checked_unsigned(instance, 1, MAXIMUM_INSTANCE)
        self._profile = profile
        self._clock = clock
        services = _SERVICES[profile.services_supported]
        object_types = _OBJECT_TYPES[profile.object_types_supported]
        gateway = firmware_revision
        self._values: dict[str, object] = {
            "object-type": DEVICE.object_type,
            "object-name": DEVICE.name.replace("<serial number>", serial_number),
            "system-status": 0,
            "vendor-name": "Leviton Mfg.",
            "vendor-identifier": 133,
            "model-name": "S4100 Energy Meter",
            "firmware-revision": firmware_revision,
            "application-software-version": f"RS=1000, OS=1000, BACnet Gateway={gateway}",
            "location": "Installed location not yet identified",
            "description": DEVICE.description.replace("<serial number>", serial_number),
            "protocol-version": 1,
            "protocol-revision": 4,
            "protocol-services-supported": tuple(bit == "1" for bit in services),
            "protocol-object-types-supported": tuple(bit == "1" for bit in object_types),
            "max-apdu-length-accepted": 480,
            "segmentation-supported": 3,
            "apdu-timeout": 60000,
            "number-of-apdu-retries": 0,
            "max-master": 127,
            "max-info-frames": 1,
            "device-address-binding": (),
            "database-revision": 0,
        }

    @property
    def max_master(self) -> int:
        """Highest master address the meter polls for."""
        value = self._values["max-master"]
        assert isinstance(value, int)
        return value

    def stored(self) -> dict[str, Any]:
        """Return what non-volatile memory holds: the writable properties."""
        return {"instance": self.instance, **{name: self._values[name] for name in _STORED}}

    def restore(self, stored: dict[str, Any]) -> None:
        """Power up with what ``stored`` gave."""
        self.instance = stored["instance"]
        self._values |= {name: stored[name] for name in _STORED if name in stored}

    def read(self, name: str) -> object:
        """Return one property, or raise unknown-property."""
        match name:
            case "object-identifier":
                return ("DE", self.instance)
            case "object-list":
                return (("DE", self.instance), *((each.kind, each.instance) for each in OBJECTS[1:]))
            case "local-date":
                return self._clock.now.date()
            case "local-time":
                return self._clock.now.time()
        if name not in self._values:
            raise property_error("unknown-property")
        return self._values[name]

    def write(self, name: str, value: object) -> None:
        """Write one property as the PICS allows, or raise why not."""
        before = self.read(name)
        if name == "object-identifier":
            if not isinstance(value, tuple) or len(value) != 2:
                raise property_error("invalid-data-type")
            if value[0] != "DE":
                raise property_error("value-out-of-range")
            self.instance = checked_unsigned(value[1], 1, MAXIMUM_INSTANCE)
        elif name == "max-master":
            self._values[name] = checked_unsigned(value, 1, 127)
        elif name == "location":
            self._values[name] = checked_text(value, _LOCATION_LIMIT)
        elif name == "object-name" and self._profile.object_name_access is ObjectNameAccess.WRITABLE:
            self._values[name] = checked_text(value, _NAME_LIMIT)
        else:
            raise property_error("write-access-denied")
        if name in _DESCRIBING and self._profile.database_revision is DatabaseRevision.COUNTED:
            self._count_change(before != self.read(name))

    def _count_change(self, is_changed: bool) -> None:
        revision = self._values["database-revision"]
        assert isinstance(revision, int)
        self._values["database-revision"] = revision + is_changed
