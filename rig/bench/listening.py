"""Where a bench's bus can be listened to: beside a run that is going on, or on the rig's own port when none is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.bench.files import BenchFile, load_bench
from rig.bench.launch import LaunchedProcess
from rig.bench.lock import bench_lock
from rig.bench.schema import BusPart
from rig.errors import BenchBusy, UsageRefused
from rig.safety.state import bench_file_of_state, read_json, write_json

_ENDPOINTS = ".endpoints.json"


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
def noted_endpoints(bench: str, endpoints: Mapping[str, Any]) -> Iterator[None]:
    """Leave word of what a bench's launched process offers, for whoever wants to listen while the bench is in use."""
    note = bench_file_of_state(bench, _ENDPOINTS)
    write_json(note, endpoints)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@contextmanager
def open_listening_port(
    bench: BenchFile | str | Path, command: str, *, may_talk: bool = False
) -> Iterator[ListeningPort]:
    """Find the port at which the bus of ``bench`` can be heard, and hold the bench where nobody else may use it then.

    With ``bus: listen_port`` in the bench file the bus can be heard beside a run. Without it, on a launched bench that
    nobody uses (which is started then), and with ``may_talk`` if the bench is free, the bench is locked. Raises
    BenchBusy, BenchFileError, BenchFault, and UsageRefused for a bench without a bus.
    """
    file = bench if isinstance(bench, BenchFile) else load_bench(bench)
    part = _bus_of(file)
    if part.listen_port is not None and not file.is_launched and not may_talk:
        yield ListeningPort(part.listen_port, part.baud, f"bench {file.name}, on its listening port")
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(bench_lock(file.name, command))
        except BenchBusy:
            beside = _beside_run(file, part)
            if beside is None:
                raise
            yield beside
            return
        if file.is_launched:
            file = _launch(file, stack)
        free = _bus_of(file)
        yield ListeningPort(free.port, free.baud, f"bench {file.name}, which nobody else is using", free)


def _beside_run(file: BenchFile, part: BusPart) -> ListeningPort | None:
    """Return the listening port of a bench that is in use, None where it has none or has left no word of it."""
    if part.listen_port is not None and file.is_launched:
        endpoints = read_json(bench_file_of_state(file.name, _ENDPOINTS))
        if endpoints is None:
            return None
        part = _bus_of(file.with_endpoints(endpoints))
    if part.listen_port is None:
        return None
    return ListeningPort(part.listen_port, part.baud, f"bench {file.name}, beside the run in progress")


def _launch(file: BenchFile, stack: ExitStack) -> BenchFile:
    """Start the process of a bench whose lock is held; it ends with ``stack``. Nothing else of the bench is opened."""
    assert file.parts.launch is not None
    log = bench_file_of_state(file.name, ".launched.log")
    process = LaunchedProcess(file.launch_argv(), file.parts.launch.ready_timeout_s, log)
    stack.callback(process.close)
    stack.enter_context(noted_endpoints(file.name, process.endpoints))
    return file.with_endpoints(process.endpoints)


def _bus_of(file: BenchFile) -> BusPart:
    if file.parts.bus is None:
        raise UsageRefused(f"bench {file.name} has no bus; give it 'bus', or name a port with --device and --baud")
    return file.parts.bus
