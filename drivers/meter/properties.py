"""Read and write any property of any object of a meter, one at a time: for questions about the objects themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bacpypes3.apdu import ConfirmedRequestPDU, ReadPropertyRequest, ReadRangeRequest, WritePropertyRequest
from bacpypes3.basetypes import DeviceObjectPropertyReference, Range, RangeByPosition
from bacpypes3.constructeddata import Any as BacnetAny
from bacpypes3.primitivedata import (
    BitString,
    Boolean,
    CharacterString,
    Date,
    Enumerated,
    ObjectIdentifier,
    Real,
    TagClass,
    TagList,
    Time,
    Unsigned,
)

from drivers.meter.client import MeterClient
from drivers.meter.errors import AnswerNotUnderstood
from drivers.meter.logs import LogPage, page_of, page_request
from drivers.meter.requests.packing import KINDS, TYPES, Wanted
from drivers.meter.requests.read_multiple import answered, read_request

_REFERENCE = "log-device-object-property"


class Properties:
    """ReadProperty and WriteProperty of one meter; kinds are ``DE AI AV BI TL``, names the hyphen names of BACnet.

    Values: float, int, bool, text; a tuple of bools for bits, of ints for a date or a time, ``(kind, instance)`` for an
    object. A property of several values is a tuple of them. Writes are sent once, encoded by ``datatype``
    them (Real, Unsigned ... of bacpypes3.primitivedata). The errors are those of ``drivers.meter.errors``. ``around``
    does each exchange that is not a read, and decides whether one without answer (MeterTimeout) is done again.
    """

    def __init__(
        self,
        meter: MeterClient,
        before_write: Callable[[str, int, str], None] = lambda _kind, _instance, _name: None,
        around: Callable[[Callable[[], Any]], Any] = lambda exchange: exchange(),
    ) -> None:
        self._before_write = before_write
        self._around = around
        self._meter = meter

    def read(self, kind: str, instance: int, name: str, index: int | None = None) -> Any:
        """Read one property, or one element of an array (0: how many there are)."""
        return self.read_elements(kind, instance, name, [index])[0]

    def read_elements(self, kind: str, instance: int, name: str, indices: Iterable[int | None]) -> list[Any]:
        """Read elements of an array one by one, none of the requests waiting for another's answer."""
        what = f"reading {name} of {kind}{instance}"
        requests = [
            ReadPropertyRequest(
                objectIdentifier=(TYPES[kind], instance), propertyIdentifier=_identifier(name), propertyArrayIndex=each
            )
            for each in indices
        ]
        exchanges = self._meter.bus.exchange(
            self._meter.address, requests, repeats=self._meter.read_repeats, name=lambda _: what
        )
        return [self._value(name, exchange.answer.propertyValue, what) for exchange in exchanges]

    def read_several(self, wanted: Iterable[tuple[str, int, tuple[str, ...]]]) -> dict[tuple[str, int, str], Any]:
        """Read properties of several objects in one request, which the meter answers from one update.

        ``wanted``: kind, instance and property names. Raises MeterAborted where the answer would not fit one APDU.
        """
        entries = [Wanted(*entry) for entry in wanted]
        (results,), _ = self._meter.read([entries])
        return {(each.kind, each.instance, each.property_name): each.value for each in results}

    def read_special(self, kind: str, instance: int, which: str) -> list[str]:
        """List the properties that ReadPropertyMultiple gives for ``all``, ``required`` or ``optional``."""
        what = f"reading {which} properties of {kind}{instance}"
        answer = self.send(read_request([Wanted(kind, instance, (which,))]), what)
        return [name for _, _, name, _ in answered(self._meter.address, answer, what)]

    def write(
        self,
        kind: str,
        instance: int,
        name: str,
        *values: Any,  # Any: an atom of bacpypes3
        index: int | None = None,
        priority: int | None = None,
    ) -> None:
        """Write one property with an atom of bacpypes3 (``Real(1.0)``), or several in a row (``Date``, ``Time``)."""
        self._before_write(kind, instance, name)
        tags = TagList()
        for value in values:
            tags.extend(value.encode())
        request = WritePropertyRequest(
            objectIdentifier=(TYPES[kind], instance),
            propertyIdentifier=_identifier(name),
            propertyArrayIndex=index,
            propertyValue=BacnetAny(tags),
            priority=priority,
        )
        self.send(request, f"writing {name} of {kind}{instance}")

    def log_by_position(self, instance: int, reference: int, count: int) -> LogPage:
        """Read ``count`` records of a Trend_Log from position ``reference`` (1: the oldest) on, up to it if negative.

        The records are numbered from 1 within the answer, which gives no sequence numbers.
        """
        what = f"reading the log of TL{instance} by position"
        by_position = RangeByPosition(referenceIndex=reference, count=count)
        answer = self.send(self.log_request(instance, Range(byPosition=by_position)), what)
        return page_of(self._meter.address, answer, what, first=1)

    def log_by_sequence(self, instance: int, reference: int, count: int) -> LogPage:
        """Read ``count`` records of a Trend_Log from sequence number ``reference`` on, up to it if negative."""
        what = f"reading the log of TL{instance} by sequence number"
        answer = self.send(page_request(instance, reference, count), what)
        return page_of(self._meter.address, answer, what)

    def log_request(self, instance: int, range_: Any = None, name: str = "log-buffer", kind: str = "TL") -> Any:
        """Make a ReadRange request of a list, for ``send``; ``range_`` is a Range of bacpypes3, None for everything."""
        return ReadRangeRequest(objectIdentifier=(TYPES[kind], instance), propertyIdentifier=name, range=range_)

    def send_octets(self, service: int, octets: bytes, what: str) -> Any:
        """Send a confirmed request made by hand, well-formed or not: the service's number and what follows it."""
        request = ConfirmedRequestPDU(service)
        request.put_data(octets)
        return self.send(request, what)

    def log_reference(self, kind: str, instance: int, name: str = "present-value") -> Any:
        """Make the value of a Trend_Log's Log_DeviceObjectProperty."""
        return DeviceObjectPropertyReference(objectIdentifier=(TYPES[kind], instance), propertyIdentifier=name)

    def send(self, request: Any, what: str) -> Any:  # Any: an APDU of bacpypes3
        """Send any confirmed request and return its answer; ``what`` names it in errors. Once, but for ``around``."""

        def exchange() -> Any:
            request.apduInvokeID = None
            (done,) = self._meter.bus.exchange(self._meter.address, [request], name=lambda _: what)
            return done.answer

        return self._around(exchange)

    def _value(self, name: str, value: Any, what: str) -> Any:
        if name == _REFERENCE:
            found = value.cast_out(DeviceObjectPropertyReference)
            return (*_object(found.objectIdentifier), int(found.propertyIdentifier))
        brackets = (TagClass.opening, TagClass.closing)
        tags = [tag for tag in value.tagList if tag.tag_class not in brackets]
        if any(tag.tag_class != TagClass.application or tag.tag_number not in _BY_TAG for tag in tags):
            raise AnswerNotUnderstood(self._meter.address, what, "a value of another datatype")
        found = tuple(_decoded(tag) for tag in tags)
        return found[0] if len(found) == 1 else found


def _identifier(name: str) -> Any:
    # bacpypes3 has the names of a later revision of the standard
    return "enable" if name == "log-enable" else name


def _object(identifier: Any) -> tuple[str, int]:
    kind, instance = identifier
    return KINDS.get(int(kind), str(kind)), int(instance)


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in value)


_BY_TAG: dict[int, tuple[Any, Callable[[Any], Any]]] = {
    1: (Boolean, bool),
    2: (Unsigned, int),
    4: (Real, float),
    7: (CharacterString, str),
    8: (BitString, lambda bits: tuple(map(bool, bits))),
    9: (Enumerated, int),
    10: (Date, _numbers),
    11: (Time, _numbers),
    12: (ObjectIdentifier, _object),
}
"""Datatypes of bacpypes3 by application tag, and what makes a value of Python of theirs."""


def _decoded(tag: Any) -> Any:
    datatype, value_of = _BY_TAG[tag.tag_number]
    return value_of(datatype.decode(TagList([tag])))
