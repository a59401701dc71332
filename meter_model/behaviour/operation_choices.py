"""Options of the behaviour profile about operation: commands, trend logs, power, pulse input and contact."""

from __future__ import annotations

from enum import StrEnum


class CommandSpacing(StrEnum):
    """What happens to 21211 or 21212 written sooner than 10 s after the same command."""

    ADVICE = "advice"
    """It is executed."""
    REFUSED = "refused"
    """It is refused with value-out-of-range."""


class LogTargetChange(StrEnum):
    """What a write of Log_DeviceObjectProperty does to the records that are there."""

    PURGES_ALL = "purges_all"
    """All three logs are emptied, as by Record_Count = 0."""
    KEEPS_RECORDS = "keeps_records"
    """All records stay, of every object that was logged."""


class PurgeRecord(StrEnum):
    """Whether emptying the logs leaves a buffer-purged record in them."""

    COUNTED = "counted"
    """It is the first record: Record_Count reads 1."""
    ABSENT = "absent"
    """Record_Count reads 0."""


class TotalCountOnPurge(StrEnum):
    """What emptying the logs does to Total_Record_Count, and so to the sequence numbers."""

    RESET = "reset"
    KEPT = "kept"


class StopTimeReached(StrEnum):
    """What Log_Enable reads after Stop_Time has passed."""

    LEAVES_ENABLE = "leaves_enable"
    """TRUE: logging goes on when Stop_Time is moved."""
    CLEARS_ENABLE = "clears_enable"
    """FALSE, as when the buffer is full."""


class TimeChangeRecord(StrEnum):
    """Whether a time synchronization leaves a record in logs that are running."""

    RECORDED = "recorded"
    ABSENT = "absent"


class RecordsAfterPowerLoss(StrEnum):
    """What becomes of the logs' records when control power is lost."""

    RETAINED = "retained"
    CLEARED = "cleared"


class StartTimeAfterPowerLoss(StrEnum):
    """What Start_Time and Stop_Time are after a loss of control power has set the clock back to 2000."""

    KEPT = "kept"
    """As written: a Start_Time after 2000 holds the logs until the time is synchronized."""
    DEFAULT = "default"
    """The factory's: logging starts at once and has no end."""


class PulseCountMemory(StrEnum):
    """Whether AI29 survives a loss of control power."""

    NON_VOLATILE = "non_volatile"
    VOLATILE = "volatile"


class AlarmContact(StrEnum):
    """What opens the normally closed alarm contact."""

    PHASE_LOSS = "phase_loss"
    """BI9 to BI11."""
    ANY_ALERT = "any_alert"
    """Any of BI1 to BI14."""


class Reinitialized(StrEnum):
    """What ReinitializeDevice restarts."""

    GATEWAY = "gateway"
    """The BACnet processor: the meter is silent while it starts, and measures on."""
    WHOLE_METER = "whole_meter"
    """Everything, as a loss of control power does."""


class ServicePassword(StrEnum):
    """What becomes of a password given with DeviceCommunicationControl or ReinitializeDevice."""

    IGNORED = "ignored"
    """The services are executed with any password and without one."""
    REFUSED = "refused"
    """Without one they are executed; with one they are refused with password-failure, as none is set."""
