"""The bench: its file, its clock and lock, its wiring, and everything on it opened and closed in order."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rig.bench.bench import Bench, open_bench
    from rig.bench.clock import BenchClock
    from rig.bench.config.files import BenchFile, json_schema, load_bench
    from rig.bench.config.finding import bench_names
    from rig.bench.config.meter_type import MeterType, ReviewedBehaviour, load_meter_type
    from rig.bench.config.positions import one_position
    from rig.bench.instruments import UsedInstrument
    from rig.bench.meters import Position
    from rig.bench.off import switch_bench_off
    from rig.bench.wiring import Wiring

__all__ = [
    "Bench",
    "BenchClock",
    "BenchFile",
    "MeterType",
    "Position",
    "ReviewedBehaviour",
    "UsedInstrument",
    "Wiring",
    "bench_names",
    "json_schema",
    "load_bench",
    "load_meter_type",
    "one_position",
    "open_bench",
    "switch_bench_off",
]

_LATER = {
    "Bench": "rig.bench.bench",
    "BenchClock": "rig.bench.clock",
    "BenchFile": "rig.bench.config.files",
    "MeterType": "rig.bench.config.meter_type",
    "Position": "rig.bench.meters",
    "ReviewedBehaviour": "rig.bench.config.meter_type",
    "UsedInstrument": "rig.bench.instruments",
    "Wiring": "rig.bench.wiring",
    "bench_names": "rig.bench.config.finding",
    "json_schema": "rig.bench.config.files",
    "load_bench": "rig.bench.config.files",
    "load_meter_type": "rig.bench.config.meter_type",
    "one_position": "rig.bench.config.positions",
    "open_bench": "rig.bench.bench",
    "switch_bench_off": "rig.bench.off",
}


def __getattr__(name: str) -> Any:  # Any: any class that is asked for
    """Import only what is used: a plan needs no hardware, and switching off needs no numbers."""
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
