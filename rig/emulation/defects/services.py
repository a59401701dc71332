"""Seeded defects of services: meters whose application layer answers otherwise, as wrappers around a good server.

A defect sees each APDU that comes in and may ask the good server what it would say, to that APDU or to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy

from rig.emulation.meter.application.network import InvalidNpdu, NpduHeader, broadcast_npdu, reply_npdu
from rig.emulation.meter.application.server import Answering, Reply

Good = Callable[[bytes], bytes | None]
"""What the good server answers to an APDU, None for nothing."""

Defect = Callable[[bytes, Good], bytes | None]
"""What a defective server answers to an APDU."""

_CONFIRMED, _UNCONFIRMED, _ERROR, _REJECT, _ABORT = 0x00, 0x10, 0x50, 0x60, 0x71
_COMPLEX_ACK = 0x30
_READ_PROPERTY, _READ_PROPERTY_MULTIPLE, _WRITE_PROPERTY = 12, 14, 15
_DEVICE_COMMUNICATION_CONTROL, _REINITIALIZE_DEVICE, _READ_RANGE = 17, 20, 26
_I_HAVE, _TIME_SYNCHRONIZATION, _WHO_HAS, _WHO_IS, _UTC_TIME_SYNCHRONIZATION = 1, 6, 7, 8, 9
_UNRECOGNIZED_SERVICE, _OTHER_REASON, _BUFFER_OVERFLOW = 9, 0, 1
_LARGEST_RESPONSE = 3
_OBJECT_LIST = 76
_READ_RANGE_HEAD = 11
"""Octets before the range of a ReadRange of a Trend_Log's Log_Buffer: APDU header, object and property."""


class DefectiveServer:
    """A server that answers by a defect."""

    def __init__(self, server: Answering, defect: Defect) -> None:
        self._server = server
        self._defect = defect

    def answer(self, npdu: bytes, broadcast: bool = False) -> Reply | None:
        """Answer one NPDU as the defect has it."""
        try:
            header = NpduHeader.decode(npdu)
        except InvalidNpdu:
            return None
        head = npdu[: len(npdu) - len(header.apdu)]

        def good(apdu: bytes) -> bytes | None:
            reply = self._server.answer(head + apdu, broadcast)
            return NpduHeader.decode(reply.npdu).apdu if reply is not None else None

        apdu = self._defect(header.apdu, good)
        if not apdu:
            return None
        if apdu[0] & 0xF0 == _UNCONFIRMED:
            return Reply(broadcast_npdu(apdu), broadcast=True)
        return Reply(reply_npdu(header, apdu), broadcast=False)


def _is_confirmed(apdu: bytes, service: int) -> bool:
    return len(apdu) >= 4 and apdu[0] & 0xF0 == _CONFIRMED and apdu[3] == service


def _is_unconfirmed(apdu: bytes, service: int) -> bool:
    return len(apdu) >= 2 and apdu[0] & 0xF0 == _UNCONFIRMED and apdu[1] == service


def _acknowledged(apdu: bytes) -> bytes:
    return bytes((0x20, apdu[2], apdu[3]))


def _error(error_class: int, code: int) -> bytes:
    return bytes((0x91, error_class, 0x91, code))


def _is_malformed(reply: bytes) -> bool:
    return reply[0] == _REJECT and reply[2] != _UNRECOGNIZED_SERVICE


def _is_unrecognized(reply: bytes) -> bool:
    return reply[0] == _REJECT and reply[2] == _UNRECOGNIZED_SERVICE


# --- the general defects: of the request, and of the answer -----------------------------------------------------------


def _asking(change: Callable[[bytes], bytes]) -> Defect:
    """A request is executed as another one."""
    return lambda apdu, good: good(change(apdu))


def _changed(service: int, change: Callable[[bytes], bytes]) -> Defect:
    """A confirmed request is executed as another one."""
    return _asking(lambda apdu: change(apdu) if _is_confirmed(apdu, service) else apdu)


def _ignored(service: int, applies: Callable[[bytes], bool] = lambda _apdu: True) -> Defect:
    """A service is acknowledged, and nothing is done."""
    return lambda apdu, good: _acknowledged(apdu) if _is_confirmed(apdu, service) and applies(apdu) else good(apdu)


