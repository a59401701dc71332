"""An emulated meter's place on the bus: its own MS/TP port and a thread that answers what comes in."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any

from drivers.mstp.errors import PortUnavailable
from drivers.mstp.events import FrameReceived, PortFailed
from drivers.mstp.frames import BROADCAST
from drivers.mstp.port import MstpPort
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics
from rig.emulation.apdu_server import ApduServer, MeterObjects

_LOOK_UP_S = 0.2
"""How often the thread looks whether it is to end."""

_END_S = 5.0


class MeterNode:
    """One meter on one port of the hub.

    ``lock`` is shared with whoever lets the meter's time pass: it is held for the whole of each answer. ``failure``
    says why the node has gone silent, None while it serves.
    """

    def __init__(
        self,
        meter: MeterObjects,
        device: str,
        baud: int,
        mac: int,
        max_master: int,
        lock: AbstractContextManager[Any],
    ) -> None:
        self.mac = mac
        self.failure: str | None = None
        self._server = ApduServer(meter, lock)
        self._port = MstpPort(PortSettings(device, baud, mac, max_master))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"meter node {mac}", daemon=True)

    def start(self) -> None:
        """Open the port and serve; raises PortUnavailable."""
        self._port.start()
        self._thread.start()

    def statistics(self) -> Statistics:
        """Ask the node's port what it has counted."""
        return self._port.statistics()

    def close(self) -> None:
        """Leave the bus; may be called again."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)
        self._port.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            event = self._port.receive(_LOOK_UP_S)
            if isinstance(event, PortFailed):
                self.failure = event.reason
                return
            if event is not None and not self._answer(event):
                return

    def _answer(self, frame: FrameReceived) -> bool:
        reply = self._server.answer(frame.npdu, broadcast=frame.destination == BROADCAST)
        if reply is None:
            return True
        try:
            self._port.send(BROADCAST if reply.broadcast else frame.source, reply.npdu, expecting_reply=False)
        except PortUnavailable as unavailable:
            self.failure = unavailable.reason
            return False
        return True
