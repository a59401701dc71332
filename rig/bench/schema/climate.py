"""What a bench file may say of its climate: the probe beside the meter, and the chamber that the meter is in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rig.bench.schema.instrument import InstrumentPart
from rig.files.yaml_types import Seconds, Strict
from rig.metrology.calibration import CalibrationRecord

_Celsius = Annotated[float, Field(ge=-100, le=250, allow_inf_nan=False)]
_Kelvin = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class ClimateUncertainty(Strict):
    """Expanded uncertainties (k = 2) of the probe, as its calibration certificate states them; None: not stated."""

    temperature_k: _Kelvin | None = None
    humidity_pct: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    pressure_hpa: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None


class ClimateProbePart(InstrumentPart):
    """The temperature and humidity probe beside the meter; ``channel``: which of its sensors."""

    channel: Annotated[int, Field(ge=1, le=2)] = 1
    uncertainty: ClimateUncertainty | None = None
    calibration: CalibrationRecord | None = None


class SoakPart(Strict):
    """When a chamber counts as stable: within ``within_k`` of the set-point for ``for_s`` bench seconds on end."""

    within_k: _Kelvin = 0.5
    for_s: Seconds = 1800.0
    timeout_s: Seconds = 14_400.0


class ChamberPart(InstrumentPart):
    """The climate chamber that the meter is in: from ``lowest_c`` to ``highest_c`` is what it may be set to here.

    The narrower of what the chamber can do and what the meter may be exposed to; nothing is clamped.
    """

    lowest_c: _Celsius
    highest_c: _Celsius
    soak: SoakPart = SoakPart()

    @model_validator(mode="after")
    def _lowest_is_below(self) -> ChamberPart:
        if self.highest_c <= self.lowest_c:
            raise ValueError("highest_c must be above lowest_c")
        return self
