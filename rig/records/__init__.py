"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""

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
