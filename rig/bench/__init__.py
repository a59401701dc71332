"""The bench: its file, its clock and lock, its wiring, and everything on it opened and closed in order."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from rig.bench.files import BenchFile, bench_names, json_schema, load_bench
from rig.bench.meter_type import MeterType, ReviewedBehaviour, load_meter_type
from rig.bench.positions import one_position
from rig.bench.wiring import Wiring

if TYPE_CHECKING:
    from rig.bench.bench import Bench, open_bench
    from rig.bench.clock import BenchClock
    from rig.bench.instruments import UsedInstrument
    from rig.bench.meters import Position
    from rig.bench.off import switch_bench_off

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
    "Position": "rig.bench.meters",
    "UsedInstrument": "rig.bench.instruments",
    "open_bench": "rig.bench.bench",
    "switch_bench_off": "rig.bench.off",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    """Import what talks to hardware only when it is used: a plan or a prediction needs none of it."""
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
