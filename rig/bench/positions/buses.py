"""Open the RS-485 ports of a bench: one for all of its positions, or one for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.events import LineLost, LineRestored
from drivers.mstp.settings import PortSettings
from rig.bench.config.files import BenchFile
from rig.bench.schema.bench import BusPart, PositionPart
from rig.errors import BenchFault

_KEPT_FRAMES = 6000
"""What a bus of two can have for as long as an answer is awaited: the request is still there when none has come."""

_REPORT_S = 0.25


@dataclass(frozen=True)
class Buses:
    """The ports of a bench: ``open`` by their device, and why each of the others is not (``failed``)."""

    open: Mapping[str, MeterBus] = field(default_factory=dict)
    failed: Mapping[str, RigError] = field(default_factory=dict)

    @property
    def all(self) -> tuple[MeterBus, ...]:
        """Those that are open, in the order of the bench file."""
        return tuple(self.open.values())

    @property
    def first(self) -> MeterBus | None:
        """The first of them; None on a bench without a bus."""
        return next(iter(self.open.values()), None)

    def of(self, file: BenchFile, position: PositionPart) -> MeterBus:
        """Return the bus of a position; raises the error with which it was not opened."""
        part = file.parts.bus_of(position)
        assert part is not None, "a position without a bus is refused with its bench file"
        if part.port in self.failed:
            raise self.failed[part.port]
        return self.open[part.port]


def port_settings(part: BusPart, *, watchful: bool = True) -> PortSettings:
    """The settings of the MS/TP port that a bench file asks for; see ``PortSettings.watchful``."""
    same = ("baud", "mac", "max_master", "max_info_frames", "echo", "direction", "replug_wait_s")
    own: dict[str, Any] = {name: getattr(part, name) for name in same}
    return PortSettings(device=part.port, captured_frames=_KEPT_FRAMES, watchful=watchful, **own)


def open_buses(
    file: BenchFile,
    beat: Callable[[], None],
    stack: ExitStack,
    on_line: Callable[[LineLost | LineRestored], None] | None = None,
) -> Buses:
    """Open the RS-485 ports of a bench, several at the same time; raises BenchFault for a port that is not there.

    Of several ports one that cannot be opened stops no other: the first error is raised where none can be opened.
    ``beat`` and ``on_line`` are called in the caller's thread only.
    """
    parts = file.parts.buses
    if len(parts) < 2:
        return Buses({part.port: open_bus(file, part, beat, stack, on_line) for part in parts})
    caller = threading.get_ident()
    with ThreadPoolExecutor(len(parts), "port") as pool:
        opening = {
            part.port: pool.submit(_open, file, part, beat, on_line, reported_from=caller, watchful=False)
            for part in parts
        }
        try:
            while wait(opening.values(), _REPORT_S).not_done:
                beat()
        finally:
            wait(opening.values())
            found = {port: future.result() for port, future in opening.items() if _error_of(future) is None}
            for bus in found.values():
                stack.callback(bus.close)
    failed = {port: error for port, future in opening.items() if (error := _error_of(future)) is not None}
    if not found:
        raise next(iter(failed.values()))
    return Buses(found, failed)


def open_bus(
    file: BenchFile,
    part: BusPart,
    beat: Callable[[], None],
    stack: ExitStack,
    on_line: Callable[[LineLost | LineRestored], None] | None = None,
) -> MeterBus:
    """Open one port of a bench; raises BenchFault for a port that is not there."""
    bus = _open(file, part, beat, on_line)
    stack.callback(bus.close)
    return bus


def _open(
    file: BenchFile,
    part: BusPart,
    beat: Callable[[], None],
    on_line: Callable[[LineLost | LineRestored], None] | None,
    *,
    reported_from: int | None = None,
    watchful: bool = True,
) -> MeterBus:
    try:
        return MeterBus.open(
            port_settings(part, watchful=watchful),
            timeout_s=part.apdu_timeout_s,
            on_progress=beat,
            on_line=on_line,
            device_instance=part.device_instance,
            reported_from=reported_from,
        )
    except PortUnavailable as error:
        raise BenchFault(
            str(error),
            f"plug the adapter in, or correct 'bus: port' in {file.path.name} (the ports of this machine are listed "
            "by: python -m serial.tools.list_ports)",
        ) from error


def _error_of(future: Future[MeterBus]) -> RigError | None:
    error = future.exception()
    if error is not None and not isinstance(error, RigError):
        raise error
    return error
