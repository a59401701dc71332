"""The emulated meters' place on the bus: an MS/TP port, and a thread that answers what comes in for each of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
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
from meter_model.device.panel_settings import PANEL_BAUD_RATES
from rig.emulation.meter.application.server import Answering, ApduServer

_LOOK_UP_S = 0.2
"""How often the thread looks whether it is to end."""

_END_S = 5.0


@dataclass(slots=True)
class _Place:
    """One meter on the bus. ``at``: its MAC and baud rate there; ``max_master``: what its node polls up to."""

    meter: S4100
    server: Answering
    at: tuple[int, int]
    max_master: int
    is_online: bool = True


class MeterNodes:
    """Meters at their MACs, all on one port of the hub: one process keeps the time of every one of their nodes.

    A process for each would cost two cores at 32 meters, since every octet wakes each of them. ``lock`` is shared with
    the thread that advances the meters' time (``now_s``): it is held for the whole of each answer. A written
    Max_Master takes effect in the running node. ``answering`` returns, for a meter's number and its good server, the
    server that answers there instead. ``usage_delay_s``: how long each waits before it sends, at most 15 ms; such nodes
    do not say when they were late. ``failure``: why the nodes have gone silent, None while they serve.

    A MAC address or baud rate that is set on a meter's panel takes effect within 0.2 s: the nodes leave the bus and
    come back, and in between ``on_baud`` is called with a new rate. The bus has one rate, that of most of its meters; a
    meter of another rate, and one whose MAC an earlier meter has, is silent. ``baud`` is the bus's rate; one that no
    panel has stays for good.
    """

    def __init__(
        self,
        meters: Sequence[S4100],
        device: str,
        baud: int,
        max_master: int,
        lock: AbstractContextManager[Any],
        now_s: Callable[[], float] = time.monotonic,
        answering: Callable[[int, Answering], Answering] = lambda _number, server: server,
        usage_delay_s: float = 0.0,
        on_baud: Callable[[int], None] = lambda _baud: None,
    ) -> None:
        self.failure: str | None = None
        self._places = [
            _Place(meter, answering(number, ApduServer(meter, lock, now_s)), meter.communications, meter.max_master)
            for number, meter in enumerate(meters)
        ]
        self._device, self.baud, self._max_master = device, baud, max_master
        self._usage_delay_s, self._on_baud = usage_delay_s, on_baud
        self._at: dict[int, _Place] = {}
        self._port_lock = threading.Lock()
        self._port = self._made_port()
        self._looked_s = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"meter nodes {device}", daemon=True)

    def _made_port(self) -> MstpPort:
        """Return a port for the meters at the addresses and the rate at which they are now."""
        for place in self._places:
            place.at = place.meter.communications
        baud = self._rate()
        if baud != self.baud:
            self.baud = baud
            self._on_baud(baud)
        self._at = {}
        for place in self._places:
            if place.at[1] == baud or baud not in PANEL_BAUD_RATES:
                self._at.setdefault(place.at[0], place)
        first, *further = self._at
        # A device of Protocol_Revision 4 knows no extended frames.
        settings = PortSettings(
            self._device,
            baud,
            first,
            max(self._max_master, *self._at),
            further_macs=tuple(further),
            receive_extended=False,
            watchful=not self._usage_delay_s,
            usage_delay_s=self._usage_delay_s,
        )
        return MstpPort(settings)

    def _rate(self) -> int:
        """Return the rate of most meters, of several the one that the bus has; a rate of its own stays."""
        if self.baud not in PANEL_BAUD_RATES:
            return self.baud
        counted = Counter(place.at[1] for place in self._places)
        return max(counted, key=lambda rate: (counted[rate], rate == self.baud))

    def start(self) -> None:
        """Open the port and serve; raises PortUnavailable."""
        self._port.start()
        self._thread.start()

    def statistics(self, mac: int | None = None) -> Statistics:
        """Ask the port what the node at ``mac`` (None: the first) has counted."""
        with self._port_lock:
            return self._port.statistics(mac)

    def late_spells(self, since_s: float) -> list[LateSpell]:
        """Return when the process of the nodes was late after ``since_s`` (monotonic clock); raises PortUnavailable."""
        with self._port_lock:
            return self._port.late_spells(since_s)

    def set_online(self, number: int, online: bool) -> None:
        """Take a meter (0 is the first) off the bus, as one without control power is, or let it join again.

        May be called from any thread; after ``close`` nothing happens.
        """
        if self._ending.is_set():
            return
        with self._port_lock:
            place = self._places[number]
            place.is_online = online
            try:
                for mac, each in self._at.items():
                    if each is place:
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
                self._follow_panels()
        except PortUnavailable as unavailable:
            self.failure = unavailable.reason

    def _follow_panels(self) -> None:
        """Look, every 0.2 s, whether a meter's address or rate has changed, and come back there."""
        now_s = time.monotonic()
        if now_s < self._looked_s + _LOOK_UP_S:
            return
        self._looked_s = now_s
        if all(place.meter.communications == place.at for place in self._places):
            return
        with self._port_lock:
            self._port.close()
            self._port = self._made_port()
            self._port.start()
            for mac, place in self._at.items():
                place.max_master = self._max_master
                if not place.is_online:
                    self._port.set_online(mac, False)
                self._follow_max_master(mac, place)

    def _follow_max_master(self, mac: int, place: _Place) -> None:
        if place.meter.max_master != place.max_master:
            place.max_master = place.meter.max_master
            self._port.set_max_master(place.max_master, mac)

    def _take(self, frame: FrameReceived) -> None:
        if frame.destination != BROADCAST:
            self._answer(frame.destination, frame)
            return
        for mac in self._at:
            if mac != frame.source:
                self._answer(mac, frame)

    def _answer(self, mac: int, frame: FrameReceived) -> None:
        place = self._at[mac]
        reply = place.server.answer(frame.npdu, broadcast=frame.destination == BROADCAST)
        if reply is not None:
            destination = BROADCAST if reply.broadcast else frame.source
            self._port.send(destination, reply.npdu, expecting_reply=False, source=mac)
        self._follow_max_master(mac, place)
