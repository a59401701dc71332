"""The emulated meter's application layer: one NPDU in, one NPDU out, as a revision-4 device answers.

Source: ASHRAE 135 clauses 15, 16, 18 (errors, rejects, aborts) and 20. bacpypes3's own application layer is not used:
it answers wrongly in some fifteen ways.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.objects.points import OBJECT_TYPE_NUMBERS, Kind
from rig.emulation.meter.application.communication import Communication, CommunicationControl, check_password
from rig.emulation.meter.application.errors import Refused, TooLong
from rig.emulation.meter.application.network import InvalidNpdu, NpduHeader, broadcast_npdu, reply_npdu
from rig.emulation.meter.application.properties import SPECIAL, Property, property_of, special_set
from rig.emulation.meter.application.read_range import encode_empty_list, encode_log, read_range
from rig.emulation.meter.application.tags import (
    MAX_INSTANCE,
    RejectReason,
    RequestRejected,
    TagReader,
    closing_tag,
    context_tag,
    encode_object_identifier,
    opening_tag,
    unsigned_octets,
)
from rig.emulation.meter.application.unconfirmed import MAX_APDU_OCTETS, UnconfirmedServices
from rig.emulation.meter.application.values import KINDS, CharacterSetUnsupported, Datatype, DatatypeInvalid

_CONFIRMED, _UNCONFIRMED, _SIMPLE_ACK, _COMPLEX_ACK = 0x00, 0x10, 0x20, 0x30
_ERROR, _REJECT, _ABORT_BY_SERVER = 0x50, 0x60, 0x71
_SEGMENTED = 0x08
_ABORT_SEGMENTATION_NOT_SUPPORTED = 4
_READ_PROPERTY, _READ_PROPERTY_MULTIPLE, _WRITE_PROPERTY = 12, 14, 15
_DEVICE_COMMUNICATION_CONTROL, _REINITIALIZE_DEVICE, _READ_RANGE = 17, 20, 26
_EVEN_WHEN_DISABLED = (_DEVICE_COMMUNICATION_CONTROL, _REINITIALIZE_DEVICE)
_RESTARTS, _REINITIALIZE_STATES = (0, 1), range(7)
_MAX_RESPONSES = (50, 128, 206, 480, 1024, 1476)
_PRIORITIES = range(1, 17)
_POWER_UP_COUNT = 81


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer: to the requester (``broadcast`` False) or to all stations."""

    npdu: bytes
    broadcast: bool


class Answering(Protocol):
    """What answers NPDUs: a server, or one with something wrong with it."""

    def answer(self, npdu: bytes, broadcast: bool = False) -> Reply | None:
        """Answer one NPDU; ``broadcast`` says that it was sent to all stations. None where there is no answer."""


