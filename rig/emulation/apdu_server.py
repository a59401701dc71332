"""The emulated meter's application layer: one NPDU in, one NPDU out, as a revision-4 device answers.

Source: ASHRAE 135 clauses 15, 16 and 20; reference/mstp.md section 6 for the errors. bacpypes3's own application
layer is not used, since it answers wrongly in some fifteen ways (reference/mstp.md section 1).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bacpypes3.basetypes import ErrorClass, ErrorCode

from meter_model.meter import ObjectAccessError
from meter_model.points import OBJECT_TYPE_NUMBERS, Kind
from rig.emulation._apdu_network import InvalidNpdu, NpduHeader, broadcast_npdu, reply_npdu
from rig.emulation._apdu_properties import ALL, KINDS, OPTIONAL, REQUIRED, Property, property_of, special_set
from rig.emulation._apdu_tags import (
    MAX_INSTANCE,
    AppTag,
    RejectReason,
    RequestRejected,
    TagReader,
    application_tag,
    closing_tag,
    context_tag,
    encode_object_identifier,
    opening_tag,
    unsigned_octets,
)
from rig.emulation._apdu_values import (
    WILDCARD,
    CharacterSetUnsupported,
    DatatypeInvalid,
    decode_date_time,
    decode_value,
    encode_value,
)

MAX_APDU_OCTETS = 480

_CONFIRMED, _UNCONFIRMED, _SIMPLE_ACK, _COMPLEX_ACK = 0x00, 0x10, 0x20, 0x30
_ERROR, _REJECT, _ABORT_BY_SERVER = 0x50, 0x60, 0x71
_SEGMENTED = 0x08
_ABORT_SEGMENTATION_NOT_SUPPORTED = 4
_READ_PROPERTY, _READ_PROPERTY_MULTIPLE, _WRITE_PROPERTY = 12, 14, 15
_I_AM, _I_HAVE, _TIME_SYNCHRONIZATION, _WHO_HAS, _WHO_IS = 0, 1, 6, 7, 8
_MAX_RESPONSES = (50, 128, 206, 480, 1024, 1476)
_NO_SEGMENTATION = 3
_VENDOR = 133
_PRIORITIES = range(1, 17)
_SPECIAL = (ALL, REQUIRED, OPTIONAL)


class MeterObjects(Protocol):
    """What the server needs of a meter (``meter_model.meter.S4100`` is one); kinds are ``DE AI AV BI TL``.

    ``read`` and ``write`` refuse with ``ObjectAccessError``.
    """

    @property
    def device_instance(self) -> int:
        """Instance of the Device object; it can be written."""
        ...

    def read(self, kind: str, instance: int, prop: str, index: int | None = None) -> Any:  # noqa: ANN401
        """Return the value of a property, in Python's terms."""
        ...

    def write(
        self,
        kind: str,
        instance: int,
        prop: str,
        value: Any,  # noqa: ANN401
        index: int | None = None,
        priority: int | None = None,
    ) -> None:
        """Write a property."""
        ...

    def synchronise_time(self, now: datetime) -> None:
        """Set the meter's clock, as TimeSynchronization does."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: to the asker (``broadcast`` False) or to everybody."""

    npdu: bytes
    broadcast: bool


class _Refused(Exception):
    """A service cannot be done; ``pair`` is the error class and code by number."""

    def __init__(self, error_class: str, error_code: str) -> None:
        super().__init__(f"{error_class}, {error_code}")
        self.pair = (int(ErrorClass(error_class)), int(ErrorCode(error_code)))


class _TooLong(Exception):
    """The result does not fit the one APDU there is."""


