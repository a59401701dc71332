"""The master-node state machine of MS/TP (ASHRAE 135 clause 9.5.6), every transition under the clause's name.

It is pure: see ``drivers.mstp.node.node`` for how it is run. docs/reference/mstp-conformance.md ties every transition
to its test. Five things go beyond the clause:

- ``IDLE.TestRequest``: a Test_Request is answered at once, not by way of ANSWER_DATA_REQUEST.
- ``ANSWER_DATA_REQUEST.RequesterGaveUp``: a whole frame was heard while the answer was being made, which comes too late
  now and goes with the token instead.
- ``DONE_WITH_TOKEN.SendProbe``: an address is polled because it was ordered, see ``drivers.mstp.node.probes``.
- ``SEND_FRAME.Expired``: a request whose sender has given up meanwhile is not sent, and the token is handed on.
- ReceivedUnexpectedFrame also fires for frames to other stations, which the clause's receiver does not report although
  the clause's master asks for them ("DestinationAddress is not equal to TS").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from drivers.mstp.codec.frames import (
    BROADCAST,
    DATA_EXPECTING_REPLY_TYPES,
    DATA_NOT_EXPECTING_REPLY_TYPES,
    Frame,
    FrameType,
)
from drivers.mstp.codec.npdu import NpduSummary, summarize
from drivers.mstp.codec.receive import Indication, InvalidFrame, SkippedFrame
from drivers.mstp.events import FrameReceived
from drivers.mstp.node.node import Node
from drivers.mstp.node.probes import Probes
from drivers.mstp.settings import NodeSettings

NO_TOKEN_S = 0.500
"""Tno_token: silence after which the token counts as lost."""
SLOT_S = 0.010
"""Tslot: the width of each address's turn to generate a token."""
REPLY_DELAY_S = 0.240
"""When Reply Postponed is sent: Treply_delay is 250 ms at most, less some time for the host to write."""
POLL_TOKENS = 50
"""Npoll: tokens between two rounds of maintenance polls."""
TOKEN_RETRIES = 1
"""Nretry_token."""
MIN_OCTETS = 4
"""Nmin_octets: more octets than this are traffic, not noise."""


class MasterState(Enum):
    """The states of clause 9.5.6."""

    INITIALIZE = "INITIALIZE"
    IDLE = "IDLE"
    USE_TOKEN = "USE_TOKEN"  # the clause's name, no secret
    WAIT_FOR_REPLY = "WAIT_FOR_REPLY"
    DONE_WITH_TOKEN = "DONE_WITH_TOKEN"
    PASS_TOKEN = "PASS_TOKEN"
    NO_TOKEN = "NO_TOKEN"
    POLL_FOR_MASTER = "POLL_FOR_MASTER"
    ANSWER_DATA_REQUEST = "ANSWER_DATA_REQUEST"


