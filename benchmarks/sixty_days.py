"""How long 60 days at 15-minute logging take: 5760 records in each log, the load changing every hour.

A drawn unit with its noise; one thread. Prints how long it takes, and how far the first hours' records are from those
of the same meter sampled second by second. Run: ``python benchmarks/sixty_days.py [hours]``, where ``hours`` (default
1) is the length of the sampled span.
"""

from __future__ import annotations

import os
import random
import sys
import time

from meter_model.configuration import Configuration
from meter_model.device.log_records import LogRecord
from meter_model.device.meter import S4100
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Phasor, Stimulus

DAYS = 60
HOUR_S = 3600
LOGGED = (2, 11, 19)
"""AI of TL1 to TL3: an energy, an instantaneous value, a demand."""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
CONFIGURATION = Configuration(system_voltage_v=480.0)
ANGLES = (0.0, -120.0, 120.0)


def hourly_loads(count: int) -> list[Stimulus]:
    """Return ``count`` unbalanced, distorted loads in both directions."""
    rng = random.Random(60)
    loads = []
    for _ in range(count):
        turn_deg = rng.choice((0.0, 0.0, 180.0)) + rng.uniform(-40.0, 40.0)
        voltages = [(Phasor(1, 277.0, angle), Phasor(5, 5.0, 10.0)) for angle in ANGLES]
        currents = [
            (Phasor(1, rng.uniform(5.0, 100.0), angle + turn_deg), Phasor(5, 3.0, rng.uniform(0.0, 360.0)))
            for angle in ANGLES
        ]
        frequency_hz = rng.choice((59.98, 60.0, 60.02))
        loads.append(CONFIGURATION.stimulus_from_primary(frequency_hz, voltages, currents))
    return loads


def made() -> S4100:
    """Return the meter, logging what is wanted from the beginning."""
    meter = S4100("1", 1, CONFIGURATION, UnitErrors.drawn_from(1), seed=1)
    for number, instance in enumerate(LOGGED, start=1):
        meter.write("TL", number, "log-device-object-property", ("AI", instance, 85))
    return meter


def values(records: tuple[LogRecord, ...]) -> list[LogRecord]:
    """Return the records that hold a value."""
    return [each for each in records if each.kind == "value"]


def main() -> None:
    """Print the figures."""
    if any(os.environ.get(variable) != "1" for variable in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])
    sampled_hours = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    loads = hourly_loads(DAYS * 24)

    meter = made()
    begin, begin_cpu = time.perf_counter(), time.process_time()
    for load in loads[:sampled_hours]:
        meter.advance(HOUR_S, load)
    skipped = [values(meter.read_log(number)[0]) for number in (1, 2, 3)]
    for load in loads[sampled_hours:]:
        meter.advance(HOUR_S, load)
    took_s, cpu_s = time.perf_counter() - begin, time.process_time() - begin_cpu
    records, total = meter.read_log(1)
    print(
        f"{DAYS} days: {took_s:.1f} s ({cpu_s:.1f} s of one core), {meter.update_count} updates; promised: under 60 s"
    )
    print(f"TL1: {len(records)} records resident, {total} in all, the last at {records[-1].date_time}")

    sampled = made()
    for load in loads[:sampled_hours]:
        for _ in range(HOUR_S):
            sampled.advance(1.0, load)
    for number, instance in enumerate(LOGGED, start=1):
        expected = values(sampled.read_log(number)[0])
        found = skipped[number - 1]
        same = [each.date_time for each in found] == [each.date_time for each in expected]
        apart = max(
            abs(float(one.value) - float(other.value)) / max(abs(float(other.value)), 1e-9)
            for one, other in zip(found, expected, strict=True)
        )
        print(f"TL{number} (AI{instance}): {len(found)} records, stamps {'the same' if same else 'DIFFER'}, ", end="")
        print(f"largest difference from {sampled_hours} h sampled: {apart:.1e} of the value")


if __name__ == "__main__":
    main()
