"""How fast a full trend log, 5760 records, is read over the emulated bus, against what the wire allows.

The limit is that of the smallest set of requests by sequence number for records with Status_Flags (22 octets each, 20 a
page), each by the formula of ``benchmarks.on_the_wire``. Of the time measured (call to return, the question for the
counts included) only the meter's own reply delay is taken out. Run: ``python -m benchmarks.log_speed [--baud B ...]``.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.on_the_wire import LOADED, METER_MAC, REQUEST, RIG_MAC, TOKEN, emulated_pair, exchange_bits, spent
from meter_model.device.meter import S4100

BAUD_RATES = (38400, 76800, 115200)
RECORDS, PAGE_RECORDS, RECORD_OCTETS = 5760, 20, 22
INTERVAL_CS = 1000
LOG = 2
PAGE_REQUEST_OCTETS, PAGE_ANSWER_OCTETS = 28, 30
"""Whole frames but for the sequence number's own octets and the records."""


def full_meter() -> S4100:
    """Return a meter whose logs are full and have begun to wrap."""
    meter = S4100()
    meter.write("AV", 11, "present-value", INTERVAL_CS)
    meter.advance(5.0, LOADED)
    meter.advance((RECORDS + 40) * INTERVAL_CS / 100.0, LOADED)
    return meter


def log_limit_s(first: int, count: int, baud: int) -> float:
    """Return the shortest time for ``count`` records whose numbers begin at ``first``."""
    bits = 0
    for done in range(0, count, PAGE_RECORDS):
        number_octets = -(-(first + done).bit_length() // 8)
        records = min(PAGE_RECORDS, count - done)
        answer = PAGE_ANSWER_OCTETS + number_octets + RECORD_OCTETS * records
        bits += exchange_bits(PAGE_REQUEST_OCTETS + number_octets, answer)
    return bits / baud


def measure(baud: int) -> dict[str, object]:
    """Read the whole log once and return the figures."""
    with emulated_pair(baud, full_meter()) as pair:
        pair.client.read_load_point()
        mark = pair.link.next_number()
        started_s = time.monotonic()
        records = pair.client.read_log(LOG)
        ended_s = time.monotonic()
        frames = pair.link.frames_since(mark)
    row = spent(started_s, ended_s, frames, RIG_MAC, METER_MAC, hub_was_late=False)
    requests = sum(frame.kind == REQUEST for frame in frames)
    limit_s = log_limit_s(records[0].sequence, len(records), baud)
    return {
        "baud": baud,
        "ratio": round(row.net_s(requests, baud) / limit_s, 4),
        "records": len(records),
        "pages": requests - 1,
        "smallest_number_of_pages": -(-len(records) // PAGE_RECORDS),
        "wire_limit_s": round(limit_s, 3),
        "whole_s": round(row.whole_s, 3),
        "records_a_second": round(len(records) / row.whole_s, 1),
        "before_first_request_s": round(row.before_s, 4),
        "octets_s": round(row.wire_s, 3),
        "meter_delays_s": round(row.meter_s, 3),
        "our_turnarounds_s": round(row.asker_s, 3),
        "around_tokens_s": round(row.tokens_s, 3),
        "after_last_answer_s": round(row.after_s, 4),
        "tokens": sum(frame.kind == TOKEN and started_s <= frame.first_s <= ended_s for frame in frames),
    }


def main() -> None:
    """Print the figures side by side, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baud", type=int, nargs="+", default=BAUD_RATES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [measure(baud) for baud in options.baud]
    if options.json:
        print(json.dumps(found))
        return
    for name in found[0]:
        print(f"{name:26}" + "".join(f"{each[name]!s:>14}" for each in found))


if __name__ == "__main__":
    main()
