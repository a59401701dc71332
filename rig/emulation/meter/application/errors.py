"""Why a confirmed service is not done: refusals by error class and code, and results that are too long."""

from __future__ import annotations

from rig.emulation.meter.application.tags import AppTag, application_tag, unsigned_octets

CLASSES = {"device": 0, "object": 1, "property": 2, "resources": 3, "security": 4, "services": 5}
CODES = {
    "other": 0,
    "invalid-data-type": 9,
    "password-failure": 26,
    "read-access-denied": 27,
    "property-is-not-a-list": 22,
    "unknown-object": 31,
    "unknown-property": 32,
    "value-out-of-range": 37,
    "write-access-denied": 40,
    "character-set-not-supported": 41,
    "invalid-array-index": 42,
    "optional-functionality-not-supported": 45,
    "property-is-not-an-array": 50,
    "log-buffer-full": 75,
}
"""Numbers of the classes and codes that a meter gives (ASHRAE 135-2004 clause 21)."""


class Refused(Exception):
    """A service cannot be done; error class and code are BACnet hyphen names."""

    def __init__(self, error_class: str, error_code: str) -> None:
        super().__init__(f"{error_class}, {error_code}")
        self._pair = (CLASSES[error_class], CODES[error_code])

    @property
    def octets(self) -> bytes:
        """Error class and code as they stand in an Error APDU."""
        return b"".join(application_tag(AppTag.ENUMERATED, unsigned_octets(number)) for number in self._pair)


class TooLong(Exception):
    """The result does not fit the one APDU there is."""
