"""The client of one S4100: identity, readings, configuration, commands and time, as plain calls."""

from __future__ import annotations

import contextlib
import math
import re
import struct
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from bacpypes3.apdu import (
    DeviceCommunicationControlRequest,
    ReinitializeDeviceRequest,
    TimeSynchronizationRequest,
    WritePropertyRequest,
)
from bacpypes3.basetypes import DateTime
from bacpypes3.constructeddata import Any as BacnetAny
from bacpypes3.primitivedata import Date, ObjectIdentifier, Real, Time

from drivers.meter.bus import MeterBus
from drivers.meter.errors import AnswerNotUnderstood, ValueNotTaken
from drivers.meter.logs import (
    PAGES_AHEAD,
    LogNotGiven,
    LogPage,
    LogRecord,
    moment_of,
    page_of,
    page_request,
    read_pages,
)
from drivers.meter.points import MeterPoint
from drivers.meter.readings import Identity, LoadPointReading, Part, Snapshot
from drivers.meter.requests.exchange import Exchange
from drivers.meter.requests.packing import (
    PRESENT_VALUE,
    RELIABILITY,
    THIS_DEVICE,
    PlannedPart,
    Wanted,
    packed,
    plan_snapshot,
)
from drivers.meter.requests.read_multiple import ReadResult, read_request, read_results

LOAD_POINT_INPUTS = (*range(11, 19), *range(55, 76))
"""AI11 to AI18 and AI55 to AI75: 29 objects, exactly what fits one answer."""

CONFIGURATION_VALUES = range(2, 12)
COMMAND_REGISTER = 1

_WRITE_DEADLINE_S = 5.0
_READ_BACK_S = 0.1
_NO_FAULT = 0
_SERIAL_NUMBER = re.compile(r"S/N:\s*(\S+)")
_IDENTITY = (
    ("object-identifier", "object-name", "vendor-name", "vendor-identifier", "model-name", "firmware-revision"),
    ("application-software-version", "location", "description", "protocol-revision", "max-master"),
)
_CLOCK = ("local-date", "local-time")
_LOG_COUNTS = ("record-count", "total-record-count")

CommunicationState = Literal["enable", "disable", "disable-initiation"]
RestartState = Literal["coldstart", "warmstart"]