def _deaf_to(wanted: Callable[[bytes], bool]) -> Defect:
    return lambda apdu, good: None if wanted(apdu) else good(apdu)


def _answering(applies: Callable[[bytes], bool], change: Callable[[bytes, bytes], bytes | None]) -> Defect:
    """An answer to which this ``applies`` is sent otherwise; ``change`` gets the request and the good answer."""

    def defect(apdu: bytes, good: Good) -> bytes | None:
        reply = good(apdu)
        return change(apdu, reply) if reply and applies(reply) else reply

    return defect


def _error_instead(found: tuple[int, int], instead: tuple[int, int]) -> Defect:
    """An error has another class and code."""
    return _answering(
        lambda reply: reply[0] == _ERROR and reply[3:] == _error(*found),
        lambda _apdu, reply: reply[:3] + _error(*instead),
    )


def _taken_instead(found: tuple[int, int]) -> Defect:
    """A write that must be refused is acknowledged, and nothing is done."""
    refusal = bytes((_WRITE_PROPERTY,)) + _error(*found)
    return _answering(
        lambda reply: reply[0] == _ERROR and reply[2:] == refusal, lambda apdu, _reply: _acknowledged(apdu)
    )


# --- what is changed --------------------------------------------------------------------------------------------------


def _endless(apdu: bytes) -> bytes:
    """A DeviceCommunicationControl without its duration."""
    if len(apdu) > 5 and apdu[4] >> 3 == 1:  # context tag 0, one to four octets of minutes
        return apdu[:4] + apdu[5 + (apdu[4] & 0x07) :]
    return apdu


def _who_has(context: int) -> Callable[[bytes], bool]:
    """A Who-Has without limits, by object (context tag 2) or by name (3)."""
    return lambda apdu: _is_unconfirmed(apdu, _WHO_HAS) and len(apdu) > 2 and apdu[2] >> 3 == context * 2 + 1


def _utc_taken(apdu: bytes) -> bytes:
    is_utc = _is_unconfirmed(apdu, _UTC_TIME_SYNCHRONIZATION)
    return bytes((apdu[0], _TIME_SYNCHRONIZATION)) + apdu[2:] if is_utc else apdu


def _any_client(apdu: bytes) -> bytes:
    if len(apdu) < 4 or apdu[0] & 0xF0 != _CONFIRMED:
        return apdu
    return apdu[:1] + bytes((apdu[1] & 0xF0 | _LARGEST_RESPONSE,)) + apdu[2:]


class _StunnedByMalformed:
    """A malformed request is not answered, and the request after it is not answered either."""

    _is_stunned = False

    def __call__(self, apdu: bytes, good: Good) -> bytes | None:
        if self._is_stunned:
            self._is_stunned = False
            return None
        reply = good(apdu)
        self._is_stunned = bool(reply) and reply is not None and _is_malformed(reply)
        return None if self._is_stunned else reply


def _without_index(apdu: bytes) -> bytes:
    """A ReadProperty of a property that is no array (Object_List is the only one), without its array index."""
    if len(apdu) >= 13 and apdu[9] == 0x19 and apdu[10] != _OBJECT_LIST and apdu[11] >> 3 == 5:
        return apdu[:11] + apdu[12 + (apdu[11] & 0x07) :]
    return apdu


def _is_priority(apdu: bytes) -> bool:
    return _is_confirmed(apdu, _WRITE_PROPERTY) and apdu[-3:-1] == b"\x3f\x49"


def _priority_refused(apdu: bytes, good: Good) -> bytes | None:
    return bytes((_ERROR, apdu[2], apdu[3])) + _error(2, 40) if _is_priority(apdu) else good(apdu)


def _by_time_taken(apdu: bytes) -> bytes:
    return apdu[:_READ_RANGE_HEAD] if apdu[_READ_RANGE_HEAD : _READ_RANGE_HEAD + 1] == b"\x7e" else apdu


def _one_further(apdu: bytes) -> bytes:
    """By position, from the next one on."""
    at = _READ_RANGE_HEAD
    if apdu[at : at + 2] != b"\x3e\x21":
        return apdu
    return apdu[: at + 2] + bytes((min(apdu[at + 2] + 1, 255),)) + apdu[at + 3 :]


