"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""

from rig.records.data import (
    OUTCOMES,
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

__all__ = [
    "OUTCOMES",
    "ArtifactRecord",
    "BudgetComponent",
    "EventRecord",
    "FindingRecord",
    "InstrumentRecord",
    "JournalEntry",
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
    "worst_outcome",
]
