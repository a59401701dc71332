"""The bench: its file, its clock and lock, its wiring, and everything on it opened and closed in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

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

__getattr__ = later(
    __name__,
    {
        "bench": "Bench open_bench",
        "clock": "BenchClock",
        "config.files": "BenchFile json_schema load_bench",
        "config.finding": "bench_names",
        "config.meter_type": "MeterType ReviewedBehaviour load_meter_type",
        "config.positions": "one_position",
        "instruments": "UsedInstrument",
        "meters": "Position",
        "off": "switch_bench_off",
        "wiring": "Wiring",
    },
)
