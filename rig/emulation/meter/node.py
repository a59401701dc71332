"""The emulated meters' place on the bus: an MS/TP port, and a thread that answers what comes in for each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from drivers.mstp.codec.frames import BROADCAST
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.events import FrameReceived, PortFailed
from drivers.mstp.port import MstpPort
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics
from meter_model.device.meter import S4100
from rig.emulation.meter.application.server import Answering, ApduServer

_LOOK_UP_S = 0.2
"""How often the thread looks whether it is to end."""

_END_S = 5.0


@dataclass(slots=True)
class _Place:
    """One meter at its MAC; ``max_master`` is what its node polls up to."""

    meter: S4100
    server: Answering
    max_master: int


class MeterNodes:
    """Meters by MAC, all on one port of the hub: one process keeps the time of every one of their nodes.

    A process for each would cost two cores at 32 meters, since every octet wakes each of them. ``lock`` is shared with
    the thread that advances the meters' time (``now_s``): it is held for the whole of each answer. A written
    Max_Master takes effect in the running node. ``answering`` returns, for a MAC and its good server, the server that
    answers there instead. ``usage_delay_s``: how long each waits before it sends, at most 15 ms; such nodes do not say
    when they were late. ``failure``: why the nodes have gone silent, None while they serve.
    """

    def __init__(
        self,
        meters: Mapping[int, S4100],
        device: str,
        baud: int,
        max_master: int,
        lock: AbstractContextManager[Any],
        now_s: Callable[[], float] = time.monotonic,
        answering: Callable[[int, Answering], Answering] = lambda _mac, server: server,
        usage_delay_s: float = 0.0,
    ) -> None:
        self.macs = tuple(meters)
        self.failure: str | None = None
        self._places = {
            mac: _Place(meter, answering(mac, ApduServer(meter, lock, now_s)), meter.max_master)
            for mac, meter in meters.items()
        }
        first, *further = self.macs
        # A device of Protocol_Revision 4 knows no extended frames.
        settings = PortSettings(
            device,
            baud,
            first,
            max_master,
            further_macs=tuple(further),
            receive_extended=False,
            watchful=not usage_delay_s,
            usage_delay_s=usage_delay_s,
        )
        self._port = MstpPort(settings)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"meter nodes {first}...", daemon=True)

    def start(self) -> None:
        """Open the port and serve; raises PortUnavailable."""
        self._port.start()
        self._thread.start()

    def statistics(self, mac: int | None = None) -> Statistics:
        """Ask the port what the node at ``mac`` (None: the first) has counted."""
        return self._port.statistics(mac)

    def late_spells(self, since_s: float) -> list[LateSpell]:
        """Return when the process of the nodes was late after ``since_s`` (monotonic clock); raises PortUnavailable."""
        return self._port.late_spells(since_s)

    def set_online(self, mac: int, online: bool) -> None:
        """Take the meter at ``mac`` off the bus, as one without control power is, or let it join again.

        May be called from any thread; after ``close`` nothing happens.
        """
        if self._ending.is_set():
            return
        try:
            self._port.set_online(mac, online)
        except PortUnavailable as unavailable:
            self.failure = unavailable.reason

    def close(self) -> None:
        """Leave the bus; may be called again."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)
        self._port.close()

    def _serve(self) -> None:
        try:
            while not self._ending.is_set():
                event = self._port.receive(_LOOK_UP_S)
                if isinstance(event, PortFailed):
                    self.failure = event.reason
                    return
                if isinstance(event, FrameReceived):
                    self._take(event)
        except PortUnavailable as unavailable:
            self.failure = unavailable.reason

    def _take(self, frame: FrameReceived) -> None:
        if frame.destination != BROADCAST:
            self._answer(frame.destination, frame)
            return
        for mac in self.macs:
            if mac != frame.source:
                self._answer(mac, frame)

    def _answer(self, mac: int, frame: FrameReceived) -> None:
        place = self._places[mac]
        reply = place.server.answer(frame.npdu, broadcast=frame.destination == BROADCAST)
        if reply is not None:
            destination = BROADCAST if reply.broadcast else frame.source
            self._port.send(destination, reply.npdu, expecting_reply=False, source=mac)
        if place.meter.max_master != place.max_master:
            place.max_master = place.meter.max_master
            self._port.set_max_master(place.max_master, mac)
