"""The link layer that lets any bacpypes3 application run over RS-485: a bacpypes3 server on an MS/TP port."""

from __future__ import annotations

import asyncio
import contextlib
import math
import select
import threading
import time
from collections.abc import Callable

from bacpypes3.app import Application
from bacpypes3.comm import Server
from bacpypes3.pdu import PDU, Address, LocalBroadcast, LocalStation

from drivers.mstp.codec.frames import BROADCAST
from drivers.mstp.errors import NpduRefused, PortUnavailable
from drivers.mstp.events import FrameReceived, LineLost, LineRestored, PortFailed
from drivers.mstp.port import MstpPort

_EXPECTING_REPLY = 0x04
"""Bit of the NPCI control octet (ASHRAE 135 clause 6.2.2) that chooses between the two data frame types."""


_LOOK_UP_S = 0.25
"""How often a thread that watches a port sees whether the link was closed."""


class MstpLink(Server[PDU]):
    """Carries NPDUs between a bacpypes3 application and a started ``MstpPort``.

    Make it while the event loop of the application runs, then ``attach`` it. The port is the caller's to start and
    to close; ``close`` only ends the carrying. When the port fails, ``failure`` says why and ``on_failure``, if
    given, is called once with the event, in the event loop: requests under way do not end by themselves.

    ``on_line`` is called, likewise, when the adapter is unplugged and when it is back (``PortSettings.replug_wait_s``).
    ``request_life_s``: a confirmed request that had no chance to be sent for so long is never sent. Set it to the
    application's APDU time-out: bacpypes3 gives up by then, and would not know that its request goes out later.
    """

    _debug: Callable[..., None]

    def __init__(
        self,
        port: MstpPort,
        on_failure: Callable[[PortFailed], None] | None = None,
        request_life_s: float = math.inf,
        on_line: Callable[[LineLost | LineRestored], None] | None = None,
    ) -> None:
        super().__init__()
        self._on_line = on_line
        self._request_life_s = request_life_s
        self.port = port
        self.failure: PortFailed | None = None
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._descriptor: int | None = port.fileno()
        self._upward: set[asyncio.Task[None]] = set()
        try:
            self._loop.add_reader(self._descriptor, self._readable)
        except NotImplementedError:  # Windows' own event loop cannot watch a socket: a thread does it
            arguments = (self._descriptor,)
            threading.Thread(target=self._watch, args=arguments, name="MS/TP link", daemon=True).start()

    def attach(self, application: Application) -> None:
        """Make this the one link of ``application``, which was made without a network port object."""
        application.nsap.bind(self, address=LocalStation(bytes((self.port.settings.mac,))))

    async def indication(self, pdu: PDU) -> None:
        """Take an NPDU from the network layer; raises NpduRefused or PortUnavailable.

        bacpypes3 leaves a request pending for ever when this raises: callers of ``Application.request`` set a deadline.
        """
        npdu = bytes(pdu.pduData)
        address = pdu.pduDestination
        if address.addrType == Address.localBroadcastAddr:
            destination = BROADCAST
        elif address.addrType == Address.localStationAddr and len(address.addrAddr) == 1:
            destination = address.addrAddr[0]
        else:
            raise NpduRefused(self.port.settings.device, BROADCAST, len(npdu), f"{address} is no MS/TP address")
        expecting_reply = bool(npdu[1] & _EXPECTING_REPLY) and destination != BROADCAST
        expires_s = time.monotonic() + self._request_life_s if expecting_reply else math.inf
        self.port.send(destination, npdu, expecting_reply, expires_s=expires_s)

    def withdraw(self, address: int, invoke_id: int | None) -> None:
        """See to it that a request which was given up while it waited for the token is not sent any more.

        None stands for a request that bacpypes3 has given no invoke id: it was not sent.
        """
        if invoke_id is not None:
            with contextlib.suppress(PortUnavailable):  # a port that has ended sends nothing
                self.port.withdraw(address, invoke_id)

    def _readable(self) -> None:
        """Pass up all that the port has; runs in the event loop."""
        while self._descriptor is not None:
            event = self.port.receive(0)
            if event is None:
                return
            if isinstance(event, PortFailed):
                self.close()
                self.failure = event
                if self._on_failure is not None:
                    self._on_failure(event)
                return
            if isinstance(event, FrameReceived):
                self._pass_up(event)
            elif self._on_line is not None:
                self._on_line(event)

    def _watch(self, descriptor: int) -> None:
        """Have ``_readable`` run in the event loop each time that the port has something; runs in a thread."""
        taken = threading.Event()

        def take() -> None:
            self._readable()
            taken.set()

        with contextlib.suppress(OSError, ValueError, RuntimeError):  # the port, or the event loop, was closed
            while self._descriptor is not None:
                if select.select([descriptor], [], [], _LOOK_UP_S)[0]:
                    taken.clear()
                    self._loop.call_soon_threadsafe(take)
                    while not taken.wait(_LOOK_UP_S) and not self._loop.is_closed():
                        pass

    def _pass_up(self, event: FrameReceived) -> None:
        broadcast = event.destination == BROADCAST
        destination = LocalBroadcast() if broadcast else LocalStation(bytes((event.destination,)))
        pdu = PDU(event.npdu, source=LocalStation(bytes((event.source,))), destination=destination)
        task = self._loop.create_task(self.response(pdu))
        self._upward.add(task)
        task.add_done_callback(self._upward.discard)

    def close(self) -> None:
        """Stop carrying; may be called again. The port stays as it is."""
        if self._descriptor is not None:
            with contextlib.suppress(NotImplementedError):  # then a thread watches, and sees that this is None
                self._loop.remove_reader(self._descriptor)
            self._descriptor = None
