"""Judging a meter: limits with provenance, percentage error, uncertainty budget, decision rule, load points."""

from rig.metrology.accuracy import Accuracy, AccuracyNotStated, Band, ReferenceAccuracy
from rig.metrology.calibration import (
    CalibrationRecord,
    CalibrationRefused,
    CalibrationState,
    CalibrationStatus,
    calibration_state,
)
from rig.metrology.certification_points import (
    JudgedQuantity,
    certification_points,
    in_source_order,
    judged_at,
    judged_energy_at,
)
from rig.metrology.decision import DecisionRule, Judgement, decide
from rig.metrology.errors import ErrorNotDefined, percentage_error
from rig.metrology.limit_files import available_limit_tables, load_limit_table
from rig.metrology.limits import LimitRow, LimitTable, LoadKind, Quantity
from rig.metrology.outcome import Outcome, worst
from rig.metrology.reference import ElementState, ReferenceNotUsable, ReferenceUncertainty
from rig.metrology.uncertainty import Budget, Component, Distribution, register_quantisation

__all__ = [
    "Accuracy",
    "AccuracyNotStated",
    "Band",
    "Budget",
    "CalibrationRecord",
    "CalibrationRefused",
    "CalibrationState",
    "CalibrationStatus",
    "Component",
    "DecisionRule",
    "Distribution",
    "ElementState",
    "ErrorNotDefined",
    "JudgedQuantity",
    "Judgement",
    "LimitRow",
    "LimitTable",
    "LoadKind",
    "Outcome",
    "Quantity",
    "ReferenceAccuracy",
    "ReferenceNotUsable",
    "ReferenceUncertainty",
    "available_limit_tables",
    "calibration_state",
    "certification_points",
    "decide",
    "in_source_order",
    "judged_at",
    "judged_energy_at",
    "load_limit_table",
    "percentage_error",
    "register_quantisation",
    "worst",
]
