"""What the bus benchmarks share: an emulated meter on a hub, the limit of the wire, and where the time between goes.

The limit of one exchange (the reference formula for two masters): 10 bits an octet of request, answer and two tokens,
and four turnarounds of 40 bits. No processing, one token rotation a request, no polls.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.requests.packing import PlannedPart
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.bus.process import HubLink, HubProcess, StampedFrame
from tests.rig.emulation.meter.one_node import MeterNode

RIG_MAC, METER_MAC, PEER_MAC = 0, 1, 2
TOKEN, POLL, REQUEST, ANSWER = 0, 1, 5, 6
TURNAROUND_BITS, OCTET_BITS, TOKEN_OCTETS = 40, 10, 8
REQUEST_OVERHEAD, ANSWER_OVERHEAD = 16, 12
"""Octets of frame header, CRCs and network header; the request's four of the APDU header are in it."""
INFO_FRAMES = 8
LATE_S = 0.002
"""An asker's turnaround beyond this was disturbed by other work on the machine."""
LOADED = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)),
    tuple((Phasor(1, 0.5, -120.0 * n - 30.0),) for n in range(3)),
)


@dataclass(frozen=True)
class Pair:
    """The rig and one emulated meter on a hub; ``spare_ports`` are further nodes nobody has opened."""

    link: HubLink
    meter: S4100
    bus: MeterBus
    client: MeterClient
    spare_ports: tuple[str, ...]


@contextlib.contextmanager
def emulated_pair(baud: int, meter: S4100 | None = None, spare_nodes: int = 0) -> Iterator[Pair]:
    """Open the rig at MAC 0 and the meter (None: one under load, at rest) at MAC 1, Max_Master just large enough."""
    if meter is None:
        meter = S4100()
        meter.advance(3.0, LOADED)
    max_master = METER_MAC + spare_nodes
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(HubProcess(2 + spare_nodes, baud))
        link = stack.enter_context(HubLink(hub.endpoint))
        node = MeterNode(meter, hub.ports[1], baud, METER_MAC, max_master, threading.RLock())
        stack.callback(node.close)
        node.start()
        settings = PortSettings(hub.ports[0], baud, RIG_MAC, max_master, max_info_frames=INFO_FRAMES)
        bus = stack.enter_context(MeterBus.open(settings))
        yield Pair(link, meter, bus, MeterClient(bus, METER_MAC, OBJECTS), hub.ports[2:])


def exchange_bits(request_octets: int, answer_octets: int) -> int:
    """Bit times of one exchange by the formula, for octets of whole frames."""
    return OCTET_BITS * (request_octets + answer_octets + 2 * TOKEN_OCTETS) + 4 * TURNAROUND_BITS


def plan_limit_s(parts: Sequence[PlannedPart], baud: int) -> float:
    """Return the shortest time for ReadPropertyMultiple of all that ``parts`` want, what they read twice left out."""
    bits = 0
    for part in parts:
        answer = PlannedPart(part.wanted).result_octets
        request = sum(7 + 2 * len(entry.properties) for entry in part.wanted)
        bits += exchange_bits(REQUEST_OVERHEAD + request, ANSWER_OVERHEAD + answer)
    return bits / baud


@dataclass(frozen=True)
class Spent:
    """Where the seconds of one call went; they add up to ``whole_s``.

    ``wire_s``: octets of all frames from the first request to the last answer. ``meter_s``: silence before the meter's
    answers; ``asker_s``: before its next requests; ``tokens_s``: around tokens and polls in between.
    """

    whole_s: float
    before_s: float
    wire_s: float
    meter_s: float
    asker_s: float
    tokens_s: float
    after_s: float
    is_disturbed: bool

    def net_s(self, requests: int, baud: int) -> float:
        """Return the whole without the meter's delay beyond the turnaround that the formula has already."""
        return self.whole_s - (self.meter_s - requests * TURNAROUND_BITS / baud)


def spent(
    started_s: float, ended_s: float, frames: Sequence[StampedFrame], asker: int, answerer: int, hub_was_late: bool
) -> Spent:
    """Divide the time of one call by the hub's stamps; ``asker`` and ``answerer`` are MACs."""
    inside = [frame for frame in frames if started_s <= frame.first_s and frame.last_s <= ended_s]
    places = [
        place
        for place, frame in enumerate(inside)
        if (frame.kind, frame.source) in ((REQUEST, asker), (ANSWER, answerer))
    ]
    inside = inside[places[0] : places[-1] + 1]
    silences: dict[str, list[float]] = {"meter": [], "asker": [], "tokens": []}
    for one, other in itertools.pairwise(inside):
        kinds = (one.kind, other.kind)
        whose = "meter" if kinds == (REQUEST, ANSWER) else "asker" if kinds == (ANSWER, REQUEST) else "tokens"
        silences[whose].append(other.first_s - one.last_s)
    return Spent(
        whole_s=ended_s - started_s,
        before_s=inside[0].first_s - started_s,
        wire_s=sum(frame.last_s - frame.first_s for frame in inside),
        meter_s=sum(silences["meter"]),
        asker_s=sum(silences["asker"]),
        tokens_s=sum(silences["tokens"]),
        after_s=ended_s - inside[-1].last_s,
        is_disturbed=hub_was_late or any(silence > LATE_S for silence in silences["asker"]),
    )


def hub_lateness(link: HubLink) -> int:
    """Return how often the hub has woken more than 1 ms late so far."""
    return int(link.counters()["lateness"]["over_1_ms"])


def median_ms(rows: Sequence[Spent], name: str) -> float:
    """Return the median of one part of the time, in milliseconds."""
    return round(1e3 * statistics.median(getattr(row, name) for row in rows), 2)
