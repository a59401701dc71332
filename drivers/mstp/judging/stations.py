"""Findings about single stations: tokens not used or used late, answers late or missing, two with one address."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.mstp.figures import BusFigures, NodeFigures
from drivers.mstp.judging.finding import Finding, Severity, fault, ms, note, times, warning
from drivers.mstp.observing.station import USAGE_DELAY_S

USAGE_TIMEOUT_S = 0.020
"""Tusage_timeout, at its shortest: after this the next one may take the token for lost."""
REPLY_DELAY_S = 0.250
"""Treply_delay: an answer, or Reply Postponed, comes within this."""
SLOW_REPLY_S = 0.100
"""A mean above this is allowed, and costs the bus more than its frames do."""
_SUSPICIOUS = 2
"""One frame out of turn may be an accident; two are a habit."""
_PARTS_OF_NOISE = 0.2
"""Frames out of turn in noise: damaged frames have the same effect on others, so the limit is higher."""
_OFTEN, _HABIT = 5, 0.2
"""Count and share of all cases from which a station has the fault, and not a single disturbance."""
_OFTEN_GARBLED, _HABITUALLY, _MOSTLY = 3, 0.3, 0.8
"""Garbage in a station's turn: count, share of its turns, and share of all garbage, from which it is a finding."""
_FLOOD, _MANY = 5, 1.0
"""Who-Is from one station that count as a flood: this many at least, and this many a second."""
_TORRENT_PER_S = 10.0


def duplicates(figures: BusFigures) -> Iterable[Finding]:
    """Name addresses that two stations have, by what nothing but a second station explains.

    Where one talks out of turn often, others seem to, its tokens being out of turn too: they are left out.
    """
    most = max((node.unasked for node in figures.nodes), default=0)
    least = max(_SUSPICIOUS, _PARTS_OF_NOISE * (figures.damaged + figures.unseen_frames))
    if _may_have_two_tokens(figures):
        least = max(least, _OFTEN)
    for node in figures.nodes:
        evidence = []
        if len(node.device_instances) > 1:
            evidence.append(f"devices {', '.join(map(str, node.device_instances))} announce themselves from it")
        if node.answered_twice >= _SUSPICIOUS:
            evidence.append(f"{node.answered_twice} requests were answered twice from it")
        if node.unasked >= least and 2 * node.unasked >= most:
            evidence.append(
                f"{node.unasked} frames came from it out of turn, sooner after another station's than any token could "
                "have reached it"
            )
        if _collides(node, figures):
            evidence.append(
                f"{node.garbled} of {node.awaited} times that it was to talk there came octets that make no frame, and "
                "nothing else on the bus is damaged: two talk at once (or its transmitter fails)"
            )
        if evidence:
            yield fault(
                "duplicate-mac",
                f"two stations have this address: {'; '.join(evidence)}",
                "disconnect the station that is known to have this address; what still answers to it is the other",
                node.mac,
            )


def _may_have_two_tokens(figures: BusFigures) -> bool:
    """Whether a second token may have gone round for a while: one was lost, repeated or used late, or octets collided.

    The stations then talk out of turn, each a few times, until the two tokens meet.
    """
    used_late = any(node.late_uses for node in figures.nodes)
    return bool(figures.tokens_lost or figures.token_retries or figures.stray_octets or used_late)


def _collides(node: NodeFigures, figures: BusFigures) -> bool:
    return (
        node.garbled >= _OFTEN_GARBLED
        and node.garbled >= _HABITUALLY * node.awaited
        and node.garbage_octets >= _MOSTLY * figures.garbage_octets
    )


def station(node: NodeFigures, duration_s: float) -> Iterable[Finding]:
    """Judge one station."""
    yield from _token_use(node)
    yield from _replies(node)
    for other, count in node.answered_for:
        yield fault(
            "answers-for-another",
            f"it answered {count} requests that were sent to MAC {other}, not to it",
            "its firmware does not look at the destination of a request: get a mended one; until then give the two "
            "stations no traffic at the same time, or take one off the bus",
            node.mac,
        )
    if node.who_is >= _FLOOD and duration_s and node.who_is / duration_s >= _MANY:
        per_s = node.who_is / duration_s
        yield Finding(
            Severity.FAULT if per_s >= _TORRENT_PER_S else Severity.WARNING,
            "who-is-flood",
            f"it sent {node.who_is} Who-Is in {duration_s:.0f} s ({per_s:.1f} a second); every device answers each of "
            "them",
            "have it ask for the instances that it needs, and seldom: a Who-Is without limits is for commissioning; "
            "behind a router look for the client that asks",
            node.mac,
        )


