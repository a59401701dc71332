"""What a bench file may say of its climate: the probe beside the meter, and the chamber that the meter is in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rig.bench.schema.base import LateText, Name, Strict
from rig.bench.schema.serial import SerialPart
from rig.files.yaml_types import Seconds
from rig.metrology.calibration import CalibrationRecord

_Celsius = Annotated[float, Field(ge=-100, le=250, allow_inf_nan=False)]
_Kelvin = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class ClimateProbePart(Strict):
    """The temperature and humidity probe beside the meter; ``channel``: which of its sensors."""

    driver: Name
    resource: LateText
    visa_library: Name = "@py"
    serial: SerialPart | None = None
    channel: Annotated[int, Field(ge=1, le=2)] = 1
    calibration: CalibrationRecord | None = None


class SoakPart(Strict):
    """When a chamber counts as stable: within ``within_k`` of the set-point for ``for_s`` bench seconds on end."""

    within_k: _Kelvin = 0.5
    for_s: Seconds = 1800.0
    timeout_s: Seconds = 14_400.0


class ChamberPart(Strict):
    """The climate chamber that the meter is in: from ``lowest_c`` to ``highest_c`` is what it may be set to here.

    The narrower of what the chamber can do and what the meter may be exposed to; nothing is clamped.
    """

    driver: Name
    resource: LateText
    visa_library: Name = "@py"
    serial: SerialPart | None = None
    lowest_c: _Celsius
    highest_c: _Celsius
    soak: SoakPart = SoakPart()

    @model_validator(mode="after")
    def _lowest_is_below(self) -> ChamberPart:
        if self.highest_c <= self.lowest_c:
            raise ValueError("highest_c must be above lowest_c")
        return self
