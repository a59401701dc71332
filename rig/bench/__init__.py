"""The bench: its file, its clock and lock, its wiring, and everything on it opened and closed in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

if TYPE_CHECKING:
    from rig.bench.bench import Bench as Bench
    from rig.bench.bench import open_bench as open_bench
    from rig.bench.clock import BenchClock as BenchClock
    from rig.bench.config.files import BenchFile as BenchFile
    from rig.bench.config.files import json_schema as json_schema
    from rig.bench.config.files import load_bench as load_bench
    from rig.bench.config.files import one_position as one_position
    from rig.bench.config.files import these_positions as these_positions
    from rig.bench.config.finding import bench_names as bench_names
    from rig.bench.config.meter_type import MeterType as MeterType
    from rig.bench.config.meter_type import load_meter_type as load_meter_type
    from rig.bench.instruments import UsedInstrument as UsedInstrument
    from rig.bench.meters import Position as Position
    from rig.bench.off import switch_bench_off as switch_bench_off
    from rig.bench.positions.masks import present_positions as present_positions
    from rig.bench.wiring import Wiring as Wiring

__getattr__ = later(
    __name__,
    {
        "bench": "Bench open_bench",
        "clock": "BenchClock",
        "config.files": "BenchFile json_schema load_bench one_position these_positions",
        "config.finding": "bench_names",
        "config.meter_type": "MeterType load_meter_type",
        "instruments": "UsedInstrument",
        "meters": "Position",
        "positions.masks": "present_positions",
        "off": "switch_bench_off",
        "wiring": "Wiring",
    },
)
