"""The unconfirmed services: Who-Is, Who-Has (ASHRAE 135 clauses 16.9, 16.10) and TimeSynchronization (16.7)."""

from __future__ import annotations

from datetime import datetime

from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECT_TYPE_NUMBERS
from rig.emulation.meter.application.tags import (
    AppTag,
    RequestRejected,
    TagReader,
    application_tag,
    encode_object_identifier,
    unsigned_octets,
)
from rig.emulation.meter.application.values import WILDCARD, DatatypeInvalid, decode_date_time

MAX_APDU_OCTETS = 480

_UNCONFIRMED = 0x10
_I_AM, _I_HAVE, _TIME_SYNCHRONIZATION, _WHO_HAS, _WHO_IS = 0, 1, 6, 7, 8
_NO_SEGMENTATION = 3
_VENDOR = 133


class UnconfirmedServices:
    """Executes them on a meter's objects."""

    def __init__(self, meter: S4100) -> None:
        self._meter = meter
        self._services = {
            _WHO_IS: self._who_is,
            _WHO_HAS: self._who_has,
            _TIME_SYNCHRONIZATION: self._time_synchronization,
        }

    def concern(self, apdu: bytes) -> bool:
        """Whether the service of an unconfirmed APDU is one of these."""
        return len(apdu) > 1 and apdu[1] in self._services

    def execute(self, apdu: bytes) -> bytes | None:
        """Execute the service of an unconfirmed APDU; returns the APDU to be broadcast, if any.

        What is not confirmed cannot be refused: a malformed or unknown one is ignored.
        """
        service = self._services.get(apdu[1]) if len(apdu) > 1 else None
        if service is None:
            return None
        try:
            return service(TagReader(apdu[2:]))
        except (RequestRejected, DatatypeInvalid, ValueError):
            return None

    def _who_is(self, request: TagReader) -> bytes | None:
        if not self._in_range(request):
            return None
        request.expect_end()
        return (
            bytes((_UNCONFIRMED, _I_AM))
            + self._device_identifier()
            + application_tag(AppTag.UNSIGNED, unsigned_octets(MAX_APDU_OCTETS))
            + application_tag(AppTag.ENUMERATED, bytes((_NO_SEGMENTATION,)))
            + application_tag(AppTag.UNSIGNED, unsigned_octets(_VENDOR))
        )

    def _who_has(self, request: TagReader) -> bytes | None:
        in_range = self._in_range(request)
        wanted: tuple[int, int] | None = None
        wanted_name = b""
        if request.next_is_context(2):
            wanted = request.context_object(2)
        else:
            wanted_name = request.context_octets(3)
        request.expect_end()
        if not in_range:
            return None
        for kind, instance in self._meter.read("DE", self._meter.device_instance, "object-list"):
            name = b"\0" + str(self._meter.read(kind, instance, "object-name")).encode("ascii", "replace")
            object_type = OBJECT_TYPE_NUMBERS[kind]
            if wanted == (object_type, instance) or wanted_name == name:
                place = application_tag(AppTag.OBJECT_IDENTIFIER, encode_object_identifier(object_type, instance))
                text = application_tag(AppTag.CHARACTER_STRING, name)
                return bytes((_UNCONFIRMED, _I_HAVE)) + self._device_identifier() + place + text
        return None

    def _time_synchronization(self, request: TagReader) -> None:
        date, time = request.application(), request.application()
        request.expect_end()
        if (date.number, time.number) != (AppTag.DATE, AppTag.TIME):
            return
        (year, month, day, _), (hour, minute, second, hundredths) = decode_date_time(date.octets, time.octets)
        if WILDCARD in (year, month, day, hour, minute, second):
            return
        hundredths = 0 if hundredths == WILDCARD else hundredths
        self._meter.synchronise_time(datetime(year, month, day, hour, minute, second, hundredths * 10_000))

    def _in_range(self, request: TagReader) -> bool:
        """Read the optional limits of Who-Is and Who-Has; whether this device is within."""
        if not request.next_is_context(0):
            return True
        low = request.context_unsigned(0)
        high = request.context_unsigned(1)
        return low <= self._meter.device_instance <= high

    def _device_identifier(self) -> bytes:
        place = encode_object_identifier(OBJECT_TYPE_NUMBERS["DE"], self._meter.device_instance)
        return application_tag(AppTag.OBJECT_IDENTIFIER, place)