class ApduServer:
    """Answers NPDUs from a meter's objects; ``lock`` is held for the whole of an APDU, so that it sees one update."""

    def __init__(self, meter: MeterObjects, lock: AbstractContextManager[Any]) -> None:
        self._meter = meter
        self._lock = lock
        self._known = frozenset(meter.read("DE", meter.device_instance, "object-list"))
        self._confirmed: dict[int, Callable[[TagReader, int], bytes | None]] = {
            _READ_PROPERTY: self._read_property,
            _READ_PROPERTY_MULTIPLE: self._read_property_multiple,
            _WRITE_PROPERTY: self._write_property,
        }
        self._unconfirmed: dict[int, Callable[[TagReader], bytes | None]] = {
            _WHO_IS: self._who_is,
            _WHO_HAS: self._who_has,
            _TIME_SYNCHRONIZATION: self._time_synchronization,
        }

    def answer(self, npdu: bytes, broadcast: bool = False) -> Reply | None:
        """Answer one NPDU; ``broadcast`` says it was sent to everybody. None where nothing is to be said."""
        try:
            header = NpduHeader.decode(npdu)
        except InvalidNpdu:
            return None
        if header.is_network_message or not header.is_for_local_device or not header.apdu:
            return None
        kind = header.apdu[0] & 0xF0
        with self._lock:
            if kind == _CONFIRMED and not broadcast and not header.is_broadcast:
                apdu = self._confirmed_request(header.apdu)
                return Reply(reply_npdu(header, apdu), broadcast=False) if apdu else None
            if kind == _UNCONFIRMED:
                apdu = self._unconfirmed_request(header.apdu)
                return Reply(broadcast_npdu(apdu), broadcast=True) if apdu else None
        return None

    def _confirmed_request(self, apdu: bytes) -> bytes | None:
        if len(apdu) < 4:
            return None
        invoke_id, service = apdu[2], apdu[3]
        if apdu[0] & _SEGMENTED:
            return bytes((_ABORT_BY_SERVER, invoke_id, _ABORT_SEGMENTATION_NOT_SUPPORTED))
        execute = self._confirmed.get(service)
        if execute is None:
            return bytes((_REJECT, invoke_id, RejectReason.UNRECOGNIZED_SERVICE))
        response = apdu[1] & 0x0F
        limit = min(MAX_APDU_OCTETS, _MAX_RESPONSES[response] if response < len(_MAX_RESPONSES) else MAX_APDU_OCTETS)
        try:
            result = execute(TagReader(apdu[4:]), limit - 3)
        except RequestRejected as rejected:
            return bytes((_REJECT, invoke_id, rejected.reason))
        except _Refused as refused:
            return bytes((_ERROR, invoke_id, service)) + _error_pair(refused.pair)
        except _TooLong:
            return bytes((_ABORT_BY_SERVER, invoke_id, _ABORT_SEGMENTATION_NOT_SUPPORTED))
        if result is None:
            return bytes((_SIMPLE_ACK, invoke_id, service))
        return bytes((_COMPLEX_ACK, invoke_id, service)) + result

    def _unconfirmed_request(self, apdu: bytes) -> bytes | None:
        execute = self._unconfirmed.get(apdu[1]) if len(apdu) > 1 else None
        if execute is None:
            return None
        try:
            return execute(TagReader(apdu[2:]))
        except (RequestRejected, DatatypeInvalid, ValueError):
            return None  # what is not confirmed cannot be refused: it is ignored

    # --- confirmed services ---------------------------------------------------------------------------------------

    def _read_property(self, request: TagReader, limit: int) -> bytes:
        place = request.context_object(0)
        number = request.context_unsigned(1)
        index = request.context_unsigned(2) if request.next_is_context(2) else None
        request.expect_end()
        kind, instance = self._object(*place)
        value = self._read(kind, instance, self._property(kind, number), index)
        result = (
            context_tag(0, encode_object_identifier(OBJECT_TYPE_NUMBERS[kind], instance))
            + context_tag(1, unsigned_octets(number))
            + (b"" if index is None else context_tag(2, unsigned_octets(index)))
            + opening_tag(3)
            + value
            + closing_tag(3)
        )
        if len(result) > limit:
            raise _TooLong
        return result

    def _read_property_multiple(self, request: TagReader, limit: int) -> bytes:
        specifications = _read_access_specifications(request)
        result = bytearray()
        for place, references in specifications:
            try:
                kind, instance = self._object(*place)
            except _Refused as refused:
                result += context_tag(0, encode_object_identifier(*place)) + b"\x1e"
                for number, index in references:
                    result += _reference(number, index) + b"\x5e" + _error_pair(refused.pair) + b"\x5f"
                result += b"\x1f"
                continue
            result += context_tag(0, encode_object_identifier(OBJECT_TYPE_NUMBERS[kind], instance)) + b"\x1e"
            for number, index in references:
                if number in _SPECIAL:
                    for entry in special_set(kind, number):
                        result += self._element(kind, instance, entry.number, None)
                else:
                    result += self._element(kind, instance, number, index)
                if len(result) > limit:
                    raise _TooLong
            result += b"\x1f"
        if len(result) > limit:
            raise _TooLong
        return bytes(result)

    def _element(self, kind: Kind, instance: int, number: int, index: int | None) -> bytes:
        """Encode one property of a ReadPropertyMultiple result, or why it cannot be read."""
        try:
            value = self._read(kind, instance, self._property(kind, number), index)
        except _Refused as refused:
            return _reference(number, index) + b"\x5e" + _error_pair(refused.pair) + b"\x5f"
        return _reference(number, index) + b"\x4e" + value + b"\x4f"

    def _write_property(self, request: TagReader, _limit: int) -> None:
        place = request.context_object(0)
        number = request.context_unsigned(1)
        index = request.context_unsigned(2) if request.next_is_context(2) else None
        request.opening(3)
        elements = request.elements_until_closing(3)
        priority = request.context_unsigned(4) if request.next_is_context(4) else None
        request.expect_end()
        if priority is not None and priority not in _PRIORITIES:
            raise RequestRejected(RejectReason.PARAMETER_OUT_OF_RANGE)
        kind, instance = self._object(*place)
        entry = self._property(kind, number)
        if index is not None and not entry.is_array:
            raise _Refused("property", "property-is-not-an-array")
        if not entry.writable:
            raise _Refused("property", "write-access-denied")
        try:
            value = decode_value(entry, elements)
            self._meter.write(kind, instance, entry.name, value, index=index, priority=priority)
        except CharacterSetUnsupported as unsupported:
            raise _Refused("property", "character-set-not-supported") from unsupported
        except DatatypeInvalid as invalid:
            raise _Refused("property", "invalid-data-type") from invalid
        except ObjectAccessError as refusal:
            raise _Refused(refusal.error_class, refusal.error_code) from refusal

    # --- unconfirmed services -------------------------------------------------------------------------------------

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

    # --- the meter's objects --------------------------------------------------------------------------------------

    def _object(self, object_type: int, instance: int) -> tuple[Kind, int]:
        """Find the kind and instance of an object that exists; the instance 4194303 of a Device means this one."""
        kind = KINDS.get(object_type)
        if kind == "DE":
            # the Device's own instance can be written, so the list that was read at the start does not tell
            if instance in (MAX_INSTANCE, self._meter.device_instance):
                return kind, self._meter.device_instance
        elif kind is not None and (kind, instance) in self._known:
            return kind, instance
        raise _Refused("object", "unknown-object")

    def _property(self, kind: Kind, number: int) -> Property:
        entry = property_of(kind, number)
        if entry is None:
            raise _Refused("property", "unknown-property")
        return entry

    def _read(self, kind: Kind, instance: int, entry: Property, index: int | None) -> bytes:
        if index is not None and not entry.is_array:
            raise _Refused("property", "property-is-not-an-array")
        if entry.name == "log-buffer":
            raise _Refused("property", "read-access-denied")
        try:
            value = self._meter.read(kind, instance, entry.name, index)
        except ObjectAccessError as refusal:
            raise _Refused(refusal.error_class, refusal.error_code) from refusal
        return encode_value(entry, value, index)


def _error_pair(pair: tuple[int, int]) -> bytes:
    error_class, error_code = pair
    return application_tag(AppTag.ENUMERATED, unsigned_octets(error_class)) + application_tag(
        AppTag.ENUMERATED, unsigned_octets(error_code)
    )


def _reference(number: int, index: int | None) -> bytes:
    head = context_tag(2, unsigned_octets(number))
    return head if index is None else head + context_tag(3, unsigned_octets(index))


def _read_access_specifications(request: TagReader) -> list[tuple[tuple[int, int], list[tuple[int, int | None]]]]:
    """Read all of a ReadPropertyMultiple request before anything is answered: it is well-formed as a whole or not."""
    specifications: list[tuple[tuple[int, int], list[tuple[int, int | None]]]] = []
    while not request.at_end or not specifications:
        place = request.context_object(0)
        request.opening(1)
        references: list[tuple[int, int | None]] = []
        while not request.next_is_closing(1):
            number = request.context_unsigned(0)
            references.append((number, request.context_unsigned(1) if request.next_is_context(1) else None))
        request.closing(1)
        if not references:
            raise RequestRejected(RejectReason.MISSING_REQUIRED_PARAMETER)
        specifications.append((place, references))
    return specifications
