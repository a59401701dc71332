"""The records of all runs: written as things happen, one transaction each, never changed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

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

__getattr__ = later(
    __name__,
    {
        "data": "OUTCOMES SEVERITY ArtifactRecord BudgetComponent EventRecord FindingRecord InstrumentRecord "
        "JournalEntry LimitProvenance MeterReading ObjectValue PointRecord ReferenceReading ResultRecord RunHeader "
        "RunRecord RunSummary UnitRecord worst_outcome",
        "errors": "NoSuchRun RecordNotWritten RecordsUnusable SchemaTooNew",
        "recorder": "PointRecorder RunRecorder",
        "store": "RunStore",
        "verdicts": "Judgement count_verdicts",
    },
)
