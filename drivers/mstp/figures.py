"""The figures of a bus, as records: made by ``drivers.mstp.analysis``, judged by ``drivers.mstp.diagnosis``."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(slots=True)
class Spread:
    """Times of one kind: how many, the least, the mean and the most, in seconds."""

    count: int = 0
    least_s: float = 0.0
    most_s: float = 0.0
    total_s: float = 0.0

    @property
    def mean_s(self) -> float:
        """The mean; ZeroDivisionError where nothing was timed."""
        return self.total_s / self.count

    def add(self, time_s: float) -> None:
        """Take one time in seconds."""
        self.least_s = min(self.least_s, time_s) if self.count else time_s
        self.most_s = max(self.most_s, time_s)
        self.total_s += time_s
        self.count += 1

    def so_far(self) -> Spread | None:
        """Return a copy, None where nothing was timed."""
        return replace(self) if self.count else None


@dataclass(slots=True)
class NodeFigures:
    """What one station did, as heard on the bus. Counters are of good frames; a spread is None where nothing was timed.

    Times include the listener's own error: a computer reads late, never early.
    """

    mac: int
    is_master: bool = False
    """It passed a token, polled, or answered a poll."""
    frames: int = 0
    octets: int = 0
    data_frames: int = 0
    tokens_received: int = 0
    tokens_sent: int = 0
    token_retries: int = 0
    """Tokens to it that had to be repeated, because it did not use them in time."""
    tokens_unused: int = 0
    """Tokens to it given up after the repeat: it was gone, or deaf."""
    polls_sent: int = 0
    highest_polled: int | None = None
    """Highest address it polled: its Max_Master is not below this."""
    next_station: int | None = None
    """Whom it passed the token to last."""
    requests: int = 0
    """Requests to it."""
    postponed: int = 0
    """Reply Postponed that it sent."""
    unanswered: int = 0
    """Requests to it that nothing answered while the requester waited."""
    damaged: int = 0
    """Frames with a bad CRC that were its own, or came in its turn."""
    unasked: int = 0
    """Frames from it that came out of turn, and so soon that no frame which the listener missed can explain them."""
    most_data_frames_a_token: int = 0
    rotation: Spread | None = None
    """From one token received to the next."""
    hold: Spread | None = None
    """From the token received to the token passed on."""
    usage: Spread | None = None
    """Tusage_delay: from the end of a token or poll to the start of what it sends then."""
    reply: Spread | None = None
    """Treply_delay: from the end of a request to the start of the answer, those after the requester gave up too."""
    late_uses: int = 0
    """Tokens and polls that it took longer than Tusage_delay (15 ms) to use."""
    late_answers: int = 0
    """Answers, known by their invoke ids, that came when the requester had given up."""
    answered_twice: int = 0
    """Answers to requests that had been answered from this address a moment before."""
    answered_for: tuple[tuple[int, int], ...] = ()
    """Addresses for which it answered requests that were not sent to it, and how often."""
    answered_by: tuple[tuple[int, int], ...] = ()
    """Addresses that answered requests sent to this one, and how often."""
    who_is: int = 0
    """Who-Is that it sent."""
    awaited: int = 0
    """Polls for it, tokens and requests to it: after each this station talks, or none does."""
    garbled: int = 0
    """Of those the ones that were followed by octets which make no good frame."""
    garbage_octets: int = 0
    """Those octets."""
    device_instances: tuple[int, ...] = ()
    """Device instances that it announced by I-Am, or else the one that an answer of it names."""


@dataclass(frozen=True, slots=True)
class RemoteDevice:
    """A device on another network, as a router let it be heard: network number, its address there, the router's MAC."""

    network: int
    address: bytes
    router: int
    device_instance: int

    @property
    def address_text(self) -> str:
        """Its address as people write it: the MAC of one octet as a number, any other in hexadecimal."""
        return str(self.address[0]) if len(self.address) == 1 else self.address.hex(":")


@dataclass(slots=True)
class BusFigures:
    """What a bus did for ``duration_s`` seconds."""

    baud: int
    duration_s: float = 0.0
    frames: int = 0
    """Whole frames, damaged ones included."""
    octets: int = 0
    """All octets, stray ones included."""
    stray_octets: int = 0
    """Octets that belong to no frame."""
    header_crc_errors: int = 0
    data_crc_errors: int = 0
    busy_s: float = 0.0
    """Time that the octets took on the wire."""
    tokens_lost: int = 0
    """Silences of Tno_token (0.5 s) or more that a station ended by making a new token."""
    longest_silence_s: float = 0.0
    polls: int = 0
    """Poll For Master frames."""
    polls_in_vain: int = 0
    poll_wait_s: float = 0.0
    """Time spent on polls without an answer."""
    polled_in_vain: frozenset[int] = frozenset()
    """Addresses that were polled and never heard."""
    rotation: Spread | None = None
    """Token rotation: from a token to the next token to the same master, over all masters."""
    nodes: tuple[NodeFigures, ...] = ()
    """By MAC, lowest first; a station that was only spoken to is here too, with no frames."""
    unseen_frames: int = 0
    """Frames that must have passed unheard: a station went on from a token that was not heard here."""
    own_gaps: int = 0
    """Times at which this listener read so late that it may have lost frames: nothing of that is the bus's."""
    garbage_octets: int = 0
    """Octets between good frames that make none, those of damaged headers included."""
    dead_s: float = 0.0
    """Seconds without one good frame at the end, where that is Tno_token or more and frames came before; else 0."""
    routers: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """MACs of the routers that were heard, each with the networks beyond it."""
    remote_devices: tuple[RemoteDevice, ...] = ()
    """Devices beyond routers that announced themselves."""

    @property
    def load_pct(self) -> float:
        """Share of the time in which something was on the wire, percent."""
        return 100.0 * self.busy_s / self.duration_s if self.duration_s else 0.0

    @property
    def frames_per_s(self) -> float:
        """Frames a second."""
        return self.frames / self.duration_s if self.duration_s else 0.0

    @property
    def damaged(self) -> int:
        """Frames whose CRCs do not fit."""
        return self.header_crc_errors + self.data_crc_errors

    @property
    def token_retries(self) -> int:
        """Tokens that had to be repeated."""
        return sum(node.token_retries for node in self.nodes)

    @property
    def masters(self) -> tuple[int, ...]:
        """Addresses of the masters that were heard, lowest first."""
        return tuple(node.mac for node in self.nodes if node.is_master)

    @property
    def heard(self) -> tuple[int, ...]:
        """Addresses of all stations that were heard, lowest first."""
        return tuple(node.mac for node in self.nodes if node.frames)

    def since(self, earlier: BusFigures) -> tuple[float, float]:
        """Return frames a second and load percent between ``earlier`` and these figures of the same bus."""
        passed_s = self.duration_s - earlier.duration_s
        if passed_s <= 0.0:
            return 0.0, 0.0
        return (self.frames - earlier.frames) / passed_s, 100.0 * (self.busy_s - earlier.busy_s) / passed_s
