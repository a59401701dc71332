"""Each choice that the manual leaves open or contradicts, named, with its default, the reason and the manual's page."""

# ruff: noqa: RUF009 - every field is made by _choice, which attaches the reason

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

_T = TypeVar("_T")


class ReactivePower(StrEnum):
    """Definition of a phase's reactive power; all agree on a sine wave, lagging positive."""

    QUARTER_PERIOD_SHIFT = "quarter_period_shift"
    """Mean of v(t - T/4)·i(t), T the period of the fundamental."""
    FUNDAMENTAL = "fundamental"
    """V1·I1·sin φ1."""
    BUDEANU = "budeanu"
    """Sum over the harmonics of Vh·Ih·sin φh."""
    FRYZE = "fryze"
    """sqrt(S² - P²) with the sign of V1·I1·sin φ1."""


class TotalApparent(StrEnum):
    """How the three-phase apparent power is made of the phases'."""

    ARITHMETIC = "arithmetic"
    """Sum of the phases' V·I."""
    VECTOR = "vector"
    """sqrt(P² + Q²) of the totals."""
    SIGNED = "signed"
    """Sum of the phases' V·I, each with the sign of its P; negative when export outweighs."""


class TotalImportExport(StrEnum):
    """What the total import and export registers count while phases flow opposite ways."""

    ALGEBRAIC = "algebraic"
    """The net of the phases, once each update: import or export."""
    ARITHMETIC = "arithmetic"
    """Each phase by itself: both may grow in one update."""


class RmsWindow(StrEnum):
    """Over which samples an update's RMS values and mean powers are taken."""

    CYCLE_SYNC = "cycle_sync"
    """The last whole cycles that fit into the second."""
    FIXED_1S = "fixed_1s"
    """All 2520 samples of the second."""


class PhaseLoss(StrEnum):
    """What AV8 percent means."""

    FRACTION_OF_SYSTEM_VOLTAGE = "fraction_of_system_voltage"
    """Below AV8 % of the nominal voltage (600 V, 10 %: below 60 V)."""
    DROP_BELOW = "drop_below"
    """More than AV8 % below the nominal voltage (480 V, 10 %: below 432 V)."""


class Type31PhaseValues(StrEnum):
    """What power, PF and energy of a single phase read in system type 31, which has no neutral."""

    VIRTUAL_NEUTRAL = "virtual_neutral"
    """Against the mean of the three terminals."""
    QNAN = "qnan"
    """QNAN; the totals are not affected."""


class PowerFactorSign(StrEnum):
    """Sign of AI14 and AI64 to AI66."""

    SIGN_OF_P = "sign_of_p"
    """Negative on export."""
    LEAD_POSITIVE = "lead_positive"
    """IEEE display rule of some meters: lead positive, lag negative, whatever the direction."""


class ZeroPowerFactor(StrEnum):
    """What the power factor reads where there is no apparent power."""

    ONE = "one"
    ZERO = "zero"
    QNAN = "qnan"


class UnusedPhaseEnergies(StrEnum):
    """What the energy registers of phases read that the system type does not have."""

    QNAN = "qnan"
    ZERO = "zero"


class ReservedInputs(StrEnum):
    """What AI28, AI77, AI79 and AI80 read ("QNAN or any value")."""

    QNAN = "qnan"
    ZERO = "zero"


class CurrentErrorNames(StrEnum):
    """Object names of BI5 and BI6, which the manual prints as Current_Error_A like BI4."""

    BY_PHASE = "by_phase"
    """Current_Error_B and Current_Error_C."""
    AS_PRINTED = "as_printed"
    """Current_Error_A three times."""


class PowerFactorUnits(StrEnum):
    """Engineering units of the power factor objects, for which the manual prints none."""

    NO_UNITS = "no_units"
    """95."""
    POWER_FACTOR = "power_factor"
    """15."""


class ObjectNameAccess(StrEnum):
    """Whether the Device's Object_Name may be written."""

    READ_ONLY = "read_only"
    """As the table of page 22 says."""
    WRITABLE = "writable"
    """As the PICS of page 21 says."""


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
