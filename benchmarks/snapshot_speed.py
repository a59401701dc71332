"""How fast the whole meter is read over the emulated bus, against what the wire allows, at three baud rates.

One emulated meter and the rig, MACs 1 and 0, on the hub. The limit is that of the smallest set of requests for the
same values, nothing read twice (``benchmarks.on_the_wire``). Of the time measured (call to return) only the meter's own
reply delay is taken out, by the hub's stamps. Tokens, canaries, waiting for the first token and retries stay in.
The rates are taken in turn, so that other work on the machine falls on all of them; all snapshots count, disturbed or
not. Run: ``python -m benchmarks.snapshot_speed [--count N] [--baud B ...] [--json]``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence

from benchmarks.on_the_wire import (
    METER_MAC,
    RIG_MAC,
    TOKEN,
    Pair,
    Spent,
    emulated_pair,
    hub_lateness,
    median_ms,
    plan_limit_s,
    spent,
)
from drivers.meter.requests.packing import PlannedPart

BAUD_RATES = (38400, 76800, 115200)
AT_A_TIME = 5


def one_snapshot(pair: Pair) -> tuple[Spent, int]:
    """Take one snapshot; returns where its time went and how many tokens were passed in it."""
    mark, late = pair.link.next_number(), hub_lateness(pair.link)
    started_s = time.monotonic()
    pair.client.snapshot()
    ended_s = time.monotonic()
    frames = pair.link.frames_since(mark)
    row = spent(started_s, ended_s, frames, RIG_MAC, METER_MAC, hub_lateness(pair.link) > late)
    return row, sum(frame.kind == TOKEN and started_s <= frame.first_s <= ended_s for frame in frames)


def figures(
    plan: Sequence[PlannedPart], baud: int, rows: list[Spent], tokens: list[int], retries: int
) -> dict[str, object]:
    """Make the figures of one baud rate."""
    limit_s = plan_limit_s(plan, baud)
    ratios = sorted(row.net_s(len(plan), baud) / limit_s for row in rows)
    calm = [row.net_s(len(plan), baud) / limit_s for row in rows if not row.is_disturbed]
    return {
        "baud": baud,
        "ratio_median": round(statistics.median(ratios), 4),
        "ratio_best": round(ratios[0], 4),
        "ratio_quartiles": [round(ratios[len(ratios) * n // 4], 4) for n in (1, 3)],
        "ratio_worst": round(ratios[-1], 4),
        "snapshots": len(rows),
        "disturbed": sum(row.is_disturbed for row in rows),
        "ratio_median_undisturbed": round(statistics.median(calm), 4) if calm else None,
        "wire_limit_ms": round(1e3 * limit_s, 2),
        "whole_ms": median_ms(rows, "whole_s"),
        "before_first_request_ms": median_ms(rows, "before_s"),
        "octets_ms": median_ms(rows, "wire_s"),
        "meter_delays_ms": median_ms(rows, "meter_s"),
        "our_turnarounds_ms": median_ms(rows, "asker_s"),
        "around_tokens_ms": median_ms(rows, "tokens_s"),
        "after_last_answer_ms": median_ms(rows, "after_s"),
        "tokens_median": statistics.median(tokens),
        "token_retries": retries,
    }


def measure(count: int, rates: tuple[int, ...]) -> list[dict[str, object]]:
    """Take ``count`` snapshots at each rate, some at a time in turn, and return the figures of each rate."""
    rows: dict[int, list[Spent]] = {baud: [] for baud in rates}
    tokens: dict[int, list[int]] = {baud: [] for baud in rates}
    retries = dict.fromkeys(rates, 0)
    for _ in range(-(-count // AT_A_TIME)):
        for baud in rates:
            with emulated_pair(baud) as pair:  # one at a time: an idle ring takes its share of the machine too
                pair.client.snapshot()
                for _ in range(min(AT_A_TIME, count - len(rows[baud]))):
                    row, passed = one_snapshot(pair)
                    rows[baud].append(row)
                    tokens[baud].append(passed)
                retries[baud] += pair.bus.statistics().port.token_retries
                plan = pair.client.snapshot_plan
    return [figures(plan, baud, rows[baud], tokens[baud], retries[baud]) for baud in rates]


def main() -> None:
    """Print the figures side by side, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="how many snapshots at each rate")
    parser.add_argument("--baud", type=int, nargs="+", default=BAUD_RATES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.count, tuple(options.baud))
    if options.json:
        print(json.dumps(found))
        return
    for name in found[0]:
        print(f"{name:26}" + "".join(f"{each[name]!s:>20}" for each in found))


if __name__ == "__main__":
    main()
