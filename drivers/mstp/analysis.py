"""What a bus does, from frames with times: who holds the token, how long it takes round, who answers how fast, errors.

Pure: frames in, figures out; no clock and no port. It follows the token as an observer can (ASHRAE 135 clause 9.5.6):
whoever sends a token, a poll or a request holds it; whoever is sent one has it next, or has to answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.mstp.figures import BusFigures, NodeFigures, Spread
from drivers.mstp.frames import BROADCAST, FrameType, SeenFrame, frame_time_s

NO_TOKEN_S = 0.500
"""Tno_token: a silence of this length means that the token was lost."""

_REQUESTS = (FrameType.DATA_EXPECTING_REPLY, FrameType.TEST_REQUEST, FrameType.EXTENDED_DATA_EXPECTING_REPLY)
_ANSWERS = (
    FrameType.DATA_NOT_EXPECTING_REPLY,
    FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY,
    FrameType.TEST_RESPONSE,
    FrameType.REPLY_POSTPONED,
)
_DATA = (
    FrameType.DATA_EXPECTING_REPLY,
    FrameType.DATA_NOT_EXPECTING_REPLY,
    FrameType.EXTENDED_DATA_EXPECTING_REPLY,
    FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY,
)


@dataclass(slots=True)
class _Times:
    """Gathers times; ``spread`` is what they come to."""

    count: int = 0
    total_s: float = 0.0
    least_s: float = 0.0
    most_s: float = 0.0

    def add(self, time_s: float) -> None:
        self.least_s = time_s if not self.count else min(self.least_s, time_s)
        self.most_s = max(self.most_s, time_s)
        self.total_s += time_s
        self.count += 1

    def spread(self) -> Spread | None:
        if not self.count:
            return None
        return Spread(self.count, self.least_s, self.total_s / self.count, self.most_s)


@dataclass(slots=True)
class _Node:
    """What is known of one station so far; the figures of the same names say what they mean."""

    frames: int = 0
    octets: int = 0
    data_frames: int = 0
    tokens_received: int = 0
    tokens_sent: int = 0
    token_retries: int = 0
    tokens_unused: int = 0
    polls_sent: int = 0
    polls_answered: int = 0
    highest_polled: int | None = None
    next_station: int | None = None
    requests: int = 0
    postponed: int = 0
    unanswered: int = 0
    damaged: int = 0
    unasked: int = 0
    most_data_frames_a_token: int = 0
    rotation: _Times = field(default_factory=_Times)
    hold: _Times = field(default_factory=_Times)
    usage: _Times = field(default_factory=_Times)
    reply: _Times = field(default_factory=_Times)
    token_s: float | None = None

    def figures(self, mac: int) -> NodeFigures:
        return NodeFigures(
            mac=mac,
            is_master=bool(self.tokens_sent or self.polls_sent or self.polls_answered),
            frames=self.frames,
            octets=self.octets,
            data_frames=self.data_frames,
            tokens_received=self.tokens_received,
            tokens_sent=self.tokens_sent,
            token_retries=self.token_retries,
            tokens_unused=self.tokens_unused,
            polls_sent=self.polls_sent,
            highest_polled=self.highest_polled,
            next_station=self.next_station,
            requests=self.requests,
            postponed=self.postponed,
            unanswered=self.unanswered,
            damaged=self.damaged,
            unasked=self.unasked,
            most_data_frames_a_token=self.most_data_frames_a_token,
            rotation=self.rotation.spread(),
            hold=self.hold.spread(),
            usage=self.usage.spread(),
            reply=self.reply.spread(),
        )


class BusAnalysis:
    """Takes the frames of a bus in the order of their times and keeps the figures; ``start_s``: when listening began.

    Times are seconds on the clock of the frames. Memory does not grow with the number of frames.
    """

    def __init__(self, baud: int, start_s: float) -> None:
        self._baud = baud
        self._start_s = start_s
        self._last_end_s = start_s
        self._nodes: dict[int, _Node] = {}
        self._rotation = _Times()
        self._frames = self._octets = self._stray_octets = self._missed_octets = 0
        self._header_crc_errors = self._data_crc_errors = 0
        self._tokens_lost = self._polls = self._polls_in_vain = 0
        self._poll_wait_s = self._longest_silence_s = 0.0
        self._vain: set[int] = set()
        self._answered_polls: set[int] = set()
        self._holder: int | None = None
        self._passer: int | None = None
        self._granted_s: float | None = None
        self._is_used = True
        self._held_data = 0
        self._question: SeenFrame | None = None

    def take_batch(self, frames: Iterable[SeenFrame], stray_octets: int) -> None:
        """Take what a listener heard in one go. Octets before the first frame are the end of one that it missed."""
        began = self._frames > 0
        for seen in frames:
            self.take(seen)
        if not began and self._frames:
            self._missed_octets += self._stray_octets + stray_octets
            self._stray_octets = 0
        else:
            self._stray_octets += stray_octets

    def take(self, seen: SeenFrame) -> None:
        """Take the next frame, damaged ones too."""
        silence_s = max(0.0, seen.start_s - self._last_end_s)
        self._longest_silence_s = max(self._longest_silence_s, silence_s)
        self._last_end_s = max(self._last_end_s, seen.end_s)
        self._frames += 1
        self._octets += len(seen.octets)
        if not seen.valid:
            self._take_damaged(seen)
            return
        source = seen.frame.source
        node = self._node(source)
        node.frames += 1
        node.octets += len(seen.octets)
        node.data_frames += seen.frame.frame_type in _DATA
        if silence_s >= NO_TOKEN_S and self._frames > 1:
            self._lose_token()
        is_answer = self._resolve_question(seen, silence_s)
        is_repeat = not is_answer and self._note_talker(seen, node, silence_s)
        self._note_kind(seen, node, is_answer, is_repeat)

    def figures(self, now_s: float) -> BusFigures:
        """Return all figures for the time from ``start_s`` to ``now_s``."""
        octets = self._octets + self._stray_octets + self._missed_octets
        return BusFigures(
            baud=self._baud,
            duration_s=max(0.0, now_s - self._start_s),
            frames=self._frames,
            octets=octets,
            stray_octets=self._stray_octets,
            header_crc_errors=self._header_crc_errors,
            data_crc_errors=self._data_crc_errors,
            busy_s=frame_time_s(octets, self._baud),
            tokens_lost=self._tokens_lost,
            longest_silence_s=max(self._longest_silence_s, now_s - self._last_end_s),
            polls=self._polls,
            polls_in_vain=self._polls_in_vain,
            poll_wait_s=self._poll_wait_s,
            polled_in_vain=frozenset(self._vain - self._answered_polls - self._nodes.keys()),
            rotation=self._rotation.spread(),
            nodes=tuple(node.figures(mac) for mac, node in sorted(self._nodes.items())),
        )

    # --- one frame

    def _node(self, mac: int) -> _Node:
        return self._nodes.setdefault(mac, _Node())

    def _take_damaged(self, seen: SeenFrame) -> None:
        """Count a damaged frame against whoever was to talk: a damaged header does not say who it was."""
        if seen.header_crc_ok:
            self._data_crc_errors += 1
        else:
            self._header_crc_errors += 1
        if seen.header_crc_ok:
            talker: int | None = seen.frame.source
        elif self._question is not None:
            talker = self._question.frame.destination
        else:
            talker = self._holder
        if talker is not None and (talker in self._nodes or seen.header_crc_ok):
            self._node(talker).damaged += 1
        # It may have been a token: who has it now shows with the next good frame.
        self._question = None
        self._forget_holder()

    def _forget_holder(self) -> None:
        self._holder = self._passer = self._granted_s = None
        self._is_used = True

    def _lose_token(self) -> None:
        self._tokens_lost += 1
        self._forget_holder()
        for node in self._nodes.values():
            node.token_s = None

    def _resolve_question(self, seen: SeenFrame, silence_s: float) -> bool:
        """Settle the poll or request that waits; whether ``seen`` is its answer."""
        question, self._question = self._question, None
        if question is None:
            return False
        asked, frame = question.frame, seen.frame
        fits = frame.source == asked.destination and frame.destination == asked.source
        if asked.frame_type == FrameType.POLL_FOR_MASTER:
            if fits and frame.frame_type == FrameType.REPLY_TO_POLL_FOR_MASTER:
                self._node(frame.source).usage.add(silence_s)
                self._answered_polls.add(frame.source)
                return True
            self._polls_in_vain += 1
            self._vain.add(asked.destination)
            self._poll_wait_s += frame_time_s(len(question.octets), self._baud) + silence_s
            return False
        node = self._node(asked.destination)
        if fits and frame.frame_type in _ANSWERS:
            if frame.frame_type == FrameType.REPLY_POSTPONED:
                node.postponed += 1
            else:
                node.reply.add(silence_s)
            return True
        node.unanswered += 1
        return False

    def _note_talker(self, seen: SeenFrame, node: _Node, silence_s: float) -> bool:
        """Find out whether it was this station's turn, and how long it took; whether this is a token repeated."""
        source = seen.frame.source
        is_repeat = False
        if self._holder is None or source == self._holder:
            if not self._is_used:
                node.usage.add(silence_s)
        elif source == self._passer and not self._is_used:
            unused = self._node(self._holder)
            if seen.frame.frame_type == FrameType.TOKEN and seen.frame.destination == self._holder:
                unused.token_retries += 1
                is_repeat = True
            else:
                unused.tokens_unused += 1
        else:  # whoever has the token still has it
            node.unasked += 1
            return False
        if source != self._holder:
            self._granted_s = None
            self._held_data = 0
        self._holder = source
        self._is_used = True
        return is_repeat

    def _note_kind(self, seen: SeenFrame, node: _Node, is_answer: bool, is_repeat: bool) -> None:
        frame = seen.frame
        kind, destination = frame.frame_type, frame.destination
        if kind == FrameType.TOKEN and destination != BROADCAST:
            if not is_repeat:
                self._note_token(seen, node)
            self._holder, self._passer = destination, frame.source
            self._granted_s = seen.end_s
            self._is_used = False
            self._held_data = 0
        elif kind == FrameType.POLL_FOR_MASTER:
            self._polls += 1
            node.polls_sent += 1
            node.highest_polled = max(destination, -1 if node.highest_polled is None else node.highest_polled)
            self._question = seen
        elif kind == FrameType.REPLY_TO_POLL_FOR_MASTER:
            node.polls_answered += 1
        elif not is_answer:
            self._held_data += kind in _DATA
            node.most_data_frames_a_token = max(node.most_data_frames_a_token, self._held_data)
            if kind in _REQUESTS and destination != BROADCAST:
                self._node(destination).requests += 1
                self._question = seen

    def _note_token(self, seen: SeenFrame, node: _Node) -> None:
        successor = seen.frame.destination
        node.tokens_sent += 1
        node.next_station = successor
        if self._granted_s is not None:
            node.hold.add(seen.end_s - self._granted_s)
        receiver = self._node(successor)
        receiver.tokens_received += 1
        if receiver.token_s is not None:
            rotation_s = seen.end_s - receiver.token_s
            receiver.rotation.add(rotation_s)
            self._rotation.add(rotation_s)
        receiver.token_s = seen.end_s
