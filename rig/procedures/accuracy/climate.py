"""The air at a load point: read during the wait for the meter's next update, recorded, compared with its conditions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError, InstrumentLost
from rig.procedures.accuracy.conditions import of_climate
from rig.safety.conditions import Deviation, ReferenceLimits

if TYPE_CHECKING:
    from rig.bench import Bench
    from rig.records.recorder import PointRecorder


@dataclass(frozen=True, slots=True)
class PointClimate:
    """The probe's reading at a load point. ``invalid``: why there is no measurement, empty where there is or no probe.

    ``temperature_c``: degrees Celsius, None where nothing was measured. ``took_s``: wall and bench seconds that asking
    took, to be taken off the wait for the meter's next update.
    """

    conditions: tuple[Deviation, ...] = ()
    invalid: str = ""
    took_s: float = 0.0
    temperature_c: float | None = None


def note_climate(bench: Bench, record: PointRecorder, limits: ReferenceLimits) -> PointClimate:
    """Read the bench's probe once, record what it measures and compare it with the reference conditions.

    Without a probe the air is not known and no point is INVALID for it. A sensor that measures nothing makes the
    point invalid; raises InstrumentLost where the probe itself is gone.
    """
    if bench.climate_probe is None:
        return PointClimate()
    began_s = time.monotonic()
    try:
        reading = bench.climate_probe.read()
    except InstrumentLost:
        raise
    except InstrumentError as error:
        return PointClimate(invalid=f"the climate probe measures nothing ({error})", took_s=time.monotonic() - began_s)
    record.climate(reading.temperature_c, reading.humidity_pct, reading.pressure_hpa)
    part = bench.file.parts.climate_probe
    conditions = of_climate(reading, limits, part.uncertainty if part is not None else None)
    took_s = time.monotonic() - began_s
    return PointClimate(conditions, took_s=took_s, temperature_c=reading.temperature_c)
