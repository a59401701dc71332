"""Counters of a port since it was opened, as one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counters of one node since its port was opened; all are events, octets or frames, none is a rate.

    The difference of two records gives the counts between them: see ``since``.
    """

    octets_received: int = 0
    octets_sent: int = 0
    frames_received: int = 0
    """Good frames for this node or for all."""
    frames_for_others: int = 0
    """Good headers of frames for other stations."""
    frames_sent: int = 0
    data_frames_sent: int = 0
    tokens_received: int = 0
    tokens_sent: int = 0
    """First attempts only; repeats are ``token_retries``."""
    token_retries: int = 0
    successors_lost: int = 0
    """Tokens given up after the retry, so that a new successor was looked for."""
    tokens_lost: int = 0
    """Silences of Tno_token."""
    tokens_generated: int = 0
    tokens_dropped: int = 0
    """Tokens given up because another station was heard to act as if holding one."""
    polls_sent: int = 0
    """Poll For Master frames."""
    polls_answered: int = 0
    """Replies to Poll For Master sent by this node."""
    sole_master_declared: int = 0
    replies_sent: int = 0
    """Replies sent at once, while the requester waited."""
    replies_postponed: int = 0
    """Reply Postponed sent by this node."""
    postponements_received: int = 0
    reply_timeouts: int = 0
    header_crc_errors: int = 0
    data_crc_errors: int = 0
    frames_cut_short: int = 0
    """Frames given up after Tframe_abort of silence in the middle, or because this node began to send."""
    frames_too_long: int = 0
    transmissions_withdrawn: int = 0
    """Frames not sent because another station began to send first; data frames among them stay queued."""
    duplicate_address: int = 0
    """Frames heard from this node's own address: another station has the same MAC."""
    queue_overflows: int = 0
    """NPDUs thrown away because the queue was full."""
    data_frames_expired: int = 0
    """NPDUs thrown away because they could not be sent before it was too late for them."""
    requests_withdrawn: int = 0
    """Confirmed requests taken back by their sender before they were sent."""
    dropped_off_line: int = 0
    """NPDUs thrown away because the node was off line, or its adapter unplugged, when they were to be queued."""
    echoes_damaged: int = 0
    """Own frames (of all nodes on the port) that an echoing adapter heard changed or not at all: collisions."""
    lines_lost: int = 0
    """How often the adapter was unplugged and awaited."""
    stray_octets: int = 0
    """Octets heard on the port that belong to no frame: noise, or frames cut short."""

    def since(self, earlier: Statistics) -> Statistics:
        """Return what was counted after ``earlier``: the difference, counter by counter."""
        names = [field.name for field in fields(self)]
        return Statistics(**{name: getattr(self, name) - getattr(earlier, name) for name in names})

    def plus(self, other: Statistics) -> Statistics:
        """Return the sum, counter by counter."""
        return Statistics(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )


_MASTER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "tokens_received": ("IDLE.ReceivedToken",),
    "tokens_sent": (
        "DONE_WITH_TOKEN.SendToken",
        "DONE_WITH_TOKEN.ResetMaintenancePFM",
        "POLL_FOR_MASTER.ReceivedReplyToPFM",
        "POLL_FOR_MASTER.DoneWithPFM",
    ),
    "token_retries": ("PASS_TOKEN.RetrySendToken",),
    "successors_lost": ("PASS_TOKEN.FindNewSuccessor", "PASS_TOKEN.FindNewSuccessorUnknown"),
    "tokens_lost": ("IDLE.LostToken",),
    "tokens_generated": ("NO_TOKEN.GenerateToken",),
    "tokens_dropped": ("WAIT_FOR_REPLY.ReceivedUnexpectedFrame", "POLL_FOR_MASTER.ReceivedUnexpectedFrame"),
    "polls_sent": (
        "DONE_WITH_TOKEN.NextStationUnknown",
        "DONE_WITH_TOKEN.SendMaintenancePFM",
        "DONE_WITH_TOKEN.SoleMasterRestartMaintenancePFM",
        "PASS_TOKEN.FindNewSuccessor",
        "PASS_TOKEN.FindNewSuccessorUnknown",
        "NO_TOKEN.GenerateToken",
        "POLL_FOR_MASTER.SendNextPFM",
        "DONE_WITH_TOKEN.SendProbe",
    ),
    "polls_answered": ("IDLE.ReceivedPFM",),
    "sole_master_declared": ("POLL_FOR_MASTER.DeclareSoleMaster",),
    "replies_sent": ("ANSWER_DATA_REQUEST.Reply",),
    "replies_postponed": ("ANSWER_DATA_REQUEST.DeferredReply",),
    "postponements_received": ("WAIT_FOR_REPLY.ReceivedPostpone",),
    "reply_timeouts": ("WAIT_FOR_REPLY.ReplyTimeout",),
    "transmissions_withdrawn": ("SEND_FRAME.BusTaken",),
}

_RECEIVE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "frames_received": ("HEADER_CRC.NoData", "DATA_CRC.GoodCRC"),
    "frames_for_others": ("HEADER_CRC.NotForUs", "HEADER_CRC.DataNotForUs"),
    "header_crc_errors": ("HEADER_CRC.BadCRC",),
    "data_crc_errors": ("DATA_CRC.BadCRC",),
    "frames_cut_short": tuple(
        f"{state}.{name}" for state in ("HEADER", "DATA", "SKIP_DATA") for name in ("Timeout", "Abandoned")
    ),
    "frames_too_long": ("HEADER_CRC.FrameTooLong",),
}


def summarize_counts(master: Mapping[str, int], receive: Mapping[str, int], other: Mapping[str, int]) -> Statistics:
    """Make the record from the transition counts of both state machines and the counters that are fields already."""
    counts = {name: sum(master.get(t, 0) for t in names) for name, names in _MASTER_TRANSITIONS.items()}
    counts |= {name: sum(receive.get(t, 0) for t in names) for name, names in _RECEIVE_TRANSITIONS.items()}
    return Statistics(**counts, **other)
