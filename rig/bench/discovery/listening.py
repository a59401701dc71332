"""Where a bench's bus can be listened to: beside a run that is going on, or on the rig's own port when none is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rig.bench.config.files import BenchFile, load_bench, one_position
from rig.bench.launch import launched
from rig.bench.lock import BenchHold, hold_bench, hold_port
from rig.bench.schema.bench import BusPart
from rig.errors import BenchBusy, UsageRefused
from rig.safety.state import ENDPOINTS, HOLDER, openings_of


@dataclass(frozen=True, slots=True)
class ListeningPort:
    """A serial port to listen at. ``bus``: the bench's bus, held, to take part in; None where only listening is open.

    ``how``: in words, what is being listened to.
    """

    device: str
    baud: int
    how: str
    bus: BusPart | None = None


@contextmanager
def open_listening_port(
    bench: BenchFile | str | Path, command: str, *, may_talk: bool = False, position: str | None = None
) -> Iterator[ListeningPort]:
    """Find the port at which the bus of ``bench`` can be heard, and lock the bench where that port is the rig's own.

    With ``bus: listen_port`` in the bench file the bus can be heard beside a run. Without it, on a launched bench that
    is free (which is started then), and with ``may_talk`` if it is free, the rig's own port is held. The port that
    is listened to is held in any case: two that read one port take each other's octets. Raises BenchBusy,
    BenchFileError, BenchFault, and UsageRefused for a bench without a bus. ``position``: whose bus, where positions
    have ports of their own.
    """
    file = bench if isinstance(bench, BenchFile) else load_bench(bench)
    file = file if position is None else one_position(file, position)
    part = _bus_of(file)
    if part.listen_port is not None and not file.is_launched and not may_talk:
        with hold_port(part.listen_port, file.name):
            yield ListeningPort(part.listen_port, part.baud, f"bench {file.name}, on its listening port")
        return
    with ExitStack() as stack:
        beside = _beside_run(file, part) if file.is_launched else None
        hold: BenchHold | None = None
        try:
            hold = stack.enter_context(hold_bench(file, command, only_bus=True)) if beside is None else None
        except BenchBusy:
            beside = _beside_run(file, part)
            if beside is None:
                raise
        if hold is None:
            assert beside is not None
            stack.enter_context(hold_port(beside.device, file.name))
            yield beside
            return
        if file.is_launched:
            file, _ = stack.enter_context(launched(file, hold))
        free = _bus_of(file)
        yield ListeningPort(free.port, free.baud, f"bench {file.name}, which is otherwise not in use", free)


def _beside_run(file: BenchFile, part: BusPart) -> ListeningPort | None:
    """Return the listening port of a bench that is in use, None where it has none or has left no word of it.

    Of several openings of a private bench the one that began last is listened to.
    """
    run = "the run in progress"
    if part.listen_port is not None and file.is_launched:
        open_now = [opening for opening in openings_of(file.name) if opening.note(ENDPOINTS) and opening.rig_lives]
        if not open_now:
            return None
        if len(open_now) > 1:
            run = f"the newest of {len(open_now)} runs in progress (process {open_now[-1].note(HOLDER).get('pid')})"
        part = _bus_of(file.with_endpoints(open_now[-1].note(ENDPOINTS)["endpoints"]))
    if part.listen_port is None:
        return None
    return ListeningPort(part.listen_port, part.baud, f"bench {file.name}, beside {run}")


def _bus_of(file: BenchFile) -> BusPart:
    if len(file.parts.buses) > 1:
        raise UsageRefused(f"bench {file.name} has a bus for each of several positions; say which with --position NAME")
    if file.parts.bus is None:
        raise UsageRefused(f"bench {file.name} has no bus; give it 'bus', or name a port with --device and --baud")
    return file.parts.bus
