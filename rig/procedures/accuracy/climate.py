"""The air at a load point: read during the wait for the meter's next update, recorded, compared with its conditions."""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.errors import InstrumentError, InstrumentLost
from rig.bench import Bench
from rig.procedures.accuracy.conditions import ConditionWindow
from rig.records.recorder import PointRecorder


@dataclass(frozen=True, slots=True)
class PointClimate:
    """The probe was read. ``invalid``: why there is no measurement, empty where there is one, or no probe.

    ``took_s``: wall and bench seconds that asking took, to be taken off the wait for the meter's next update.
    """

    invalid: str = ""
    took_s: float = 0.0


def note_climate(bench: Bench, record: PointRecorder, window: ConditionWindow) -> PointClimate:
    """Read the bench's probe once, record what it measures, and add it to the conditions of the point.

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
    window.add_climate(reading, part.uncertainty if part is not None else None)
    return PointClimate(took_s=time.monotonic() - began_s)
