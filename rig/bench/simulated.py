"""Whether the instruments of a bench are emulated: the emulators mark themselves; the bench file does not matter."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.instrument import Identity
from rig.bench.config.files import BenchFile
from rig.bench.drivers import DRIVERS
from rig.simulation_mark import emulators_of, is_simulated

_SHORTEST_SERIAL = 4
"""A shorter serial number may be that of a real instrument by chance."""


def is_simulated_bench(bench: BenchFile, identities: Mapping[str, Identity]) -> bool:
    """Whether any reading of this bench comes from an emulation.

    So it is where the file says it, where the bench's time is an emulator's (``clock: endpoint``), and where an
    endpoint, or an instrument of this identity reached in another way, is marked by a process of this host.
    """
    if bench.parts.simulated or bench.parts.clock.endpoint is not None:
        return True
    if any(is_simulated(resource) for resource in _resources(bench)):
        return True
    serials = {one.serial_number for one in identities.values()}
    return any(len(serial) >= _SHORTEST_SERIAL and bool(emulators_of(serial)) for serial in serials)


def _resources(bench: BenchFile) -> list[str]:
    """Where the bench's instruments and its bus are reached."""
    parts = [getattr(bench.parts, role) for role in DRIVERS]
    found = [part.resource for part in parts if part is not None]
    return [*found, *(bus.port for bus in bench.parts.buses)]
