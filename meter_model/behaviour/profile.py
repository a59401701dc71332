"""Each choice that the manual leaves open or contradicts, named, with its default, the reason and the manual's page."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from meter_model.behaviour.choice import choice
from meter_model.behaviour.operation_choices import (
    AlarmContact,
    CommandSpacing,
    LogTargetChange,
    PulseCountMemory,
    PurgeRecord,
    RecordsAfterPowerLoss,
    Reinitialized,
    ServicePassword,
    StartTimeAfterPowerLoss,
    StopTimeReached,
    TimeChangeRecord,
    TotalCountOnPurge,
)
from meter_model.behaviour.options import (
    Accumulation,
    AlarmBitmapAt,
    AlarmLimit,
    AntiAlias,
    CurrentErrorNames,
    DatabaseRevision,
    FrequencyErrorReach,
    ImbalanceReference,
    LowPowerFactor,
    LowVoltage,
    MaximumPowerAt,
    MaximumReactiveDirection,
    MissingReliability,
    ObjectNameAccess,
    ObjectTypesSupported,
    PairAlarm,
    PhaseLoss,
    PowerFactorSign,
    PowerFactorUnits,
    PowerRange,
    ReactivePower,
    RegisterReliability,
    ReservedInputs,
    RmsWindow,
    RollingStart,
    ServicesSupported,
    TotalApparent,
    TotalImportExport,
    Type31PhaseValues,
    UnusedPhaseEnergies,
    ZeroPowerFactor,
)
from meter_model.behaviour.panel_choices import PanelChoices

__all__ = [
    "DEFAULT",
    "Accumulation",
    "AlarmBitmapAt",
    "AlarmLimit",
    "AntiAlias",
    "BehaviourProfile",
    "Choice",
    "CurrentErrorNames",
    "DatabaseRevision",
    "FrequencyErrorReach",
    "ImbalanceReference",
    "LowPowerFactor",
    "LowVoltage",
    "MaximumPowerAt",
    "MaximumReactiveDirection",
    "MissingReliability",
    "ObjectNameAccess",
    "ObjectTypesSupported",
    "PairAlarm",
    "PhaseLoss",
    "PowerFactorSign",
    "PowerFactorUnits",
    "PowerRange",
    "ReactivePower",
    "RegisterReliability",
    "ReservedInputs",
    "RmsWindow",
    "RollingStart",
    "ServicesSupported",
    "TotalApparent",
    "TotalImportExport",
    "Type31PhaseValues",
    "UnusedPhaseEnergies",
    "ZeroPowerFactor",
    "choices",
]


@dataclass(frozen=True, slots=True)
class BehaviourProfile(PanelChoices):
    """One meter type's and firmware's choices; ``dataclasses.replace`` makes another, ``choices()`` explains them."""

    reactive_power: ReactivePower = choice(
        ReactivePower.QUARTER_PERIOD_SHIFT,
        "the manual gives no definition; the metering reference designs of this class shift the voltage by a quarter "
        "period",
        "1, 25",
    )
    total_apparent: TotalApparent = choice(
        TotalApparent.ARITHMETIC,
        "the manual says total only; the sum of the phases is what a user adds up from AI61 to AI63",
        "25",
    )
    total_import_export: TotalImportExport = choice(
        TotalImportExport.ALGEBRAIC,
        "the OEM's sister manuals call the totals 'Total Net Instantaneous', which says that the phases are netted",
        "25",
    )
    rms_window: RmsWindow = choice(
        RmsWindow.CYCLE_SYNC,
        "a fixed second ripples by up to 0.17 % at fractional frequencies, more than the stated voltage accuracy",
        "1",
    )
    phase_loss: PhaseLoss = choice(
        PhaseLoss.DROP_BELOW,
        "the text of AV8 itself works it out (480 V, 10 %: below 432 V); the display's setup page says 60 V of 600 V",
        "17, 24",
    )
    type_31_phase_values: Type31PhaseValues = choice(
        Type31PhaseValues.VIRTUAL_NEUTRAL,
        "the manual voids only line-to-neutral voltages; its three input impedances form a neutral point",
        "8",
    )
    pf_sign: PowerFactorSign = choice(
        PowerFactorSign.SIGN_OF_P,
        "the range is -1 to 1 on a bidirectional meter and the OEM computes total kW / total kVA",
        "25",
    )
    zero_power_pf: ZeroPowerFactor = choice(
        ZeroPowerFactor.ONE,
        "the low-power-factor alert would be on for every unloaded phase if it read 0, and QNAN is for what a system "
        "type does not have",
        "25, 29",
    )
    unused_phase_energies: UnusedPhaseEnergies = choice(
        UnusedPhaseEnergies.QNAN, "values that are not valid in a system type are QNAN in the BACnet objects", "8"
    )
    reserved_inputs: ReservedInputs = choice(
        ReservedInputs.QNAN, "'returns QNAN or any value'; QNAN cannot be mistaken for a measurement", "26, 28"
    )
    bi_names: CurrentErrorNames = choice(
        CurrentErrorNames.BY_PHASE, "object names must be unique in a BACnet device", "29"
    )
    pf_units: PowerFactorUnits = choice(
        PowerFactorUnits.NO_UNITS, "the manual's units column is empty for AI14 and AI64 to AI66", "25, 27"
    )
    object_name_access: ObjectNameAccess = choice(
        ObjectNameAccess.READ_ONLY, "the table of the Device's properties is more specific than the PICS list", "21, 22"
    )
    database_revision: DatabaseRevision = choice(
        DatabaseRevision.CONSTANT,
        "the table prints the value 0; a device that counts has a changing value",
        "21, 22",
    )
    alarm_limit: AlarmLimit = choice(
        AlarmLimit.OVER_RANGE,
        "the meter measures to 20 % beyond its ratings; 'exceeds meter's measurement range' is beyond that",
        "1, 29",
    )
    low_voltage: LowVoltage = choice(
        LowVoltage.NO_ERROR,
        "BI1 to BI3 say 'exceeds'; page 25 says 'falls out of the supported range', which could be below too",
        "1, 25, 29",
    )
    frequency_error_reach: FrequencyErrorReach = choice(
        FrequencyErrorReach.FREQUENCY_ONLY,
        "the manual leaves open what 'cannot be accurately measured under those conditions'; RMS values and powers of "
        "phases B and C do not need a voltage on phase A",
        "25",
    )
    register_reliability: RegisterReliability = choice(
        RegisterReliability.NO_FAULT,
        "registers hold what has been accumulated, which a passing condition does not make wrong",
        "25",
    )
    missing_reliability: MissingReliability = choice(
        MissingReliability.NO_FAULT,
        "Unreliable_Other is named for line voltage and frequency out of range only; page 20's 'functional, valid and "
        "current' could mean QNAN too",
        "8, 20, 25",
    )
    power_range: PowerRange = choice(
        PowerRange.SIGNED,
        "the printed range 0 to Max_Power is that of the meter without export; the OEM's register list says signed",
        "25, 26, 27",
    )
    maximum_reactive_direction: MaximumReactiveDirection = choice(
        MaximumReactiveDirection.SIGN_OF_Q,
        "the OEM's sister manual calls Q1 + Q2 reactive import and Q3 + Q4 export; it also says that import and export "
        "'correspond with Real'",
        "26",
    )
    rolling_start: RollingStart = choice(
        RollingStart.MEAN_OF_COMPLETED,
        "a meter that has just started would otherwise show a demand that never was; the manual is silent",
        "17, 24",
    )
    low_power_factor: LowPowerFactor = choice(
        LowPowerFactor.MAGNITUDE,
        "the alert is for mis-wiring; on a bidirectional meter a negative power factor is ordinary export",
        "29",
    )
    imbalance_reference: ImbalanceReference = choice(
        ImbalanceReference.HIGHEST,
        "'phase to phase difference' compares voltages with each other, and the bit must name the phase that is low",
        "17, 24",
    )
    pair_alarm: PairAlarm = choice(
        PairAlarm.FIRST_PHASE,
        "'the corresponding phase loss alarm bit' is one bit; the manual does not say which of two",
        "24, 29",
    )
    alarm_bitmap_at: AlarmBitmapAt = choice(
        AlarmBitmapAt.AI83,
        "the object table; the text's AI52 is the bitmap of the sister model with 52 Analog Inputs",
        "20, 28, 29",
    )
    maximum_power_at: MaximumPowerAt = choice(
        MaximumPowerAt.AI76,
        "the object table; the default settings' AI45 is of the sister model with 52 Analog Inputs",
        "19, 28",
    )
    services_supported: ServicesSupported = choice(
        ServicesSupported.AS_PRINTED,
        "the table of the Device's properties is more specific than the PICS, which claims DM-RD-B: the service is "
        "executed for either value of its bit",
        "20, 22",
    )
    object_types_supported: ObjectTypesSupported = choice(
        ObjectTypesSupported.TREND_LOG,
        "the print has 30 bits with a Multi-state Value that the meter does not have: a zero was lost",
        "22",
    )
    accumulation: Accumulation = choice(
        Accumulation.DOUBLE,
        "the manual speaks of lost resolution, not of lost energy: a revenue meter's registers must not stall",
        "25",
    )
    anti_alias: AntiAlias = choice(
        AntiAlias.NONE,
        "the manual names a sample rate and no filter",
        "1",
    )
    no_load_current_pct: float = choice(
        0.02,
        "percent of the CT input's rated RMS below which a current reads zero: a bidirectional meter without such a "
        "threshold would register its own noise; it lies below the class's starting current of 0.1 %",
        "1",
    )
    minimum_voltage_v: float = choice(
        2.0,
        "volts at the terminals below which a voltage reads zero and frequency is not determined ('no voltage input "
        "present on Phase A'); the manual gives no figure",
        "25",
    )
    command_spacing: CommandSpacing = choice(
        CommandSpacing.ADVICE, "'write no more frequently than every 10 seconds' tells the writer, not the meter", "23"
    )
    write_delay_s: float = choice(
        1.0,
        "seconds; a written Analog Value is stored at the first end of a one-second cycle that is at least so long "
        "after the write, 1 to 2 s then: 'a delay of up to about two seconds to validate and store'",
        "23",
    )
    log_target_change: LogTargetChange = choice(
        LogTargetChange.PURGES_ALL,
        "records of another quantity would be read as the new one's, and Record_Count is common to the logs",
        "21, 31",
    )
    purge_record: PurgeRecord = choice(
        PurgeRecord.COUNTED, "the standard has the purge reported in the log as its initial entry", "31"
    )
    total_count_on_purge: TotalCountOnPurge = choice(
        TotalCountOnPurge.RESET, "the standard resets Total_Record_Count when 0 is written to Record_Count", "31"
    )
    stop_time_reached: StopTimeReached = choice(
        StopTimeReached.LEAVES_ENABLE,
        "the OEM's text clears Log_Enable when logging stops, and names the full buffer only",
        "31",
    )
    time_change_record: TimeChangeRecord = choice(
        TimeChangeRecord.RECORDED, "the standard records it, and stamps would be ambiguous without", "31"
    )
    records_after_power_loss: RecordsAfterPowerLoss = choice(
        RecordsAfterPowerLoss.RETAINED, "60 days of records are of little use in a volatile memory", "5, 31"
    )
    start_time_after_power_loss: StartTimeAfterPowerLoss = choice(
        StartTimeAfterPowerLoss.KEPT, "configuration is non-volatile", "20, 31"
    )
    pulse_count_memory: PulseCountMemory = choice(
        PulseCountMemory.NON_VOLATILE,
        "the text counts 'Pulse Input Counts' among the non-volatile values; the table has no NV for AI29",
        "25, 26",
    )
    alarm_contact: AlarmContact = choice(
        AlarmContact.PHASE_LOSS, "the OEM's sister meters call the same contact the phase loss alarm", "2"
    )
    reinitialized: Reinitialized = choice(
        Reinitialized.GATEWAY,
        "three processors have versions of their own (RS, OS, BACnet Gateway), and the service is the gateway's",
        "22",
    )
    service_password: ServicePassword = choice(
        ServicePassword.IGNORED,
        "the manual's passwords are those of the display's menus; it names none for the bus",
        "19, 20",
    )
    ride_through_s: float = choice(
        0.1, "seconds; stated for 120 V AC only, taken as the same for every sufficient control power", "2"
    )
    start_up_s: float = choice(
        1.0, "seconds from control power to the first measured sample; the manual gives no figure", "20"
    )


DEFAULT = BehaviourProfile()
"""Every default."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of ``BehaviourProfile`` as documentation: name, default, options (none for numbers), reason, pages."""

    name: str
    default: str
    options: tuple[str, ...]
    reason: str
    pages: str


def choices() -> tuple[Choice, ...]:
    """Return every choice in the order of the profile's fields."""
    found = []
    for entry in fields(BehaviourProfile):
        options = tuple(str(option) for option in type(entry.default)) if isinstance(entry.default, StrEnum) else ()
        found.append(Choice(entry.name, str(entry.default), options, entry.metadata["reason"], entry.metadata["pages"]))
    return tuple(found)
