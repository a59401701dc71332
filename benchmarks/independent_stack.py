"""The whole meter read by this client and by an independent MS/TP stack (rusty-bacnet), in turn on one bus.

Same bus, same emulated meter, same ReadPropertyMultiple requests, canaries included. The other stack is let to do as
well as it can: 8 info frames a token, its requests all at once and one after another, and once without what ours
reads twice; its best median counts. Both are members of the ring all the time. Each call comes at a random moment, in
an order drawn anew each round: where the token is when somebody asks must not depend on who asked before. Times are
from call to return, the meter's own reply delay taken out by the hub's stamps. Run:
``python -m benchmarks.independent_stack [--rounds N]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from rusty_bacnet import BACnetClient, ObjectIdentifier, ObjectType, PropertyIdentifier

from benchmarks.on_the_wire import (
    INFO_FRAMES,
    METER_MAC,
    PEER_MAC,
    RIG_MAC,
    Pair,
    Spent,
    emulated_pair,
    hub_lateness,
    median_ms,
    plan_limit_s,
    spent,
)
from drivers.meter.requests.packing import PRESENT_VALUE, RELIABILITY, PlannedPart, Wanted

BAUD_RATES = (38400, 76800, 115200)
OURS, AT_ONCE, IN_TURN, NOTHING_TWICE = "this client", "all at once", "one after another", "all at once, nothing twice"
JOIN_S = 20.0
LONGEST_WAIT_S = 0.05
"""Before a call: longer than the token takes around the ring, polls in vain included."""
PARTS = ("before", "asker", "tokens", "after")
_TYPES = {"AI": ObjectType.ANALOG_INPUT, "AV": ObjectType.ANALOG_VALUE, "BI": ObjectType.BINARY_INPUT}
_PROPERTIES = {PRESENT_VALUE: PropertyIdentifier.PRESENT_VALUE, RELIABILITY: PropertyIdentifier.RELIABILITY}

Specification = list[tuple[ObjectIdentifier, list[tuple[PropertyIdentifier, int | None]]]]


def specifications(plan: Sequence[PlannedPart], with_canaries: bool) -> list[Specification]:
    """Return the requests of ``plan`` as the other stack takes them."""
    found: list[Specification] = []
    for part in plan:
        again = [Wanted("AI", instance) for instance in part.canaries] if with_canaries else []
        found.append(
            [
                (ObjectIdentifier(_TYPES[each.kind], each.instance), [(_PROPERTIES[p], None) for p in each.properties])
                for each in [*part.wanted, *again]
            ]
        )
    return found


async def timed(pair: Pair, asker: int, work: Callable[[], Awaitable[None]]) -> Spent:
    """Run ``work`` once and return where its time went."""
    mark, late = pair.link.next_number(), hub_lateness(pair.link)
    started_s = time.monotonic()
    await work()
    ended_s = time.monotonic()
    was_late = hub_lateness(pair.link) > late
    return spent(started_s, ended_s, pair.link.frames_since(mark), asker, METER_MAC, was_late)


async def take_turns(pair: Pair, baud: int, rounds: int) -> dict[str, list[Spent]]:
    """Read the meter in every way, ``rounds`` times in turn; returns the rows of each way."""
    plan = pair.client.snapshot_plan
    whole, nothing_twice = specifications(plan, with_canaries=True), specifications(plan, with_canaries=False)
    address = str(METER_MAC)
    async with BACnetClient(
        transport="mstp",
        serial_port=pair.spare_ports[0],
        mstp_baud=baud,
        mstp_mac=PEER_MAC,
        mstp_max_master=PEER_MAC,
        mstp_max_info_frames=INFO_FRAMES,
    ) as peer:

        async def ours() -> None:
            pair.client.snapshot()

        async def at_once() -> None:
            await asyncio.gather(*(peer.read_property_multiple(address, each) for each in whole))

        async def in_turn() -> None:
            for each in whole:
                await peer.read_property_multiple(address, each)

        async def without_canaries() -> None:
            await asyncio.gather(*(peer.read_property_multiple(address, each) for each in nothing_twice))

        await asyncio.wait_for(in_turn(), JOIN_S)
        ways = {OURS: ours, AT_ONCE: at_once, IN_TURN: in_turn, NOTHING_TWICE: without_canaries}
        rows: dict[str, list[Spent]] = {name: [] for name in ways}
        moments = random.Random(1)
        for _ in range(rounds):
            for name, work in moments.sample(list(ways.items()), len(ways)):
                await asyncio.sleep(moments.uniform(0.0, LONGEST_WAIT_S))
                rows[name].append(await timed(pair, RIG_MAC if name == OURS else PEER_MAC, work))
        return rows


def measure(baud: int, rounds: int) -> dict[str, object]:
    """Compare at one baud rate."""
    with emulated_pair(baud, spare_nodes=1) as pair:
        pair.client.snapshot()
        rows = asyncio.run(take_turns(pair, baud, rounds))
        plan = pair.client.snapshot_plan
    net = {name: sorted(row.net_s(len(plan), baud) for row in found) for name, found in rows.items()}
    medians = {name: statistics.median(found) for name, found in net.items()}
    best = min((AT_ONCE, IN_TURN), key=medians.__getitem__)
    limit_s = plan_limit_s(plan, baud)
    return {
        "baud": baud,
        "rounds": rounds,
        "wire_limit_ms": round(1e3 * limit_s, 2),
        "ours_to_their_best": round(medians[OURS] / medians[best], 4),
        "their_best": best,
        "ours_to_theirs_nothing_twice": round(medians[OURS] / medians[NOTHING_TWICE], 4),
        **{f"{name}: to the limit": round(median / limit_s, 4) for name, median in medians.items()},
        **{f"{name}: best, worst": [round(each / limit_s, 3) for each in (f[0], f[-1])] for name, f in net.items()},
        **{f"{name}: {part}, ms": median_ms(rows[name], f"{part}_s") for name in (OURS, best) for part in PARTS},
        "this client: disturbed": sum(row.is_disturbed for row in rows[OURS]),
    }


def main() -> None:
    """Print the figures side by side, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--baud", type=int, nargs="+", default=BAUD_RATES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [measure(baud, options.rounds) for baud in options.baud]
    if options.json:
        print(json.dumps(found))
        return
    for name in found[0]:
        print(f"{name:42}" + "".join(f"{each[name]!s:>20}" for each in found))


if __name__ == "__main__":
    main()
