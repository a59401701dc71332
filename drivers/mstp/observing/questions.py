"""Requests and their answers by invoke id: answered in time, late, twice, by another station, or not at all."""

from __future__ import annotations

from drivers.mstp.codec.frames import DATA_NOT_EXPECTING_REPLY_TYPES, Frame, SeenFrame
from drivers.mstp.codec.npdu import NpduSummary, read_header, summarize

_KEPT = 512
"""Requests that are remembered; a requester has 256 invoke ids."""
TWICE_WITHIN_S = 1.0
"""A second answer comes so soon if a second station gives it; later, invoke ids have come round."""
_COMPLEX_ACK = 3

Key = tuple[int, int, bytes, int]
"""Requester, responder, the requester's address beyond a router, invoke id."""


class Questions:
    """Remembers confirmed requests that were given up, and those that were answered."""

    def __init__(self) -> None:
        self._given_up: dict[Key, float] = {}
        self._answered: dict[Key, float] = {}

    def asked(self, seen: SeenFrame) -> None:
        """Take a request that has just been sent: forget all that was known of its invoke id."""
        key = request_key(seen.frame)
        if key is not None:
            self._given_up.pop(key, None)
            self._answered.pop(key, None)

    def given_up(self, question: SeenFrame) -> None:
        """Take a request whose sender went on without an answer."""
        self._remember(self._given_up, request_key(question.frame), question.end_s)

    def answered(self, question: SeenFrame, at_s: float) -> None:
        """Take a request that was answered at ``at_s``."""
        self._remember(self._answered, request_key(question.frame), at_s)

    def late_answer(self, seen: SeenFrame) -> float | None:
        """Return when the request ended that this frame answers after its sender has given up; None if it does not."""
        key = _answer_key(seen.frame)
        if key is None:
            return None
        asked_s = self._given_up.pop(key, None)
        if asked_s is not None:
            self._remember(self._answered, key, seen.end_s)
        return asked_s

    def is_second_answer(self, seen: SeenFrame) -> bool:
        """Whether this frame answers a request that its sender has just answered."""
        key = _answer_key(seen.frame)
        answered_s = None if key is None else self._answered.get(key)
        return answered_s is not None and seen.start_s - answered_s <= TWICE_WITHIN_S

    @staticmethod
    def _remember(kept: dict[Key, float], key: Key | None, at_s: float) -> None:
        if key is None:
            return
        kept.pop(key, None)
        if len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = at_s


def request_key(frame: Frame) -> Key | None:
    """Return what an answer to this request must fit, None for what is no confirmed request."""
    asked = summarize(frame.data)
    if not asked.is_confirmed_request or asked.invoke_id is None:
        return None
    return frame.source, frame.destination, asked.source, asked.invoke_id


def fits(answer: Frame, question: Frame) -> bool:
    """Whether ``answer`` is what the sender of ``question`` waits for, as far as the two NPDUs tell."""
    if answer.frame_type not in DATA_NOT_EXPECTING_REPLY_TYPES:
        return True
    return summarize(answer.data).answers(summarize(question.data))


def _answer_key(frame: Frame) -> Key | None:
    if frame.frame_type not in DATA_NOT_EXPECTING_REPLY_TYPES:
        return None
    said: NpduSummary = summarize(frame.data)
    if said.invoke_id is None or said.is_confirmed_request or said.apdu_type is None or is_segment(frame.data, said):
        return None
    return frame.destination, frame.source, said.destination, said.invoke_id


def is_segment(npdu: bytes, said: NpduSummary) -> bool:
    """Whether an acknowledgement is one of several segments, which all have one invoke id."""
    return said.apdu_type == _COMPLEX_ACK and bool(read_header(npdu).body[0] & 0x08)