class MasterNode(Node):
    """One master node.

    ``next_station`` (NS), ``poll_station`` (PS), ``token_count``, ``frame_count``, ``retry_count`` and ``sole_master``
    are the clause's variables.
    """

    def __init__(self, settings: NodeSettings, now_s: float = 0.0) -> None:
        super().__init__(settings, now_s)
        self._request = NpduSummary()
        self._requester = BROADCAST
        self._request_s = now_s
        self._slot_missed_since_s: float | None = None
        self.next_station = self.poll_station = self._station
        self.token_count = POLL_TOKENS  # so that the first token held starts a round of polls
        self.frame_count = self.retry_count = 0
        self.sole_master = False
        self.probes = Probes()
        self._steps: dict[MasterState, Callable[[float], bool]] = {
            MasterState.IDLE: self._idle,
            MasterState.USE_TOKEN: self._use_token,
            MasterState.WAIT_FOR_REPLY: self._wait_for_reply,
            MasterState.DONE_WITH_TOKEN: self._done_with_token,
            MasterState.PASS_TOKEN: self._pass_token,
            MasterState.NO_TOKEN: self._no_token,
            MasterState.POLL_FOR_MASTER: self._poll_for_master,
            MasterState.ANSWER_DATA_REQUEST: self._answer_data_request,
        }
        self.state = MasterState.INITIALIZE
        self._go("INITIALIZE.DoneInitializing", MasterState.IDLE)

    def set_max_master(self, max_master: int) -> None:
        """Change Nmax_master while the node is in the ring, as a write of the Device's Max_Master does.

        A successor beyond it is given up when this node next holds the token, and a new one is looked for. A node
        whose own address is beyond it polls up to its own address: the clause's arithmetic needs TS <= Nmax_master.
        """
        self._settings = replace(self._settings, max_master=max(max_master, self._station))

    # --- how the machine is driven

    def _go(self, transition: str, state: MasterState) -> bool:
        self.state = state
        self._count(transition)
        return True

    def _step(self, now_s: float) -> bool:
        return self._steps[self.state](now_s)

    def _bus_taken(self) -> None:
        self._go("SEND_FRAME.BusTaken", MasterState.IDLE)

    def _not_sent(self) -> None:
        if self.state is MasterState.WAIT_FOR_REPLY:
            self._go("SEND_FRAME.Expired", MasterState.DONE_WITH_TOKEN)

    def _state_deadline_s(self) -> float:
        since_s = self.receiver.silence_since_s
        state = self.state
        if state is MasterState.IDLE:
            return since_s + NO_TOKEN_S
        if state is MasterState.WAIT_FOR_REPLY:
            return since_s + self._settings.reply_timeout_s
        if state is MasterState.ANSWER_DATA_REQUEST:
            return self._request_s + REPLY_DELAY_S
        if state is MasterState.NO_TOKEN:
            missed = self._slot_missed_since_s == since_s
            return since_s + NO_TOKEN_S + SLOT_S * (self._settings.max_master + 1 if missed else self._station)
        return since_s + self._settings.usage_timeout_s

    def _handle(self, indication: Indication, now_s: float) -> None:
        state = self.state
        if state is MasterState.WAIT_FOR_REPLY:
            self._reply_indication(indication)
        elif state is MasterState.POLL_FOR_MASTER:
            self._poll_indication(indication)
        elif state is MasterState.IDLE or self._back_to_idle(indication):
            self._idle_indication(indication, now_s)

    def _back_to_idle(self, indication: Indication) -> bool:
        """PASS_TOKEN, NO_TOKEN, ANSWER_DATA_REQUEST: whether what was heard belongs to the IDLE state."""
        if self.state is MasterState.ANSWER_DATA_REQUEST:
            if isinstance(indication, InvalidFrame):
                return False
            return self._go("ANSWER_DATA_REQUEST.RequesterGaveUp", MasterState.IDLE)
        if self.receiver.event_count <= MIN_OCTETS:
            return False
        saw = "PASS_TOKEN.SawTokenUser" if self.state is MasterState.PASS_TOKEN else "NO_TOKEN.SawFrame"
        return self._go(saw, MasterState.IDLE)

    def _deliver(self, frame: Frame, expecting_reply: bool) -> None:
        self.received.append(FrameReceived(frame.source, frame.destination, expecting_reply, frame.data))

    def _send_token(self, destination: int) -> None:
        self.receiver.event_count = 0
        self._send(FrameType.TOKEN, destination)

    def _poll(self, station: int) -> None:
        self.poll_station = station
        self._send(FrameType.POLL_FOR_MASTER, station)

    def _after(self, station: int) -> int:
        """Return (station + 1) modulo (Nmax_master + 1)."""
        return (station + 1) % (self._settings.max_master + 1)

    # --- IDLE

    def _idle(self, now_s: float) -> bool:
        if now_s < self.receiver.silence_since_s + NO_TOKEN_S:
            return False
        self.receiver.event_count = 0
        return self._go("IDLE.LostToken", MasterState.NO_TOKEN)

    def _idle_indication(self, indication: Indication, now_s: float) -> None:
        if isinstance(indication, SkippedFrame):
            return
        if isinstance(indication, InvalidFrame):
            self._go("IDLE.ReceivedInvalidFrame", MasterState.IDLE)
            return
        frame_type, broadcast = indication.frame_type, indication.destination == BROADCAST
        if frame_type in DATA_NOT_EXPECTING_REPLY_TYPES and indication.data:
            if broadcast and summarize(indication.data).is_confirmed_request:
                self._go("IDLE.ReceivedUnwantedFrame", MasterState.IDLE)
                return
            self._deliver(indication, expecting_reply=False)
            self._go("IDLE.ReceivedDataNoReply", MasterState.IDLE)
        elif broadcast:
            needing = frame_type in DATA_EXPECTING_REPLY_TYPES
            name = "IDLE.BroadcastDataNeedingReply" if needing else "IDLE.ReceivedUnwantedFrame"
            self._go(name, MasterState.IDLE)
        elif frame_type == FrameType.TOKEN:
            self.frame_count = 0
            self.sole_master = False
            if (former := self.probes.take_former()) is not None:
                self.next_station = former
            self._go("IDLE.ReceivedToken", MasterState.USE_TOKEN)
        elif frame_type == FrameType.POLL_FOR_MASTER:
            self._send(FrameType.REPLY_TO_POLL_FOR_MASTER, indication.source)
            self._go("IDLE.ReceivedPFM", MasterState.IDLE)
        elif frame_type in DATA_EXPECTING_REPLY_TYPES and indication.data:
            self._deliver(indication, expecting_reply=True)
            self._request = summarize(indication.data)
            self._requester = indication.source
            self._request_s = now_s
            self._go("IDLE.ReceivedDataNeedingReply", MasterState.ANSWER_DATA_REQUEST)
        elif frame_type == FrameType.TEST_REQUEST:
            self._send(FrameType.TEST_RESPONSE, indication.source, indication.data)
            self._go("IDLE.TestRequest", MasterState.IDLE)
        else:
            self._go("IDLE.ReceivedUnwantedFrame", MasterState.IDLE)

    # --- USE_TOKEN, WAIT_FOR_REPLY

    def _use_token(self, now_s: float) -> bool:
        if self._queue:
            self._throw_away_expired(now_s)
        if not self._queue:
            self.frame_count = self._settings.max_info_frames
            return self._go("USE_TOKEN.NothingToSend", MasterState.DONE_WITH_TOKEN)
        queued = self._queue.popleft()
        frame = queued.frame
        self.frame_count += 1
        self._send_data(queued)
        waits = frame.frame_type in DATA_EXPECTING_REPLY_TYPES or frame.frame_type == FrameType.TEST_REQUEST
        if waits and frame.destination != BROADCAST:
            return self._go("USE_TOKEN.SendAndWait", MasterState.WAIT_FOR_REPLY)
        return self._go("USE_TOKEN.SendNoWait", MasterState.DONE_WITH_TOKEN)

    def _wait_for_reply(self, now_s: float) -> bool:
        if now_s < self.receiver.silence_since_s + self._settings.reply_timeout_s:
            return False
        self.frame_count = self._settings.max_info_frames
        return self._go("WAIT_FOR_REPLY.ReplyTimeout", MasterState.DONE_WITH_TOKEN)

    def _reply_indication(self, indication: Indication) -> None:
        if isinstance(indication, InvalidFrame):
            self._go("WAIT_FOR_REPLY.InvalidFrame", MasterState.DONE_WITH_TOKEN)
            return
        if isinstance(indication, Frame) and indication.destination == self._station:
            if indication.frame_type == FrameType.REPLY_POSTPONED:
                self._go("WAIT_FOR_REPLY.ReceivedPostpone", MasterState.DONE_WITH_TOKEN)
                return
            is_data = indication.frame_type in DATA_NOT_EXPECTING_REPLY_TYPES
            if is_data or indication.frame_type == FrameType.TEST_RESPONSE:
                if is_data and indication.data:
                    self._deliver(indication, expecting_reply=False)
                self._go("WAIT_FOR_REPLY.ReceivedReply", MasterState.DONE_WITH_TOKEN)
                return
        self._go("WAIT_FOR_REPLY.ReceivedUnexpectedFrame", MasterState.IDLE)

    # --- DONE_WITH_TOKEN, PASS_TOKEN

    def _done_with_token(self, now_s: float) -> bool:  # every step has the same form
        if self.frame_count < self._settings.max_info_frames:
            return self._go("DONE_WITH_TOKEN.SendAnotherFrame", MasterState.USE_TOKEN)
        if self.next_station > self._settings.max_master:
            self.next_station = self._station
        if self.poll_station > self._settings.max_master:
            self.poll_station = self._station
        if not self.sole_master and self.next_station == self._station:
            self.retry_count = 0
            self._poll(self._after(self._station))
            return self._go("DONE_WITH_TOKEN.NextStationUnknown", MasterState.POLL_FOR_MASTER)
        if self.probes.waits:
            self._send(FrameType.POLL_FOR_MASTER, self.probes.begin())
            return self._go("DONE_WITH_TOKEN.SendProbe", MasterState.POLL_FOR_MASTER)
        if self.token_count < POLL_TOKENS - 1:
            self.token_count += 1
            if self.sole_master and self.next_station != self._after(self._station):
                self.frame_count = 0
                return self._go("DONE_WITH_TOKEN.SoleMaster", MasterState.USE_TOKEN)
            return self._hand_on("DONE_WITH_TOKEN.SendToken")
        if self._after(self.poll_station) != self.next_station:
            self.retry_count = 0
            self._poll(self._after(self.poll_station))
            return self._go("DONE_WITH_TOKEN.SendMaintenancePFM", MasterState.POLL_FOR_MASTER)
        self.token_count = 1
        if not self.sole_master:
            self.poll_station = self._station
            return self._hand_on("DONE_WITH_TOKEN.ResetMaintenancePFM")
        self._poll(self._after(self.next_station))
        self.next_station = self._station
        self.retry_count = 0
        return self._go("DONE_WITH_TOKEN.SoleMasterRestartMaintenancePFM", MasterState.POLL_FOR_MASTER)

    def _hand_on(self, transition: str) -> bool:
        """Send the token to NS and listen for its use."""
        self.retry_count = 0
        self._send_token(self.next_station)
        return self._go(transition, MasterState.PASS_TOKEN)

    def _pass_token(self, now_s: float) -> bool:
        if now_s < self.receiver.silence_since_s + self._settings.usage_timeout_s:
            if self.receiver.event_count <= MIN_OCTETS:
                return False
            return self._go("PASS_TOKEN.SawTokenUser", MasterState.IDLE)
        if self.retry_count < TOKEN_RETRIES:
            self.retry_count += 1
            self._send_token(self.next_station)
            return self._go("PASS_TOKEN.RetrySendToken", MasterState.PASS_TOKEN)
        beyond = self._after(self.next_station)
        unknown = beyond == self._station  # a node does not poll itself
        self._poll(self._after(beyond) if unknown else beyond)
        self._forget_successor()
        name = "PASS_TOKEN.FindNewSuccessorUnknown" if unknown else "PASS_TOKEN.FindNewSuccessor"
        return self._go(name, MasterState.POLL_FOR_MASTER)

    def _forget_successor(self) -> None:
        self.next_station = self._station
        self.retry_count = self.token_count = 0
        self.receiver.event_count = 0

    # --- NO_TOKEN, POLL_FOR_MASTER

    def _no_token(self, now_s: float) -> bool:
        if self.receiver.event_count > MIN_OCTETS:
            return self._go("NO_TOKEN.SawFrame", MasterState.IDLE)
        since_s = self.receiver.silence_since_s
        lost_s = since_s + NO_TOKEN_S
        if now_s < lost_s + SLOT_S * self._station:
            return False
        in_slot = now_s < lost_s + SLOT_S * (self._station + 1)
        if not in_slot and now_s < lost_s + SLOT_S * (self._settings.max_master + 1):
            self._slot_missed_since_s = since_s
            return False
        self._poll(self._after(self._station))
        self._forget_successor()
        return self._go("NO_TOKEN.GenerateToken", MasterState.POLL_FOR_MASTER)

    def _poll_for_master(self, now_s: float) -> bool:
        if now_s < self.receiver.silence_since_s + self._settings.usage_timeout_s:
            return False
        self._poll_failed()
        return True

    def _poll_indication(self, indication: Indication) -> None:
        if isinstance(indication, InvalidFrame):
            self._poll_failed()
        elif (
            isinstance(indication, Frame)
            and indication.destination == self._station
            and indication.frame_type == FrameType.REPLY_TO_POLL_FOR_MASTER
        ):
            self.probes.end(True, None if self.sole_master else self.next_station)
            self.sole_master = False
            self.next_station = indication.source
            self.poll_station = self._station
            self.token_count = 0
            self._hand_on("POLL_FOR_MASTER.ReceivedReplyToPFM")
        else:
            self.probes.give_back()
            self._go("POLL_FOR_MASTER.ReceivedUnexpectedFrame", MasterState.IDLE)

    def _poll_failed(self) -> None:
        """No valid answer to a poll: Tusage_timeout of silence, or an invalid frame."""
        self.probes.end(False)
        if self.sole_master:
            self.frame_count = 0
            self._go("POLL_FOR_MASTER.SoleMaster", MasterState.USE_TOKEN)
        elif self.next_station != self._station:
            self._hand_on("POLL_FOR_MASTER.DoneWithPFM")
        elif self._after(self.poll_station) != self._station:
            self.retry_count = 0
            self._poll(self._after(self.poll_station))
            self._go("POLL_FOR_MASTER.SendNextPFM", MasterState.POLL_FOR_MASTER)
        else:
            self.sole_master = True
            self.frame_count = 0
            self._go("POLL_FOR_MASTER.DeclareSoleMaster", MasterState.USE_TOKEN)

    # --- ANSWER_DATA_REQUEST

    def _answer_data_request(self, now_s: float) -> bool:
        for index, queued in enumerate(self._queue):
            if queued.frame.destination == self._requester and self._is_answer(queued.frame):
                del self._queue[index]
                self._send_data(queued)
                return self._go("ANSWER_DATA_REQUEST.Reply", MasterState.IDLE)
        if now_s < self._request_s + REPLY_DELAY_S:
            return False
        self._send(FrameType.REPLY_POSTPONED, self._requester)
        return self._go("ANSWER_DATA_REQUEST.DeferredReply", MasterState.IDLE)

    def _is_answer(self, frame: Frame) -> bool:
        """Whether a queued frame is the reply that the requester waits for, not merely one to the same station."""
        if frame.frame_type not in DATA_NOT_EXPECTING_REPLY_TYPES:
            return False
        return summarize(frame.data).answers(self._request)