def _token_use(node: NodeFigures) -> Iterable[Finding]:
    is_often_repeated = node.token_retries >= _OFTEN and node.token_retries >= _HABIT * node.tokens_received
    if node.tokens_unused:
        yield fault(
            "token-unused",
            f"it was given the token and did not use it, {times(node.tokens_unused)}, not even after a repeat",
            "it was switched off or unplugged, or it hears its predecessor badly: check its power and its connection",
            node.mac,
        )
    elif node.token_retries:
        yield Finding(
            Severity.FAULT if is_often_repeated else Severity.WARNING,
            "token-repeated",
            f"{node.token_retries} of {node.tokens_received} tokens to it had to be repeated",
            "it is too slow or hears badly: check its connection, and on a computer the adapter's latency timer",
            node.mac,
        )
    usage = node.usage
    if usage is None or usage.most_s <= USAGE_DELAY_S:
        return
    is_habit = node.late_uses >= _OFTEN and node.late_uses >= _HABIT * usage.count
    severity = Severity.WARNING if usage.most_s > USAGE_TIMEOUT_S else Severity.NOTE
    yield Finding(
        Severity.FAULT if is_habit and usage.most_s > USAGE_TIMEOUT_S else severity,
        "slow-token-use",
        f"it took up to {ms(usage.most_s)} (mean {ms(usage.mean_s)}) to use a token or to answer a poll, "
        f"{times(node.late_uses)} of {usage.count} more than the {USAGE_DELAY_S * 1e3:.0f} ms that are allowed",
        "above 20 ms others may take its token for lost; on a computer set the adapter's latency timer to 1 ms. "
        "A listening computer that is busy reads late too: repeat this with nothing else running",
        node.mac,
    )


def _replies(node: NodeFigures) -> Iterable[Finding]:
    yield from _missing_replies(node)
    reply = node.reply
    if reply is not None and reply.most_s > REPLY_DELAY_S:
        late = ""
        if node.late_answers:
            late = f"; {node.late_answers} of {node.requests} answers came when the requester had given up"
        yield fault(
            "slow-reply",
            f"it answers after {ms(reply.most_s)} (mean {ms(reply.mean_s)}); {ms(REPLY_DELAY_S)} is allowed "
            f"before Reply Postponed must be sent{late}",
            "requesters give up after 255 ms and ask again: ask the maker for newer firmware, ask it for less at once, "
            "or lengthen the requesters' Treply_timeout",
            node.mac,
        )
    elif reply is not None and reply.mean_s > SLOW_REPLY_S:
        yield warning(
            "slow-reply",
            f"its answers take {ms(reply.mean_s)} on average (up to {ms(reply.most_s)})",
            "allowed, but the bus stands still meanwhile: poll it less often, and read several properties at once",
            node.mac,
        )
    if node.postponed:
        yield note(
            "reply-postponed",
            f"it postponed {node.postponed} of {node.requests} answers: it was not ready within {ms(REPLY_DELAY_S)}",
            "allowed; the answer comes with its next token, so requesters' APDU time-outs should be seconds, not less",
            node.mac,
        )


def _missing_replies(node: NodeFigures) -> Iterable[Finding]:
    if not node.unanswered:
        return
    never = node.reply is None and not node.postponed
    what = f"{node.unanswered} of {node.requests} requests to it got no answer"
    if never:
        what += "; it never answered"
    if node.answered_by:
        others = ", ".join(f"MAC {mac} ({times(count)})" for mac, count in node.answered_by)
        what += f" from this address, but {others} answered for it"
        advice = "look at the station that answers for it first"
    elif never and node.tokens_sent:
        what += f", though it is there: it passed the token {times(node.tokens_sent)}"
        advice = "it takes part in the ring and has power: its application does not answer; restart it, then look at it"
    elif never and node.frames:
        what += f", though it is there: {node.frames} frames came from it"
        advice = "it has power and this address: its application does not answer; restart it, then look at it"
    elif never:
        advice = "check that a station has this address and power"
    else:
        advice = "look at noise first, then at the station: it may restart or be overloaded"
    yield Finding(Severity.FAULT if never else Severity.WARNING, "no-reply", what, advice, node.mac)
