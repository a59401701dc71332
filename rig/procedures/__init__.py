"""What the rig does with a bench and a meter: runs, power comparison, energy registers, and how they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

if TYPE_CHECKING:
    from rig.procedures.accuracy.judgement import judge_energy, judge_power
    from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, MeterSample, PointMeasurement
    from rig.procedures.behaviour.inquiry import Inquiry
    from rig.procedures.meter_run import MeterRun

__all__ = [
    "EnergyMeasurement",
    "GateMeasurement",
    "Inquiry",
    "MeterRun",
    "MeterSample",
    "PointMeasurement",
    "judge_energy",
    "judge_power",
]

__getattr__ = later(
    __name__,
    {
        "accuracy.judgement": "judge_energy judge_power",
        "accuracy.readings": "EnergyMeasurement GateMeasurement MeterSample PointMeasurement",
        "behaviour.inquiry": "Inquiry",
        "meter_run": "MeterRun",
    },
)
