"""Just enough of the network layer: an NPDU's header, and which NPDU answers which (ASHRAE 135 clauses 6.2, 20.1)."""

from __future__ import annotations

from dataclasses import dataclass

_NETWORK_MESSAGE = 0x80
_HAS_DESTINATION = 0x20
_HAS_SOURCE = 0x08
_CONFIRMED_REQUEST = 0
_UNCONFIRMED_REQUEST = 1
_SEGMENT_ACK = 4
_ABORT = 7
_SENT_BY_SERVER = 0x01


@dataclass(frozen=True, slots=True)
class NpduHeader:
    """What stands before the APDU, or before a network message.

    ``destination`` and ``source``: octets of a remote network address (net, length, address), empty for local ones.
    ``body``: what follows, an APDU or the message.
    """

    destination: bytes
    source: bytes
    is_network_message: bool
    body: bytes


def read_header(npdu: bytes) -> NpduHeader:
    """Take an NPDU apart. Raises IndexError where it is cut short."""
    control = npdu[1]
    position = 2
    destination = source = b""
    if control & _HAS_DESTINATION:
        end = position + 3 + npdu[position + 2]
        destination, position = npdu[position:end], end
    if control & _HAS_SOURCE:
        end = position + 3 + npdu[position + 2]
        source, position = npdu[position:end], end
    if control & _HAS_DESTINATION:
        position += 1  # hop count
    return NpduHeader(destination, source, bool(control & _NETWORK_MESSAGE), npdu[position:])


@dataclass(frozen=True, slots=True)
class NpduSummary:
    """What matters for matching an answer to a request.

    ``destination`` and ``source`` are the remote network address octets (net, length, address), empty for local ones;
    ``apdu_type`` is None for network messages and unreadable NPDUs; ``invoke_id`` is None where the APDU has none.
    """

    destination: bytes = b""
    source: bytes = b""
    apdu_type: int | None = None
    invoke_id: int | None = None
    from_server: bool = False

    @property
    def is_confirmed_request(self) -> bool:
        """Whether it carries a Confirmed-Request-PDU."""
        return self.apdu_type == _CONFIRMED_REQUEST

    def answers(self, request: NpduSummary) -> bool:
        """Whether this NPDU is the reply that the sender of ``request`` waits for (same two stations assumed)."""
        if self.is_confirmed_request:
            return False
        if not request.is_confirmed_request:
            return True
        if self.apdu_type is None or self.apdu_type == _UNCONFIRMED_REQUEST:
            return False
        if self.apdu_type in (_SEGMENT_ACK, _ABORT) and not self.from_server:
            return False
        return self.invoke_id == request.invoke_id and self.destination == request.source


def summarize(npdu: bytes) -> NpduSummary:
    """Read the summary off ``npdu``; what is cut short or not understood gives a summary without an APDU."""
    try:
        return _summarize(npdu)
    except IndexError:
        return NpduSummary()


def _summarize(npdu: bytes) -> NpduSummary:
    header = read_header(npdu)
    destination, source, apdu = header.destination, header.source, header.body
    if header.is_network_message:
        return NpduSummary(destination, source)
    first = apdu[0]
    apdu_type = first >> 4
    if apdu_type == _CONFIRMED_REQUEST:
        return NpduSummary(destination, source, apdu_type, apdu[2])
    if apdu_type == _UNCONFIRMED_REQUEST or apdu_type > _ABORT:
        return NpduSummary(destination, source, apdu_type)
    return NpduSummary(destination, source, apdu_type, apdu[1], bool(first & _SENT_BY_SERVER))
