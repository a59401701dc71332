"""What the rig does with a bench and a meter: runs, power comparison, energy registers, and how they are judged."""

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
