"""Why a confirmed service is not done: refusals by error class and code, and results that are too long."""

from __future__ import annotations

from bacpypes3.basetypes import ErrorClass, ErrorCode

from rig.emulation.meter.application.tags import AppTag, application_tag, unsigned_octets

_RENAMED = {"property-is-not-a-list": "propertyIsNotAList"}
"""bacpypes3 puts the hyphens of one name elsewhere."""


class Refused(Exception):
    """A service cannot be done; error class and code are BACnet hyphen names."""

    def __init__(self, error_class: str, error_code: str) -> None:
        super().__init__(f"{error_class}, {error_code}")
        self._pair = (int(ErrorClass(error_class)), int(ErrorCode(_RENAMED.get(error_code, error_code))))

    @property
    def octets(self) -> bytes:
        """Error class and code as they stand in an Error APDU."""
        return b"".join(application_tag(AppTag.ENUMERATED, unsigned_octets(number)) for number in self._pair)


class TooLong(Exception):
    """The result does not fit the one APDU there is."""
