"""An MS/TP node as its runner uses it: octets and times in, transmissions and received data out; no clock, no port.

The runner of a node calls ``receive`` with octets read, ``advance`` when ``deadline_s`` has come, ``submit`` with what
is to be sent; and after each of these ``take_transmission``, writing what it gives and telling ``transmitted`` when the
last octet will have left. Two things go beyond the clause. ``SEND_FRAME.BusTaken`` is for a host that can be late where
a UART interrupt cannot: a whole frame was heard before ours, already decided, began; ours is withdrawn, data is queued
again. And a frame that was half received when ours begins is given up: what is sent puts off Tframe_abort, so that a
node that sends often would read every answer as the rest of a frame that broke off.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from drivers.mstp.codec.frames import Frame
from drivers.mstp.codec.npdu import summarize
from drivers.mstp.codec.receive import FrameReceiver, Indication, InvalidFrame, SkippedFrame
from drivers.mstp.events import FrameReceived
from drivers.mstp.settings import NodeSettings
from drivers.mstp.statistics import Statistics

TURNAROUND_BITS = 40
"""Tturnaround: bit times of silence before any transmission."""
QUEUE_LIMIT = 256
"""Frames that may wait for the token."""


class QueuedFrame(NamedTuple):
    """A data frame that waits for the token, and when it is too late to send it."""

    frame: Frame
    expires_s: float


class Node(ABC):
    """The part of a node that does not depend on its states: queue, sending discipline, counters.

    All times are seconds on any one clock that does not go backwards. ``received`` collects what is for the layer
    above: the caller empties it. Every transition is counted in ``transitions`` as ``STATE.Name``; ``trace`` may be
    set to a function that is called with each name as it happens.
    """

    def __init__(self, settings: NodeSettings, now_s: float = 0.0) -> None:
        self.receiver = FrameReceiver(settings.mac, now_s, settings.receive_extended)
        self.received: deque[FrameReceived] = deque()
        self.transitions: Counter[str] = Counter()
        self.trace: Callable[[str], None] | None = None
        self._settings = settings
        self._station = settings.mac
        self._turnaround_s = max(TURNAROUND_BITS / settings.baud, settings.usage_delay_s)
        self._queue: deque[QueuedFrame] = deque()
        self._pending: Frame | None = None
        self._pending_data: QueuedFrame | None = None
        self._counts: Counter[str] = Counter()

    def submit(self, frame: Frame, now_s: float, expires_s: float = math.inf) -> None:
        """Queue a frame for the token; if it is the answer a requester waits for, it goes out now instead.

        A frame that could not be sent before ``expires_s`` is thrown away and counted.
        """
        if len(self._queue) >= QUEUE_LIMIT:
            self._throw_away_expired(now_s)
        if len(self._queue) >= QUEUE_LIMIT:
            self._counts["queue_overflows"] += 1
            return
        self._queue.append(QueuedFrame(frame, expires_s))
        self._run(now_s)

    def withdraw(self, destination: int, invoke_id: int) -> None:
        """Take back a confirmed request that has not been sent; changes nothing where there is none."""
        for queued in self._queue:
            summary = summarize(queued.frame.data)
            wanted = summary.is_confirmed_request and summary.invoke_id == invoke_id
            if wanted and queued.frame.destination == destination:
                self._queue.remove(queued)
                self._counts["requests_withdrawn"] += 1
                return

    def receive(self, octets: bytes, now_s: float) -> None:
        """Take octets that were read at ``now_s``."""
        self._counts["octets_received"] += len(octets)
        position = 0
        while position < len(octets):
            position, indication = self.receiver.receive(octets, position, now_s)
            if indication is not None:
                self._indicate(indication, now_s)
        self._run(now_s)

    def advance(self, now_s: float) -> None:
        """Let time pass: fire every timer that is due at ``now_s``."""
        late = self.receiver.check_silence(now_s)
        if late is not None:
            self._indicate(late, now_s)
        self._run(now_s)

    def deadline_s(self) -> float:
        """Return when ``advance`` and ``take_transmission`` must be called even if nothing else happens before."""
        if self._pending is not None:
            return self.receiver.silence_since_s + self._turnaround_s
        abort_s = self.receiver.abort_deadline_s
        state_s = self._state_deadline_s()
        return state_s if abort_s is None else min(state_s, abort_s)

    def take_transmission(self, now_s: float) -> bytes | None:
        """Return the octets to be written now, or None: nothing to send, or Tturnaround has not passed yet."""
        if now_s < self.receiver.silence_since_s + self._turnaround_s:
            return None
        while self._pending_data is not None and now_s >= self._pending_data.expires_s:
            self._counts["data_frames_expired"] += 1
            self._pending = self._pending_data = None
            self._not_sent()
            self._run(now_s)
        if self._pending is None:
            return None
        octets = self._pending.encode()
        self.receiver.abandon()
        self._counts["octets_sent"] += len(octets)
        self._counts["frames_sent"] += 1
        self._counts["data_frames_sent"] += self._pending_data is not None
        return octets

    def transmitted(self, end_s: float, now_s: float) -> None:
        """Learn that the last octet of the transmission just taken leaves the line at ``end_s``."""
        self._pending = self._pending_data = None
        self.receiver.silence_since_s = end_s
        self._run(now_s)

    @property
    def queued(self) -> int:
        """How many frames wait for the token."""
        return len(self._queue)

    def statistics(self) -> Statistics:
        """Everything counted so far."""
        return Statistics.of(self.transitions + self.receiver.transitions, self._counts)

    def _count(self, transition: str) -> None:
        self.transitions[transition] += 1
        if self.trace is not None:
            self.trace(transition)

    def _send(self, frame_type: int, destination: int, data: bytes = b"") -> None:
        """SendFrame: what is pending goes out as soon as Tturnaround has passed; until then nothing else happens."""
        self._pending = Frame(frame_type, destination, self._station, data)
        self._pending_data = None

    def _send_data(self, queued: QueuedFrame) -> None:
        self._pending = queued.frame
        self._pending_data = queued

    def _throw_away_expired(self, now_s: float) -> None:
        kept = [queued for queued in self._queue if now_s < queued.expires_s]
        self._counts["data_frames_expired"] += len(self._queue) - len(kept)
        self._queue = deque(kept)

    def _run(self, now_s: float) -> None:
        """Take transitions until one has to wait for time, octets, or the end of a transmission."""
        while self._pending is None and self._step(now_s):
            pass

    def _indicate(self, indication: Indication, now_s: float) -> None:
        """ReceivedValidFrame or ReceivedInvalidFrame: hand it to the state that is to see it, and go on from there."""
        if self._pending is not None:
            if isinstance(indication, InvalidFrame):
                return
            if self._pending_data is not None:
                self._queue.appendleft(self._pending_data)
            self._pending = self._pending_data = None
            self._bus_taken()
        if not isinstance(indication, InvalidFrame) and indication.source == self._station:
            self._counts["duplicate_address"] += 1
            indication = SkippedFrame(indication.frame_type, indication.destination, indication.source)
        self._handle(indication, now_s)
        self._run(now_s)

    @abstractmethod
    def _step(self, now_s: float) -> bool:
        """Take the one transition that is due in the present state; whether there was one."""

    @abstractmethod
    def _handle(self, indication: Indication, now_s: float) -> None:
        """Take the transition that ``indication`` causes in the present state."""

    @abstractmethod
    def _bus_taken(self) -> None:
        """Go where a node goes whose transmission was withdrawn."""

    @abstractmethod
    def _not_sent(self) -> None:
        """Go where a node goes whose data frame expired before it could begin: it still has what it had, the token."""

    @abstractmethod
    def _state_deadline_s(self) -> float:
        """Return when the present state takes a transition by time alone."""
