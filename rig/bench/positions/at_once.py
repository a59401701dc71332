"""Do the same for several meters: at the same time where each has a port of its own, in turn where they share one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from drivers.meter.bus import MeterBus

_REPORT_S = 0.25
"""The thread that waits reports progress about this often: it is the one that watches the source."""

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def at_once(
    items: Sequence[ItemT], bus_of: Callable[[ItemT], MeterBus], work: Callable[[ItemT], ResultT]
) -> list[ResultT]:
    """Return what ``work`` gives for each of ``items``, in their order.

    Items at one bus are done in turn, in a thread for each bus; where there is one bus, in the caller's thread.
    ``work`` may use the meter, and nothing else of the bench: record, clock, source and events belong to the caller's
    thread, which watches the source meanwhile. The first error of ``work`` is raised when all have ended; what
    is reported meanwhile (a source that has failed, a stop) is raised at once.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    turns: dict[int, list[int]] = {}
    for index, item in enumerate(items):
        turns.setdefault(id(bus_of(item)), []).append(index)
    if len(turns) < 2:
        return [work(item) for item in items]
    buses = [bus_of(items[indexes[0]]) for indexes in turns.values()]

    def in_turn(indexes: Sequence[int]) -> list[tuple[int, ResultT]]:
        return [(index, work(items[index])) for index in indexes]

    pool = ThreadPoolExecutor(len(turns), "position")
    try:
        pending = futures = {pool.submit(in_turn, indexes) for indexes in turns.values()}
        while pending:
            _, pending = wait(pending, _REPORT_S, FIRST_COMPLETED)
            for bus in buses:
                bus.report_progress()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    done = dict(pair for future in futures for pair in future.result())
    return [done[index] for index in range(len(items))]
