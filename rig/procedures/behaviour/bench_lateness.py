"""How late the bench itself was: the rig's port process, and on an emulated bench the bus and its meters.

Seconds of the monotonic clock (``drivers.mstp.clock``). What a meter is judged by is its delay less that lateness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from drivers.meter.bus import MeterBus
from drivers.mstp.codec.frames import FrameType, SeenFrame
from drivers.mstp.judging.stations import REPLY_DELAY_S
from drivers.mstp.observing.station import USAGE_DELAY_S
from drivers.mstp.process.lateness import LateSpell, late_at_the_ends

_BRIEF_S = 0.003
_LATE_S = 0.005
"""Less lateness than this loses no request and no token."""
_TOKEN_WORK = (FrameType.TOKEN, FrameType.POLL_FOR_MASTER)
_REQUESTS = (FrameType.DATA_EXPECTING_REPLY, FrameType.EXTENDED_DATA_EXPECTING_REPLY)


@dataclass(frozen=True, slots=True)
class Excused:
    """What one station did not do in time, and need not have done: the bench was late meanwhile.

    ``requests`` without an answer and ``tokens`` without use, of which less the bench's lateness less time passed than
    is allowed; ``most_s``: the longest lateness among them.
    """

    requests: int = 0
    tokens: int = 0
    most_s: float = 0.0


NOT_LATE = Excused()


def without_lateness(frames: Sequence[SeenFrame], spells: Sequence[LateSpell]) -> list[SeenFrame]:
    """Return the frames, each saying how much longer the silence before it was because the bench was late."""
    out = list(frames[:1])
    for before, seen in pairwise(frames):
        if seen.start_s - before.end_s < _BRIEF_S:
            out.append(seen)
            continue
        late_s = late_at_the_ends([*spells, _own(seen)], before.end_s, seen.start_s)
        out.append(replace(seen, late_s=max(seen.late_s, late_s)))
    return out


def _own(seen: SeenFrame) -> LateSpell:
    return seen.start_s - seen.late_s, seen.start_s


def late_since(bus: MeterBus, bench_late: Callable[[float], Iterable[LateSpell]], since_s: float, mac: int) -> Excused:
    """Return what the station at ``mac`` left undone after ``since_s`` while the bench was late.

    ``bench_late`` is as in ``heard_during``. Raises what it raises, and BusFailed.
    """
    frames = [seen for seen in bus.captured() if seen.start_s >= since_s]
    return excused(without_lateness(frames, [*bus.late_spells(since_s), *bench_late(since_s)]), mac)


def excused(frames: Iterable[SeenFrame], mac: int) -> Excused:
    """Return what the station at ``mac`` left undone while the bench was late; frames as of ``without_lateness``."""
    requests = tokens = 0
    most_s = 0.0
    for before, seen in pairwise(frames):
        if not before.valid or before.frame.destination != mac or seen.late_s < _LATE_S:
            continue
        passed_s = seen.start_s - before.end_s - seen.late_s
        is_its_own = seen.frame.source == mac
        if before.frame.frame_type in _REQUESTS and passed_s <= REPLY_DELAY_S:
            # A station that was late itself takes the token for unused, polls, and has lost the request.
            if is_its_own and seen.frame.frame_type not in _TOKEN_WORK:
                continue
            requests += 1
        elif before.frame.frame_type == FrameType.TOKEN and passed_s <= USAGE_DELAY_S and not is_its_own:
            tokens += 1
        else:
            continue
        most_s = max(most_s, seen.late_s)
    return Excused(requests, tokens, most_s)
