"""How soon stations use the token and answer while every core runs numeric work: Tusage_delay, Treply_delay.

The rig (MAC 0) reads two emulated meters (MACs 1 and 2), each on a port process of its own, without a pause, while as
many processes as there are cores decompose matrices. Prints histograms of all stations from the hub's stamps, the hub's
own lateness subtracted and printed (``benchmarks.bus_delays``), and how the bus recovered from whatever came too late.
Where real-time priority is permitted none is to be above 15 ms and 250 ms; without it the count is what it is.
Run: ``python -m benchmarks.bus_timing_under_load [--minutes 10] [--baud 76800]``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.bus_delays import BusDelays, lines
from benchmarks.on_the_wire import INFO_FRAMES, LOADED, METER_MAC, PEER_MAC, RIG_MAC
from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterError
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.process import HubLink, HubProcess
from tests.rig.emulation.meter.one_node import MeterNode

LOOK_S = 1.0
_NUMERIC_WORK = """
import contextlib, os, sys
import numpy
with contextlib.suppress(AttributeError, OSError):
    os.sched_setaffinity(0, {int(sys.argv[1])})
owner, matrix = os.getppid(), numpy.random.default_rng(1).random((160, 160))
while os.getppid() == owner:
    numpy.linalg.svd(matrix)
"""
_ASK_FOR_REAL_TIME = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))"


@dataclass(frozen=True)
class Outcome:
    """What was seen: the delays, reads that succeeded and failed, the hub's counters, whether the bus works after."""

    delays: BusDelays
    reads: int
    failures: tuple[str, ...]
    hub: dict[str, object]
    works_after: bool


def real_time_is_permitted() -> bool:
    """Whether a process of this user gets real-time priority."""
    asked = subprocess.run([sys.executable, "-c", _ASK_FOR_REAL_TIME], stderr=subprocess.DEVNULL, check=False)
    return asked.returncode == 0


@contextlib.contextmanager
def numeric_work(processes: int) -> Iterator[None]:
    """Keep ``processes`` cores busy; the work ends with the block, or with this process."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with contextlib.ExitStack() as stack:
        for core in range(processes):
            argv = [sys.executable, "-c", _NUMERIC_WORK, str(core)]
            worker = stack.enter_context(subprocess.Popen(argv, env=environment))
            stack.callback(worker.kill)
        yield


def measure(duration_s: float, baud: int, processes: int, delays: BusDelays) -> Outcome:
    """Read the meters for ``duration_s`` under load, then once more without; ``delays`` is told all frames."""
    reads, failures = 0, []
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(HubProcess(3, baud))
        link = stack.enter_context(HubLink(hub.endpoint))
        for mac in (METER_MAC, PEER_MAC):
            meter = S4100()
            meter.advance(3.0, LOADED)
            node = MeterNode(meter, hub.ports[mac], baud, mac, PEER_MAC, threading.RLock())
            stack.callback(node.close)
            node.start()
        settings = PortSettings(hub.ports[0], baud, RIG_MAC, PEER_MAC, max_info_frames=INFO_FRAMES)
        bus = stack.enter_context(MeterBus.open(settings))
        clients = [MeterClient(bus, mac, OBJECTS) for mac in (METER_MAC, PEER_MAC)]
        for client in clients:
            client.read_load_point()
        mark = link.next_number()
        with numeric_work(processes):
            look_s = time.monotonic()
            end_s = look_s + duration_s
            while (now_s := time.monotonic()) < end_s:
                try:
                    clients[reads % 2].snapshot()
                except MeterError as error:
                    failures.append(str(error))
                reads += 1
                if now_s >= look_s:
                    look_s = now_s + LOOK_S
                    mark = _take(delays, link, mark)
        before = len(failures)
        for client in clients:
            try:
                client.snapshot()
            except MeterError as error:
                failures.append(str(error))
        works_after = len(failures) == before
        _take(delays, link, mark)
        return Outcome(delays, reads, tuple(failures), link.counters(), works_after)


def _take(delays: BusDelays, link: HubLink, mark: int) -> int:
    frames = link.frames_since(mark)
    delays.take(frames)
    return frames[-1].number + 1 if frames else mark


def report(outcome: Outcome, duration_s: float, permitted: bool) -> list[str]:
    """Say in words and tables what was seen."""
    delays = outcome.delays
    usage, reply = (sum(each.above for each in found.values()) for found in (delays.usage, delays.reply))
    late_ms = 1e3 * delays.hub_late_sum_s / max(1, delays.frames)
    return [
        f"{duration_s:g} s, {delays.frames} frames, {outcome.reads} snapshots, {len(outcome.failures)} of them failed",
        f"real-time priority is {'' if permitted else 'not '}permitted",
        "",
        *lines(delays.usage, "Tusage_delay"),
        "",
        *lines(delays.reply, "Treply_delay"),
        "",
        f"the hub's own lateness, subtracted: mean {late_ms:.3f} ms, worst {1e3 * delays.hub_late_worst_s:.2f} ms",
        f"the hub's wake-ups: {outcome.hub['lateness']}",
        f"above 15 ms: {usage}; above 250 ms: {reply}",
        f"late or missed: {delays.troubles}, the slowest recovery {delays.slowest_recovery_s:.3f} s",
        f"the longest silence: {delays.longest_silence_s:.3f} s",
        f"the bus works afterwards: {'yes' if outcome.works_after else 'no'}",
        *(f"failed: {text}" for text in outcome.failures),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--baud", type=int, default=76800)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="of numeric work")
    options = parser.parse_args()
    duration_s = 60.0 * options.minutes
    outcome = measure(duration_s, options.baud, options.processes, BusDelays())
    print("\n".join(report(outcome, duration_s, real_time_is_permitted())))


if __name__ == "__main__":
    main()