class MeterClient:
    """One meter at MAC ``address`` on a bus; ``points`` is the table of its objects.

    ``device_instance`` is that of its Device object; None asks for "this device" (4194303). ``read_repeats`` is how
    often a lost read is sent again, counted by the bus; writes never are. ``sleep`` is how time is spent between the
    read-backs of a write (a bench clock's). Calls raise the errors of ``drivers.meter.errors``.
    """

    def __init__(
        self,
        bus: MeterBus,
        address: int,
        points: Iterable[MeterPoint],
        *,
        device_instance: int | None = None,
        read_repeats: int = 0,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.bus = bus
        self.address = address
        self.points = tuple(points)
        self.read_repeats = read_repeats
        self._device_instance = THIS_DEVICE if device_instance is None else device_instance
        self._sleep = bus.pause if sleep is None else sleep
        self._plan = plan_snapshot(_everything(self.points))

    def identity(self) -> Identity:
        """Read the meter's identity."""
        values: dict[str, Any] = {}
        for names in _IDENTITY:
            values |= self._properties("DE", self._device_instance, names)
        _, device_instance = values.pop("object-identifier")
        serial_number = _SERIAL_NUMBER.search(values["object-name"])
        return Identity(
            device_instance=device_instance,
            serial_number=serial_number.group(1) if serial_number else "",
            **{name.replace("-", "_"): value for name, value in values.items()},
        )

    def read_inputs(self, instances: Iterable[int]) -> dict[int, float]:
        """Read present values of analog inputs, as many requests as it takes; NaN for QNAN."""
        return self._present_values("AI", instances)

    def read_load_point(self) -> LoadPointReading:
        """Read AI11 to AI18 and AI55 to AI75 in one request, which the meter answers from one update."""
        results, (exchange,) = self.read([[Wanted("AI", instance) for instance in LOAD_POINT_INPUTS]])
        values = {result.instance: float(result.value) for result in results[0]}
        return LoadPointReading(values, exchange.requested_at_s, exchange.answered_at_s)

    def snapshot(self) -> Snapshot:
        """Read the whole meter: present value and reliability of all AI and AV, present value of all BI.

        The requests are handed to the bus all at once, so that each is ready to go when the one before is answered.
        """
        wanted = [[*part.wanted, *(Wanted("AI", canary) for canary in part.canaries)] for part in self._plan]
        results, exchanges = self.read(wanted)
        values: dict[tuple[str, int], float] = {}
        reliability: dict[tuple[str, int], int] = {}
        parts: list[Part] = []
        for part, part_results, exchange in zip(self._plan, results, exchanges, strict=True):
            again = part_results[len(part_results) - len(part.canaries) :]
            for result in part_results[: len(part_results) - len(part.canaries)]:
                key = (result.kind, result.instance)
                if result.property_name == RELIABILITY:
                    reliability[key] = int(result.value)
                else:
                    values[key] = float(result.value)
            canaries = {result.instance: float(result.value) for result in again}
            parts.append(Part(exchange.requested_at_s, exchange.answered_at_s, canaries))
        torn = any(
            not _same(value, values["AI", instance]) for part in parts for instance, value in part.canaries.items()
        )
        return Snapshot(values, reliability, tuple(parts), torn)

    @property
    def snapshot_plan(self) -> tuple[PlannedPart, ...]:
        """The requests that a snapshot consists of."""
        return tuple(self._plan)

    def read_configuration(self) -> dict[int, float]:
        """Read AV2 to AV11."""
        return self._present_values("AV", CONFIGURATION_VALUES)

    def write_value(self, av: int, value: float, deadline_s: float = _WRITE_DEADLINE_S) -> None:
        """Write one configuration value (AV2 to AV11) and wait until the meter has it.

        The meter may take two seconds to validate and store it (manual page 23): the call returns when Reliability is
        no-fault and the value reads back, and raises ValueNotTaken after ``deadline_s`` seconds. Commands are another
        matter (``command``): ValueError for AV1.
        """
        if av == COMMAND_REGISTER:
            raise ValueError("AV1 is the command register: use command()")
        self._write(av, value)
        wire_value = struct.unpack(">f", struct.pack(">f", value))[0]
        started_s = time.monotonic()
        while True:
            found = self._properties("AV", av, (PRESENT_VALUE, RELIABILITY))
            read, reliability = float(found[PRESENT_VALUE]), int(found[RELIABILITY])
            if reliability == _NO_FAULT and _same(read, wire_value):
                return
            waited_s = time.monotonic() - started_s
            if waited_s >= deadline_s:
                raise ValueNotTaken(self.address, f"AV{av} = {value:g}", value, read, reliability, waited_s)
            self._sleep(_READ_BACK_S)

    def command(self, code: int) -> None:
        """Write a code to the command register AV1 once; it always reads 0 and is never repeated."""
        self._write(COMMAND_REGISTER, code)

    def set_time(self, moment: datetime) -> None:
        """Set the meter's clock to ``moment`` as it stands (TimeSynchronization: no answer comes; see read_time)."""
        date = Date((moment.year - 1900, moment.month, moment.day, moment.isoweekday()))
        clock = Time((moment.hour, moment.minute, moment.second, moment.microsecond // 10_000))
        self.bus.tell(self.address, TimeSynchronizationRequest(time=DateTime(date=date, time=clock)))

    def read_time(self) -> datetime:
        """Read the meter's clock; without zone, as the meter has it."""
        found = self._properties("DE", self._device_instance, _CLOCK)
        return moment_of(found["local-date"], found["local-time"])

    def read_log(self, instance: int, since: int = 0) -> tuple[LogRecord, ...]:
        """Read the records of TL ``instance`` (1 to 3) with sequence numbers after ``since`` (0: all), oldest first.

        Several pages are under way at once. A record made while they are read is not among them; one that is
        overwritten meanwhile is missing, which its sequence number shows.
        """
        what = f"reading the log of TL{instance}"

        def counts() -> tuple[int, int]:
            found = self._properties("TL", instance, _LOG_COUNTS)
            return int(found[_LOG_COUNTS[0]]), int(found[_LOG_COUNTS[1]])

        def pages(asked: Iterable[tuple[int, int]]) -> Generator[LogPage]:
            requests = (page_request(instance, sequence, count) for sequence, count in asked)
            exchanges = self.bus.exchange(
                self.address, requests, repeats=self.read_repeats, name=lambda _: what, ahead=PAGES_AHEAD
            )
            with contextlib.closing(exchanges):
                for exchange in exchanges:
                    yield page_of(self.address, exchange.answer, what)

        try:
            return read_pages(counts, pages, since)
        except LogNotGiven as error:
            raise AnswerNotUnderstood(self.address, what, str(error)) from error

    def communication_control(self, state: CommunicationState, minutes: int | None = None) -> None:
        """Tell the meter to communicate or not (DeviceCommunicationControl), for ``minutes`` or without end.

        While it is disabled it answers nothing but this and ``reinitialize``. The manual knows no password.
        """
        request = DeviceCommunicationControlRequest(enableDisable=state, timeDuration=minutes)
        self._once(request, f"communication control: {state}")

    def reinitialize(self, state: RestartState = "warmstart") -> None:
        """Restart the meter (ReinitializeDevice); it is silent for a while after its acknowledgement."""
        self._once(ReinitializeDeviceRequest(reinitializedStateOfDevice=state), f"reinitialize: {state}")

    def _once(self, request: Any, what: str) -> None:
        list(self.bus.exchange(self.address, [request], name=lambda _: what))

    def _properties(self, kind: str, instance: int, names: tuple[str, ...]) -> dict[str, Any]:
        (results,), _ = self.read([[Wanted(kind, instance, names)]])
        return {result.property_name: result.value for result in results}

    def _present_values(self, kind: str, instances: Iterable[int]) -> dict[int, float]:
        results, _ = self.read(packed(Wanted(kind, instance) for instance in instances))
        return {result.instance: float(result.value) for part in results for result in part}

    def read(self, parts: Sequence[Sequence[Wanted]]) -> tuple[list[list[ReadResult]], list[Exchange]]:
        """Read each part with one request, none of them waiting for another's answer."""
        requests = (read_request(part) for part in parts)
        answers = self.bus.exchange(self.address, requests, repeats=self.read_repeats)
        results: list[list[ReadResult]] = []
        exchanges: list[Exchange] = []
        for part, exchange in zip(parts, answers, strict=True):
            results.append(read_results(self.address, part, exchange.answer))
            exchanges.append(exchange)
        return results, exchanges

    def _write(self, av: int, value: float) -> None:
        request = WritePropertyRequest(
            objectIdentifier=ObjectIdentifier(("analog-value", av)),
            propertyIdentifier=PRESENT_VALUE,
            propertyValue=BacnetAny(Real(value)),
        )
        self._once(request, f"writing AV{av} = {value:g}")


def _everything(points: Iterable[MeterPoint]) -> list[Wanted]:
    """List what a snapshot reads of each object that has a present value."""
    properties = {"AI": (PRESENT_VALUE, RELIABILITY), "AV": (PRESENT_VALUE, RELIABILITY), "BI": (PRESENT_VALUE,)}
    return [Wanted(point.kind, point.instance, properties[point.kind]) for point in points if point.kind in properties]


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
