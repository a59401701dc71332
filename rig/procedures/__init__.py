"""What the rig does with a bench and a meter: runs, power comparison, energy registers, and how they are judged."""

from rig.procedures._readings import EnergyMeasurement, GateMeasurement, MeterSample, PointMeasurement
from rig.procedures.inquiry import Inquiry
from rig.procedures.judgement import judge_energy, judge_power
from rig.procedures.meter_run import MeterRun
from rig.procedures.plan import Plan, certification_plan, end_of_line_plan

__all__ = [
    "EnergyMeasurement",
    "GateMeasurement",
    "Inquiry",
    "MeterRun",
    "MeterSample",
    "Plan",
    "PointMeasurement",
    "certification_plan",
    "end_of_line_plan",
    "judge_energy",
    "judge_power",
]
