"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.records.data import (
        OUTCOMES,
        SEVERITY,
        ArtifactRecord,
        BudgetComponent,
        EventRecord,
        FindingRecord,
        InstrumentRecord,
        JournalEntry,
        LimitProvenance,
        MeterReading,
        ObjectValue,
        PointRecord,
        ReferenceReading,
        ResultRecord,
        RunHeader,
        RunRecord,
        RunSummary,
        UnitRecord,
        worst_outcome,
    )
    from rig.records.errors import NoSuchRun, RecordNotWritten, RecordsUnusable, SchemaTooNew
    from rig.records.recorder import PointRecorder, RunRecorder
    from rig.records.store import RunStore
    from rig.records.verdicts import Judgement, count_verdicts

__all__ = [
    "OUTCOMES",
    "SEVERITY",
    "ArtifactRecord",
    "BudgetComponent",
    "EventRecord",
    "FindingRecord",
    "InstrumentRecord",
    "JournalEntry",
    "Judgement",
    "LimitProvenance",
    "MeterReading",
    "NoSuchRun",
    "ObjectValue",
    "PointRecord",
    "PointRecorder",
    "RecordNotWritten",
    "RecordsUnusable",
    "ReferenceReading",
    "ResultRecord",
    "RunHeader",
    "RunRecord",
    "RunRecorder",
    "RunStore",
    "RunSummary",
    "SchemaTooNew",
    "UnitRecord",
    "count_verdicts",
    "worst_outcome",
]

_MODULES = ("data", "errors", "verdicts", "recorder", "store")
"""Where the names above are; the last two load SQLAlchemy, hence only when one of their names is asked for."""


def __getattr__(name: str) -> object:
    if name in __all__:
        for module in _MODULES:
            if hasattr(found := import_module(f"{__name__}.{module}"), name):
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
