"""Ask a whole bus: Who-Is, other broadcasts that are answered, and one request to each of many addresses."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from bacpypes3.apdu import WhoIsRequest
from bacpypes3.pdu import GlobalBroadcast, LocalBroadcast

from drivers.meter.application import FoundDevice, FoundObject, RigApplication
from drivers.meter.errors import MeterError, MeterTimeout
from drivers.mstp.port import MstpPort

_LOOK_UP_S = 0.02
_PROBE_LOOK_S = 0.2
_MOST_INSTANCES = 1 << 22


class Discovery:
    """Runs in the event loop of a bus. ``tell`` sends an unconfirmed request; ``wait`` lets this many seconds pass.

    Both raise BusFailed when the port has ended.
    """

    def __init__(
        self,
        application: RigApplication,
        tell: Callable[[Any], Awaitable[None]],
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        self._application = application
        self._tell = tell
        self._wait = wait

    async def ask_everybody(self, request: Any, timeout_s: float) -> tuple[list[FoundDevice], list[FoundObject]]:
        """Broadcast ``request`` on this bus; returns every I-Am and I-Have of it heard within ``timeout_s``."""
        heard, objects = self._application.heard, self._application.objects
        heard.clear()
        objects.clear()
        request.pduDestination = LocalBroadcast()
        await self._tell(request)
        await self._wait(timeout_s)
        return [one for one in heard if one.network == 0], [one for one in objects if one.network == 0]

    async def who_is(self, low: int | None, high: int | None, timeout_s: float, everywhere: bool) -> list[FoundDevice]:
        """Ask Who-Is; see ``MeterBus.who_is``."""
        request = WhoIsRequest(destination=GlobalBroadcast() if everywhere else LocalBroadcast())
        if low is not None and high is not None:
            request.deviceInstanceRangeLowLimit = low
            request.deviceInstanceRangeHighLimit = high
        heard = self._application.heard
        heard.clear()
        await self._tell(request)
        one_is_enough = low is not None and low == high
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0.0:
            if one_is_enough and any(one.network == 0 and one.device_instance == low for one in heard):
                break
            await self._wait(min(left_s, _LOOK_UP_S) if one_is_enough else left_s)
        within = range(0 if low is None else low, _MOST_INSTANCES if high is None else high + 1)
        return sorted(
            (one for one in heard if one.device_instance in within and (everywhere or one.network == 0)),
            key=lambda one: (one.network, one.address, one.device_instance),
        )


def who_answers(
    addresses: Iterable[int], send: Callable[[int], concurrent.futures.Future[Any]], ahead: int
) -> Iterator[tuple[int, bool]]:
    """Send one request to each address, ``ahead`` at a time; yields each with whether anything came back.

    A refusal is an answer. ``send`` hands a request over. Raises BusFailed.
    """
    waiting = iter(addresses)
    pending: deque[tuple[int, concurrent.futures.Future[Any]]] = deque()
    while True:
        while len(pending) < ahead and (address := next(waiting, None)) is not None:
            pending.append((address, send(address)))
        if not pending:
            return
        address, future = pending.popleft()
        error = future.exception()
        if error is not None and not isinstance(error, MeterError):
            raise error
        yield address, not isinstance(error, MeterTimeout)


def probe_masters(
    port: MstpPort, addresses: Iterable[int], patience_s: float, pause: Callable[[float], None]
) -> dict[int, bool]:
    """Poll each address once, see ``MstpPort.probe``; returns which of those polled within ``patience_s`` answered."""
    deadline_s = time.monotonic() + patience_s
    port.probe(addresses)
    while True:
        answered, left = port.probed()
        if not left or time.monotonic() > deadline_s:
            return answered
        pause(_PROBE_LOOK_S)


async def cancelled_tasks_end() -> None:
    """Wait until all tasks that are being cancelled have ended."""
    if cancelled := [task for task in asyncio.all_tasks() if task.cancelling()]:
        await asyncio.wait(cancelled)
