"""Compute the figures of a bus from frames with times: token holder, rotation time, answer times, errors.

Pure: frames in, figures out; no clock and no port. It follows the token as an observer can (ASHRAE 135 clause 9.5.6):
a station that sends a token, a poll or a request holds it; the addressed one has it next, or answers. An observer may
miss frames, and may read late; neither counts as a station's sending out of turn (``drivers.mstp.observing.turns``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from drivers.mstp.codec.frames import (
    BROADCAST,
    DATA_EXPECTING_REPLY_TYPES,
    DATA_NOT_EXPECTING_REPLY_TYPES,
    DEAF_S,
    PREAMBLE,
    FrameType,
    SeenFrame,
    frame_time_s,
)
from drivers.mstp.figures import BusFigures, RemoteDevice, Spread
from drivers.mstp.observing.announcements import announcement
from drivers.mstp.observing.questions import Questions, fits, request_key
from drivers.mstp.observing.station import Station
from drivers.mstp.observing.turns import LATE_FOR_S, OutOfTurn, Turns

NO_TOKEN_S = 0.500
"""Tno_token: a silence of this length means that the token was lost."""

_TWICE_WITHIN_S, _COPY_S = 0.1, 0.0001
_SOME_OCTETS = 4
"""Nmin_octets: more octets than this are traffic, not noise."""

_DATA = DATA_EXPECTING_REPLY_TYPES | DATA_NOT_EXPECTING_REPLY_TYPES
_REQUESTS = DATA_EXPECTING_REPLY_TYPES | {FrameType.TEST_REQUEST}
_CALLS = _REQUESTS | {FrameType.TOKEN, FrameType.POLL_FOR_MASTER}
"""After these the destination talks, or no station does."""
_ANSWERS = DATA_NOT_EXPECTING_REPLY_TYPES | {FrameType.TEST_RESPONSE, FrameType.REPLY_POSTPONED}


class BusAnalysis:
    """Takes the frames of a bus in the order of their times and keeps the figures; ``start_s``: when listening began.

    Times are seconds on the clock of the frames. Memory does not grow with the number of frames.
    """

    def __init__(self, baud: int, start_s: float) -> None:
        self._so_far = BusFigures(baud)
        self._start_s = start_s
        self._last_end_s = self._last_good_s = start_s
        self._before: SeenFrame | None = None
        self._stations: dict[int, Station] = {}
        self._rotations = Spread()
        self._missed_octets = 0
        self._vain: set[int] = set()
        self._answered_polls: set[int] = set()
        self._calls: Counter[int] = Counter()
        self._turns = Turns(baud)
        self._question: SeenFrame | None = None
        self._awaited: int | None = None
        self._garbage = 0
        self._questions = Questions()
        self._poll_answered: tuple[int, int, float] | None = None
        self._routes: dict[int, set[int]] = {}
        self._remote: dict[RemoteDevice, None] = {}

    def take_batch(self, frames: Iterable[SeenFrame], stray_octets: int) -> None:
        """Take what a listener heard in one go. Octets before the first frame are the end of one that it missed."""
        began = self._so_far.frames > 0
        for seen in frames:
            self.take(seen)
        if not began and self._so_far.frames:
            self._missed_octets += self._so_far.stray_octets + stray_octets
            self._so_far.stray_octets = 0
        else:
            self._so_far.stray_octets += stray_octets

    def take(self, seen: SeenFrame) -> None:
        """Take the next frame, damaged ones too."""
        silence_s = max(0.0, seen.start_s - self._last_end_s)
        self._so_far.longest_silence_s = max(self._so_far.longest_silence_s, silence_s - seen.late_s)
        self._last_end_s = max(self._last_end_s, seen.end_s)
        self._so_far.frames += 1
        self._so_far.octets += len(seen.octets)
        self._garbage += seen.strays_before
        if not seen.valid:
            self._garbage += 0 if seen.late_s >= DEAF_S else len(PREAMBLE)
            self._take_damaged(seen)
        else:
            self._note_garbage(seen)
            good_gap_s = seen.start_s - seen.late_s - self._last_good_s
            self._last_good_s = max(self._last_good_s, seen.end_s)
            if good_gap_s >= NO_TOKEN_S and self._so_far.frames > 1:
                self._lose_token()
            self._take_good(seen, silence_s)
        self._before = seen

    def figures(self, now_s: float) -> BusFigures:
        """Return all figures for the time from ``start_s`` to ``now_s``."""
        counted = self._so_far
        octets = counted.octets + counted.stray_octets + self._missed_octets
        dead_s = now_s - self._last_good_s
        is_dead = dead_s >= NO_TOKEN_S and counted.frames > counted.damaged
        return replace(
            counted,
            duration_s=max(0.0, now_s - self._start_s),
            octets=octets,
            busy_s=frame_time_s(octets, counted.baud),
            tokens_lost=counted.tokens_lost + is_dead,
            longest_silence_s=max(counted.longest_silence_s, now_s - self._last_end_s),
            polled_in_vain=frozenset(self._vain - self._answered_polls - self._stations.keys()),
            rotation=self._rotations.so_far(),
            nodes=tuple(station.figures(self._calls[mac]) for mac, station in sorted(self._stations.items())),
            garbage_octets=counted.garbage_octets + self._garbage,
            dead_s=dead_s if is_dead else 0.0,
            routers=tuple((mac, tuple(sorted(networks))) for mac, networks in sorted(self._routes.items())),
            remote_devices=tuple(sorted(self._remote, key=lambda one: (one.network, one.address, one.device_instance))),
        )

    # --- one frame

    def _station(self, mac: int) -> Station:
        return self._stations.setdefault(mac, Station(mac))

    def _take_damaged(self, seen: SeenFrame) -> None:
        """Count a damaged frame against the station whose turn it was: a damaged header does not name its sender.

        What this listener read so late that octets may have been lost is no damage done on the bus.
        """
        question, self._question = self._question, None
        holder = self._turns.holder
        # It may have been a token: the next good frame shows its holder.
        self._turns.forget()
        if seen.late_s >= DEAF_S:
            self._so_far.own_gaps += 1
            self._so_far.frames -= 1
            return
        if seen.header_crc_ok:
            self._so_far.data_crc_errors += 1
            talker: int | None = seen.frame.source
        else:
            self._so_far.header_crc_errors += 1
            talker = question.frame.destination if question is not None else holder
        if talker is not None and (talker in self._stations or seen.header_crc_ok):
            self._station(talker).damaged += 1

    def _note_garbage(self, seen: SeenFrame) -> None:
        """Count octets that made no frame against the station whose turn it was."""
        garbage, self._garbage = self._garbage, 0
        self._so_far.garbage_octets += garbage
        mac = self._awaited
        if mac is not None and garbage >= _SOME_OCTETS:
            station = self._station(mac)
            station.garbled += 1
            station.garbage_octets += garbage
            self._answered_polls.add(mac)
        is_call = seen.frame.frame_type in _CALLS and seen.frame.destination != BROADCAST
        self._awaited = seen.frame.destination if is_call else None
        if self._awaited is not None:
            self._calls[self._awaited] += 1

    def _lose_token(self) -> None:
        self._so_far.tokens_lost += 1
        self._turns.forget()
        for station in self._stations.values():
            station.token_s = None

    def _take_good(self, seen: SeenFrame, silence_s: float) -> None:
        station = self._station(seen.frame.source)
        station.frames += 1
        station.octets += len(seen.octets)
        station.data_frames += seen.frame.frame_type in _DATA
        is_answer = self._resolve_question(seen, silence_s)
        is_repeat = not is_answer and self._note_talker(seen, station, silence_s)
        self._note_kind(seen, station, is_answer, is_repeat)
        if seen.frame.frame_type in _DATA:
            self._note_announcement(seen, station)

    def _resolve_question(self, seen: SeenFrame, silence_s: float) -> bool:
        """Settle the poll or request that waits; whether ``seen`` is its answer, or one to an earlier request."""
        question, self._question = self._question, None
        if question is None:
            return self._is_other_answer(seen)
        asked, frame = question.frame, seen.frame
        is_from_asked = frame.source == asked.destination and frame.destination == asked.source
        if asked.frame_type == FrameType.POLL_FOR_MASTER:
            if is_from_asked and frame.frame_type == FrameType.REPLY_TO_POLL_FOR_MASTER:
                self._station(frame.source).use(silence_s - seen.late_s)
                self._answered_polls.add(frame.source)
                self._poll_answered = (frame.source, frame.destination, seen.end_s)
                return True
            self._so_far.polls_in_vain += 1
            self._vain.add(asked.destination)
            self._so_far.poll_wait_s += frame_time_s(len(question.octets), self._so_far.baud) + silence_s
            self._turns.take_back(asked.destination, question.end_s)
            return self._is_other_answer(seen)
        station = self._station(asked.destination)
        if is_from_asked and frame.frame_type in _ANSWERS and fits(frame, asked):
            if frame.frame_type == FrameType.REPLY_POSTPONED:
                station.postponed += 1
            else:
                station.replies.add(max(0.0, silence_s - seen.late_s))
                self._questions.answered(question, seen.end_s)
            return True
        if self._is_for_another(seen, question):
            self._station(frame.source).answers_for[asked.destination] += 1
            station.answers_by[frame.source] += 1
            station.unanswered += 1
            self._questions.given_up(question)
            return True
        station.unanswered += 1
        self._questions.given_up(question)
        return self._is_other_answer(seen)

    @staticmethod
    def _is_for_another(seen: SeenFrame, question: SeenFrame) -> bool:
        """Whether a station answers that was not asked, by the invoke id of the request."""
        asked, frame = question.frame, seen.frame
        if frame.frame_type not in DATA_NOT_EXPECTING_REPLY_TYPES or frame.destination != asked.source:
            return False
        return frame.source != asked.destination and request_key(asked) is not None and fits(frame, asked)

    def _is_other_answer(self, seen: SeenFrame) -> bool:
        """Whether ``seen`` answers a request that was given up, or one that has been answered from this address."""
        station = self._station(seen.frame.source)
        asked_s = self._questions.late_answer(seen)
        if asked_s is not None:
            station.unanswered -= 1
            station.late_answers += 1
            station.replies.add(max(0.0, seen.start_s - seen.late_s - asked_s))
            station.late_until_s = seen.end_s + LATE_FOR_S
            is_holder = seen.frame.source == self._turns.holder
            self._turns.is_used |= is_holder
            return True
        if self._is_second_reply_to_poll(seen):
            station.answered_twice += 1
            return True
        before = self._before
        is_copy = before is not None and before.octets == seen.octets
        if not is_copy and seen.start_s >= station.late_until_s and self._questions.is_second_answer(seen):
            station.answered_twice += 1
            return True
        return False

    def _is_second_reply_to_poll(self, seen: SeenFrame) -> bool:
        """Whether it is one more answer to a poll that has just been answered from this address."""
        if seen.frame.frame_type != FrameType.REPLY_TO_POLL_FOR_MASTER or self._poll_answered is None:
            return False
        source, poller, at_s = self._poll_answered
        is_same = (source, poller) == (seen.frame.source, seen.frame.destination)
        before = self._before
        is_copy = before is not None and before.octets == seen.octets and seen.start_s - before.end_s < _COPY_S
        return is_same and not is_copy and seen.start_s - at_s < _TWICE_WITHIN_S

    def _note_talker(self, seen: SeenFrame, station: Station, silence_s: float) -> bool:
        """Find out whether it was this station's turn, and how long it took; whether this is a token repeated."""
        turns, frame = self._turns, seen.frame
        if turns.holder is None or frame.source == turns.holder:
            if not turns.is_used:
                station.use(silence_s - seen.late_s)
            turns.in_time(frame.source)
            turns.take(frame.source)
            return False
        if frame.source == turns.passer and not turns.is_used and not turns.is_early_repeat(silence_s, self._before):
            unused = self._station(turns.holder)
            is_repeat = frame.frame_type == FrameType.TOKEN and frame.destination == turns.holder
            if is_repeat:
                unused.token_retries += 1
            else:
                unused.tokens_unused += 1
            if turns.granted_s is not None:
                turns.take_back(turns.holder, turns.granted_s)
            turns.take(frame.source)
            return is_repeat
        self._note_out_of_turn(seen, station, silence_s)
        return False

    def _note_out_of_turn(self, seen: SeenFrame, station: Station, silence_s: float) -> None:
        turns = self._turns
        granted_s = turns.late_grant(seen)
        if granted_s is not None:
            station.use(seen.start_s - seen.late_s - granted_s)
            station.late_until_s = seen.end_s + LATE_FOR_S
            turns.take(seen.frame.source)
            return
        reason = turns.explain(seen, silence_s, self._before, self._stations)
        if reason is OutOfTurn.COPY:
            return
        if reason is OutOfTurn.IMPOSSIBLE:  # the holder of the token still has it
            station.unasked += 1
            return
        self._so_far.own_gaps += reason is OutOfTurn.DEAF
        self._so_far.unseen_frames += reason is OutOfTurn.MISSED
        turns.take(seen.frame.source)

    def _note_kind(self, seen: SeenFrame, station: Station, is_answer: bool, is_repeat: bool) -> None:
        frame = seen.frame
        kind, destination = frame.frame_type, frame.destination
        if kind == FrameType.TOKEN and destination != BROADCAST:
            if not is_repeat:
                self._note_token(seen, station)
            self._turns.grant(frame.source, destination, seen.end_s)
        elif kind == FrameType.POLL_FOR_MASTER:
            self._so_far.polls += 1
            station.polls_sent += 1
            station.is_master = True
            station.highest_polled = max(destination, -1 if station.highest_polled is None else station.highest_polled)
            self._question = seen
        elif kind == FrameType.REPLY_TO_POLL_FOR_MASTER:
            station.is_master = True
        elif not is_answer:
            self._turns.held_data += kind in _DATA
            station.most_data_frames_a_token = max(station.most_data_frames_a_token, self._turns.held_data)
            if kind in _REQUESTS and destination != BROADCAST:
                self._station(destination).requests += 1
                self._question = seen
                self._questions.asked(seen)

    def _note_token(self, seen: SeenFrame, station: Station) -> None:
        successor = seen.frame.destination
        station.tokens_sent += 1
        station.is_master = True
        station.next_station = successor
        if self._turns.granted_s is not None:
            station.holds.add(max(0.0, seen.end_s - self._turns.granted_s))
        receiver = self._station(successor)
        receiver.tokens_received += 1
        if receiver.token_s is not None:
            rotation_s = max(0.0, seen.end_s - receiver.token_s)
            receiver.rotations.add(rotation_s)
            self._rotations.add(rotation_s)
        receiver.token_s = seen.end_s

    def _note_announcement(self, seen: SeenFrame, station: Station) -> None:
        said = announcement(seen.frame.data)
        station.who_is += said.is_who_is
        if said.routed is not None:
            self._routes.setdefault(seen.frame.source, set()).update(said.routed)
        if said.network:
            self._routes.setdefault(seen.frame.source, set()).add(said.network)
            if said.i_am is not None:
                self._remote[RemoteDevice(said.network, said.address, seen.frame.source, said.i_am)] = None
        elif said.i_am is not None:
            station.announced.add(said.i_am)
        elif said.own_device is not None:
            station.own_instance = (said.own_device,)


def figures_of(
    frames: Iterable[SeenFrame], baud: int, stray_octets: int = 0, *, since_s: float = 0.0, until_s: float = 0.0
) -> BusFigures:
    """Return the figures of frames in the order of their times, from the first to ``until_s``, or to the last.

    ``since_s`` is when listening began, for a bus on which no frame was heard.
    """
    frames = list(frames)
    analysis = BusAnalysis(baud, frames[0].start_s if frames else since_s)
    analysis.take_batch(frames, 0)
    analysis.take_batch((), stray_octets)
    return analysis.figures(max(until_s, *(seen.end_s for seen in frames), since_s))
