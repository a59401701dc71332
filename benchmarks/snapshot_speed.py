"""How fast the whole meter is read over the emulated bus, against what the wire allows (reference formula).

One emulated meter and the rig, MACs 1 and 0, on the hub. The limit is that of the smallest set of requests without
canaries: for each, 10 bits an octet of request, answer and two tokens, and four turnarounds of 40 bits. Of the time
measured (call to return) only the meter's own reply delay is taken out, hub stamps, beyond the turnaround that the
formula has already. Tokens, polls and retries stay in. Run: ``python benchmarks/snapshot_speed.py [--count N]``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import threading
import time

from drivers.meter import MeterBus, MeterClient
from drivers.meter._packing import PlannedPart, Wanted
from drivers.mstp.settings import PortSettings
from meter_model.meter import S4100
from meter_model.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.hub import HubLink, HubProcess, StampedFrame
from rig.emulation.meter_node import MeterNode

RIG_MAC, METER_MAC = 0, 1
TOKEN, POLL, REQUEST, ANSWER = 0, 1, 5, 6
TURNAROUND_BITS = 40
REQUEST_OVERHEAD, ANSWER_OVERHEAD = 16, 12  # frame, network and application headers, CRCs
LOADED = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)),
    tuple((Phasor(1, 0.5, -120.0 * n - 30.0),) for n in range(3)),
)


def wire_limit_s(parts: list[PlannedPart], baud: int) -> float:
    """Return the shortest time by the formula: no processing, one token rotation a request, no polls."""
    bits = 0
    for part in parts:
        everything = [*part.wanted, *(Wanted("AI", canary) for canary in part.canaries)]
        request = REQUEST_OVERHEAD + sum(7 + 2 * len(entry.properties) for entry in everything)
        answer = ANSWER_OVERHEAD + part.result_octets
        bits += 10 * (request + answer + 2 * 8) + 4 * TURNAROUND_BITS
    return bits / baud


def without_canaries(parts: list[PlannedPart]) -> list[PlannedPart]:
    """Return the same requests without what is read twice."""
    return [PlannedPart(part.wanted) for part in parts]


def reply_delays_s(frames: list[StampedFrame], baud: int) -> list[float]:
    """Return how long the meter took to begin each answer, beyond the turnaround of 40 bits."""
    delays = []
    for request, answer in itertools.pairwise(frames):
        if request.kind == REQUEST and answer.kind == ANSWER and answer.source == METER_MAC:
            delays.append(answer.first_s - request.last_s - TURNAROUND_BITS / baud)
    return delays


def measure(count: int, baud: int) -> dict[str, object]:
    """Take ``count`` snapshots and return the figures."""
    meter = S4100()
    meter.advance(3.0, LOADED)
    rows = []
    with HubProcess(2, baud) as hub, HubLink(hub.endpoint) as link:
        node = MeterNode(meter, hub.ports[1], baud, METER_MAC, METER_MAC, threading.RLock())
        node.start()
        settings = PortSettings(hub.ports[0], baud, RIG_MAC, METER_MAC, max_info_frames=8)
        try:
            with MeterBus.open(settings) as bus:
                client = MeterClient(bus, METER_MAC, OBJECTS)
                client.snapshot()
                before = bus.statistics()
                for _ in range(count):
                    mark = link.next_number()
                    started_s = time.monotonic()
                    client.snapshot()
                    ended_s = time.monotonic()
                    frames = [f for f in link.frames_since(mark) if started_s <= f.first_s and f.last_s <= ended_s]
                    rows.append((ended_s - started_s, frames))
                after = bus.statistics()
        finally:
            node.close()
        lateness = link.counters()["lateness"]
    plan = list(client.snapshot_plan)
    limit_s = wire_limit_s(without_canaries(plan), baud)
    delays = [sum(reply_delays_s(frames, baud)) for _, frames in rows]
    net = [taken_s - delay_s for (taken_s, _), delay_s in zip(rows, delays, strict=True)]
    port = after.port.since(before.port)
    return {
        "baud": baud,
        "snapshots": count,
        "requests_a_snapshot": len(plan),
        "wire_limit_s": round(limit_s, 4),
        "wire_limit_with_canaries_s": round(wire_limit_s(plan, baud), 4),
        "measured_median_s": round(statistics.median(taken_s for taken_s, _ in rows), 4),
        "measured_worst_s": round(max(taken_s for taken_s, _ in rows), 4),
        "reply_delays_taken_out_median_s": round(statistics.median(delays), 4),
        "net_median_s": round(statistics.median(net), 4),
        "ratio_of_medians": round(statistics.median(net) / limit_s, 4),
        "ratio_best": round(min(net) / limit_s, 4),
        "ratio_worst": round(max(net) / limit_s, 4),
        "tokens_median": statistics.median(sum(f.kind == TOKEN for f in frames) for _, frames in rows),
        "polls_for_master": sum(f.kind == POLL for _, frames in rows for f in frames),
        "token_retries": port.token_retries,
        "tokens_lost": port.tokens_lost,
        "reply_timeouts": port.reply_timeouts,
        "apdu_repeats": after.repeats - before.repeats,
        "hub_lateness": lateness,
    }


def main() -> None:
    """Print the figures, one a line, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="how many snapshots")
    parser.add_argument("--baud", type=int, default=76800)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.count, options.baud)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:34} {value}")


if __name__ == "__main__":
    main()
