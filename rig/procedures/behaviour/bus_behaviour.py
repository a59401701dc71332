"""How a meter behaves on its bus, from frames with times: each answer with what is expected and what was found.

Pure, apart from ``heard_during``. Times are a listener's, which reads late and never early: where the clause limits
single delays, the mean is judged and the longest is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from drivers.meter.application import FoundDevice
from drivers.meter.bus import MeterBus
from drivers.mstp.analysis import figures_of
from drivers.mstp.clock import monotonic_s
from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.figures import BusFigures, NodeFigures, Spread
from drivers.mstp.judging.stations import REPLY_DELAY_S
from drivers.mstp.observing.station import USAGE_DELAY_S
from drivers.mstp.process.lateness import LateSpell
from rig.procedures.behaviour.bench_lateness import NOT_LATE, Excused, excused, without_lateness

_HABIT = 2
"""One frame out of turn may follow a frame that the listener missed; two are a habit."""


@dataclass(frozen=True, slots=True)
class BusAnswer:
    """One answer: ``expected`` and ``found`` in words, ``good`` whether they fit.

    ``excuse``: why an answer that is not good says nothing about the meter, empty where it does.
    """

    expected: str
    found: str
    good: bool
    excuse: str = ""


@dataclass(frozen=True, slots=True)
class HeardBus:
    """What was heard on the bus: the figures, and the frames with the bench's lateness."""

    figures: BusFigures
    frames: tuple[SeenFrame, ...]

    def excused(self, mac: int) -> Excused:
        """Return what the station at ``mac`` left undone while the bench was late."""
        return excused(self.frames, mac)


def heard_during(
    bus: MeterBus,
    work: Callable[[], object],
    bench_late: Callable[[float], Iterable[LateSpell]] = lambda _since_s: (),
) -> HeardBus:
    """Do ``work`` on the bus and return what was heard meanwhile, the bench's own lateness taken off each delay.

    Of a long work it is the end: the port keeps a limited number of frames. ``bench_late`` tells when the bench was
    late after a moment (``BenchClock.late_spells``), beside the rig's own port. Raises what both raise, and BusFailed.
    """
    start_s = monotonic_s()
    work()
    frames = [seen for seen in bus.captured() if seen.start_s >= start_s]
    frames = without_lateness(frames, [*bus.late_spells(start_s), *bench_late(start_s)])
    return HeardBus(figures_of(frames, bus.settings.baud), tuple(frames))


def node_of(figures: BusFigures, mac: int) -> NodeFigures | None:
    """Return the figures of the station at ``mac``; None where it was not heard."""
    return next((node for node in figures.nodes if node.mac == mac and node.frames), None)


def reply_delay(node: NodeFigures, asked: int, late: Excused = NOT_LATE) -> BusAnswer:
    """Whether ``asked`` requests were answered in time (Treply_delay, clause 9.5.6.8), or postponed.

    Requests without an answer while the bench was ``late`` are no fault of the meter, and no proof that it is good.
    """
    found = f"{_told(node.reply)}, {node.postponed} postponed, {node.unanswered} of {node.requests} unanswered"
    expected = f"{asked} requests answered within {REPLY_DELAY_S * 1000:g} ms"
    in_time = node.reply is not None and node.reply.mean_s <= REPLY_DELAY_S
    return _complete(expected, found, in_time, node.unanswered, late.requests, late.most_s)


def token_use(node: NodeFigures, late: Excused = NOT_LATE) -> BusAnswer:
    """Whether tokens and polls are used in time (Tusage_delay), so that others do not drop the node.

    ``late`` is as in ``reply_delay``; a token is given up after two that were not used.
    """
    found = f"{_told(node.usage)}, {node.token_retries} tokens repeated, {node.tokens_unused} given up"
    expected = f"every token used, within {USAGE_DELAY_S * 1000:g} ms"
    in_time = node.usage is not None and node.usage.mean_s <= USAGE_DELAY_S
    return _complete(expected, found, in_time, node.tokens_unused, late.tokens, late.most_s)


def _complete(expected: str, found: str, in_time: bool, missing: int, excused: int, late_s: float) -> BusAnswer:
    """Judge what came ``in_time`` and what is ``missing``, of which so many are ``excused`` by the bench's lateness."""
    is_excused = in_time and 0 < missing <= excused
    excuse = f"the bench was late by up to {1000.0 * late_s:.0f} ms meanwhile" if is_excused else ""
    return BusAnswer(expected, found, in_time and not missing, excuse)


def token_hold(node: NodeFigures, max_info_frames: int) -> BusAnswer:
    """Whether the token is passed on after ``max_info_frames`` data frames at most."""
    good = node.hold is not None and node.most_data_frames_a_token <= max_info_frames
    found = f"at most {node.most_data_frames_a_token}, held for {_told(node.hold)}"
    return BusAnswer(f"at most {max_info_frames} data frames a token", found, good)


def polling(node: NodeFigures, max_master: int) -> BusAnswer:
    """Whether the node looks for successors, and for none beyond ``max_master``."""
    good = node.polls_sent > 0 and node.highest_polled is not None and node.highest_polled <= max_master
    found = f"{node.polls_sent} polls, the highest for MAC {node.highest_polled}"
    return BusAnswer(f"polls for masters up to MAC {max_master}", found, good)


def goes_on_alone(node: NodeFigures | None) -> BusAnswer:
    """Whether a node whose only partner has gone polls for others, so that a returning one is found (clause 9.5.6)."""
    polls = node.polls_sent if node is not None else 0
    return BusAnswer("polls for masters while it is alone", f"{polls} polls", polls > 0)


def address_conflict(node: NodeFigures, found: Iterable[FoundDevice]) -> BusAnswer:
    """Whether the node alone has its address: one I-Am came from it, and it sends in turn only."""
    instances = sorted(device.device_instance for device in found if device.address == node.mac)
    good = len(instances) == 1 and node.unasked < _HABIT
    text = f"devices {', '.join(map(str, instances)) or 'none'} at MAC {node.mac}, {node.unasked} frames out of turn"
    return BusAnswer(f"one device at MAC {node.mac}, speaking in turn", text, good)


def _told(times: Spread | None) -> str:
    if times is None:
        return "none timed"
    return f"{times.mean_s * 1000:.1f} ms on average, {times.most_s * 1000:.1f} ms at most, of {times.count}"