def _as_position(apdu: bytes) -> bytes:
    at = _READ_RANGE_HEAD
    return apdu[:at] + b"\x3e" + apdu[at + 1 : -1] + b"\x3f" if apdu[at : at + 1] == b"\x6e" else apdu


def _flagless(_apdu: bytes, reply: bytes) -> bytes:
    at = reply.find(b"\x3a\x05")
    return reply[: at + 2] + b"\0" + reply[at + 3 :]


APDU_DEFECTS: dict[str, Defect] = {
    "abort-reason-wrong": _answering(
        lambda reply: reply[0] == _ABORT, lambda _apdu, reply: reply[:2] + bytes((_BUFFER_OVERFLOW,))
    ),
    "array-index-ignored": _changed(_READ_PROPERTY, _without_index),
    "array-index-code-wrong": _error_instead((2, 42), (2, 37)),
    "character-set-unchecked": _taken_instead((2, 41)),
    "client-maximum-ignored": _asking(_any_client),
    "communication-control-endless": _changed(_DEVICE_COMMUNICATION_CONTROL, _endless),
    "communication-control-ignored": _ignored(_DEVICE_COMMUNICATION_CONTROL),
    "datatype-unchecked": _taken_instead((2, 9)),
    "initiation-disabled-is-silent": _changed(
        _DEVICE_COMMUNICATION_CONTROL, lambda apdu: apdu.replace(b"\x19\x02", b"\x19\x01")
    ),
    "list-code-wrong": _error_instead((5, 22), (2, 50)),
    "log-by-position-shifted": _changed(_READ_RANGE, _one_further),
    "log-by-sequence-as-position": _changed(_READ_RANGE, _as_position),
    "log-by-time-taken": _changed(_READ_RANGE, _by_time_taken),
    "log-flags-missing": _answering(lambda reply: reply[0] == _COMPLEX_ACK and reply[2] == _READ_RANGE, _flagless),
    "malformed-stuns": _StunnedByMalformed(),
    "malformed-taken": _answering(_is_malformed, lambda apdu, _reply: _acknowledged(apdu)),
    "name-of-i-have-wrong": _answering(
        lambda reply: _is_unconfirmed(reply, _I_HAVE), lambda _apdu, reply: reply[:-1] + b"?"
    ),
    # OPTIONAL, property 80, gives what ALL gives
    "optional-is-all": _changed(_READ_PROPERTY_MULTIPLE, lambda apdu: apdu.replace(b"\x09\x50", b"\x09\x08")),
    "priority-refused": _priority_refused,
    "priority-unchecked": _asking(lambda apdu: apdu[:-2] if _is_priority(apdu) else apdu),
    "read-only-writable": _taken_instead((2, 40)),
    "reinitialize-ignored": _ignored(_REINITIALIZE_DEVICE),
    "reinitialize-states-unchecked": _ignored(_REINITIALIZE_DEVICE, lambda apdu: apdu[5] > 1),
    "reject-missing": _answering(_is_unrecognized, lambda _apdu, _reply: None),
    "reject-reason-wrong": _answering(_is_unrecognized, lambda _apdu, reply: reply[:2] + bytes((_OTHER_REASON,))),
    "unknown-object-code-wrong": _error_instead((1, 31), (2, 32)),
    "unknown-property-code-wrong": _error_instead((2, 32), (1, 31)),
    "utc-time-taken": _asking(_utc_taken),
    "who-has-by-name-deaf": _deaf_to(_who_has(3)),
    "who-has-by-object-deaf": _deaf_to(_who_has(2)),
    "who-is-range-ignored": _asking(lambda apdu: apdu[:2] if _is_unconfirmed(apdu, _WHO_IS) else apdu),
}
"""Every defect of services by name; each server has a copy, since some remember."""


def with_apdu_defects(server: Answering, names: Iterable[str]) -> Answering:
    """Return ``server`` inside a wrapper for each defect named; a good one is returned as it is."""
    for name in names:
        server = DefectiveServer(server, copy(APDU_DEFECTS[name]))
    return server
