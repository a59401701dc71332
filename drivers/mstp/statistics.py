"""Counters of a port since it was opened, as one frozen record."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from typing import Any


def _of(*transitions: str) -> Any:  # Any: the default of a field
    """Make a field that counts these transitions of a node's two state machines."""
    return field(default=0, metadata={"transitions": transitions})


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counters of one node since its port was opened; all are events, octets or frames, none is a rate.

    The difference of two records gives the counts between them: see ``since``.
    """

    octets_received: int = 0
    octets_sent: int = 0
    frames_received: int = _of("HEADER_CRC.NoData", "DATA_CRC.GoodCRC")
    """Good frames for this node or for all."""
    frames_for_others: int = _of("HEADER_CRC.NotForUs", "HEADER_CRC.DataNotForUs")
    """Good headers of frames for other stations."""
    frames_sent: int = 0
    data_frames_sent: int = 0
    tokens_received: int = _of("IDLE.ReceivedToken")
    tokens_sent: int = _of(
        "DONE_WITH_TOKEN.SendToken",
        "DONE_WITH_TOKEN.ResetMaintenancePFM",
        "POLL_FOR_MASTER.ReceivedReplyToPFM",
        "POLL_FOR_MASTER.DoneWithPFM",
    )
    """First attempts only; repeats are ``token_retries``."""
    token_retries: int = _of("PASS_TOKEN.RetrySendToken")
    successors_lost: int = _of("PASS_TOKEN.FindNewSuccessor", "PASS_TOKEN.FindNewSuccessorUnknown")
    """Tokens given up after the retry, so that a new successor was looked for."""
    tokens_lost: int = _of("IDLE.LostToken")
    """Silences of Tno_token."""
    tokens_generated: int = _of("NO_TOKEN.GenerateToken")
    tokens_dropped: int = _of("WAIT_FOR_REPLY.ReceivedUnexpectedFrame", "POLL_FOR_MASTER.ReceivedUnexpectedFrame")
    """Tokens given up because another station was heard to act as if holding one."""
    polls_sent: int = _of(
        "DONE_WITH_TOKEN.NextStationUnknown",
        "DONE_WITH_TOKEN.SendMaintenancePFM",
        "DONE_WITH_TOKEN.SoleMasterRestartMaintenancePFM",
        "PASS_TOKEN.FindNewSuccessor",
        "PASS_TOKEN.FindNewSuccessorUnknown",
        "NO_TOKEN.GenerateToken",
        "POLL_FOR_MASTER.SendNextPFM",
        "DONE_WITH_TOKEN.SendProbe",
    )
    """Poll For Master frames."""
    polls_answered: int = _of("IDLE.ReceivedPFM")
    """Replies to Poll For Master sent by this node."""
    sole_master_declared: int = _of("POLL_FOR_MASTER.DeclareSoleMaster")
    replies_sent: int = _of("ANSWER_DATA_REQUEST.Reply")
    """Replies sent at once, while the requester waited."""
    replies_postponed: int = _of("ANSWER_DATA_REQUEST.DeferredReply")
    """Reply Postponed sent by this node."""
    postponements_received: int = _of("WAIT_FOR_REPLY.ReceivedPostpone")
    reply_timeouts: int = _of("WAIT_FOR_REPLY.ReplyTimeout")
    header_crc_errors: int = _of("HEADER_CRC.BadCRC")
    data_crc_errors: int = _of("DATA_CRC.BadCRC")
    frames_cut_short: int = _of(
        *(f"{state}.{name}" for state in ("HEADER", "DATA", "SKIP_DATA") for name in ("Timeout", "Abandoned"))
    )
    """Frames given up after Tframe_abort of silence in the middle, or because this node began to send."""
    frames_too_long: int = _of("HEADER_CRC.FrameTooLong")
    transmissions_withdrawn: int = _of("SEND_FRAME.BusTaken")
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

    @classmethod
    def of(cls, transitions: Mapping[str, int], others: Mapping[str, int]) -> Statistics:
        """Make the record of one node from the counts of transitions and of the fields that count no transition."""
        counts = {
            each.name: sum(transitions.get(name, 0) for name in each.metadata["transitions"])
            for each in fields(cls)
            if each.metadata
        }
        return cls(**counts, **others)

    def since(self, earlier: Statistics) -> Statistics:
        """Return what was counted after ``earlier``: the difference, counter by counter."""
        return Statistics(*map(operator.sub, astuple(self), astuple(earlier)))

    def plus(self, other: Statistics) -> Statistics:
        """Return the sum, counter by counter."""
        return Statistics(*map(operator.add, astuple(self), astuple(other)))