class ApduServer:
    """Answers NPDUs from a meter's objects; ``lock`` is held for the whole of an APDU, so that it sees one update.

    ``now_s`` is the meter's time in seconds, by which DeviceCommunicationControl ends.
    """

    def __init__(
        self, meter: S4100, lock: AbstractContextManager[Any], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._meter = meter
        self._lock = lock
        self._communication = CommunicationControl(
            now_s, lambda: meter.read("AI", _POWER_UP_COUNT, "present-value"), meter.profile.service_password
        )
        self._known = frozenset(meter.read("DE", meter.device_instance, "object-list"))
        self._confirmed: dict[int, Callable[[TagReader, int], bytes | None]] = {
            _READ_PROPERTY: self._read_property,
            _READ_PROPERTY_MULTIPLE: self._read_property_multiple,
            _WRITE_PROPERTY: self._write_property,
            _READ_RANGE: self._read_range,
            _DEVICE_COMMUNICATION_CONTROL: lambda request, _limit: self._communication.execute(request),
            _REINITIALIZE_DEVICE: self._reinitialize_device,
        }
        self._unconfirmed = UnconfirmedServices(meter)

    def answer(self, npdu: bytes, broadcast: bool = False) -> Reply | None:
        """Answer one NPDU; ``broadcast`` says that it was sent to all stations. None where there is no answer."""
        try:
            header = NpduHeader.decode(npdu)
        except InvalidNpdu:
            return None
        if header.is_network_message or not header.is_for_local_device or not header.apdu:
            return None
        kind = header.apdu[0] & 0xF0
        if kind == _UNCONFIRMED and not self._unconfirmed.concern(header.apdu):
            return None  # what other devices tell each other must not cost the world's time
        with self._lock:
            if not self._meter.is_running:
                return None
            if kind == _CONFIRMED and not broadcast and not header.is_broadcast:
                apdu = self._confirmed_request(header.apdu)
                return Reply(reply_npdu(header, apdu), broadcast=False) if apdu else None
            if kind == _UNCONFIRMED and self._communication.state is not Communication.DISABLED:
                apdu = self._unconfirmed.execute(header.apdu)
                return Reply(broadcast_npdu(apdu), broadcast=True) if apdu else None
        return None

    def _confirmed_request(self, apdu: bytes) -> bytes | None:
        if len(apdu) < 4:
            return None
        invoke_id, service = apdu[2], apdu[3]
        if self._communication.state is Communication.DISABLED and service not in _EVEN_WHEN_DISABLED:
            return None
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
        except Refused as refused:
            return bytes((_ERROR, invoke_id, service)) + refused.octets
        except TooLong:
            return bytes((_ABORT_BY_SERVER, invoke_id, _ABORT_SEGMENTATION_NOT_SUPPORTED))
        if result is None:
            return bytes((_SIMPLE_ACK, invoke_id, service))
        return bytes((_COMPLEX_ACK, invoke_id, service)) + result

    # --- confirmed services ---------------------------------------------------------------------------------------

    def _read_property(self, request: TagReader, limit: int) -> bytes:
        place, number, index = _property_reference(request)
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
            raise TooLong
        return result

    def _read_property_multiple(self, request: TagReader, limit: int) -> bytes:
        result = bytearray()
        for place, references in _read_access_specifications(request):
            try:
                kind, instance = self._object(*place)
                place = (OBJECT_TYPE_NUMBERS[kind], instance)
            except Refused:
                kind = None  # and so says each of its properties
            result += context_tag(0, encode_object_identifier(*place)) + b"\x1e"
            for number, index in references:
                if kind is not None and number in SPECIAL:
                    for entry in special_set(kind, number):
                        result += self._element(place, entry.number, None)
                else:
                    result += self._element(place, number, index)
                if len(result) > limit:
                    raise TooLong
            result += b"\x1f"
        if len(result) > limit:
            raise TooLong
        return bytes(result)

    def _element(self, place: tuple[int, int], number: int, index: int | None) -> bytes:
        """Encode one property of a ReadPropertyMultiple result, or why it cannot be read."""
        reference = context_tag(2, unsigned_octets(number))
        if index is not None:
            reference += context_tag(3, unsigned_octets(index))
        try:
            kind, instance = self._object(*place)
            return reference + b"\x4e" + self._read(kind, instance, self._property(kind, number), index) + b"\x4f"
        except Refused as refused:
            return reference + b"\x5e" + refused.octets + b"\x5f"

    def _write_property(self, request: TagReader, _limit: int) -> None:
        place, number, index = _property_reference(request)
        request.opening(3)
        elements = request.elements_until_closing(3)
        priority = request.context_unsigned(4) if request.next_is_context(4) else None
        request.expect_end()
        if priority is not None and priority not in _PRIORITIES:
            raise RequestRejected(RejectReason.PARAMETER_OUT_OF_RANGE)
        kind, instance = self._object(*place)
        entry = self._property(kind, number)
        if index is not None and not entry.is_array:
            raise Refused("property", "property-is-not-an-array")
        if not entry.writable:
            raise Refused("property", "write-access-denied")
        try:
            value = entry.datatype.decode(elements)
            self._meter.write(kind, instance, entry.name, value, index=index, priority=priority)
        except CharacterSetUnsupported as unsupported:
            raise Refused("property", "character-set-not-supported") from unsupported
        except DatatypeInvalid as invalid:
            raise Refused("property", "invalid-data-type") from invalid
        except ObjectAccessError as refusal:
            raise Refused(refusal.error_class, refusal.error_code) from refusal

    def _read_range(self, request: TagReader, limit: int) -> bytes:
        place, number, index = _property_reference(request)
        wanted = read_range(request)
        kind, instance = self._object(*place)
        entry = self._property(kind, number)
        if entry.datatype is not Datatype.EMPTY_LIST:
            raise Refused("services", "property-is-not-a-list")
        if index is not None:
            raise Refused("property", "property-is-not-an-array")
        place_octets = encode_object_identifier(OBJECT_TYPE_NUMBERS[kind], instance)
        head = context_tag(0, place_octets) + context_tag(1, unsigned_octets(number))
        if kind != "TL":
            return head + encode_empty_list()
        return head + encode_log(self._meter.trend_logs[instance], wanted, limit - len(head))

    def _reinitialize_device(self, request: TagReader, _limit: int) -> None:
        state = request.context_unsigned(0)
        check_password(request, 1, self._meter.profile.service_password)
        if state not in _REINITIALIZE_STATES:
            raise RequestRejected(RejectReason.UNDEFINED_ENUMERATION)
        if state not in _RESTARTS:
            raise Refused("services", "optional-functionality-not-supported")
        self._communication.enable()
        self._meter.reinitialize()

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
        raise Refused("object", "unknown-object")

    def _property(self, kind: Kind, number: int) -> Property:
        entry = property_of(kind, number)
        if entry is None:
            raise Refused("property", "unknown-property")
        return entry

    def _read(self, kind: Kind, instance: int, entry: Property, index: int | None) -> bytes:
        if index is not None and not entry.is_array:
            raise Refused("property", "property-is-not-an-array")
        if entry.name == "log-buffer":
            raise Refused("property", "read-access-denied")
        try:
            value = self._meter.read(kind, instance, entry.name, index)
        except ObjectAccessError as refusal:
            raise Refused(refusal.error_class, refusal.error_code) from refusal
        return entry.datatype.encode(value, index)


def _property_reference(request: TagReader) -> tuple[tuple[int, int], int, int | None]:
    """Read object, property and array index (optional), with which requests for one property begin."""
    place, number = request.context_object(0), request.context_unsigned(1)
    return place, number, request.context_unsigned(2) if request.next_is_context(2) else None


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
