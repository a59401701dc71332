"""The meter bus for tests: blocking calls outside, one event loop with a bacpypes3 application inside."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from typing import Any, Self, TypeVar

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.pdu import LocalStation

from drivers.meter.application import RIG_DEVICE_INSTANCE, FoundDevice, FoundObject, RigApplication, rig_device
from drivers.meter.discovery import Discovery, cancelled_tasks_end, probe_masters, who_answers
from drivers.meter.errors import BusFailed, BusInterrupted, MeterError, MeterTimeout
from drivers.meter.line_watch import LineWatch, may_be_asked_again
from drivers.meter.requests.exchange import BusStatistics, Exchange, refusal_of
from drivers.meter.requests.packing import MAX_APDU_OCTETS
from drivers.mstp.clock import monotonic_s
from drivers.mstp.codec.frames import BROADCAST, SeenFrame
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.events import LineLost, LineRestored, PortFailed
from drivers.mstp.link import MstpLink
from drivers.mstp.port import MstpPort
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.settings import PortSettings

PROGRESS_S = 0.5
"""While waiting, progress is reported at least this often."""

_LOG = logging.getLogger(__name__)
_GRACE_S = 1.0
_JOIN_POLL_S = 0.02
_CLOSE_S = 5.0

Result = TypeVar("Result")
_Namer = Callable[[Any], str]


class MeterBus:
    """One MS/TP port and a BACnet application on it; any number of meters behind. A context manager.

    ``timeout_s`` is how long an answer may take (APDU time-out). ``on_progress`` is called in the caller's thread
    after every completed request and at least every half second of waiting: a heartbeat that comes from progress.
    Every call may raise BusFailed. Calls from several threads are allowed. ``reported_from``: the thread (its
    identifier) in which alone ``on_progress`` and ``on_line`` are called; it may call ``report_progress`` while others
    wait for the bus. None: any thread.

    Where the settings let the port wait for an adapter that was unplugged, calls wait with it. Of what was under way
    reads are sent again, and counted; everything else raises BusInterrupted. ``on_line`` is called with LineLost and
    LineRestored, in the thread of a caller.
    """

    def __init__(
        self,
        settings: PortSettings,
        timeout_s: float,
        on_progress: Callable[[], None] | None,
        device_instance: int,
        on_line: Callable[[LineLost | LineRestored], None] | None = None,
        reported_from: int | None = None,
    ) -> None:
        self._reported_from = reported_from
        self.settings, self.device_instance = settings, device_instance
        self.timeout_s = timeout_s
        self.on_progress = on_progress
        self._on_line = on_line
        self._port = MstpPort(settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"bus {settings.device}", daemon=True)
        self._requests = self._repeats = self._timeouts = self._asked_again = 0
        self._last_frames: list[SeenFrame] = []
        self.last_used_s = 0.0
        """When a request was last handed to the port, monotonic seconds; 0 where none ever was."""
        self._closed = False

    @classmethod
    def open(
        cls,
        settings: PortSettings,
        *,
        timeout_s: float = 6.0,
        join_timeout_s: float = 30.0,
        on_progress: Callable[[], None] | None = None,
        device_instance: int = RIG_DEVICE_INSTANCE,
        on_line: Callable[[LineLost | LineRestored], None] | None = None,
        reported_from: int | None = None,
    ) -> Self:
        """Open the port and wait until it has had the token, from others or as the only master.

        ``device_instance``: of the rig's own Device object, 0 to 4194302; two rigs on one bus need two.
        Raises PortUnavailable(device, reason), and BusFailed when there was no token within ``join_timeout_s``
        seconds: joining a ring of few masters and a Max_Master of 127 takes about ten seconds.
        """
        bus = cls(settings, timeout_s, on_progress, device_instance, on_line, reported_from)
        try:
            bus._port.start()
        except PortUnavailable:
            bus._loop.close()
            raise
        bus._thread.start()
        try:
            bus._run(bus._set_up())
            bus._join(join_timeout_s)
        except BaseException as error:
            bus.close()
            if isinstance(error, BusFailed):
                error.frames = tuple(bus.captured())
            raise
        _LOG.info("%s: MS/TP port open as MAC %d at %d baud", settings.device, settings.mac, settings.baud)
        return bus

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bus and give the port back; may be called again."""
        if self._closed:
            return
        with contextlib.suppress(PortUnavailable):  # a port that has ended has reported it already
            self._last_frames = self._port.captured()
        self._closed = True
        with contextlib.suppress(concurrent.futures.TimeoutError):
            asyncio.run_coroutine_threadsafe(self._tear_down(), self._loop).result(_CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_S)
        if not self._thread.is_alive():
            self._loop.close()
        self._port.close()

    def who_is(
        self, low: int | None = None, high: int | None = None, timeout_s: float = 3.0, *, everywhere: bool = False
    ) -> list[FoundDevice]:
        """Ask Who-Is, for instances ``low`` to ``high`` if given; return all that answered within ``timeout_s``.

        Asked are the devices of this bus; ``everywhere`` asks those behind routers too, on a large site very many.
        Two devices with the same instance, or the same MAC, are two entries. Where ``low`` equals ``high`` the first
        answer is enough, and the call returns with it.
        """
        return self._run(self._discovery.who_is(low, high, timeout_s, everywhere))

    def exchange(
        self, address: int, requests: Iterable[Any], *, repeats: int = 0, name: _Namer = str, ahead: int = 99
    ) -> Generator[Exchange]:
        """Send confirmed requests to one meter, none waiting for another's answer, and yield the exchanges in order.

        ``requests`` are bacpypes3 APDUs without destination; each is handed to the port as soon as it is made, and made
        as soon as fewer than ``ahead`` are under way. A request without answer is sent again ``repeats`` times at most,
        and counted. ``name`` makes the text of a request in errors. Raises MeterTimeout, MeterRefused, MeterAborted,
        MeterRejected or BusFailed: the first there is, when no answer is outstanding any more; nor is one when the
        generator is closed early.
        """
        waiting, pending = iter(requests), deque[concurrent.futures.Future[Exchange]]()
        failure: Exception | None = None

        def hand_over() -> None:
            while len(pending) < ahead and (request := next(waiting, None)) is not None:
                pending.append(self._hand_over(address, request, repeats, name))

        hand_over()
        while pending:
            try:
                exchange = self._await(pending.popleft())
            except (MeterError, BusFailed) as error:
                failure = failure or error
                continue
            if failure is None:
                hand_over()
                try:
                    yield exchange
                except GeneratorExit:
                    while concurrent.futures.wait(pending, PROGRESS_S).not_done:
                        self.report_progress()
                    raise
        if failure is not None:
            raise failure

    def tell(self, address: int, request: Any) -> None:
        """Send an unconfirmed request (a bacpypes3 APDU without destination); there is no answer."""
        request.pduDestination = LocalStation(bytes((address,)))
        self._run(self._tell(request))

    def ask_everybody(self, request: Any, timeout_s: float) -> tuple[list[FoundDevice], list[FoundObject]]:
        """Broadcast an unconfirmed request on this bus; returns every I-Am and I-Have of it heard in ``timeout_s``."""
        return self._run(self._discovery.ask_everybody(request, timeout_s))

    def who_answers(
        self, addresses: Iterable[int], request_for: Callable[[int], Any], ahead: int = 8
    ) -> Iterator[tuple[int, bool]]:
        """Send each MAC in ``addresses`` a confirmed request, ``ahead`` at a time; yields each and if it answered."""
        return who_answers(addresses, lambda address: self._hand_over(address, request_for(address)), ahead)

    def probe_masters(self, addresses: Iterable[int], patience_s: float) -> dict[int, bool]:
        """Poll each address once with the rig's tokens; returns which answered, of those polled in ``patience_s``."""
        return self._port_says(lambda: probe_masters(self._port, addresses, patience_s, self.pause))

    def send_npdu(self, npdu: bytes) -> None:
        """Broadcast a network layer message, as octets, on this bus; raises BusFailed."""
        self._port_says(lambda: self._port.send(BROADCAST, npdu, expecting_reply=False))

    @contextlib.contextmanager
    def accepting(self, max_apdu_octets: int) -> Iterator[None]:
        """Have requests say meanwhile that the rig takes answers of 50, 128, 206 or 480 octets at most."""
        device = self._application.device_object
        device.maxApduLengthAccepted = max_apdu_octets
        try:
            yield
        finally:
            device.maxApduLengthAccepted = MAX_APDU_OCTETS

    @contextlib.contextmanager
    def off_the_ring(self, join_timeout_s: float = 60.0) -> Iterator[None]:
        """Have the rig's node neither hear nor send meanwhile, as if unplugged; then join the ring again.

        Frames on the bus are captured meanwhile; requests made meanwhile are lost. Raises BusFailed when the node
        has had no token ``join_timeout_s`` seconds after its return.
        """
        mac = self.settings.mac
        self._port.set_online(mac, False)
        try:
            yield
        finally:
            before = self.statistics().port
            self._port.set_online(mac, True)
            self._join(join_timeout_s, before.tokens_received + before.sole_master_declared)

    def raise_if_ended(self) -> None:
        """Raise BusFailed where the port has ended; costs nothing, so that it can be asked at any time."""
        if self._failed.done():
            raise BusFailed(self.settings.device, self._failed.result())

    def pause(self, duration_s: float) -> None:
        """Let time pass, reporting progress."""
        self._run(asyncio.sleep(duration_s))

    def statistics(self) -> BusStatistics:
        """Return what was counted since the bus was opened."""
        port = self._port_says(self._port.statistics)
        counted = (self._requests, self._repeats, self._timeouts, self._asked_again)
        return BusStatistics(port, *counted, self._line.lost_s)

    def captured(self) -> list[SeenFrame]:
        """Return the last frames on the bus, own ones included, oldest first, with times of ``drivers.mstp.clock``.

        When the bus has been closed these are the last before that. Raises BusFailed when the port has ended.
        """
        return list(self._last_frames) if self._closed else self._port_says(self._port.captured)

    def late_spells(self, since_s: float) -> list[LateSpell]:
        """Return when the rig's own port process was late after ``since_s``, none where it is not ``watchful``.

        Seconds of ``drivers.mstp.clock``. Raises BusFailed when the port has ended.
        """
        return self._port_says(lambda: self._port.late_spells(since_s))

    def _port_says(self, ask: Callable[[], Result]) -> Result:
        try:
            return ask()
        except PortUnavailable as unavailable:
            raise BusFailed(self.settings.device, unavailable.reason) from unavailable

    # --- the caller's side ----------------------------------------------------------------------------------------
    def _hand_over(
        self, address: int, request: Any, repeats: int = 0, name: _Namer = str
    ) -> concurrent.futures.Future[Exchange]:
        request.pduDestination = LocalStation(bytes((address,)))
        return asyncio.run_coroutine_threadsafe(self._transact(address, request, repeats, name), self._loop)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._await(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _await(self, future: concurrent.futures.Future[Result]) -> Result:
        try:
            while not concurrent.futures.wait([future], PROGRESS_S).done:
                self.report_progress()
        except BaseException:
            future.cancel()
            # so that a request which has not been sent is taken back by the time at which the caller goes on
            with contextlib.suppress(concurrent.futures.TimeoutError):
                asyncio.run_coroutine_threadsafe(cancelled_tasks_end(), self._loop).result(_CLOSE_S)
            raise
        self.report_progress()
        return future.result()

    def _join(self, timeout_s: float, tokens_before: int = 0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while True:
            port = self.statistics().port
            if port.tokens_received + port.sole_master_declared > tokens_before:
                return
            if time.monotonic() > deadline_s:
                reason = (
                    f"no token within {timeout_s:g} s; check the baud rate, the wiring and Max_Master of the others"
                )
                raise BusFailed(self.settings.device, reason)
            self.pause(_JOIN_POLL_S)

    def report_progress(self) -> None:
        """Call ``on_progress``, and ``on_line`` for what has happened; nothing in another thread than theirs."""
        if self._reported_from not in (None, threading.get_ident()):
            return
        if self.on_progress is not None:
            self.on_progress()
        if self._on_line is not None:
            for event in self._line.take_events():
                self._on_line(event)

    # --- in the event loop ----------------------------------------------------------------------------------------

    async def _set_up(self) -> None:
        self._failed: asyncio.Future[str] = self._loop.create_future()
        self._application = RigApplication.of(rig_device(self.timeout_s, self.settings, self.device_instance))
        self._line = LineWatch(self.settings)
        self._link = MstpLink(self._port, self._note_failure, self.timeout_s, self._line.note)
        self._link.attach(self._application)
        self._discovery = Discovery(self._application, self._tell, self._wait)

    async def _tear_down(self) -> None:
        self._link.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _note_failure(self, event: PortFailed) -> None:
        if not self._failed.done():
            self._failed.set_result(event.reason)

    async def _transact(self, address: int, request: Any, repeats: int, name: _Namer) -> Exchange:
        requested_at_s = time.monotonic()
        for attempt in range(repeats + 1):
            if attempt:
                self._repeats += 1
                request.apduInvokeID = None
            self._requests += 1
            self.last_used_s = monotonic_s()
            try:
                answer = await self._answer_in_the_end(address, request, name)
            except asyncio.CancelledError:
                self._link.withdraw(address, request.apduInvokeID)
                raise
            except MeterTimeout:
                self._link.withdraw(address, request.apduInvokeID)
                self._timeouts += 1
                _LOG.info("MAC %d: no answer to %s, attempt %d", address, name(request), attempt + 1)
                if attempt == repeats:
                    raise
            else:
                return Exchange(request, answer, requested_at_s, time.monotonic())
        raise AssertionError("the last attempt returns or raises")

    async def _answer_in_the_end(self, address: int, request: Any, name: _Namer) -> Any:
        while True:
            await self._line.until_there(self._failed)
            try:
                return await self._answer_to(address, request, name)
            except BusInterrupted:
                if not may_be_asked_again(request):
                    raise
            self._asked_again += 1
            _LOG.info("MAC %d is asked again, since the adapter was away: %s", address, name(request))
            request.apduInvokeID = None

    async def _answer_to(self, address: int, request: Any, name: _Namer) -> Any:
        # bacpypes3's future stays pending for ever when sending fails below it, hence a deadline of our own
        deadline_s = self.timeout_s + _GRACE_S
        future, lost = self._application.request(request), self._line.lost
        await asyncio.wait({future, self._failed, lost}, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            future.cancel()
            self.raise_if_ended()
            if lost.done():
                raise BusInterrupted(self.settings.device, address, name(request))
            raise MeterTimeout(address, name(request), deadline_s)
        try:
            return future.result()
        except ErrorRejectAbortNack as nack:
            raise refusal_of(nack, address, name(request), self.timeout_s) from None

    async def _tell(self, request: Any) -> None:
        await self._line.until_there(self._failed)
        self.last_used_s = monotonic_s()
        await self._application.request(request)

    async def _wait(self, duration_s: float) -> None:
        """Let time pass; raises BusFailed when the port ends."""
        await asyncio.wait({self._failed}, timeout=duration_s)
        self.raise_if_ended()
