"""Each choice that the manual leaves open or contradicts, named, with its default, the reason and the manual's page."""

# ruff: noqa: RUF009 - every field is made by _choice, which attaches the reason

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from meter_model.behaviour_options import (
    CurrentErrorNames,
    ObjectNameAccess,
    PhaseLoss,
    PowerFactorSign,
    PowerFactorUnits,
    ReactivePower,
    ReservedInputs,
    RmsWindow,
    TotalApparent,
    TotalImportExport,
    Type31PhaseValues,
    UnusedPhaseEnergies,
    ZeroPowerFactor,
)

__all__ = [
    "DEFAULT",
    "BehaviourProfile",
    "Choice",
    "CurrentErrorNames",
    "ObjectNameAccess",
    "PhaseLoss",
    "PowerFactorSign",
    "PowerFactorUnits",
    "ReactivePower",
    "ReservedInputs",
    "RmsWindow",
    "TotalApparent",
    "TotalImportExport",
    "Type31PhaseValues",
    "UnusedPhaseEnergies",
    "ZeroPowerFactor",
    "choices",
]

_T = TypeVar("_T")


def _choice(default: _T, reason: str, pages: str) -> _T:
    metadata = {"reason": reason, "pages": pages}
    made: Any = field(default=default, metadata=metadata)
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class BehaviourProfile:
    """One meter type's and firmware's choices; ``dataclasses.replace`` makes another, ``choices()`` explains them."""

    reactive_power: ReactivePower = _choice(
        ReactivePower.QUARTER_PERIOD_SHIFT,
        "the manual gives no definition; the metering reference designs of this class shift the voltage by a quarter "
        "period",
        "1, 25",
    )
    total_apparent: TotalApparent = _choice(
        TotalApparent.ARITHMETIC,
        "the manual says total only; the sum of the phases is what a user adds up from AI61 to AI63",
        "25",
    )
    total_import_export: TotalImportExport = _choice(
        TotalImportExport.ALGEBRAIC,
        "the OEM's sister manuals call the totals 'Total Net Instantaneous', which says that the phases are netted",
        "25",
    )
    rms_window: RmsWindow = _choice(
        RmsWindow.CYCLE_SYNC,
        "a fixed second ripples by up to 0.17 % at fractional frequencies, more than the stated voltage accuracy",
        "1",
    )
    phase_loss: PhaseLoss = _choice(
        PhaseLoss.DROP_BELOW,
        "the text of AV8 itself works it out (480 V, 10 %: below 432 V); the display's setup page says 60 V of 600 V",
        "17, 24",
    )
    type_31_phase_values: Type31PhaseValues = _choice(
        Type31PhaseValues.VIRTUAL_NEUTRAL,
        "the manual voids only line-to-neutral voltages; its three input impedances form a neutral point",
        "8",
    )
    pf_sign: PowerFactorSign = _choice(
        PowerFactorSign.SIGN_OF_P,
        "the range is -1 to 1 on a bidirectional meter and the OEM computes total kW / total kVA",
        "25",
    )
    zero_power_pf: ZeroPowerFactor = _choice(
        ZeroPowerFactor.ONE,
        "the low-power-factor alert would be on for every unloaded phase if it read 0, and QNAN is for what a system "
        "type does not have",
        "25, 29",
    )
    unused_phase_energies: UnusedPhaseEnergies = _choice(
        UnusedPhaseEnergies.QNAN, "values that are not valid in a system type are QNAN in the BACnet objects", "8"
    )
    reserved_inputs: ReservedInputs = _choice(
        ReservedInputs.QNAN, "'returns QNAN or any value'; QNAN cannot be mistaken for a measurement", "26, 28"
    )
    bi_names: CurrentErrorNames = _choice(
        CurrentErrorNames.BY_PHASE, "object names must be unique in a BACnet device", "29"
    )
    pf_units: PowerFactorUnits = _choice(
        PowerFactorUnits.NO_UNITS, "the manual's units column is empty for AI14 and AI64 to AI66", "25, 27"
    )
    object_name_access: ObjectNameAccess = _choice(
        ObjectNameAccess.READ_ONLY, "the table of the Device's properties is more specific than the PICS list", "21, 22"
    )
    no_load_current_pct: float = _choice(
        0.02,
        "percent of the CT input's rated RMS below which a current reads zero: a bidirectional meter without such a "
        "threshold would register its own noise; it lies below the class's starting current of 0.1 %",
        "1",
    )
    minimum_voltage_v: float = _choice(
        2.0,
        "volts at the terminals below which a voltage reads zero and frequency is not determined ('no voltage input "
        "present on Phase A'); the manual gives no figure",
        "25",
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
